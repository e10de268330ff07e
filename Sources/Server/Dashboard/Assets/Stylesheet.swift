extension Assets {
    /// Calm and dense: system fonts, figures of one width, colour only where it says something,
    /// and never colour alone.
    static let stylesheet = #"""
        :root {
          --bg: #f6f7f8; --panel: #ffffff; --ink: #1c2126; --muted: #5c6670; --line: #dfe3e7; --soft: #eef1f4;
          --accent: #1f5fb4; --on-accent: #ffffff; --focus: #1f5fb4;
          --green: #146c43; --green-bg: #dff3e7; --green-line: #9fd4b6;
          --yellow: #7a4f00; --yellow-bg: #fdf0cd; --yellow-line: #e3c26b;
          --red: #a81e1a; --red-bg: #fde3e0; --red-line: #eda19b;
          --busy: #1f5fb4; --busy-bg: #e1ecfa; --busy-line: #a9c6ee;
          --mono: ui-monospace, "SF Mono", "Cascadia Mono", "JetBrains Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace;
        }
        @media (prefers-color-scheme: dark) {
          :root {
            --bg: #13161a; --panel: #1a1e23; --ink: #e4e7ea; --muted: #9aa4ae; --line: #2c323a; --soft: #22272e;
            --accent: #7db1f5; --on-accent: #0d1520; --focus: #8fbcf7;
            --green: #6fd6a0; --green-bg: #14301f; --green-line: #2d5f43;
            --yellow: #efc265; --yellow-bg: #362a0b; --yellow-line: #6b5620;
            --red: #ff948b; --red-bg: #3f1917; --red-line: #7d3733;
            --busy: #8fbcf7; --busy-bg: #16273d; --busy-line: #315580;
          }
        }
        * { box-sizing: border-box; }
        html { font: 14px/1.45 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", sans-serif; color: var(--ink); background: var(--bg); overflow-y: scroll; }
        body { margin: 0; }
        h1 { font-size: 1.35rem; font-weight: 650; margin: 0 0 0.6rem; letter-spacing: -0.01em; }
        h2 { font-size: 0.95rem; font-weight: 650; margin: 1.6rem 0 0.5rem; display: flex; gap: 0.75rem; align-items: baseline; }
        h3 { font-size: 1rem; font-weight: 650; margin: 0; }
        p { margin: 0.4rem 0; }
        a { color: var(--accent); text-decoration: none; }
        a:hover { text-decoration: underline; }
        code, pre, .log, kbd { font-family: var(--mono); font-size: 0.86em; }
        .num, table, time, .counts { font-variant-numeric: tabular-nums; }
        .num, time { white-space: nowrap; }
        .muted { color: var(--muted); }
        .sr { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
        .spacer { flex: 1; }
        :focus-visible { outline: 2px solid var(--focus); outline-offset: 2px; border-radius: 4px; }
        main:focus { outline: none; }
        .skip { position: absolute; left: 0.5rem; top: -4rem; background: var(--accent); color: var(--on-accent); padding: 0.5rem 0.8rem; border-radius: 6px; z-index: 9; }
        .skip:focus { top: 0.5rem; }

        .bar { display: flex; flex-wrap: wrap; align-items: center; gap: 0.3rem 1rem; padding: 0 1.25rem; min-height: 3rem; background: var(--panel); border-bottom: 1px solid var(--line); position: sticky; top: 0; z-index: 5; }
        .brand { display: flex; align-items: center; gap: 0.4rem; color: var(--ink); font-weight: 700; letter-spacing: -0.01em; }
        .brand:hover { text-decoration: none; }
        svg.mark { width: 1.4rem; height: 1.4rem; fill: var(--accent); }
        .fabric { font-weight: 600; padding: 0.05rem 0.5rem; border: 1px solid var(--line); border-radius: 999px; background: var(--soft); }
        .bar nav { display: flex; gap: 0.15rem; align-self: stretch; }
        .bar nav a { display: flex; align-items: center; padding: 0.6rem 0.6rem; color: var(--muted); border-bottom: 2px solid transparent; border-top: 2px solid transparent; }
        .bar nav a:hover { color: var(--ink); text-decoration: none; }
        .bar nav a[aria-current] { color: var(--ink); font-weight: 600; border-bottom-color: var(--accent); }
        .who { color: var(--muted); max-width: 18rem; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
        .live { display: inline-flex; align-items: center; gap: 0.4rem; color: var(--muted); min-width: 5rem; font-size: 0.86rem; }
        .live i { width: 0.55rem; height: 0.55rem; border-radius: 50%; border: 2px solid var(--muted); }
        .live[data-state="on"] i { background: var(--green); border-color: var(--green); }
        main { padding: 1.1rem 1.25rem 3rem; max-width: 96rem; margin: 0 auto; }

        button, .button { font: inherit; font-weight: 550; color: var(--ink); background: var(--panel); border: 1px solid var(--line); border-radius: 6px; padding: 0.3rem 0.75rem; cursor: pointer; white-space: nowrap; }
        button:hover, .button:hover { border-color: var(--muted); }
        button:disabled { opacity: 0.55; cursor: default; }
        .primary { background: var(--accent); border-color: var(--accent); color: var(--on-accent); }
        .danger { color: var(--red); }
        .quiet { border-color: transparent; background: none; color: var(--muted); }
        .small { padding: 0.1rem 0.5rem; font-size: 0.86rem; }
        input:not([type=checkbox]), select { font: inherit; color: var(--ink); background: var(--panel); border: 1px solid var(--line); border-radius: 6px; padding: 0.3rem 0.55rem; min-width: 0; }
        input::placeholder { color: var(--muted); opacity: 0.8; }
        input[aria-invalid] { border-color: var(--red); }
        input.short { width: 4.6rem; font-variant-numeric: tabular-nums; }
        form { margin: 0; }
        .row { display: flex; flex-wrap: wrap; gap: 0.5rem; align-items: center; }
        .row.end { justify-content: flex-end; margin-top: 1rem; }
        .title { display: flex; flex-wrap: wrap; align-items: center; gap: 0.5rem 0.75rem; margin-bottom: 0.6rem; min-height: 2rem; }
        .title h1, .title h2 { margin: 0; }
        .card { background: var(--panel); border: 1px solid var(--line); border-radius: 8px; padding: 0.7rem 0.9rem; margin: 0.6rem 0; }
        .card h2 { margin-top: 0; }
        .tag { display: inline-block; padding: 0 0.45rem; border: 1px solid var(--line); border-radius: 999px; font-size: 0.86rem; color: var(--muted); background: var(--soft); white-space: nowrap; }
        .tag.strong { color: var(--ink); border-color: var(--muted); font-weight: 600; }
        .notice { padding: 0.45rem 0.75rem; border: 1px solid var(--busy-line); background: var(--busy-bg); border-radius: 6px; }
        .notice.yellow { border-color: var(--yellow-line); background: var(--yellow-bg); }
        .fault { color: var(--red); }
        .problem { border: 1px solid var(--red-line); border-left-width: 4px; background: var(--red-bg); border-radius: 6px; padding: 0.3rem 0.8rem; margin: 0.5rem 0; overflow-wrap: anywhere; }

        .sym { display: inline-grid; place-items: center; width: 1.15rem; height: 1.15rem; font-size: 0.72rem; font-weight: 800; line-height: 1; border-radius: 4px; flex: none; border: 1px solid transparent; }
        .sym.green { color: var(--green); background: var(--green-bg); border-color: var(--green-line); border-radius: 50%; }
        .sym.yellow { color: var(--yellow); background: var(--yellow-bg); border-color: var(--yellow-line); }
        .sym.red { color: var(--red); background: var(--red-bg); border-color: var(--red-line); border-radius: 2px; }
        .sym.busy { color: var(--busy); background: var(--busy-bg); border-color: var(--busy-line); }
        .sym.none { color: var(--muted); }
        .pill { display: inline-flex; align-items: center; gap: 0.4rem; max-width: 100%; }
        .pill > span:last-child { overflow-wrap: anywhere; }
        td .pill { min-width: 8rem; }
        td .pill > span:last-child { overflow-wrap: break-word; }
        td > a { white-space: nowrap; }
        .pill.red > span:last-child { color: var(--red); }
        .counts { display: inline-flex; gap: 0.6rem; font-weight: 450; font-size: 0.9rem; color: var(--muted); }
        .counts > span { display: inline-flex; gap: 0.25rem; align-items: center; }
        .progress { display: inline-flex; gap: 0.5rem; align-items: center; color: var(--muted); }
        progress { width: 8rem; height: 0.5rem; appearance: none; border: 0; border-radius: 4px; overflow: hidden; background: var(--line); }
        progress::-webkit-progress-bar { background: var(--line); }
        progress::-webkit-progress-value { background: var(--accent); transition: inline-size 0.3s; }
        progress::-moz-progress-bar { background: var(--accent); }

        .headline { background: var(--panel); border: 1px solid var(--line); border-left: 4px solid var(--green); border-radius: 8px; padding: 0.6rem 0.9rem; margin-bottom: 0.8rem; }
        .headline.yellow { border-left-color: var(--yellow); }
        .headline.red { border-left-color: var(--red); }
        .headline > div { display: flex; flex-wrap: wrap; gap: 0.3rem 0.6rem; align-items: center; }
        .headline ul { margin: 0.35rem 0 0; padding: 0 0 0 1.85rem; overflow-wrap: anywhere; list-style: none; }
        .rows { list-style: none; margin: 0 0 0.8rem; padding: 0; border: 1px solid var(--busy-line); border-radius: 8px; background: var(--busy-bg); }
        .line { display: flex; flex-wrap: wrap; gap: 0.3rem 1rem; align-items: center; padding: 0.45rem 0.9rem; color: inherit; }
        .line:hover { text-decoration: none; }
        .toolbar { display: flex; flex-wrap: wrap; gap: 0.5rem; align-items: center; margin: 0.6rem 0; }
        .toolbar input[type=search] { flex: 1 1 20rem; max-width: 44rem; font-family: var(--mono); font-size: 0.9rem; }
        .segments { display: inline-flex; max-width: 100%; border: 1px solid var(--line); border-radius: 6px; overflow-x: auto; overflow-y: hidden; background: var(--panel); }
        .segments a { padding: 0.3rem 0.7rem; color: var(--muted); border-left: 1px solid var(--line); }
        .segments a:first-child { border-left: 0; }
        .segments a[aria-current] { background: var(--soft); color: var(--ink); font-weight: 600; }
        #groups { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 27rem), 1fr)); gap: 0.7rem; align-items: start; }
        .group { background: var(--panel); border: 1px solid var(--line); border-radius: 8px; padding: 0.6rem 0.8rem 0.7rem; min-width: 0; }
        .group.red { border-color: var(--red-line); }
        .group.yellow { border-color: var(--yellow-line); }
        .group header { display: flex; flex-wrap: wrap; gap: 0.2rem 0.7rem; align-items: center; margin-bottom: 0.5rem; }
        .group .detail { margin-left: auto; color: var(--muted); }
        .group .pill { font-size: 0.93rem; }
        .cells { display: flex; flex-wrap: wrap; gap: 0.3rem; }
        .cell { display: inline-flex; align-items: center; gap: 0.3rem; padding: 0.1rem 0.45rem 0.1rem 0.3rem; font-size: 0.82rem; font-variant-numeric: tabular-nums; border-radius: 5px; border: 1px solid; color: inherit; }
        .cell i { font-style: normal; font-weight: 800; width: 0.8rem; text-align: center; }
        .cell small { opacity: 0.75; font-size: 0.92em; }
        .cell:hover { text-decoration: none; filter: brightness(0.96); }
        .cell.green { background: var(--green-bg); border-color: var(--green-line); color: var(--green); }
        .cell.yellow { background: var(--yellow-bg); border-color: var(--yellow-line); border-style: dashed; color: var(--yellow); }
        .cell.red { background: var(--red-bg); border-color: var(--red-line); border-width: 2px; color: var(--red); font-weight: 650; }
        .cell.warm { background: none; }
        .strip { display: flex; flex-wrap: wrap; gap: 0.4rem; }
        .chip { display: inline-flex; gap: 0.4rem; align-items: center; padding: 0.2rem 0.6rem 0.2rem 0.35rem; border: 1px solid var(--line); border-radius: 6px; background: var(--panel); color: inherit; font-size: 0.92rem; font-variant-numeric: tabular-nums; }
        .chip:hover { border-color: var(--muted); text-decoration: none; }

        .scroll { overflow-x: auto; border: 1px solid var(--line); border-radius: 8px; background: var(--panel); }
        table { border-collapse: collapse; width: 100%; }
        th { text-align: left; font-weight: 550; font-size: 0.86rem; color: var(--muted); padding: 0.4rem 0.75rem; border-bottom: 1px solid var(--line); white-space: nowrap; }
        td { padding: 0.35rem 0.75rem; border-bottom: 1px solid var(--line); vertical-align: middle; }
        tbody tr:last-child td { border-bottom: 0; }
        tbody tr:hover { background: var(--soft); }
        .r { text-align: right; }
        [data-row]:focus { outline: 2px solid var(--focus); outline-offset: -2px; }
        .facts { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 9.5rem), 1fr)); gap: 0.6rem 1.5rem; margin: 0; }
        .facts .wide { grid-column: span 3; }
        .facts dt { color: var(--muted); font-size: 0.86rem; }
        .facts dd { margin: 0; overflow-wrap: anywhere; }

        .bar-strip { display: block; width: 100%; min-width: 6rem; height: 0.45rem; border-radius: 3px; margin: 0.15rem 0; }
        .bar-strip .green { fill: var(--green-line); } .bar-strip .yellow { fill: var(--yellow-line); } .bar-strip .red { fill: var(--red); }
        .bar-strip + .cells { margin-top: 0.5rem; }
        td.wide, th.wide { width: 45%; }
        th a { color: inherit; }
        th[aria-sort] a { color: var(--ink); font-weight: 650; }
        .space td { padding: 0; border: 0; }
        .space tr:hover { background: none; }
        .pages { margin-top: 0.6rem; }
        .scripted .pages a { display: none; }
        .scripted .list { max-height: max(20rem, calc(100vh - 13.5rem)); overflow: auto; overflow-anchor: none; }
        .scripted .list:focus-visible { outline-offset: -2px; }
        .scripted .list table { table-layout: fixed; min-width: 62rem; }
        .scripted .list thead th { position: sticky; top: 0; background: var(--panel); z-index: 1; box-shadow: 0 1px 0 var(--line); }
        .scripted .list th.narrow { width: 9%; } .scripted .list th.middle { width: 13%; } .scripted .list th.broad { width: 19%; }
        .scripted .list tr[data-row] td { height: 2.2rem; padding-block: 0; line-height: 1.2; white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
        .scripted .list .pill, .scripted .list .counts { min-width: 0; vertical-align: middle; }
        .scripted .list .pill > span:last-child { overflow: hidden; text-overflow: ellipsis; }

        .tree, .tree ol { list-style: none; margin: 0; padding: 0; }
        .tree { background: var(--panel); border: 1px solid var(--line); border-radius: 8px; padding: 0.4rem 0.6rem; }
        .tree ol { margin-left: 0.55rem; padding-left: 0.9rem; border-left: 1px solid var(--line); }
        .tree summary, .tree .head { display: flex; flex-wrap: wrap; gap: 0.15rem 0.6rem; align-items: center; padding: 0.18rem 0.35rem; border-radius: 5px; }
        .tree summary { cursor: pointer; }
        .tree summary:hover { background: var(--soft); }
        .tree summary::-webkit-details-marker { display: none; }
        .tree summary::after { content: "›"; color: var(--muted); font-weight: 700; transition: transform 0.12s; }
        .tree details[open] > summary::after { transform: rotate(90deg); }
        .tree .num.muted { min-width: 1.6rem; text-align: right; }
        .step.skipped, .step.cancelled { opacity: 0.65; }
        .step .row, .step .problem, .step .log { margin-left: 1.9rem; }
        .log { background: var(--soft); border: 1px solid var(--line); border-radius: 6px; padding: 0.5rem 0.75rem; margin: 0.35rem 0; overflow: auto; max-height: 22rem; white-space: pre-wrap; overflow-wrap: anywhere; line-height: 1.5; }
        #log { min-height: 16rem; max-height: 65vh; }
        .changes { background: var(--panel); border: 1px solid var(--line); border-radius: 8px; border-collapse: separate; border-spacing: 0; overflow: hidden; }
        .traffic td { vertical-align: top; } .failed { color: var(--red); font-weight: 600; }
        input.secret { width: 100%; max-width: 46rem; font-family: var(--mono); }
        .changes td:first-child, .diff td { font-family: var(--mono); font-size: 0.86rem; }
        .changes td:first-child { width: 4rem; font-weight: 700; }
        .changes td:nth-child(2), .changes td:nth-child(3) { width: 1%; white-space: nowrap; padding-right: 2rem; }
        .added td:first-child { color: var(--green); } .removed td:first-child { color: var(--red); }
        .changed td:first-child, .replaced td:first-child { color: var(--yellow); }
        .diff { background: var(--panel); border: 1px solid var(--line); }
        .diff td { border: 0; padding: 0.02rem 0.6rem; white-space: pre-wrap; overflow-wrap: anywhere; }
        .diff code { font-size: inherit; }
        .diff td:nth-child(-n+2) { width: 3rem; text-align: right; color: var(--muted); user-select: none; }
        .diff td:nth-child(3) { width: 1rem; font-weight: 700; }
        .diff .added { background: var(--green-bg); } .diff .removed { background: var(--red-bg); }
        .diff .gap td { color: var(--muted); background: var(--soft); }
        ins { text-decoration: none; background: var(--green-bg); } del { text-decoration: none; background: var(--red-bg); }
        ins code, del code { overflow-wrap: anywhere; }

        .menu { position: relative; }
        .menu summary { list-style: none; }
        .menu summary::-webkit-details-marker { display: none; }
        .menu .card { position: absolute; right: 0; top: 100%; z-index: 4; width: 19rem; box-shadow: 0 8px 24px #0003; display: grid; }
        .menu label, .login label { display: block; font-size: 0.86rem; color: var(--muted); margin-bottom: 0.2rem; }
        .menu input, .login input { width: 100%; margin-bottom: 0.6rem; }
        .check { display: inline-flex; gap: 0.35rem; align-items: center; color: var(--muted); }
        dialog { color: inherit; background: var(--panel); border: 1px solid var(--line); border-radius: 10px; padding: 1.1rem 1.3rem; width: min(28rem, calc(100vw - 2rem)); box-shadow: 0 16px 48px #0005; }
        dialog::backdrop { background: #0007; }
        dialog h2 { margin: 0 0 0.5rem; font-size: 1.1rem; }
        .keys { display: grid; grid-template-columns: max-content 1fr; gap: 0.4rem 1rem; margin: 0; }
        .keys dd { margin: 0; color: var(--muted); }
        kbd { border: 1px solid var(--line); border-bottom-width: 2px; border-radius: 4px; padding: 0 0.35rem; background: var(--soft); }
        .bare { display: grid; place-content: center; grid-template-columns: min(34rem, 100%); min-height: 90vh; }
        .login { width: min(24rem, 100%); justify-self: center; padding: 1.3rem 1.5rem; }
        .login h1 { margin-bottom: 0.9rem; display: flex; gap: 0.5rem; align-items: center; }
        .login .muted { margin-top: 0.9rem; font-size: 0.9rem; }
        .login code { white-space: nowrap; }
        .login button { width: 100%; }
        @media (max-width: 46rem) {
          .bar { padding: 0.2rem 0.75rem; position: static; }
          .bar nav { order: 9; width: 100%; overflow-x: auto; }
          .who { display: none; }
          main { padding: 0.75rem 0.75rem 2rem; }
          .menu .card { right: auto; left: 0; }
          .facts .wide { grid-column: auto; }
          .scroll table { min-width: 46rem; }
        }
        @media (prefers-reduced-motion: reduce) { * { transition: none !important; } }
        """#
}
