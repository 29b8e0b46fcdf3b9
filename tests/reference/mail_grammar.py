"""Texts made of the tokens that break mail writers."""

import re
from collections.abc import Mapping

from hypothesis import strategies as st

from justemails.addresses import Mailbox, parse_address
from justemails.records import Content

MESSAGE_ID = "msg_0Ucr1sbqF9zW2mX7cLtYpK"

_TOKENS = [
    "=?utf-8?q?", "=?utf-8?b?", "?=", "=?", "=0D=0A", "=0D=0ABcc:_x@evil", "DQpCY2M6IHhAZXZpbA==", "=", "_", "?",
    "Bcc: x@evil.example", ":", ",", ";", '"', "\\", "(", ")", "@", ".", "..",
    "é", "ß", "—", "中文", "😀", "👩\u200d👩\u200d👧", "e\u0301", "\u202e", "\u200b", "\ufeff", "\ufffd", "\U0010ffff",
    " ", "  ", "     ", "a", "word", "x" * 71, "y" * 77, "z" * 100, "w" * 980,
]  # fmt: skip

# What header texts may hold by CHOICE-39: everything but control characters and line breaks.
_CHARACTERS = st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"])

HEADER_TEXTS = (
    st.lists(st.sampled_from(_TOKENS) | st.text(_CHARACTERS, max_size=5), max_size=14)
    .map("".join)
    .map(lambda t: t[:998])
)

_LINES = [
    "\r\n", "\n", "\r", "\r\r\n", "\n\n", "\n.\n", "\r\n.\r\n", "\r.\r", "\n..\n", "\n.x",
    "\nFrom a\n", "From ", "\t", " \n", "\t\r\n", "=\n", "=20\n", "q" * 998,
    f"\n--=_{MESSAGE_ID}--\n", f"=_{MESSAGE_ID}", f"--=_{MESSAGE_ID}_",
    "\x0b", "\x0c", "\x01", "\x7f", "\x85", "\u2028",
]  # fmt: skip

BODIES = st.lists(
    st.sampled_from(_TOKENS)
    | st.sampled_from(_LINES)
    | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=6),
    min_size=1,
    max_size=14,
).map(lambda pieces: "".join(pieces) or "x")

NAMES = HEADER_TEXTS.map(lambda text: re.sub("[<>]", "", text)[:200] or None)

ADDRESSES = st.sampled_from(
    ["hello@yourdomain.com", "a.b+c@xn--bcher-kva.example", f"{'l' * 64}@{'d' * 63}.{'d' * 63}.{'d' * 61}"]
).map(parse_address)

INTERNATIONAL = st.sampled_from(
    ["jørn@yourdomain.com", "Иван.Петров@example.com", "用户+1@xn--bcher-kva.example", "ä" * 32 + "@example.com"]
).map(parse_address)


def _without_doubles(headers: Mapping[str, str]) -> dict[str, str]:
    return {
        name: value for name, value in headers.items() if name == min(n for n in headers if n.lower() == name.lower())
    }


HEADERS = st.dictionaries(
    st.from_regex(r"\AX-[A-Za-z0-9-]{0,20}\Z") | st.sampled_from(["List-Unsubscribe", "References", "X" * 76]),
    HEADER_TEXTS,
    max_size=3,
).map(_without_doubles)

# At least one body: CHOICE-35.
CONTENTS = st.builds(
    lambda bodies, **members: Content(html=bodies[0], text=bodies[1], **members),
    bodies=st.tuples(st.none() | BODIES, BODIES).flatmap(lambda pair: st.sampled_from([pair, pair[::-1]])),
    sender=st.builds(Mailbox, ADDRESSES | INTERNATIONAL, NAMES),
    recipient=ADDRESSES | INTERNATIONAL,
    subject=HEADER_TEXTS,
    reply_to=st.none() | st.builds(Mailbox, ADDRESSES | INTERNATIONAL, NAMES),
    headers=HEADERS,
)
