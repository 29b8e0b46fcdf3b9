"""The static site: every page stands by itself."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from tests.notebooks.stored import ALL, FOLDER

from justemails_lessons.book import lessons, load
from justemails_lessons.site import render


class Page(HTMLParser):
    """Notes what a page asks for and where it leads."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.fetched: list[str] = []
        self.links: list[str] = []
        self.tags: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        for name, value in attrs:
            if name == "src" or (name == "href" and tag == "link"):
                self.fetched.append(value or "")
            elif name == "href":
                self.links.append(value or "")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return render(FOLDER, tmp_path_factory.mktemp("site")).parent


def test_a_page_asks_nobody_for_anything_and_runs_nothing(site: Path) -> None:
    pages = sorted(site.glob("*.html"))
    assert len(pages) == len(ALL) + 1  # and index.html
    for path in pages:
        text = path.read_text("utf-8")
        page = Page(text)

        assert page.fetched == ["data:,"]
        assert not page.tags & {"script", "iframe", "img", "object", "embed"}
        assert not re.search(r"url\(|@import", text)


def test_links_between_pages_lead_to_pages(site: Path) -> None:
    for path in site.glob("*.html"):
        for link in Page(path.read_text("utf-8")).links:
            assert link.startswith("../../") or (site / link).is_file(), (path.name, link)


def test_links_out_of_the_site_lead_to_files_of_the_project() -> None:
    for lesson in lessons(FOLDER):
        texts = [cell.source for cell in load(lesson).cells if cell.cell_type == "markdown"]
        for link in re.findall(r"\]\(([^)]+)\)", "\n".join(texts)):
            assert (FOLDER / link).is_file(), (lesson.name, link)
