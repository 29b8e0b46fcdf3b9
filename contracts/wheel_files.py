"""A build hook of hatchling: puts the files of the contract into the wheel, for ``justemails_contract.files``.

The option force-include of pyproject.toml would put copies beside an editable install too, which reads the files where
they stand in the checkout and would hide from a reader which of the two it is.
"""

from pathlib import Path
from typing import Any

from hatchling.builders.config import BuilderConfig
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

_KINDS = {".md", ".yaml", ".json"}


class ContractFiles(BuildHookInterface[BuilderConfig]):
    """Adds each file that stands beside the contract's packages."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # Any: whatever hooks tell hatchling
        """Tell hatchling of the files, before it builds a wheel."""
        if version != "standard":
            return
        for path in sorted(Path(self.root, "contracts").iterdir()):
            if path.suffix in _KINDS:
                build_data["force_include"][str(path)] = f"justemails_contract/files/{path.name}"
