"""Settings of the property tests, marks that whole folders have, and the table that ends a hunt.

The same examples in each run by default, so that a red test is always the change's own doing. To look for new ones:
``HYPOTHESIS_PROFILE=search make test``.
"""

import os
from collections.abc import Sequence

import pytest
from hypothesis import Phase, settings

pytest_plugins = ["tests.breaking.hunt_table"]

settings.register_profile("steady", derandomize=True, deadline=None)
settings.register_profile("search", deadline=None, print_blob=True)
# For tests that are expected to fail (tests.breaking): the first example says enough, a smaller one takes long to find.
settings.register_profile("first", settings.get_profile("steady"), phases=[Phase.explicit, Phase.generate])
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "steady"))

_MARKS = {"judges": "judge", "browser": "browser"}  # of all tests in a folder


def pytest_collection_modifyitems(items: Sequence[pytest.Item]) -> None:
    for item in items:
        if mark := _MARKS.get(item.path.parent.name):
            item.add_marker(mark)
