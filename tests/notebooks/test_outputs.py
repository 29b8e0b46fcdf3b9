"""What a notebook shows is what a clean kernel gives, each time."""

import re
from xml.etree import ElementTree

import pytest
from tests.notebooks.stored import ALL, TAUGHT

from justemails_lessons.book import Lesson, execute, load, outputs, read_twin
from justemails_lessons.world import KEY

_SVG = "{http://www.w3.org/2000/svg}"
_A_KEY = re.compile(r"je_live_[0-9A-Za-z]{20,}")
_A_PATH = re.compile(r"(?<![\w.:/<~-])/(?:[a-z]+/)*(?:home|tmp|usr|root|work|Users|site-packages)/")
_AT_MEMORY = re.compile(r"\b0x[0-9a-f]{6,}\b")
_WIDTH_OF_A_CHARACTER = 0.6  # in parts of the size; a generous one


# One by one, so that pytest-xdist shares them out among its processes.
@pytest.mark.slow
@pytest.mark.parametrize("lesson", ALL, ids=lambda lesson: lesson.name)
def test_a_run_in_a_clean_kernel_gives_what_an_earlier_one_gave_text_and_pictures_alike(lesson: Lesson) -> None:
    run = execute(read_twin(lesson.twin.read_text("utf-8")))

    assert list(outputs(run)) == list(outputs(load(lesson)))


@pytest.mark.parametrize("lesson", ALL, ids=lambda lesson: lesson.name)
def test_no_output_has_a_key_a_path_an_address_in_memory_or_an_error(lesson: Lesson) -> None:
    for cell, kind, text in outputs(load(lesson)):
        place = f"{lesson.name}, {cell}"
        assert kind in {"text/plain", "text/html", "image/svg+xml", "stdout"}, place
        assert set(_A_KEY.findall(text)) <= {KEY}, place
        assert not _A_PATH.search(text), place
        assert not _AT_MEMORY.search(text), place
        assert "Traceback" not in text, place
        assert "PRIVATE KEY" not in text, place


def pictures(lesson: Lesson) -> list[ElementTree.Element]:
    return [
        ElementTree.fromstring(text)  # noqa: S314  # the project's own
        for _, kind, text in outputs(load(lesson))
        if kind == "image/svg+xml"
    ]


@pytest.mark.parametrize("lesson", TAUGHT, ids=lambda lesson: lesson.name)
def test_every_lesson_has_a_picture_and_each_a_title_and_nothing_that_two_on_a_page_could_share(lesson: Lesson) -> None:
    found = pictures(lesson)

    assert found
    for picture in found:
        assert picture.findtext(f"{_SVG}title")
        for element in picture.iter():
            assert element.tag.removeprefix(_SVG) not in {"style", "script", "image", "use", "defs"}
            assert not {name.rpartition("}")[2] for name in element.attrib} & {"id", "class", "href", "style"}


def boxes(picture: ElementTree.Element) -> list[tuple[str, float, float, float, float]]:
    """Return where each text stands, by a generous guess: the text, left, right, top, bottom."""
    found = []
    for text in picture.iter(f"{_SVG}text"):
        said, size = text.text or "", float(text.attrib["font-size"])
        wide = len(said) * size * _WIDTH_OF_A_CHARACTER
        left = float(text.attrib["x"]) - {"start": 0, "middle": wide / 2, "end": wide}[text.attrib["text-anchor"]]
        base = float(text.attrib["y"])
        found.append((said, left, left + wide, base - 0.75 * size, base + 0.2 * size))
    return found


@pytest.mark.parametrize("lesson", TAUGHT, ids=lambda lesson: lesson.name)
def test_no_text_of_a_picture_is_cut_off_small_or_lies_over_another(lesson: Lesson) -> None:
    for picture in pictures(lesson):
        _, _, width, height = map(float, picture.attrib["viewBox"].split())
        texts = boxes(picture)
        for number, (said, left, right, top, bottom) in enumerate(texts):
            assert left >= 0, said
            assert right <= width, said
            assert top >= 0, said
            assert bottom <= height, said
            for other, left2, right2, top2, bottom2 in texts[number + 1 :]:
                apart = right <= left2 or right2 <= left or bottom <= top2 or bottom2 <= top
                assert apart, (said, other)
        assert min(float(text.attrib["font-size"]) for text in picture.iter(f"{_SVG}text")) >= 12
