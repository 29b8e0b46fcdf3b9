"""What the suite does not find out yet, or blames wrongly: names, and what happens.

Each entry is strict: the test fails as soon as the suite does it right, so that the entry goes.
"""

from collections.abc import Mapping

NOT_YET: Mapping[str, str] = {}
