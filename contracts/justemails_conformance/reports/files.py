"""Where the reports go: files that are looked at before the first request, and written after the last."""

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from justemails_conformance.reports import badge
from justemails_conformance.reports.html import as_html
from justemails_conformance.reports.json_report import dumped
from justemails_conformance.reports.junit import as_junit
from justemails_conformance.verdict import Verdict

_Form = Callable[[Verdict], str]
_BADGES: Mapping[str, _Form] = {".svg": badge.as_svg, ".json": badge.as_endpoint}


class UnwritableError(Exception):
    """A report cannot be written where it is wanted; the message says why, and what would do."""


@dataclass(frozen=True, slots=True)
class Files:
    """The reports that are wanted, each by its file.

    Args:
        badge: ``.svg`` for a picture, ``.json`` for an endpoint of shields.io.

    Raises:
        UnwritableError: one of them could not be written; none is touched.
    """

    json: Path | None = None
    junit: Path | None = None
    html: Path | None = None
    badge: Path | None = None

    def __post_init__(self) -> None:
        if self.badge is not None and self.badge.suffix not in _BADGES:
            raise UnwritableError(f"{self.badge}: a badge is called .svg or .json")
        for path, _ in self._wanted():
            _check(path)

    def write(self, verdict: Verdict) -> None:
        """Write every report that is wanted.

        Raises:
            OSError: the disk has had enough.
        """
        for path, form in self._wanted():
            path.write_text(form(verdict), "utf-8")

    def _wanted(self) -> Iterator[tuple[Path, _Form]]:
        forms: tuple[tuple[Path | None, _Form], ...] = (
            (self.json, dumped),
            (self.junit, as_junit),
            (self.html, as_html),
            (self.badge, _BADGES[self.badge.suffix] if self.badge else badge.as_svg),
        )
        for path, form in forms:
            if path is not None:
                yield path, form


def _check(path: Path) -> None:
    if path.is_dir():
        raise UnwritableError(f"{path} is a folder; a report is a file")
    if not path.parent.is_dir():
        raise UnwritableError(f"{path}: there is no folder {path.parent}")
    if not os.access(path if path.exists() else path.parent, os.W_OK):
        raise UnwritableError(f"{path} cannot be written")
