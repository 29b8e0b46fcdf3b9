"""Reading TOML files that people write: what is wrong with one is said by table and key, and what would pass."""

import tomllib
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

Toml = Mapping[str, Any]  # what TOML can say


class TomlError(ValueError):
    """A file that cannot be used; the message names the place in it and what would pass."""


def read(path: Path) -> Toml:
    """Return what a file says.

    Raises:
        TomlError: it cannot be read, or is no TOML.
    """
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except OSError as ex:
        raise TomlError(f"it cannot be read: {ex.strerror}") from ex
    except ValueError as ex:
        raise TomlError(f"it is no TOML: {ex}") from ex


def members(where: str, table: object, allowed: Collection[str]) -> Toml:
    """Return a table whose keys are all known."""
    if not isinstance(table, dict):
        raise TomlError(f"{where} has to be a table")
    unknown = [key for key in table if key not in allowed]
    if unknown:
        raise TomlError(f"{where} knows no {unknown[0]!r}; it may have {', '.join(allowed)}")
    return table


def text(where: str, value: object) -> str:
    """Return a text that says something."""
    if not isinstance(value, str) or not value.strip():
        raise TomlError(f"{where} has to be a text that is not empty")
    return value
