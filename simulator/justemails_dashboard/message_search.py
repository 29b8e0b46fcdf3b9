r"""Reading the search box of the list of messages: words for the API's own filters.

    >>> read_words('to:ann@example.com status:bounced "your invoice"')
    {'to': 'ann@example.com', 'status': 'bounced', 'subject': 'your invoice'}

Bare words are looked for in the subject, together and as they stand. What is behind a colon is the API's to judge.
"""

import re
from collections.abc import Mapping, Sequence
from typing import NoReturn

from justemails.api.errors import ApiError
from justemails.api.validation import did_you_mean
from justemails_contract.errors import BAD_REQUEST

FILTERS: Mapping[str, str] = {
    "status": "status is {}",
    "from": "from {}",
    "to": "to {}",
    "subject": "subject contains \u201c{}\u201d",
    "createdAfter": "created at {} or later",
    "createdBefore": "created before {}",
}
"""The API's filters [messages.filters], and how each is read out."""

MOST = 1000  # characters

_WORD = re.compile(r'(?:(?P<name>[^\s":]+):)?(?:"(?P<quoted>[^"]*)"|(?P<plain>[^\s"]*))(?=\s|$)\s*')
_BY_LOWER = {name.lower(): name for name in FILTERS}
_PASSES = f"{', '.join(f'{name}:' for name in FILTERS)} and bare words, which are looked for in the subject"


def read_words(text: str) -> dict[str, str]:
    """Return the API's filters that the words stand for.

    Raises:
        ApiError: 400, naming the word and what would pass.
    """
    if len(text) > MOST:
        _bad(f"The search must have at most {MOST} characters.")
    given: dict[str, str] = {}
    bare: list[str] = []
    at, text = 0, text.strip()
    while at < len(text):
        word = _WORD.match(text, at)
        if word is None or word.end() == at:
            _bad('A quotation mark in the search is not closed, or stands inside a word. Write it like subject:"a b".')
        at = word.end()
        value = word["plain"] if word["quoted"] is None else word["quoted"]
        if word["name"] is None:
            bare.append(value)
            continue
        name = _known(word["name"])
        if not value:
            _bad(f"There must be something right behind '{name}:', without a space.")
        if name in given:
            _bad(f"'{name}:' is given more than once.")
        given[name] = value
    if bare and "subject" in given:
        _bad(f"The word {bare[0][:60]!r} is looked for in the subject, and 'subject:' is given too. Give one of them.")
    return given | ({"subject": " ".join(bare)} if bare else {})


def joined(fields: Mapping[str, str], words: Mapping[str, str]) -> dict[str, str]:
    """Return what fields and words say together, in the API's order.

    Raises:
        ApiError: 400; both say the same thing.
    """
    for name in fields.keys() & words.keys():
        _bad(f"'{name}' is given in the search and in its field. Give it once.")
    both = {**fields, **words}
    return {name: both[name] for name in FILTERS if name in both}


def read_out(filters: Mapping[str, str]) -> Sequence[str]:
    """Say in words how filters were read."""
    return [FILTERS[name].format(value) for name, value in filters.items()]


def _known(name: str) -> str:
    found = _BY_LOWER.get(name.lower())
    if found is None:
        near = did_you_mean(name, FILTERS)
        _bad(
            f"Unknown word '{name[:60]}:' in the search.{near} What passes is {_PASSES}. "
            "Put it in quotation marks to look for it in the subject."
        )
    return found


def _bad(message: str) -> NoReturn:
    raise ApiError(BAD_REQUEST, message)
