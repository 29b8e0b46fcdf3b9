"""The project reads the same on every machine: no file names a place on the machine it was written on."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

SKIPPED_FOLDERS = {
    ".git",
    ".venv",
    ".justemails",
    ".mypy_cache",
    ".ruff_cache",
    ".pytest_cache",
    ".hypothesis",
    ".import_linter_cache",
    ".ipynb_checkpoints",
    "__pycache__",
    "node_modules",
    "dist",
}

# Joined from parts, so that this file does not hold what it looks for.
_ABSOLUTE = "|".join(["work", "root", "home", "Users", "workspace"])
MACHINE_PATH = re.compile(rf"(?<![\w.~/-])/(?:{_ABSOLUTE})/|(?:\.\./)+{'sha' + 'red'}\b")


def project_files() -> Iterator[Path]:
    """Yield the files of the project, tracked or not, without caches, environments and lock files."""
    for folder, subfolders, names in os.walk(ROOT):
        subfolders[:] = sorted(set(subfolders) - SKIPPED_FOLDERS)
        for name in sorted(names):
            path = Path(folder, name)
            if name not in SKIPPED_FOLDERS and path.suffix != ".lock" and path.is_file():
                yield path


def machine_paths(text: str) -> list[str]:
    return MACHINE_PATH.findall(text)


def test_no_file_names_a_path_of_the_machine_it_was_written_on() -> None:
    found = {
        str(path.relative_to(ROOT)): paths
        for path in project_files()
        if (paths := machine_paths(path.read_text("utf-8", errors="replace")))
    }

    assert found == {}


def test_the_files_that_matter_are_looked_at() -> None:
    looked_at = {str(path.relative_to(ROOT)) for path in project_files()}

    assert {"pyproject.toml", "Makefile", "contracts/api-document.md", "contracts/choices.md"} <= looked_at
    assert not [name for name in looked_at if name.startswith((".venv", ".git/"))]


@pytest.mark.parametrize("start", ["/wo" + "rk/main", "/ro" + "ot/x", "/ho" + "me/me", "../sha" + "red/spec"])
@pytest.mark.parametrize("around", ["see {}", "({})", '"{}"', "file={}", "a\n{}"])
def test_a_machine_path_is_found_wherever_it_stands(start: str, around: str) -> None:
    assert machine_paths(around.format(start + "/file.txt"))


@pytest.mark.parametrize("text", ["notebooks/work/", "https://example.com/home/", "work/", "a shared clock"])
def test_relative_paths_and_addresses_are_no_machine_paths(text: str) -> None:
    assert not machine_paths(text)
