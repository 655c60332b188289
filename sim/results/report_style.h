// SPDX-License-Identifier: Apache-2.0
//
// The fixed text of a report.
#pragma once

namespace stile::sim {

inline constexpr const char* report_style = R"css(
:root { color-scheme: light dark; --fg: #1c2024; --bg: #ffffff; --dim: #667078; --line: #d9dee2; --bar: #3b6fb6;
  --p0: #4c78a8; --p1: #9ecae9; --p2: #f58518; --p3: #e45756; --p4: #b279a2; --p5: #54a24b; --p6: #eeca3b;
  --p7: #9d755d; --p8: #72b7b2; --p9: #bab0ac; --p10: #7f7f7f; }
@media (prefers-color-scheme: dark) { :root { --fg: #e4e7ea; --bg: #15181b; --dim: #98a2aa; --line: #343a40; --bar: #6b9bdc; } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--fg); background: var(--bg); max-width: 62rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.15rem; margin-top: 2rem; }
svg { width: 100%; height: auto; font-size: 12px; } svg text { fill: var(--fg); } svg .group { font-weight: 600; }
svg .tick { fill: var(--dim); font-size: 11px; } svg .grid { stroke: var(--line); } svg .bar { fill: var(--bar); }
.p0 { fill: var(--p0); background: var(--p0); } .p1 { fill: var(--p1); background: var(--p1); }
.p2 { fill: var(--p2); background: var(--p2); } .p3 { fill: var(--p3); background: var(--p3); }
.p4 { fill: var(--p4); background: var(--p4); } .p5 { fill: var(--p5); background: var(--p5); }
.p6 { fill: var(--p6); background: var(--p6); } .p7 { fill: var(--p7); background: var(--p7); }
.p8 { fill: var(--p8); background: var(--p8); } .p9 { fill: var(--p9); background: var(--p9); }
.p10 { fill: var(--p10); background: var(--p10); }
.legend span { margin-right: .9em; white-space: nowrap; } .legend i { display: inline-block; width: .8em; height: .8em; margin-right: .35em; border-radius: 2px; }
.wide { overflow-x: auto; } table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: 13px; }
th, td { text-align: right; white-space: nowrap; padding: .25em .6em; border-bottom: 1px solid var(--line); } th { vertical-align: bottom; white-space: normal; color: var(--dim); font-weight: 500; }
td:nth-child(-n+2), th:nth-child(-n+2) { text-align: left; } .bad { color: #d33a2c; }
details { margin-top: 1.5rem; } pre { overflow-x: auto; font-size: 12px; } footer, .note { color: var(--dim); font-size: 13px; } footer { margin-top: 3rem; border-top: 1px solid var(--line); padding-top: .8rem; }
)css";

inline constexpr const char* report_reading = R"html(<div class="note">
<p><b>How to read this.</b> Every figure is what the modelled core spent executing guest code; no mechanism has a cost written down
anywhere. Cycles are the mean over the timed calls, the event columns are those of the median call without a timer tick.
<i>Copies</i> counts payload bytes that anybody copied between the sender's last store and the receiver's first load, over the
payload of both directions: 1 is one copy each way. <i>Checked</i> says that what arrived was compared byte for byte, in untimed
calls of the same code.</p>
<p><b>What these figures do not show.</b> Absolute times of a particular processor: the core is a model, in order and single, its
caches, branch predictor and instruction latencies are those of the configuration below, and nothing else runs beside the two
programs. The kernel is a tiny one: a grown one does more around the same mechanism. Cold calls, and other
placements and more callers than those listed, are not measured. The axis of the first chart is logarithmic: a bar twice as long is not a call twice as slow.</p>
</div>
)html";

}  // namespace stile::sim
