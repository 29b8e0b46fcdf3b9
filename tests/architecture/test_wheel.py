"""The wheel works where no checkout is: whatever the packages read at run time is in it."""

import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest
from hatchling.builders.wheel import WheelBuilder

from justemails_contract.files import FOLDER

ROOT = Path(__file__).parents[2]
PACKAGES = {
    str(path.parent.relative_to(ROOT))
    for folder in ("contracts", "reference", "simulator")
    for path in (ROOT / folder).glob("*/__init__.py")
}
FILES = {
    "api-document.md",
    "bad-inputs.yaml",
    "choices.md",
    "clauses.yaml",
    "document.yaml",
    "openapi.yaml",
    "report.schema.json",
}


def built(folder: Path, version: str) -> Path:
    return Path(next(iter(WheelBuilder(str(ROOT)).build(directory=str(folder), versions=[version]))))


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel, as an installer unpacks it."""
    folder = tmp_path_factory.mktemp("unpacked")
    with zipfile.ZipFile(built(tmp_path_factory.mktemp("dist"), "standard")) as wheel:
        wheel.extractall(folder)
    return folder


def test_it_holds_every_file_of_the_packages_and_of_the_contract(unpacked: Path) -> None:
    files = {path.name: path for path in (unpacked / "justemails_contract" / "files").iterdir()}

    assert files.keys() == FILES
    for name, path in files.items():
        assert path.read_bytes() == (ROOT / "contracts" / name).read_bytes()
    assert len(PACKAGES) == 9
    for package in PACKAGES:
        paths = [path for path in (ROOT / package).rglob("*") if path.is_file() and "__pycache__" not in path.parts]
        modules = {path.relative_to((ROOT / package).parent) for path in paths}
        assert modules
        assert not [module for module in modules if not (unpacked / module).is_file()]
        assert (unpacked / package.rpartition("/")[2] / "py.typed").is_file()


def test_it_holds_nothing_else(unpacked: Path) -> None:
    tops = {path.name for path in unpacked.iterdir() if not path.name.endswith(".dist-info")}

    assert tops == {package.rpartition("/")[2] for package in PACKAGES}


def test_an_editable_install_copies_nothing_and_reads_the_checkout(tmp_path: Path) -> None:
    with zipfile.ZipFile(built(tmp_path, "editable")) as wheel:
        names = wheel.namelist()

    assert [name for name in names if not name.startswith("justemails-")] == ["_editable_impl_justemails.pth"]
    assert FOLDER == ROOT / "contracts"


def call(unpacked: Path, folder: Path, *arguments: str) -> str:
    """Call the command in an empty folder, with the wheel and its dependencies, but without the checkout."""
    code = (
        f"import sys; sys.path[:0] = {[str(unpacked), sysconfig.get_path('purelib')]!r}; "
        f"sys.argv = {['justemails', *arguments]!r}; "
        "from justemails_command.cli import main; main()"
    )
    # -S leaves out the .pth file that leads to the checkout.
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code], cwd=folder, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_it_works_from_an_empty_folder(unpacked: Path, tmp_path: Path) -> None:
    assert "names the message" in call(unpacked, tmp_path, "explain", "send.response.id")
    assert "CWE-93" in call(unpacked, tmp_path, "explain", "security.to.header")
    assert "Usage: justemails conform" in call(unpacked, tmp_path, "conform", "--help")
    assert "justemails, version " in call(unpacked, tmp_path, "--version")
    assert list(tmp_path.iterdir()) == []
