"""The files of the contract: beside the packages in a checkout, within this one where it is installed."""

from pathlib import Path
from typing import Any

_INSTALLED = Path(__file__).parent / "files"

FOLDER = _INSTALLED if _INSTALLED.is_dir() else Path(__file__).parents[1]


def parse_yaml(text: str) -> Any:  # Any: YAML
    """Return what a text says, read by libyaml where PyYAML was built with it: that takes a tenth of the time."""
    import yaml  # not needed by those who only want to know where the files are

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return yaml.load(text, loader)  # noqa: S506  # both are safe


def read_yaml(name: str) -> Any:  # Any: YAML
    """Return what a file of the contract says."""
    return parse_yaml((FOLDER / name).read_text("utf-8"))
