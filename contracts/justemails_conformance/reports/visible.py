"""Texts of a server as an eye can read them: nothing that moves a cursor, turns a line around, or hides.

>>> visible("a\\x1b[2Jb\\u202ec")
'a\\\\x1b[2Jb\\\\u202ec'
"""


def visible(text: str, keep: str = "") -> str:
    """Return a text in which every character that cannot be seen is spelled out, but for those to keep.

    What is left is fit for XML 1.0 too: control characters, lone surrogates and what is no character are all spelled.
    """
    return "".join(one if one.isprintable() or one in keep else _spelled(one) for one in text)


def only_ascii(text: str) -> str:
    """Return a text that any terminal can show, whatever its encoding."""
    return visible(text).encode("ascii", "backslashreplace").decode()


def decoded(body: bytes) -> str:
    """Return a body as text; an octet that is no UTF-8 is spelled out."""
    return body.decode("utf-8", "backslashreplace")


def shortened(text: str, width: int, around: str = "") -> str:
    """Return a text of the width at most, or that much of it from shortly before a part that matters."""
    if len(text) <= width:
        return text
    begin = max(0, text.find(around) - width // 4) if around else 0
    begin = min(begin, len(text) - width)
    before, after = "..." if begin else "", "..." if begin + width < len(text) else ""
    return f"{before}{text[begin : begin + width]}{after}"


def _spelled(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")
