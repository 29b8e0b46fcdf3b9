"""Whether a test notices a mistake: it runs in a fork of its own, in which the product makes the mistake."""

import pytest
from tests.breaking.fork import in_fork
from tests.mistakes.registry import MISTAKES, Mistake


def notices(mistake: Mistake) -> bool:
    """Run the mistake's test with the mistake made; True when it fails, as it should.

    Raises:
        ForkError: the test did not run at all.
    """
    return not in_fork(passes, mistake.test, mistake.title)


def passes_unbroken(test: str) -> bool:
    """Run a test in a fork in the same way, with no mistake made.

    Raises:
        ForkError: likewise.
    """
    return in_fork(passes, test)


def passes(test: str, title: str | None = None) -> bool:
    """Make the mistake of that title in this process, and run the test: called in a fork.

    Raises:
        RuntimeError: the test did not run, so it says nothing about the mistake.
    """
    if title is not None:
        (mistake,) = [one for one in MISTAKES if one.title == title]
        mistake.make()
    # The tests are imported already, so there are no assertions to rewrite.
    code = pytest.main(["-q", "-x", "-n0", "-p", "no:cacheprovider", "--assert=plain", test])
    if code not in {pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED}:
        raise RuntimeError(f"pytest ended with {code!r}")
    return code == pytest.ExitCode.OK
