"""What lies in the project is what the pinned packages hold, byte for byte."""

import importlib.util
import shutil
from pathlib import Path

import pytest

_TOOL = Path(__file__).parents[2] / "simulator" / "browser_files.py"


@pytest.mark.skipif(shutil.which("npm") is None, reason="there is no npm")
def test_the_files_are_those_of_their_packages() -> None:
    spec = importlib.util.spec_from_file_location("browser_files", _TOOL)
    assert spec is not None
    assert spec.loader is not None
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)

    for name, data in tool.fetched():
        assert (tool.FOLDER / name).read_bytes() == data, name
