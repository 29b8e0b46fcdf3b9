"""Nothing that the API takes makes Debian's Postfix see another mail in a mail."""

from typing import Any

from tests.judges.conftest import TABLES
from tests.judges.smuggling import ENDS


def test_postfix_keeps_exactly_as_many_mails_as_were_sent(smuggled: Any) -> None:  # Any: JSON
    sent = sum(smuggled["accepted"].values())

    TABLES.append(f"smuggling    {sent} mails with a false end sent, {smuggled['arrived']} kept by Postfix")
    assert smuggled["arrived"] == sent
    assert smuggled["forged"] == 0


def test_bodies_are_taken_whatever_is_in_them_and_nothing_else_is(smuggled: Any) -> None:  # Any: JSON
    """CHOICE-39: a line break in any other text is refused; in a body it is a line break, and a NUL is refused."""
    of_two_kinds = 2 * sum("NUL" not in name for name in ENDS)

    assert smuggled["accepted"] == {
        **dict.fromkeys(("subject", "from", "replyTo", "header value", "header name", "to"), 0),
        **dict.fromkeys(("text", "html"), of_two_kinds),
    }


def test_a_careless_sender_would_have_smuggled(smuggled: Any) -> None:  # Any: JSON
    """Without it the tests above would prove nothing: this very Postfix splits what comes with a bare LF."""
    split = {
        sender: sorted(name for name, count in smuggled[sender].items() if count > 1)
        for sender in ("careless", "unescaped")
    }

    TABLES.append(f"smuggling    dots doubled in CRLF lines only, two mails of one: {', '.join(split['careless'])}")
    TABLES.append(f"smuggling    nothing escaped at all, two mails of one: {', '.join(split['unescaped'])}")
    assert {"LF . LF", "LF . CR LF"} <= set(split["careless"])
    assert {"LF . LF", "LF . CR LF", "CR LF . LF", "CR LF . CR LF"} <= set(split["unescaped"])
