"""Each of thirty usual mistakes is noticed by a test of ours; that those tests pass else, the other suites show."""

import pytest
from tests.mistakes.noticed import notices
from tests.mistakes.registry import MISTAKES, Mistake


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.title)
def test_a_mistake_is_noticed(mistake: Mistake) -> None:
    assert notices(mistake)
