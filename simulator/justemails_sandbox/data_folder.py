"""The folder that keeps a sandbox's state between runs: two databases and a small file of its own.

One sandbox at a time: a lock on the folder says so, and goes with the process however it ends.
"""

import fcntl
import json
import os
import tempfile
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

_STATE = "sandbox.json"


class DataFolderError(Exception):
    """The folder cannot be used; the message says why and what would pass."""


@dataclass(frozen=True, slots=True)
class State:
    """What a sandbox remembers beside its databases: the key that its banner shows, and its time."""

    key: str | None = None
    instant: str | None = None  # RFC 3339; where the clock stood when it was last moved or stopped

    @property
    def time(self) -> datetime | None:
        return datetime.fromisoformat(self.instant) if self.instant else None


class DataFolder:
    """An opened and locked folder.

    Args:
        path: where; None means a temporary one that goes when it is closed.

    Raises:
        DataFolderError: it cannot be made, or another sandbox has it.
    """

    def __init__(self, path: Path | None) -> None:
        self._closing = ExitStack()
        if path is None:
            path = Path(self._closing.enter_context(tempfile.TemporaryDirectory(prefix="justemails-")))
        self._path = path
        try:
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
            lock = self._closing.enter_context((path / "lock").open("w"))
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise DataFolderError(
                f"another sandbox is running on {path}; stop it, or choose another folder with --data"
            ) from None
        except FileExistsError:
            raise DataFolderError(f"{path} cannot be used for --data: it is no folder") from None
        except OSError as ex:
            raise DataFolderError(f"{path} cannot be used for --data: {ex.strerror}") from ex

    @property
    def store(self) -> str:
        return store_path(self._path)

    @property
    def inbox(self) -> str:
        return str((self._path / "inbox.sqlite3").absolute())

    def read(self) -> State:
        """Return what the last run remembered."""
        try:
            return State(**json.loads((self._path / _STATE).read_text()))
        except FileNotFoundError:
            return State()
        except (ValueError, TypeError) as ex:
            raise DataFolderError(f"{self._path / _STATE} is damaged; delete it, or choose another --data") from ex

    def write(self, state: State) -> None:
        """Remember; readable by the owner alone, since the key is in it."""
        new = self._path / f"{_STATE}.new"
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump(asdict(state), file)
        new.replace(self._path / _STATE)

    def close(self) -> None:
        self._closing.close()


def is_of_sandbox(store: Path) -> bool:
    """Say whether a database stands in the folder of a sandbox."""
    return (store.parent / _STATE).exists()


def store_path(data: Path) -> str:
    """Return where the reference's database is below a data folder."""
    return str((data / "justemails.sqlite3").absolute())
