"""Debian's Exim, unpacked and not installed: its package and Postfix' exclude each other."""

import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

USER = "Debian-exim"
PACKAGE = "exim4-daemon-light"


def package() -> Path | None:
    """Return the package, where ``install.sh`` has fetched it."""
    return next((Path(__file__).parent / "packages").glob(f"{PACKAGE}_*.deb"), None)


def unpacked(home: Path) -> Path:
    """Unpack the package below a folder; return the program."""
    subprocess.run(["dpkg-deb", "-x", str(package()), str(home / "root")], check=True)
    return home / "root" / "usr" / "sbin" / "exim4"


def make_spool(folder: Path) -> None:
    """Make Exim's own folders.

    Several that begin at once need them: one would make them as root's, and deny them to the others until it gives them
    away.
    """
    for part in ("", "input", "msglog", "db"):
        (folder / part).mkdir(mode=0o750, exist_ok=True)
        shutil.chown(folder / part, USER, USER)


def accounts(home: Path) -> Mapping[Path, Path]:
    """Return what to put over which files, so that there is the user whom the package would have made."""
    copies: dict[Path, Path] = {}
    for file, line in (("passwd", f"{USER}:x:45678:45678::/nonexistent:/bin/false\n"), ("group", f"{USER}:x:45678:\n")):
        path = Path("/etc") / file
        if f"\n{USER}:" not in path.read_text():
            copies[path] = home / file
            shutil.copy(path, home / file)
            with (home / file).open("a") as copy:
                copy.write(line)
    return copies
