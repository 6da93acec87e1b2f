/// The page's style sheet. Colours of methods are Okabe and Ito's (2008), told apart with colour
/// blindness, and each method has its own shape besides.
enum Style {
  static let sheet = """
    :root {
      --paper: #fdfdfb; --ink: #1b1e23; --soft: #5a616b; --rule: #d9dbd8; --faint: #eceeeb;
      --card: #ffffff; --m0: #c04d00; --m1: #0072b2; --m2: #00815e;
      --m3: #8a4fa3; --m4: #8a6d00; --m5: #c2185b; --good: #00815e; --bad: #b3400a;
    }
    @media (prefers-color-scheme: dark) {
      :root {
        --paper: #14161a; --ink: #e7e9ec; --soft: #a2a9b4; --rule: #343942; --faint: #23272e;
        --card: #1b1e24; --m0: #ff9248; --m1: #62b8ef; --m2: #35cfa0;
        --m3: #c99be0; --m4: #dcc04f; --m5: #f48fb1; --good: #35cfa0;
        --bad: #ff9a68;
      }
    }
    * { box-sizing: border-box; }
    body {
      margin: 0; background: var(--paper); color: var(--ink);
      font: 16px/1.55 system-ui, -apple-system, "Segoe UI", "Noto Sans", "DejaVu Sans", sans-serif;
      -webkit-text-size-adjust: 100%;
    }
    main { max-width: 1040px; margin: 0 auto; padding: 56px 24px 72px; }
    .kicker { margin: 0 0 12px; color: var(--soft); font-size: 13px; letter-spacing: .04em; }
    h1 { margin: 0 0 20px; font-size: 34px; line-height: 1.15; letter-spacing: -.015em;
      font-weight: 680; text-wrap: balance; }
    h2 { margin: 0 0 6px; font-size: 21px; line-height: 1.3; letter-spacing: -.005em; }
    .finding { max-width: 46em; margin: 0 0 14px; font-size: 20px; line-height: 1.5;
      text-wrap: pretty; }
    .summary, .lead { max-width: 44em; margin: 0 0 20px; color: var(--soft); }
    section { margin-top: 56px; padding-top: 26px; border-top: 1px solid var(--rule); }
    footer { margin-top: 56px; color: var(--soft); font-size: 14px; }
    .figures { display: flex; flex-wrap: wrap; gap: 12px; margin: 28px 0 0; }
    .figure { flex: 1 1 230px; padding: 16px 18px; background: var(--card);
      border: 1px solid var(--rule); border-radius: 8px; }
    .figures dt { color: var(--soft); font-size: 14px; }
    .figures dd { margin: 2px 0 0; }
    .figures strong { font-size: 27px; font-weight: 650; letter-spacing: -.02em; }
    .figures span { display: block; margin-top: 4px; color: var(--soft); font-size: 13px;
      line-height: 1.45; }
    .scroll { overflow-x: auto; margin: 0 0 26px; }
    table { border-collapse: collapse; width: 100%; font-size: 14px;
      font-variant-numeric: tabular-nums lining-nums; }
    caption { padding: 0 0 8px; text-align: left; font-weight: 600; }
    th, td { padding: 7px 10px; text-align: right; white-space: nowrap; vertical-align: baseline;
      border-bottom: 1px solid var(--faint); }
    th:first-child, td:first-child { text-align: left; padding-left: 0; }
    thead th { color: var(--soft); font-weight: 500; border-bottom: 1px solid var(--rule); }
    tbody th { font-weight: 500; }
    td small { color: var(--soft); font-size: 12px; }
    td.top { font-weight: 680; }
    td.left, th.left { text-align: left; }
    td.wide { white-space: normal; overflow-wrap: anywhere; }
    .good { color: var(--good); } .bad { color: var(--bad); }
    .note { color: var(--soft); font-size: 13px; max-width: 60em; }
    .code { color: var(--soft); font-size: 12px; }
    code { font: 13px/1.5 ui-monospace, "SF Mono", "DejaVu Sans Mono", monospace; }
    svg { display: block; width: 100%; min-width: 680px; height: auto; }
    svg text { font: 12.5px system-ui, "Noto Sans", "DejaVu Sans", sans-serif; fill: var(--ink); }
    svg .soft { fill: var(--soft); font-size: 12px; }
    svg .panel { font-weight: 600; font-size: 13.5px; }
    svg .grid { stroke: var(--rule); stroke-width: 1; }
    svg .band { fill: var(--faint); opacity: .55; }
    .m0 { fill: var(--m0); stroke: var(--m0); } .m1 { fill: var(--m1); stroke: var(--m1); }
    .m2 { fill: var(--m2); stroke: var(--m2); } .m3 { fill: var(--m3); stroke: var(--m3); }
    .m4 { fill: var(--m4); stroke: var(--m4); } .m5 { fill: var(--m5); stroke: var(--m5); }
    svg line.m0, svg line.m1, svg line.m2, svg line.m3, svg line.m4, svg line.m5 {
      stroke-width: 1.6; opacity: .7; }
    svg .chance { stroke: var(--soft); stroke-width: 1.5; stroke-dasharray: 2.6 2.6; }
    svg polyline { fill: none; stroke: var(--m1); stroke-width: 1.4; }
    svg polyline.m0, svg polyline.m1, svg polyline.m2, svg polyline.m3, svg polyline.m4,
    svg polyline.m5 { fill: none; stroke-width: 1.6; }
    svg polyline.m0 { stroke: var(--m0); } svg polyline.m2 { stroke: var(--m2); }
    svg polyline.m3 { stroke: var(--m3); } svg polyline.m4 { stroke: var(--m4); }
    svg polyline.m5 { stroke: var(--m5); }
    table.heat td { background: color-mix(in srgb, var(--m1) calc(var(--share, 0%) * .55), transparent);
      min-width: 74px; }
    table.heat td b { display: inline-block; width: 1.1em; text-align: center; }
    svg circle.held { fill: var(--paper); stroke: var(--m0); stroke-width: 1.6; }
    .bar { display: block; height: 10px; min-width: 2px; border-radius: 2px;
      background: var(--m1); }
    td.track { width: 26%; padding-right: 18px; }
    .example { margin: 0 0 20px; padding: 18px 20px; background: var(--card);
      border: 1px solid var(--rule); border-radius: 8px; }
    .example blockquote { margin: 0; text-align: left; font-size: 19px; line-height: 1.4; }
    .example .source { margin: 2px 0 14px; color: var(--soft); font-size: 13px; }
    .answer { display: flex; flex-wrap: wrap; align-items: center; gap: 8px 14px; margin-top: 10px; }
    .answer .who { flex: 0 0 170px; font-size: 14px; line-height: 1.35; }
    .answer .who span { display: block; color: var(--soft); font-size: 13px; }
    .answer ol { display: flex; flex-wrap: wrap; gap: 8px; margin: 0; padding: 0;
      list-style: none; }
    .answer img { display: block; width: 84px; height: 84px; object-fit: cover; border-radius: 5px;
      border: 1px solid var(--rule); }
    .answer li.gold img { border-color: transparent; outline: 3px solid var(--good);
      outline-offset: 1px; }
    details > summary { cursor: pointer; margin-bottom: 14px; color: var(--soft); }
    :focus-visible { outline: 2px solid var(--m1); outline-offset: 3px; }
    @media (max-width: 600px) {
      main { padding: 32px 16px 48px; } h1 { font-size: 27px; } .finding { font-size: 18px; }
      .answer .who { flex-basis: 100%; }
    }
    @media print { section { break-inside: avoid; } details > summary { display: none; } }
    """
}
