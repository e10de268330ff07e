/// What makes charts of a page answer the pointer and the keys.
package enum ChartScript {
    /// Charts drawn for the theme `page` are whole without it. With it, the values at the pointer's time are
    /// shown in all charts of the page at once, and a span that is dragged over becomes the page's `from`
    /// and `until`. It listens at the document, so that charts may come and go, and writes text only.
    package static let text = #"""
        "use strict";
        (() => {
          const svgNames = "http://www.w3.org/2000/svg";
          const charts = () => [...document.querySelectorAll("svg.apus-chart[data-from]")];
          const number = (chart, name) => Number(chart.dataset[name]);
          const draw = (name, attributes, parent, text) => {
            const element = document.createElementNS(svgNames, name);
            for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
            if (text !== undefined) element.textContent = text;
            parent.append(element);
            return element;
          };

          // Figures as the server writes them, to three digits.
          const scales = {
            decimal: [[1e-12, "p"], [1e-9, "n"], [1e-6, "µ"], [1e-3, "", 1], [1e3, "k"], [1e6, "M"], [1e9, "G"], [1e12, "T"], [1e15, "P"], [1e18, "E"]],
            binary: ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"].map((suffix, index) => [1024 ** index, suffix]),
            duration: [[1e-9, "ns"], [1e-6, "µs"], [1e-3, "ms"], [1, "s"], [120, "min", 60], [7200, "h", 3600], [172800, "d", 86400]],
          };
          const figure = (value, unit) => {
            if (unit === "percent" || unit === "ratio") return Number((unit === "ratio" ? 100 * value : value).toPrecision(3)) + "%";
            const isDuration = unit === "seconds" || unit === "milliseconds";
            if (unit === "milliseconds") value /= 1000;
            const kind = isDuration ? scales.duration : unit.startsWith("bytes") ? scales.binary : scales.decimal;
            const size = Math.abs(value);
            const scale = kind.findLast((each) => size >= each[0]) || (size ? kind[0] : [1, isDuration ? "s" : ""]);
            const end = (unit.startsWith("bits") ? "bit" : "") + (unit.endsWith("per-second") ? "/s" : "");
            const suffix = scale[1] + end;
            return Number((value / (scale[2] || scale[0])).toPrecision(3)) + (suffix && suffix !== "/s" ? "\u00a0" : "") + suffix;
          };

          // The value of each series at a time, the greatest first; NaN has no place.
          const valuesAt = (chart, time) => [...chart.querySelectorAll("[data-values]")].map((series) => {
            const values = series.dataset.values.split(",");
            const share = (time - number(chart, "from")) / (number(chart, "until") - number(chart, "from"));
            const text = values[Math.min(values.length - 1, Math.floor(share * values.length))];
            return { series, label: series.dataset.label, value: text ? Number(text) : NaN, unit: series.dataset.unit };
          }).filter((each) => !Number.isNaN(each.value)).sort((a, b) => b.value - a.value);

          // Times are of the clock that the chart's axis has.
          const clock = (chart, time) => {
            const options = { weekday: "short", hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" };
            try {
              return new Intl.DateTimeFormat(undefined, { ...options, timeZone: chart.dataset.zone }).format(time * 1000);
            } catch {
              return new Intl.DateTimeFormat(undefined, { ...options, timeZone: "UTC" }).format(time * 1000) + " UTC";
            }
          };
          const clear = () => { for (const chart of charts()) chart.querySelector(".hover")?.remove(); };
          const rows = 12;
          const show = (time) => {
            clear();
            for (const chart of charts()) {
              const [from, until] = [number(chart, "from"), number(chart, "until")];
              if (time < from || time > until) continue;
              const [left, top, width, height] = ["left", "top", "width", "height"].map((name) => number(chart, name));
              const x = left + (time - from) / (until - from) * width;
              const group = draw("g", { class: "hover", "pointer-events": "none" }, chart);
              draw("path", { class: "ink", stroke: "currentColor", "stroke-opacity": ".5", d: `M${x} ${top}v${height}` }, group);
              const found = valuesAt(chart, time);
              if (!found.length) continue;
              const lines = found.slice(0, rows);
              const box = draw("rect", { class: "paper", fill: "currentColor", "fill-opacity": ".94", rx: 4, stroke: "#8888" }, group);
              draw("text", { class: "muted", fill: "currentColor", y: top + 18 }, group, clock(chart, time));
              lines.forEach((each, index) => {
                const y = top + 34 + index * 15;
                draw("path", { class: each.series.classList[0], stroke: "currentColor", "stroke-width": 3, d: `M0 ${y - 4}h10`, "data-swatch": "" }, group);
                const label = each.label.length > 40 ? each.label.slice(0, 19) + "…" + each.label.slice(-20) : each.label;
                draw("text", { class: "ink", fill: "currentColor", y, "data-name": "" }, group, figure(each.value, each.unit) + "  " + label);
              });
              if (found.length > rows) draw("text", { class: "muted", fill: "currentColor", y: top + 34 + rows * 15 }, group, "and " + (found.length - rows) + " more");
              const texts = [...group.querySelectorAll("text")];
              const wide = Math.max(...texts.map((text) => text.getBBox().width)) + 34;
              const begin = x + wide + 10 > left + width ? Math.max(0, x - wide - 10) : x + 10;
              for (const text of texts) text.setAttribute("x", begin + ("name" in text.dataset ? 24 : 8));
              for (const swatch of group.querySelectorAll("[data-swatch]")) swatch.setAttribute("transform", `translate(${begin + 8} 0)`);
              for (const [name, value] of [["x", begin], ["y", top + 4], ["width", wide], ["height", texts.length * 15 + 8]]) box.setAttribute(name, value);
            }
          };

          // The chart and the time under a pointer.
          const under = (event, chart = event.target.closest?.("svg.apus-chart[data-from]")) => {
            if (!chart || !chart.isConnected) return null;
            const matrix = chart.getScreenCTM();
            if (!matrix) return null;
            const x = new DOMPoint(event.clientX, event.clientY).matrixTransform(matrix.inverse()).x;
            const share = Math.min(1, Math.max(0, (x - number(chart, "left")) / number(chart, "width")));
            return { chart, x, time: number(chart, "from") + share * (number(chart, "until") - number(chart, "from")) };
          };
          const zoom = (from, until) => {
            const url = new URL(location.href);
            url.searchParams.set("from", Math.floor(from));
            url.searchParams.set("until", Math.max(Math.floor(from) + 10, Math.ceil(until)));
            location.assign(url);
          };

          let drag = null;
          const endDrag = () => { drag?.box?.remove(); drag = null; };
          document.addEventListener("pointerdown", (event) => {
            const at = event.button === 0 && event.pointerType !== "touch" ? under(event) : null;
            if (at) drag = { ...at, box: null };
          });
          document.addEventListener("pointermove", (event) => {
            const at = under(event, drag?.chart);
            if (!at) return clear();
            show(at.time);
            if (!drag) return;
            event.preventDefault();
            const [left, top, width, height] = ["left", "top", "width", "height"].map((name) => number(drag.chart, name));
            const inside = (x) => Math.min(left + width, Math.max(left, x));
            if (!drag.box?.isConnected) drag.box = draw("rect", { class: "mark", fill: "currentColor", "fill-opacity": ".18", y: top, height }, drag.chart);
            drag.box.setAttribute("x", Math.min(inside(drag.x), inside(at.x)));
            drag.box.setAttribute("width", Math.abs(inside(at.x) - inside(drag.x)));
          });
          document.addEventListener("pointerup", (event) => {
            const [begin, at] = [drag, drag && under(event, drag.chart)];
            endDrag();
            if (begin && at && Math.abs(at.x - begin.x) > 6) zoom(Math.min(begin.time, at.time), Math.max(begin.time, at.time));
          });
          document.addEventListener("pointerleave", clear);
          document.addEventListener("dblclick", (event) => {
            const at = under(event);
            if (!at) return;
            const span = number(at.chart, "until") - number(at.chart, "from");
            zoom(at.time - span, Math.min(at.time + span, Math.max(Date.now() / 1000, number(at.chart, "until"))));
          });

          // The same by keys, in the chart that has the focus.
          let cursor = null;
          document.addEventListener("keydown", (event) => {
            if (event.key === "Escape") { endDrag(); clear(); cursor = null; return; }
            const chart = event.target.closest?.("svg.apus-chart[data-from]");
            const way = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
            if (!chart || !way) return;
            event.preventDefault();
            const [from, until] = [number(chart, "from"), number(chart, "until")];
            const step = (until - from) / (event.shiftKey ? 10 : 100);
            cursor = Math.min(until, Math.max(from, (cursor ?? (way > 0 ? from - step : until + step)) + way * step));
            show(cursor);
            let said = document.getElementById("chart-said");
            if (!said) {
              said = document.createElement("div");
              said.id = "chart-said";
              said.className = "sr";
              said.setAttribute("aria-live", "polite");
              document.body.append(said);
            }
            said.textContent = clock(chart, cursor) + ": " + (valuesAt(chart, cursor).slice(0, 6)
              .map((each) => each.label + " " + figure(each.value, each.unit)).join(", ") || "no data");
          });
        })();
        """#
}
