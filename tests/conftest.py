"""Settings of the property tests.

The same examples in each run by default, so that a red test is always the change's own doing. To look for new ones:
``HYPOTHESIS_PROFILE=search make test``.
"""

import os

from hypothesis import settings

settings.register_profile("steady", derandomize=True, deadline=None)
settings.register_profile("search", deadline=None, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "steady"))
