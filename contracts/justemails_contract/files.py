"""Where the files of the contract lie: beside the packages in a checkout, within this one where it is installed."""

from pathlib import Path

_INSTALLED = Path(__file__).parent / "files"

FOLDER = _INSTALLED if _INSTALLED.is_dir() else Path(__file__).parents[1]
