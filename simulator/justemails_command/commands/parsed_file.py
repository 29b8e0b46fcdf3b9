"""An option that names a file, read into what the file says."""

from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar

import click

T = TypeVar("T")


class ParsedFile(click.ParamType[T], Generic[T]):
    """The path of a text file.

    Args:
        parse: reads its text.
        wrong: what ``parse`` raises for a text that is none; its message says where and why.
    """

    name = "file"

    def __init__(self, parse: Callable[[str], T], wrong: type[Exception]) -> None:
        self._parse = parse
        self._wrong = wrong

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> T:
        try:
            return self._parse(Path(str(value)).read_text(encoding="utf-8"))
        except self._wrong as ex:
            self.fail(f"{value}, {ex}", param, ctx)
        except OSError as ex:
            self.fail(f"{value} cannot be read: {ex.strerror}", param, ctx)
        except UnicodeDecodeError:
            self.fail(f"{value} is not UTF-8", param, ctx)
