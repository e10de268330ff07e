extension Assets {
    /// Fills the places of charts, those in sight first, and again as time goes on.
    static let chartLoader = #"""
        "use strict";
        (() => {
          const every = 10000;
          const page = new URL(location.href).searchParams;
          const isLive = !page.get("until") || page.get("until") === "now";
          const inSight = new WeakSet();
          const shown = new WeakMap();
          // What leads to the same targets keeps the page's span.
          const links = (figure) => {
            const caption = figure.querySelector("figcaption");
            for (const link of caption.querySelectorAll("a")) {
              const url = new URL(link.href);
              for (const name of ["from", "until"]) if (page.get(name)) url.searchParams.set(name, page.get(name));
              link.href = url;
            }
            return caption;
          };
          const draw = async (figure) => {
            const width = Math.round(figure.clientWidth);
            if (!width || figure.dataset.busy) return;
            figure.dataset.busy = "1";
            try {
              const url = new URL(figure.dataset.chart, location.href);
              for (const name of ["from", "until"]) if (page.get(name)) url.searchParams.set(name, page.get(name));
              url.searchParams.set("width", width);
              url.searchParams.set("theme", "page");
              const response = await fetch(url, { redirect: "error" });
              const text = await response.text();
              if (response.ok) {
                const picture = new DOMParser().parseFromString(text, "image/svg+xml").documentElement;
                figure.replaceChildren(links(figure), document.adoptNode(picture));
              } else {
                const problem = document.createElement("p");
                problem.className = "problem";
                try { const told = JSON.parse(text); problem.textContent = told.sentence + " " + told.cause; } catch { problem.textContent = "The chart cannot be drawn."; }
                figure.replaceChildren(links(figure), problem);
              }
              shown.set(figure, performance.now());
            } catch { /* The next time may go well. */ }
            delete figure.dataset.busy;
          };
          const observer = new IntersectionObserver((entries) => {
            for (const entry of entries) {
              if (entry.isIntersecting) { inSight.add(entry.target); if (!shown.has(entry.target)) draw(entry.target); }
              else inSight.delete(entry.target);
            }
          }, { rootMargin: "200px" });
          const watched = new WeakSet();
          const watch = () => {
            for (const figure of document.querySelectorAll("figure[data-chart]")) {
              if (!watched.has(figure)) { watched.add(figure); observer.observe(figure); }
            }
          };
          watch();
          new MutationObserver(watch).observe(document.body, { childList: true, subtree: true });
          setInterval(() => {
            if (!isLive || document.hidden) return;
            for (const figure of document.querySelectorAll("figure[data-chart]")) {
              if (inSight.has(figure) && !figure.querySelector(".hover") && performance.now() - (shown.get(figure) ?? 0) >= every - 500) draw(figure);
            }
          }, 1000);
        })();
        """#

    static let chartStyle = """
        .panels { display: grid; grid-template-columns: repeat(12, 1fr); gap: 0.7rem; }
        .chart { grid-column: span 12; margin: 0; min-height: 12rem; min-width: 0; background: var(--panel); border: 1px solid var(--line); border-radius: 8px; overflow: hidden; }
        .chart { position: relative; }
        .chart .links { position: absolute; inset: 0 0 auto 0; height: 1.6rem; padding: 0 0.75rem; pointer-events: none; }
        .chart .links a { display: inline-block; max-width: 100%; height: 100%; overflow: hidden; color: transparent; pointer-events: auto; white-space: nowrap; font-size: 13px; font-weight: 600; }
        .chart .links a:hover, .chart .links a:focus-visible { text-decoration: underline; text-decoration-color: var(--ink); }
        .chart .links a.lines { position: absolute; top: 0.2rem; right: 0.75rem; height: auto; color: var(--muted); font-weight: 400; font-size: 12px; }
        .chart a path { cursor: pointer; }
        .elsewhere code { display: block; overflow-wrap: anywhere; user-select: all; }
        .chart svg { display: block; width: 100%; height: auto; }
        .spans { display: flex; gap: 0.4rem; flex-wrap: wrap; align-items: center; }
        @media (min-width: 60rem) {
          .chart.span1, .chart.span2, .chart.span3 { grid-column: span 3; }
          .chart.span4 { grid-column: span 4; }
          .chart.span5 { grid-column: span 5; }
          .chart.span6 { grid-column: span 6; }
          .chart.span7 { grid-column: span 7; }
          .chart.span8 { grid-column: span 8; }
          .chart.span9 { grid-column: span 9; }
          .chart.span10 { grid-column: span 10; }
          .chart.span11 { grid-column: span 11; }
        }

        """
}
