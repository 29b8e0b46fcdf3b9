"""The lessons as one static site: a page for each, without a request to anybody, without a script.

Made of the stored notebooks, so that it shows what they show. Code is coloured by Pygments, text is read by
markdown-it; neither is trusted with raw HTML, and the outputs are the lab's own.
"""

import re
from html import escape
from pathlib import Path

from markdown_it import MarkdownIt
from pygments import highlight
from pygments.formatters.html import HtmlFormatter
from pygments.lexers.python import PythonLexer

from justemails_lessons.book import Lesson, Notebook, lessons, load, title_of
from justemails_lessons.site_style import style

_MARKDOWN = MarkdownIt("commonmark").enable("table")
_UPWARDS = re.compile(r"\]\(\.\./")  # a notebook's links go one folder up; a page is one folder further down
_TO_NOTEBOOK = re.compile(r"\]\((\d\d-[a-z-]+)\.ipynb\)")


def render(folder: Path, site: Path) -> Path:
    """Write a page for each lesson of a folder; return the first one's path."""
    found = lessons(folder)
    titles = [title_of(load(lesson))[0] for lesson in found]
    site.mkdir(exist_ok=True)
    for number, lesson in enumerate(found):
        page = _page(lesson, titles[number], _ways(found, titles, number))
        (site / f"{lesson.name}.html").write_text(page, "utf-8")
    (site / "index.html").write_text((site / f"{found[0].name}.html").read_text("utf-8"), "utf-8")
    return site / "index.html"


def _page(lesson: Lesson, title: str, ways: str) -> str:
    body = "\n".join(_cell(cell) for cell in load(lesson).cells)
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark">'
        '<link rel="icon" href="data:,">'
        f"<title>{escape(title)}</title><style>{style()}</style></head>\n"
        f"<body>{ways}<main>\n{body}\n</main>{ways}</body></html>\n"
    )


def _ways(found: list[Lesson], titles: list[str], number: int) -> str:
    def link(to: int, arrow: str) -> str:
        return f'<a href="{found[to].name}.html">{arrow.format(escape(titles[to]))}</a>'

    before = link(number - 1, "&larr; {}") if number else "<span></span>"
    after = link(number + 1, "{} &rarr;") if number + 1 < len(found) else "<span></span>"
    return f"<nav>{before}{after}</nav>"


def _cell(cell: Notebook) -> str:
    if cell.cell_type == "markdown":
        text = _TO_NOTEBOOK.sub(r"](\1.html)", _UPWARDS.sub("](../../", cell.source))
        return f"<section>{_MARKDOWN.render(text)}</section>"
    code, outputs = _code(cell.source), "".join(_output(output) for output in cell.outputs)
    match cell.metadata.get("tags", ()):
        case ["solution"]:
            return f"<details><summary>Solution</summary>{code}{outputs}</details>"
        case ["folded"]:
            return f'<details class="cell"><summary>The code of it</summary>{code}{outputs}</details>'
        case ["check"]:
            return f'<div class="cell">{outputs}<details><summary>How this was checked</summary>{code}</details></div>'
    return f'<div class="cell">{code}{outputs}</div>'


def _code(source: str) -> str:
    light = highlight(source, PythonLexer(), HtmlFormatter(cssclass="code"))
    return str(light)


def _output(output: Notebook) -> str:
    if output.output_type == "stream":
        return f'<pre class="output">{escape(output.text)}</pre>'
    data = output.data
    # What is wider than a telephone scrolls by itself, and can be scrolled by keys where it can be reached by them.
    if "image/svg+xml" in data:
        return f'<div class="picture" tabindex="0">{data["image/svg+xml"]}</div>'
    if "text/html" in data:
        return f'<div class="output" tabindex="0">{data["text/html"]}</div>'
    return f'<pre class="output">{escape(data["text/plain"])}</pre>'
