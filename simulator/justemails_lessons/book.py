"""The notebooks as files: the twin that people write and review, and the notebook with its outputs made from it.

``NN-name.py`` (jupytext's percent format) is the source. ``store`` makes ``NN-name.ipynb`` of it: the same cells, run
in a clean kernel, with what they gave. Nothing that differs from run to run or from machine to machine is kept: no
times, no version of Python, no random ids of cells.
"""

import asyncio
import copy
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import jupytext
import nbformat
from nbclient import NotebookClient
from traitlets.config import Config

Notebook = Any  # nbformat's dictionaries with attributes

_TIMEOUT_S = 60
EDITABLE = "# <- change this value"


@dataclass(frozen=True, slots=True)
class Lesson:
    """A lesson's two files."""

    twin: Path

    @property
    def stored(self) -> Path:
        return self.twin.with_suffix(".ipynb")

    @property
    def name(self) -> str:
        return self.twin.stem


def lessons(folder: Path) -> list[Lesson]:
    """Return the lessons of a folder, in order."""
    return [Lesson(path) for path in sorted(folder.glob("[0-9][0-9]-*.py"))]


def read_twin(text: str) -> Notebook:
    """Return the notebook that a twin describes, without outputs, with cells numbered through."""
    notebook = jupytext.reads(text, fmt="py:percent")
    notebook.metadata.pop("jupytext", None)
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    for number, cell in enumerate(notebook.cells):
        cell["id"] = f"cell-{number:02}"
    return notebook


def execute(notebook: Notebook) -> Notebook:
    """Return a notebook with the outputs that a clean kernel gives.

    Raises:
        nbclient.exceptions.CellExecutionError: a cell raised something.
    """
    (run,) = execute_together([notebook], at_once=1)
    return run


def execute_together(notebooks: Sequence[Notebook], *, at_once: int) -> list[Notebook]:
    """Run notebooks, so many at a time, each in a clean kernel of its own, and return them with their outputs.

    Raises:
        nbclient.exceptions.CellExecutionError: a cell raised something.
    """

    async def all_of_them() -> list[Notebook]:
        places = asyncio.Semaphore(at_once)
        return await asyncio.gather(*(_execute(notebook, places) for notebook in notebooks))

    return asyncio.run(all_of_them())


async def _execute(notebook: Notebook, places: asyncio.Semaphore) -> Notebook:
    run = copy.deepcopy(notebook)
    async with places:
        # Over files rather than ports: nobody else can listen in, and the kernel does not warn that somebody could. In
        # a folder of its own, because two kernels would otherwise take the same names.
        with TemporaryDirectory(prefix="kernel") as folder:
            transport = Config({"KernelManager": {"transport": "ipc", "ip": str(Path(folder, "k"))}})
            # What a slow cell prints comes in pieces, cut here or there as the machine has it; kept in one.
            client = NotebookClient(
                run,
                config=transport,
                kernel_name="python3",
                timeout=_TIMEOUT_S,
                record_timing=False,
                coalesce_streams=True,
            )
            await client.async_execute()
    run.metadata.pop("language_info", None)
    return run


def store(lessons: Sequence[Lesson], *, at_once: int) -> None:
    """Run lessons, so many at a time, and write their notebooks."""
    runs = execute_together([read_twin(lesson.twin.read_text("utf-8")) for lesson in lessons], at_once=at_once)
    for lesson, run in zip(lessons, runs, strict=True):
        text = nbformat.writes(run)  # type: ignore[no-untyped-call]  # nbformat has no types
        lesson.stored.write_text(f"{text}\n", "utf-8")


def load(lesson: Lesson) -> Notebook:
    """Return the stored notebook."""
    return nbformat.read(lesson.stored, as_version=4)  # type: ignore[no-untyped-call]  # nbformat has no types


def outputs(notebook: Notebook) -> Iterator[tuple[str, str, str]]:
    """Yield what a reader sees below the cells: the cell, the kind of output, and the text of it."""
    for cell in notebook.cells:
        for output in cell.get("outputs", ()):
            if output.output_type == "stream":
                yield cell["id"], output.name, output.text
            elif output.output_type == "error":
                yield cell["id"], "error", "\n".join(output.traceback)
            else:
                for kind, data in sorted(output.data.items()):
                    yield cell["id"], kind, data


def cells_with(notebook: Notebook, tag: str) -> list[Notebook]:
    """Return the cells that have a tag."""
    return [cell for cell in notebook.cells if tag in cell.metadata.get("tags", ())]


def about(notebook: Notebook) -> Mapping[str, Any]:
    """Return what a lesson says of itself: ``minutes``, and the clauses that it ``covers``."""
    found: Mapping[str, Any] = notebook.metadata.get("lesson", {})
    return found


def title_of(notebook: Notebook) -> tuple[str, str]:
    """Return a lesson's question and its answer."""
    first = notebook.cells[0].source
    question, answer = re.findall(r"^# (.+)$", first, re.MULTILINE), re.findall(r"^\*\*(.+?)\*\*$", first, re.MULTILINE)
    return question[0], answer[0]


def editable_lines(source: str) -> list[str]:
    """Return the lines of an exercise that the reader is to change."""
    return [line for line in source.splitlines() if EDITABLE in line]
