"""The served API as a fixture."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.api.harness import Api


@pytest.fixture
def api(tmp_path: Path) -> Iterator[Api]:
    served = Api(tmp_path)
    yield served
    served.close()
