// Appended to apus.js (`script + logsScript`): pages may have three scripts (tests count them). logsStyle is appended
// to apus.css. Layout: section `logs`, key `l`; PageRoutes: logs (query, from, until, after), logContext (position).
extension Assets {
    /// Lines as they arrive, above those that were found. They wait while somebody reads: further down, or in a line
    /// that is open.
    static let logsScript = #"""

        (() => {
          const button = document.querySelector("[data-follow]");
          const list = document.getElementById("lines");
          if (!button || !list) return;
          const shownMax = 2000;
          let source = null;
          let waiting = [];
          button.hidden = false;

          const make = (tag, name, text) => {
            const element = document.createElement(tag);
            if (name) element.className = name;
            if (text !== undefined) element.textContent = text;
            return element;
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
            for (const [name, value] of [...Object.entries(line.labels), ...pairs]) facts.append(make("dt", "", name), make("dd", "", value));
            details.append(summary, facts);
            element.append(details);
            return element;
          };

          const isRead = () => window.scrollY > 60 || list.querySelector("details[open]") !== null;
          const say = () => {
            button.textContent = source === null ? "Follow" : waiting.length ? `${waiting.length} new lines` : "Following";
            button.setAttribute("aria-pressed", source !== null);
          };
          const show = () => {
            if (waiting.length) {
              list.prepend(...waiting.reverse().map(item));
              waiting = [];
              while (list.children.length > shownMax) list.lastElementChild.remove();
            }
            say();
          };
          const stop = () => { source.close(); source = null; say(); };

          button.addEventListener("click", () => {
            if (source !== null && waiting.length) { window.scrollTo(0, 0); for (const open of list.querySelectorAll("details[open]")) open.open = false; return show(); }
            if (source !== null) return stop();
            source = new EventSource("/v1/logs/events?query=" + encodeURIComponent(button.dataset.follow));
            source.addEventListener("line", (event) => {
              waiting.push(JSON.parse(event.data));
              if (waiting.length > shownMax) waiting.shift();
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
        @media (max-width: 50rem) { .log-columns { grid-template-columns: 1fr; } .log-fields { position: static; max-height: none; } }
        """
}
