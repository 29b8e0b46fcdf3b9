"""How the page looks: light and dark, on a telephone, a desk and paper. Every pair of colours has 4.5 to 1 or more."""

STYLE = """
:root {
  color-scheme: light dark;
  --ground: #fff; --text: #1b1f24; --quiet: #57606a; --line: #d0d7de; --box: #f6f8fa;
  --pass: #1a6b2f; --fail: #b3261e; --warn: #7a4d00; --skip: #57606a; --inconclusive: #6639ba; --error: #b3261e;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #0f1318; --text: #e6edf3; --quiet: #9da7b3; --line: #363d47; --box: #191f27;
    --pass: #6bd08a; --fail: #ff8a80; --warn: #f0b849; --skip: #9da7b3; --inconclusive: #c4a5ff; --error: #ff8a80;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--text); font: 16px/1.5 system-ui, sans-serif; }
main, header { max-width: 60rem; margin: 0 auto; padding: 0 1rem; }
header { padding-top: 1.5rem; }
h1 { font-size: 1.9rem; line-height: 1.2; margin: .2rem 0 .8rem; }
h2 { font-size: 1.3rem; margin: 2.5rem 0 .8rem; }
h3 { font-size: 1rem; margin: 0; }
p { margin: .4rem 0; }
code, pre { font: .875em/1.45 ui-monospace, Menlo, Consolas, monospace; overflow-wrap: anywhere; }
pre { margin: 0; padding: .6rem .7rem; background: var(--box); border: 1px solid var(--line); border-radius: 4px;
  white-space: pre-wrap; }
.option { white-space: nowrap; }
a { color: inherit; }
.quiet, dt, caption { color: var(--quiet); }
dl { display: grid; grid-template-columns: 8rem minmax(0, 1fr); gap: .35rem 1rem; margin: .6rem 0; }
dd { margin: 0; overflow-wrap: anywhere; }
.counts { display: flex; flex-wrap: wrap; gap: .3rem 1.4rem; padding: 0; margin: 1rem 0; list-style: none; }
.mark { font-weight: 600; white-space: nowrap; }
.pass { color: var(--pass); } .fail { color: var(--fail); } .warn { color: var(--warn); }
.skip { color: var(--skip); } .inconclusive { color: var(--inconclusive); } .error { color: var(--error); }
article { border: 1px solid var(--line); border-left: 4px solid currentColor; border-radius: 4px;
  padding: .8rem 1rem; margin: 0 0 1rem; }
article > * { color: var(--text); }
article .promise { font-size: 1.05rem; }
details { border-top: 1px solid var(--line); }
details:last-of-type { border-bottom: 1px solid var(--line); }
summary { padding: .5rem 0; cursor: pointer; }
summary h3 { display: inline; }
details ul { list-style: none; margin: 0 0 1rem; padding: 0; }
details li { display: grid; grid-template-columns: 8rem minmax(0, 1fr); gap: 0 1rem; padding: .35rem 0; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .35rem .8rem .35rem 0; border-bottom: 1px solid var(--line);
  overflow-wrap: anywhere; font-weight: normal; }
thead th { color: var(--quiet); }
footer { max-width: 60rem; margin: 2.5rem auto; padding: 0 1rem; color: var(--quiet); font-size: .875rem; }
@media (max-width: 40rem) {
  h1 { font-size: 1.5rem; }
  dl, details li { grid-template-columns: minmax(0, 1fr); gap: 0; }
  dd { margin-bottom: .5rem; }
}
@media print {
  :root { --ground: #fff; --text: #000; --quiet: #444; --line: #999; --box: #fff; --pass: #1a6b2f; --fail: #b3261e;
    --warn: #7a4d00; --skip: #444; --inconclusive: #6639ba; --error: #b3261e; }
  body { font-size: 11pt; }
  main, header, footer { max-width: none; }
  h2, h3 { break-after: avoid; }
  article dd, li, tr { break-inside: avoid; }
  details::details-content { content-visibility: visible; block-size: auto; }
}
"""
