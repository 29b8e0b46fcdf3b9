"""A file of the failures that a server is known for, each with its reason: they do not fail a run again.

    [[expected]]
    clause = "status.response.subject"
    reason = "subjects lose their accents; ticket 1234"

It is strict: an expectation that is not met any more fails the run, so that the file never says what is not so.
"""

from collections.abc import Mapping
from pathlib import Path

from justemails_conformance.clauses import clauses
from justemails_conformance.toml_reading import TomlError, members, read, text


def read_expected_failures(path: Path) -> Mapping[str, str]:
    """Return the reasons by the clauses.

    Raises:
        TomlError: the file is none, names a clause that is not checked, or gives no reason.
    """
    rows = members("the file", read(path), ["expected"]).get("expected", [])
    if not isinstance(rows, list):
        raise TomlError("the expectations have to be tables that begin with [[expected]]")
    reasons: dict[str, str] = {}
    for row in rows:
        given = members("[[expected]]", row, ["clause", "reason"])
        clause = text("[[expected]] clause", given.get("clause"))
        if clause not in clauses() or not clauses()[clause].checked:
            raise TomlError(f"no clause that is checked is called {clause}; justemails clauses lists them")
        if clause in reasons:
            raise TomlError(f"{clause} is expected twice")
        reasons[clause] = text(f"the reason of {clause}", given.get("reason"))
    return reasons
