"""A plugin for pytest: makes the mistake that ``JUSTEMAILS_MISTAKE`` names, before the product is imported."""

import os

from tests.mistakes.registry import MISTAKES

VARIABLE = "JUSTEMAILS_MISTAKE"

(_made,) = [mistake for mistake in MISTAKES if mistake.title == os.environ[VARIABLE]]
_made.make()
