"""A reference that breaks a promise turns a lesson red, so a lesson cannot go on teaching what is no longer so."""

import nbformat
import pytest
from nbclient.exceptions import CellExecutionError
from tests.notebooks.stored import ALL

from justemails_lessons.book import execute, read_twin

# What is done to the reference, and the lessons that have to notice; each breaks one sentence.
BROKEN = {
    "an answer that says sent instead of queued": (
        "01",
        "import justemails.wire as w\n"
        "told = w.message_created\n"
        "w.message_created = lambda message: {**told(message), 'status': 'sent'}",
    ),
    "deliveredAt before there was a delivery": (
        "04",
        "import justemails.wire as w\n"
        "told = w.message_status\n"
        "w.message_status = lambda m: {**told(m), 'deliveredAt': w.timestamp(m.created_at)}",
    ),
    "a 4xx taken for a no": (
        "05",
        "import justemails.delivery.conversation as c\n"
        "judged = c.classify\n"
        "c.classify = lambda phase, reply: "
        "c.Verdict.REFUSED if phase == 'RCPT' and reply.code >= 400 else judged(phase, reply)",
    ),
    "leading dots that are not doubled": (
        "05",
        "import justemails.smtp as s, re\ns._LINE_START_DOT = re.compile(rb'(?!)')",
    ),
    "no jitter, and a minute for ever": (
        "06",
        "import justemails.delivery.attempt as a\n"
        "from datetime import timedelta\n"
        "a.next_attempt = lambda now, *_: now + timedelta(minutes=1)",
    ),
    "a limit with one too many": (
        "07",
        "from justemails_contract.limits import LIMITS, Limit, Tier\n"
        "import justemails.ratelimit as r\n"
        "take = r.take\n"
        "r.take = lambda log, limit, now: take(log, Limit(limit.requests + 1, limit.window), now)",
    ),
}


@pytest.mark.parametrize("what", BROKEN)
def test_a_broken_reference_is_noticed(what: str) -> None:
    number, breaking = BROKEN[what]
    lesson = next(lesson for lesson in ALL if lesson.name.startswith(number))
    notebook = read_twin(lesson.twin.read_text("utf-8"))
    notebook.cells.insert(0, nbformat.v4.new_code_cell(breaking))  # type: ignore[no-untyped-call]

    with pytest.raises(CellExecutionError, match="does not hold"):
        execute(notebook)
