extension Assets {
    /// Everything works without it but the live parts: the server renders every page, and the
    /// script asks for it again when something has changed, and puts what differs in place.
    static let script = #"""
        "use strict";
        (() => {
          const find = (selector, from = document) => from.querySelector(selector);
          const all = (selector, from = document) => [...from.querySelectorAll(selector)];
          const main = find("#main");
          const script = document.currentScript;

          // Text of a terminal without the sequences that colour it.
          const plain = (text) => text.replace(/\x1b\[[0-?]*[ -\/]*[@-~]|\x1b./g, "")
            .replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, (c) => "\\u{" + c.codePointAt(0).toString(16) + "}");

          // Times since.
          const coarse = (s) => s < 100 ? s + " s" : s < 5400 ? Math.round(s / 60) + " min" : s < 172800 ? Math.round(s / 3600) + " h" : Math.round(s / 86400) + " d";
          // The server's clock counts: this machine's may be wrong.
          const skew = { ms: 0 };
          const setClock = () => { if (main && main.dataset.now) skew.ms = Date.now() - Number(main.dataset.now); };
          setClock();
          const tick = () => {
            for (const element of all("time[data-ms]")) {
              const distance = Date.now() - skew.ms - Number(element.dataset.ms);
              const seconds = Math.floor(Math.abs(distance) / 1000);
              element.textContent = seconds < 1 ? "now" : distance < 0 ? "in " + coarse(seconds) : coarse(seconds) + " ago";
            }
          };

          // The page as it is now, in place of the page as it was. Elements keep their identity, so
          // that focus, open details and the place in a list stay.
          const same = (a, b) => a.nodeType === b.nodeType && a.nodeName === b.nodeName && (a.id || "") === (b.id || "");
          const patch = (from, to) => {
            if (from.nodeType === Node.TEXT_NODE) {
              if (from.data !== to.data) from.data = to.data;
              return;
            }
            if (from.nodeType !== Node.ELEMENT_NODE || from.hasAttribute("data-keep")) return;
            const isTyped = from.matches("input, select, textarea");
            for (const name of new Set([...from.getAttributeNames(), ...to.getAttributeNames()])) {
              if (name === "open" || (isTyped && name === "value" && from.type !== "hidden")) continue;
              const value = to.getAttribute(name);
              if (value === null) from.removeAttribute(name);
              else if (from.getAttribute(name) !== value) from.setAttribute(name, value);
            }
            const old = [...from.childNodes];
            const now = [...to.childNodes];
            now.forEach((child, index) => {
              const here = old[index];
              if (!here) from.append(child);
              else if (same(here, child)) patch(here, child);
              else here.replaceWith(child);
            });
            old.slice(now.length).forEach((child) => child.remove());
          };

          // A long list has the rows around those in sight, and room for all the others.
          const list = {
            around: 50,
            rowHeight: 0,
            get box() { return find("#list"); },
            // How many rows are above the sight, and how many are in it.
            sight() {
              const height = this.rowHeight || 34;
              return [Math.floor(this.box.scrollTop / height), Math.ceil(this.box.clientHeight / height) + 1];
            },
            layOut() {
              const box = this.box;
              if (!box) return;
              const shown = all("tr[data-row]", box);
              if (shown.length) this.rowHeight = shown[0].parentNode.getBoundingClientRect().height / shown.length;
              const [offset, rows, total] = [box.dataset.offset, box.dataset.rows, box.dataset.total].map(Number);
              const [above, below] = all("tbody.space td", box);
              above.style.height = offset * this.rowHeight + "px";
              below.style.height = Math.max(0, total - offset - rows) * this.rowHeight + "px";
              this.say();
            },
            say() {
              const [first, count] = this.sight();
              const total = Number(this.box.dataset.total);
              const text = find(".pages > span");
              if (text) text.textContent = Math.min(first + 1, total) + " to " + Math.min(first + count - 1, total) + " of " + total;
            },
            isShort() {
              const [first, count] = this.sight();
              const [offset, rows, total] = [this.box.dataset.offset, this.box.dataset.rows, this.box.dataset.total].map(Number);
              return (first < offset + 10 && offset > 0) || (first + count > offset + rows - 10 && offset + rows < total);
            },
            begin() {
              const box = this.box;
              if (!box) return;
              this.layOut();
              const offset = Number(box.dataset.offset);
              if (offset) box.scrollTop = offset * this.rowHeight;
              let pending = false;
              box.addEventListener("scroll", () => {
                if (pending) return;
                pending = true;
                requestAnimationFrame(() => {
                  pending = false;
                  this.say();
                  if (this.isShort()) refresh(0);
                });
              }, { passive: true });
              box.addEventListener("scrollend", () => {
                const url = new URL(location.href);
                const [first] = this.sight();
                if (first) url.searchParams.set("offset", first); else url.searchParams.delete("offset");
                history.replaceState(null, "", url);
              });
            },
          };
          // The page to ask for: of a list, the rows around those in sight.
          const address = () => {
            const url = new URL(location.href);
            if (list.box) {
              const [first, count] = list.sight();
              url.searchParams.set("offset", Math.max(0, first - list.around));
              url.searchParams.set("limit", count + 2 * list.around);
            }
            return url;
          };

          let loading = false, again = false, last = 0, gap = 400;
          const refresh = async (least = gap) => {
            if (!main || !main.hasAttribute("data-live")) return;
            if (loading) { again = true; return; }
            loading = true;
            const wait = least - (performance.now() - last);
            if (wait > 0) await new Promise((done) => setTimeout(done, wait));
            again = false;
            const began = performance.now();
            try {
              const response = await fetch(address(), { headers: { accept: "text/html" }, redirect: "error" });
              if (response.ok) {
                const page = new DOMParser().parseFromString(await response.text(), "text/html");
                const next = page.querySelector("#main");
                if (next) {
                  const row = document.activeElement?.closest("tr[id]")?.id;
                  patch(main, document.adoptNode(next));
                  if (row && !document.activeElement?.closest("tr[id]")) document.getElementById(row)?.focus({ preventScroll: true });
                  setClock(); tick(); list.layOut();
                }
              }
            } catch { /* The stream says when the server is back. */ }
            last = performance.now();
            // A page that takes long is asked for less often.
            gap = Math.max(400, 4 * (last - began));
            loading = false;
            if (list.box && list.isShort()) refresh(0); else if (again) refresh();
          };

          // Changes of the fabric, and of the execution that is looked at.
          const live = find("#live");
          const say = (state, text) => { if (live && live.dataset.state !== state) { live.dataset.state = state; find("span", live).textContent = text; } };
          const listen = (url, names, on) => {
            const source = new EventSource(url);
            for (const name of names) source.addEventListener(name, on);
            source.addEventListener("end", () => source.close());
            return source;
          };
          // A browser has six connections to a server: tabs hear what concerns them over one that they
          // share, where there are shared workers, and over one for each tab where there are none.
          const share = () => { try { return new SharedWorker(script.dataset.streams); } catch { return null; } };
          const tabs = live && window.SharedWorker ? share() : null;
          const heard = new Map();
          const listenTogether = (url, names, on, state = () => {}) => {
            const alone = () => {
              const source = listen(url, names, on);
              source.onopen = () => state(true);
              source.onerror = () => state(false);
            };
            if (!tabs) return alone();
            heard.set(url, { names, on, state, alone });
            tabs.port.postMessage({ join: url, names });
          };
          if (tabs) {
            tabs.port.onmessage = ({ data }) => {
              const listener = heard.get(data.url);
              if (!listener) return;
              if (data.type) listener.on(data); else listener.state(data.isOpen);
            };
            tabs.onerror = () => { for (const { alone } of heard.values()) alone(); heard.clear(); };
            addEventListener("pagehide", () => tabs.port.postMessage({ leave: true }));
            // A page that the browser had put aside is shown again.
            addEventListener("pageshow", (event) => {
              if (event.persisted) for (const [join, { names }] of heard) tabs.port.postMessage({ join, names });
            });
          }
          if (live && main) {
            // A page of one host need not hear of the others.
            const concerns = (event) => {
              const about = main.dataset.host;
              return !about || event.isEverything || event.apps.length > 0 || event.executions.length > 0 || event.hosts.includes(about);
            };
            let wasOff = false;
            listenTogether("/v1/events", ["change"], (event) => { if (concerns(JSON.parse(event.data))) refresh(); }, (isOpen) => {
              say(isOpen ? "on" : "off", isOpen ? "live" : "not live");
              if (isOpen && wasOff) refresh();
              wasOff = !isOpen;
            });
            const follow = find("[data-follow]");
            if (follow) listenTogether(follow.dataset.follow, ["stepStarted", "output", "stepEnded", "state"], () => refresh());
          }

          // Output as it is written.
          const log = find("#log[data-stream]");
          if (log) {
            const linesMax = 5000;
            const isFollowed = () => { const box = find("#log-follow"); return !box || box.checked; };
            const append = (text) => {
              const line = document.createElement("div");
              line.textContent = plain(text);
              log.append(line);
              if (log.childElementCount > linesMax) log.firstElementChild.remove();
              if (isFollowed()) log.scrollTop = log.scrollHeight;
            };
            const source = listen(log.dataset.stream, ["line", "output"], (event) => {
              const data = JSON.parse(event.data);
              append(data.text ?? data.line ?? "");
            });
            // After a break the stream begins again with the last lines.
            let opened = false;
            source.onopen = () => { if (opened && log.dataset.stream.includes("/logs")) log.textContent = ""; opened = true; };
            source.addEventListener("ended", (event) => {
              source.close();
              const build = JSON.parse(event.data).build;
              if (log.dataset.then === "execution" && build && build.execution) location.assign("/executions/" + build.execution);
              else refresh();
            });
          }

          // Questions before something is done.
          const confirmation = find("#confirm");
          document.addEventListener("submit", (event) => {
            const form = event.target;
            const question = form.dataset.confirm;
            if (question && confirmation && !form.dataset.confirmed) {
              event.preventDefault();
              const button = event.submitter;
              find("#confirm-text").textContent = question;
              find("#confirm-title").textContent = button ? button.textContent + "?" : "Do it?";
              const yes = find("#confirm-yes");
              yes.textContent = button ? button.textContent : "Do it";
              yes.onclick = () => { form.dataset.confirmed = "1"; confirmation.close(); form.requestSubmit(button); };
              confirmation.showModal();
              yes.focus();
            } else {
              setTimeout(() => all("button", form).forEach((button) => { button.disabled = true; }));
            }
          });
          document.addEventListener("click", (event) => {
            if (event.target.matches("[data-close]")) event.target.closest("dialog").close();
            const menu = find("details.menu[open]");
            if (menu && !menu.contains(event.target)) menu.open = false;
          });

          // Filtering while typing.
          const filter = find("#filter-text");
          if (filter) {
            let timer;
            filter.addEventListener("input", () => {
              clearTimeout(timer);
              timer = setTimeout(() => {
                const url = new URL(location.href);
                url.searchParams.set("filter", filter.value);
                url.searchParams.delete("offset");
                if (list.box) list.box.scrollTop = 0;
                history.replaceState(null, "", url);
                refresh();
              }, 200);
            });
          }

          // Keys.
          const sections = { o: "/", e: "/executions", h: "/hosts", i: "/instances", r: "/graphs", a: "/audit", d: "/doctor", t: "/tokens" };
          let prefix = 0;
          const move = (step) => {
            const rows = all("[data-row]", main);
            if (!rows.length) return;
            const at = rows.findIndex((row) => row === document.activeElement || row.contains(document.activeElement));
            const seen = list.box ? rows.findIndex((row) => row.offsetTop >= list.box.scrollTop) : 0;
            const next = rows[Math.max(0, Math.min(rows.length - 1, at < 0 && seen > 0 ? seen : at < 0 ? (step > 0 ? 0 : rows.length - 1) : at + step))];
            next.focus();
            next.scrollIntoView({ block: "nearest" });
          };
          document.addEventListener("keydown", (event) => {
            const typing = event.target.matches("input, select, textarea");
            if (event.key === "Escape") { if (typing) event.target.blur(); all("details.menu[open]").forEach((menu) => { menu.open = false; }); return; }
            if (typing || event.ctrlKey || event.metaKey || event.altKey || find("dialog[open]")) return;
            if (performance.now() - prefix < 1000 && sections[event.key]) { location.assign(sections[event.key]); return; }
            switch (event.key) {
              case "/": if (filter) { event.preventDefault(); filter.focus(); filter.select(); } break;
              case "j": move(1); break;
              case "k": move(-1); break;
              case "g": prefix = performance.now(); break;
              case "?": find("#help")?.showModal(); break;
              case "Enter":
                if (event.target.matches("[data-row]:not(a)")) find("a", event.target)?.click();
                break;
            }
          });

          // A one-time link sends its form, and leaves no secret in the address.
          const once = find("form[data-submit]");
          if (once) { history.replaceState(null, "", "/login"); once.requestSubmit(); }
          document.documentElement.classList.add("scripted");
          list.begin();
          tick();
          setInterval(tick, 5000);
        })();
        """#
}
