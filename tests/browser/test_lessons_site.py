"""The lessons' pages in a browser: nothing is fetched from anywhere, nothing is cut off, everybody can read them."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser
from tests.browser.looking import WIDTHS, Scheme, looking
from tests.notebooks.stored import ALL, FOLDER

from justemails_lessons.book import Lesson
from justemails_lessons.site import render


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return render(FOLDER, tmp_path_factory.mktemp("site")).parent


@pytest.mark.parametrize("lesson", ALL, ids=lambda lesson: lesson.name)
def test_a_page_opens_whole_and_without_a_complaint(lesson: Lesson, site: Path, browser: Browser) -> None:
    address = (site / f"{lesson.name}.html").as_uri()
    with looking(browser, scheme="light", width=WIDTHS[0]) as look:
        look.page.goto(address)
        for width in WIDTHS:
            look.resize(width)
            assert look.faults() == []

        assert look.asked == [address]
        assert look.complaints == []


@pytest.mark.parametrize(
    ("lesson", "scheme"),
    # The dark colours are those of one style sheet: the page that has most of them stands for all.
    [*((lesson, "light") for lesson in ALL), (ALL[5], "dark")],
    ids=lambda value: getattr(value, "name", value),
)
def test_a_page_shuts_nobody_out(lesson: Lesson, scheme: Scheme, site: Path, browser: Browser) -> None:
    with looking(browser, scheme=scheme, width=WIDTHS[1]) as look:
        look.page.goto((site / f"{lesson.name}.html").as_uri())

        assert look.barriers() == []


def test_the_way_leads_from_page_to_page(site: Path, browser: Browser) -> None:
    with looking(browser, scheme="light", width=WIDTHS[1]) as look:
        look.page.goto((site / "index.html").as_uri())
        for lesson in ALL[1:]:
            look.page.get_by_role("link", name="→").first.click()
            assert look.page.url == (site / f"{lesson.name}.html").as_uri()

        assert look.complaints == []


def test_a_page_that_asks_for_something_outside_would_be_noticed(tmp_path: Path, browser: Browser) -> None:
    page = tmp_path / "bad.html"
    page.write_text('<!doctype html><img src="https://example.com/x.png"><p style="font-size:9px">tiny</p>')
    with looking(browser, scheme="light", width=WIDTHS[0]) as look:
        look.page.goto(page.as_uri())

        assert look.asked == [page.as_uri(), "https://example.com/x.png"]
        assert "failed: https://example.com/x.png" in look.complaints
        assert look.faults() == ["text of 9px: tiny"]
        assert any("image-alt" in barrier for barrier in look.barriers())
