"""The lessons' form: the twin and the notebook are one, each lesson is built alike, and exercises work both ways."""

import re
from typing import Any

import pytest
from tests.notebooks.stored import ALL, DOCUMENT, FOLDER, ROOT, TAUGHT

from justemails_lessons.book import Lesson, about, cells_with, editable_lines, load, read_twin, title_of
from justemails_lessons.exercises import EXERCISES
from justemails_lessons.index import INDEX, entries, promises, shown_in, write


def written(notebook: Any) -> list[tuple[str, str, list[str]]]:
    return [(cell.cell_type, cell.source, list(cell.metadata.get("tags", []))) for cell in notebook.cells]


def shown(cell: Any) -> str:
    return "\n".join(output.get("text") or output.data["text/plain"] for output in cell.outputs)


@pytest.mark.parametrize("lesson", ALL, ids=lambda lesson: lesson.name)
def test_the_twin_and_the_notebook_have_the_same_cells(lesson: Lesson) -> None:
    twin, stored = read_twin(lesson.twin.read_text("utf-8")), load(lesson)

    assert written(twin) == written(stored)
    assert twin.metadata == stored.metadata


def test_the_index_is_the_generated_one() -> None:
    assert (FOLDER / f"{INDEX}.py").read_text("utf-8") == write(FOLDER, DOCUMENT), (
        "run: python -m justemails_lessons index, then store 00"
    )


def test_every_promise_of_the_document_is_in_a_lesson() -> None:
    anchors = promises(DOCUMENT)
    for entry in entries(FOLDER):
        assert set(entry.covers) <= set(anchors), entry.name
        assert len(entry.covers) == len(set(entry.covers)), entry.name

    assert [anchor for anchor, where in shown_in(entries(FOLDER), anchors).items() if not where] == []


@pytest.mark.parametrize("lesson", TAUGHT, ids=lambda lesson: lesson.name)
def test_a_lesson_asks_answers_lets_predict_explains_checks_and_ends(lesson: Lesson) -> None:
    notebook = load(lesson)
    question, answer = title_of(notebook)
    code = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    text = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")

    assert question.endswith("?")
    assert answer.endswith(".")
    assert 5 <= about(notebook)["minutes"] <= 30
    setup = [line for line in code[0].splitlines() if line]
    assert len(setup) <= 4
    assert re.fullmatch(r"lab = Lab\(seed=\d+\)", setup[-1])
    assert code[-1] == "lab.close()"
    assert text.count("**Predict:**") >= 2
    assert text.count("### What just happened?") >= 2
    assert "## What the document does not say here" in text
    assert len(cells_with(notebook, "check")) >= 2
    for check in cells_with(notebook, "check"):
        assert shown(check).count("\u2713") >= 2


@pytest.mark.parametrize("lesson", TAUGHT, ids=lambda lesson: lesson.name)
def test_an_exercise_fails_as_it_stands_and_passes_with_the_one_value_of_its_solution(lesson: Lesson) -> None:
    notebook = load(lesson)
    exercises, solutions = cells_with(notebook, "exercise"), cells_with(notebook, "solution")

    assert len(exercises) == len(solutions) == 2
    for exercise, solution in zip(exercises, solutions, strict=True):
        assert solution.metadata["jupyter"]["source_hidden"]
        before, after = exercise.source.splitlines(), solution.source.splitlines()
        changed = [old for old, new in zip(before, after, strict=True) if old != new]
        assert changed == editable_lines(exercise.source)
        assert len(changed) == 1
        assert ": not yet. Hint: " in shown(exercise)
        assert ": solved. " in shown(solution)


def test_every_exercise_is_in_a_lesson() -> None:
    sources = "\n".join(lesson.twin.read_text("utf-8") for lesson in TAUGHT)

    assert set(re.findall(r'lab\.exercise\(\s*"([\d.]+)"', sources)) == set(EXERCISES)


def test_every_choice_that_a_lesson_names_is_there() -> None:
    choices = (ROOT / "contracts" / "choices.md").read_text("utf-8")
    for lesson in TAUGHT:
        for named in re.findall(r"CHOICE-\d+", lesson.twin.read_text("utf-8")):
            assert f"### {named}: " in choices, lesson.name
