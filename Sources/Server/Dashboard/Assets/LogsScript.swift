// Appended to apus.js (`script + logsScript`): pages may have three scripts (tests count them). logsStyle is appended
// to apus.css. Layout: section `logs`, key `l`; PageRoutes: logs (query, from, until, after), logContext (position).
extension Assets {
    /// Lines as they arrive, above those that were found, and older ones below, as somebody scrolls to them. New ones
    /// wait while somebody reads: further down, or in a line that is open. The page holds those near what is seen; the
    /// others are kept aside, in pieces of the list whose places stay as high as they were.
    static let logsScript = #"""

        (() => {
          const button = document.querySelector("[data-follow]");
          const list = document.getElementById("lines");
          if (!list) return;
          const pieceRows = 50;
          const waitingMax = 2000;
          const piecesMax = 400;
          const column = list.parentElement;
          let source = null;
          let waiting = [];

          const aside = new WeakMap();
          const rows = (piece) => aside.get(piece) || [...piece.children];
          const near = new IntersectionObserver((entries) => {
            for (const { target, isIntersecting } of entries) {
              if (isIntersecting && aside.has(target)) {
                target.append(...aside.get(target));
                target.style.height = "";
                aside.delete(target);
              } else if (!isIntersecting && !aside.has(target) && !target.querySelector("details[open], :focus")) {
                target.style.height = `${target.offsetHeight}px`;
                aside.set(target, [...target.children]);
                target.replaceChildren();
              }
            }
          }, { rootMargin: "1200px 0px" });
          const piece = (items, place) => {
            const made = document.createElement("ol");
            made.className = "log-lines";
            made.append(...items);
            place(made);
            near.observe(made);
            return made;
          };
          const pieces = () => [...column.querySelectorAll("ol.log-lines")];
          const addBelow = (items) => {
            for (let start = 0; start < items.length; start += pieceRows) {
              piece(items.slice(start, start + pieceRows), (made) => pieces().at(-1).after(made));
            }
          };
          const found = [...list.children];
          near.observe(list);
          addBelow(found.slice(pieceRows));

          // What the link to older lines leads to comes by itself when it is nearly in sight.
          const more = new IntersectionObserver(async (entries) => {
            if (!entries.some((entry) => entry.isIntersecting)) return;
            const link = column.querySelector(".pages a");
            if (!link || link.dataset.busy || pieces().length >= piecesMax) return;
            link.dataset.busy = "1";
            try {
              const url = new URL(link.href);
              url.searchParams.set("only", "lines");
              const response = await fetch(url, { redirect: "error" });
              if (!response.ok) throw new Error(response.status);
              const page = new DOMParser().parseFromString(await response.text(), "text/html");
              const next = page.querySelector(".log-list .pages a");
              addBelow([...page.querySelectorAll("#lines > li")].map((each) => document.adoptNode(each)));
              more.unobserve(link.parentElement);
              if (!next) return link.parentElement.remove();
              next.href = new URL(next.getAttribute("href"), location.href);
              link.href = next.href;
              delete link.dataset.busy;
              more.observe(link.parentElement);
            } catch { /* The link is there to be clicked. */ }
          }, { rootMargin: "800px 0px" });
          const older = column.querySelector(".pages");
          if (older) more.observe(older);

          if (!button) return;
          button.hidden = false;

          const make = (tag, name, text) => {
            const element = document.createElement(tag);
            if (name) element.className = name;
            if (text !== undefined) element.textContent = text;
            return element;
          };

          // A value as the query language writes it.
          const quoted = (text) => '"' + text.replace(/[\\"]/g, "\\$&").replace(/\n/g, "\\n").replace(/\r/g, "\\r").replace(/\t/g, "\\t") + '"';
          const filter = (text, title, name, value, sign) => {
            const link = make("a", "", text);
            const url = new URL(location.href);
            const before = button.dataset.follow.trim();
            const field = /^[\w.@-]+$/.test(name) ? name : quoted(name);
            url.searchParams.set("query", `${before && before !== "*" ? `(${before}) ` : ""}${sign}${field}:=${quoted(value)}`);
            url.searchParams.delete("after");
            link.href = url;
            link.title = title;
            return link;
          };

          const item = (line) => {
            const element = make("li", { warn: "warn", error: "error", critical: "error", alert: "error", emergency: "error" }[line.level]);
            const details = make("details");
            const summary = make("summary");
            const time = make("time", "", (line.time.split("T")[1] || "").slice(0, 12));
            time.title = line.time;
            const source = line.labels.instance || [line.labels.host, line.labels.source].filter(Boolean).join(" ");
            summary.append(time, " ", make("span", "source", source), " ");
            if (line.level) summary.append(make("b", "level", line.level), " ");
            const pairs = Object.entries(line.fields);
            const text = line.message || pairs.map(([name, value]) => `${name}=${value}`).join(" ");
            summary.append(make("span", "text", text));
            const facts = make("dl", "facts");
            for (const [name, value] of [...Object.entries(line.labels).sort(), ...pairs.sort()]) {
              const fact = make("dd", "", value + " ");
              fact.append(filter("+", "Only lines with this", name, value, ""), " ", filter("−", "Without lines with this", name, value, "-"));
              facts.append(make("dt", "", name), fact);
            }
            const around = make("p");
            around.append(make("a", "", "The lines around it"));
            around.firstChild.href = "/logs/context?position=" + encodeURIComponent(line.position);
            details.append(summary, facts, around);
            element.append(details);
            return element;
          };

          const isRead = () => window.scrollY > 60 || column.querySelector("details[open]") !== null;
          const say = () => {
            button.textContent = source === null ? "Follow" : waiting.length ? `${waiting.length} new lines` : "Following";
            button.setAttribute("aria-pressed", source !== null);
          };
          const show = () => {
            if (waiting.length) {
              const items = waiting.reverse().map(item);
              waiting = [];
              const first = pieces()[0];
              if (rows(first).length + items.length <= pieceRows && !aside.has(first)) first.prepend(...items);
              else for (let end = items.length; end > 0; end -= pieceRows) piece(items.slice(Math.max(0, end - pieceRows), end), (made) => pieces()[0].before(made));
              for (const last of pieces().slice(piecesMax)) { near.unobserve(last); last.remove(); }
            }
            say();
          };
          const stop = () => { source.close(); source = null; say(); };

          button.addEventListener("click", () => {
            if (source !== null && waiting.length) { window.scrollTo(0, 0); for (const open of column.querySelectorAll("details[open]")) open.open = false; return show(); }
            if (source !== null) return stop();
            source = new EventSource("/v1/logs/events?query=" + encodeURIComponent(button.dataset.follow));
            source.addEventListener("line", (event) => {
              waiting.push(JSON.parse(event.data));
              if (waiting.length > waitingMax) waiting.shift();
              if (!isRead()) requestAnimationFrame(show); else say();
            });
            source.addEventListener("end", stop);
            say();
          });
          window.addEventListener("scroll", () => { if (source !== null && waiting.length && !isRead()) show(); }, { passive: true });
          say();
        })();
        """#

    static let logsStyle = """

        .log-histogram { display: block; width: 100%; height: 5rem; background: var(--panel); border: 1px solid var(--line); border-radius: 8px 8px 0 0; }
        .log-histogram .other { fill: var(--accent); opacity: 0.55; } .log-histogram .warn { fill: var(--yellow); } .log-histogram .error { fill: var(--red); }
        .log-histogram a:hover rect { opacity: 0.8; }
        .log-histogram .mark { stroke: var(--ink); stroke-width: 1; stroke-dasharray: 3 2; vector-effect: non-scaling-stroke; }
        .log-scale { display: flex; justify-content: space-between; margin: 0.15rem 0 0.7rem; font-size: 0.82rem; }
        .log-columns { display: grid; grid-template-columns: minmax(10rem, 15rem) minmax(0, 1fr); gap: 1rem; align-items: start; }
        .log-fields { font-size: 0.88rem; position: sticky; top: 3.6rem; max-height: calc(100vh - 5rem); overflow: auto; }
        .log-fields summary { cursor: pointer; font-weight: 600; } .log-fields ul { list-style: none; margin: 0 0 0.4rem; padding: 0 0 0 0.9rem; }
        .log-fields li { display: flex; gap: 0.4rem; } .log-fields li a:first-child { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; } .log-fields .out { margin-left: auto; }
        .log-lines { list-style: none; margin: 0; padding: 0; font-family: var(--mono); font-size: 0.84rem; background: var(--panel); border: 1px solid var(--line); border-radius: 8px; }
        .log-lines li { content-visibility: auto; contain-intrinsic-size: auto 1.5rem; border-bottom: 1px solid var(--line); border-left: 3px solid transparent; padding: 0.1rem 0.5rem; }
        .log-lines li.warn { border-left-color: var(--yellow); } .log-lines li.error { border-left-color: var(--red); background: var(--red-bg); }
        .log-lines summary { cursor: pointer; overflow-wrap: anywhere; list-style: none; white-space: pre-wrap; } .log-lines summary::-webkit-details-marker { display: none; }
        .log-lines time, .log-lines .source { color: var(--muted); } .log-lines .level { text-transform: uppercase; font-size: 0.92em; }
        .log-lines .error .level { color: var(--red); } .log-lines .warn .level { color: var(--yellow); }
        .log-lines .facts { margin: 0.3rem 0; display: grid; grid-template-columns: max-content 1fr; gap: 0.1rem 0.9rem; } .log-lines.chosen { border-color: var(--accent); border-width: 2px; margin: 0.3rem 0; }
        .scripted .log-list .pages a { display: inline; }
        .log-list .log-lines + .log-lines { border-top: 0; border-radius: 0; } .log-list .log-lines:not(.chosen) { border-radius: 0; }
        @media (max-width: 50rem) { .log-columns { grid-template-columns: 1fr; } .log-fields { position: static; max-height: none; } }
        """
}
