"""Fetches the files of others that the dashboard's pages need: `make browser-files`.

They come from their packages of npm, by the pins of ``third_party.toml``, and only when the package has the hash that
is pinned; nothing is changed in them. They lie in the project so that nobody who installs it needs npm.
"""

import base64
import hashlib
import subprocess
import sys
import tarfile
import tempfile
import tomllib
from collections.abc import Iterator
from pathlib import Path

FOLDER = Path(__file__).parent / "justemails_dashboard" / "static" / "third_party"


def fetched() -> Iterator[tuple[str, bytes]]:
    """Yield the name and the bytes of each file, and of its licence, as their package has them now.

    Raises:
        SystemExit: a package is not the pinned one.
    """
    for pin in tomllib.loads((FOLDER / "third_party.toml").read_text("utf-8"))["file"]:
        with tempfile.TemporaryDirectory() as folder:
            package = f"{pin['package']}@{pin['version']}"
            npm = ["npm", "pack", "--silent", package]
            subprocess.run(npm, cwd=folder, check=True, stdout=subprocess.DEVNULL)  # noqa: S603  # from our own pins
            (archive,) = Path(folder).glob("*.tgz")
            digest = base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
            if f"sha512-{digest}" != pin["integrity"]:
                sys.exit(f"{package} is not the package that is pinned: sha512-{digest}")
            with tarfile.open(archive) as packed:
                for name, path in ((pin["name"], pin["path"]), (pin["licence"], pin["licence_path"])):
                    member = packed.extractfile(path)
                    if member is None:
                        sys.exit(f"{package} has no file {path}")
                    yield name, member.read()


if __name__ == "__main__":
    for name, data in fetched():
        (FOLDER / name).write_bytes(data)
        sys.stdout.write(f"{hashlib.sha256(data).hexdigest()}  {name}\n")
