"""How the pages look: one column, the system's fonts, light or dark as the reader's system is."""

from pygments.formatters.html import HtmlFormatter

from justemails_lessons.pictures.svg import AMBER, BLUE, GREEN, INK, MUTED, PALE, PAPER, RED, RULE

_DARK = {
    INK: "#e6edf3",
    MUTED: "#9ea7b3",
    RULE: "#30363d",
    PAPER: "#161b22",
    BLUE: "#79c0ff",
    GREEN: "#7ee787",
    AMBER: "#e3b341",
    RED: "#ff9d94",
    PALE[BLUE]: "#12304f",
    PALE[GREEN]: "#12361f",
    PALE[AMBER]: "#3d2f00",
    PALE[RED]: "#4a1714",
    PALE[MUTED]: "#21262d",
}

_LAYOUT = """
:root { color-scheme: light dark; --ink: #1f2328; --page: #ffffff; --rule: #d0d7de; --link: #0550ae; --code: #f6f8fa;
        --paper: #ffffff; --quiet: #57606a }
* { box-sizing: border-box }
body { margin: 0; color: var(--ink); background: var(--page); font: 17px/1.6 system-ui, "DejaVu Sans", sans-serif }
main, nav { max-width: 50rem; margin: 0 auto; padding: 0 1rem }
nav { display: flex; justify-content: space-between; gap: 1rem; padding: 1rem; font-size: .9rem }
nav a:last-child { text-align: right }
a { color: var(--link) }
h1 { line-height: 1.2; margin: 1rem 0 } h2 { margin: 2.6rem 0 .6rem; line-height: 1.25 } h3 { margin: 1.6rem 0 .4rem }
section em { color: var(--quiet) }
code, pre { font: 13.5px/1.5 ui-monospace, Consolas, "DejaVu Sans Mono", monospace }
section code { background: var(--code); padding: .1em .3em; border-radius: 4px; overflow-wrap: anywhere }
pre { margin: 0; white-space: pre-wrap; overflow-wrap: anywhere }
.cell, details { margin: 1.1rem 0 }
.code { background: var(--code); border: 1px solid var(--rule); border-radius: 6px; padding: .7rem .9rem }
.code pre { white-space: pre; overflow-x: auto }
pre.output { border-left: 4px solid var(--rule); padding: .3rem .9rem; margin: .6rem 0 }
.output { margin: .6rem 0; overflow-x: auto }
.picture { margin: .8rem 0; overflow-x: auto; background: var(--paper); border: 1px solid var(--rule);
           border-radius: 6px }
.picture svg { display: block; height: auto; max-width: 100%; min-width: 34rem }
details details, .cell details { margin: .4rem 0; font-size: .9rem }
section td:first-child code { white-space: nowrap }
summary { cursor: pointer; color: var(--link) }
table { border-collapse: collapse; font-size: .95rem; display: block; overflow-x: auto }
.output table { display: table } /* its box scrolls */
th, td { border: 1px solid var(--rule); padding: .3rem .6rem; text-align: left; vertical-align: top }
blockquote { margin: 1rem 0; padding: .1rem 1rem; border-left: 4px solid var(--rule) }
@media (max-width: 40rem) {
  .code pre { white-space: pre-wrap }
  section thead { position: absolute; left: -9999px } /* out of sight, but read out */
  section table, section tbody, section tr, section td { display: block; border: none }
  section td { padding: .1rem 0 }
  section tr { border-top: 1px solid var(--rule); padding: .5rem 0 }
}
"""


def style() -> str:
    """Return the whole style sheet."""
    # A picture's colours are attributes, and a style sheet comes before these; a transcript's are styles of its lines.
    exchanged = "\n".join(
        f'.picture svg [{kind}="{light}"] {{ {kind}: {dark} }}'
        for light, dark in _DARK.items()
        for kind in ("fill", "stroke")
    ) + "\n".join(f'.output [style="color:{light}"] {{ color: {dark} !important }}' for light, dark in _DARK.items())
    return (
        _LAYOUT
        + _code_colours("default")
        + "@media (prefers-color-scheme: dark) {\n"
        + ":root { --ink: #e6edf3; --page: #0d1117; --rule: #30363d; --link: #79c0ff; --code: #161b22;"
        + " --quiet: #9ea7b3; --paper: #161b22 }\n"
        + exchanged
        + _code_colours("github-dark")
        + "\n}\n"
    )


def _code_colours(name: str) -> str:
    rules: str = HtmlFormatter(style=name, nobackground=True).get_style_defs(".code")
    return "\n" + "\n".join(line for line in rules.splitlines() if line.startswith(".code .")) + "\n"
