"""The page about the architecture shows the code as it is."""

import re

from tests.architecture.package_picture import PAGE, ROOT, drawn, imports, on_page


def test_the_picture_is_drawn_from_the_imports() -> None:
    assert on_page() == drawn(), "run: python -m tests.architecture.package_picture"


def test_no_two_packages_and_no_two_rooms_import_each_other() -> None:
    edges = imports()

    assert [(node, other) for node in edges for other in edges[node] if node in edges[other]] == []


def test_what_the_page_names_is_there() -> None:
    """Each link leads to a file, and each name in it is defined there."""
    links = re.findall(r"\[`?([^\]`]+)`?\]\(([^)#]+)\)", PAGE.read_text("utf-8"))

    assert len(links) > 15
    for text, target in links:
        path = (PAGE.parent / target).resolve()
        assert path.is_relative_to(ROOT)
        assert path.exists(), target
        if text.isidentifier() and text != path.stem:
            assert re.search(rf"\b(def|class) {text}\b|^{text}\b", path.read_text("utf-8"), re.MULTILINE), text
