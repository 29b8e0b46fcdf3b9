"""The mails that are judged: drawn by Hypothesis, of everything that the API takes, the same ones in each run."""

from collections.abc import Iterator, Sequence
from itertools import product
from typing import Any, NamedTuple

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from tests.reference.mail_grammar import BODIES, HEADER_TEXTS, HEADERS, NAMES

from justemails.addresses import Mailbox, parse_address
from justemails.records import Content

SENDING_DOMAIN = "yourdomain.com"  # [send.request.from]
RECEIVING_DOMAIN = "judged.test"

_SENDERS = st.sampled_from([f"{local}@{SENDING_DOMAIN}" for local in ("hello", "a.b+c", "jørn", "用户", "Иван")])
_RECIPIENTS = st.sampled_from([f"{local}@{RECEIVING_DOMAIN}" for local in ("user", "a-b_c", "zoë", "المستخدم")])
_PLACES = st.sampled_from(["support@yourdomain.com", "x@bücher.example", "jørn@else.example"])

_LATIN = ["Your", "order", "no. 4711", "ships", "today,", "(at last)", "a@b.example", "100%", '"now"', "-", "it's"]
_SCRIPTS = [
    ["Zażółć", "gęślą", "Größe", "où", "señor", "Việt", "İstanbul", "o"],
    ["Καλημέρα", "κόσμε", "και", "Ευχαριστώ,"],
    ["Привет,", "мир", "Ґанок", "и", "заказ"],
    ["שלום", "עולם", "مرحبا", "بالعالم", "سلام", "12"],
    ["नमस्ते", "दुनिया", "வணக்கம்", "สวัสดีชาวโลก", "བཀྲ་ཤིས"],
    ["你好，世界", "こんにちは", "ｶﾅ", "안녕하세요", "𠮷野家"],
    ["👋🏽", "👩\u200d💻", "🇺🇳", "❤️", "1️⃣", "ok"],
]
_LINES = [".", ".. ", "From here on", "All in one line, as the writers of HTML do. " * 40 + "."]


class Flavour(NamedTuple):
    """Strategies for the texts of a mail."""

    subjects: st.SearchStrategy[str]
    names: st.SearchStrategy[str | None]
    bodies: st.SearchStrategy[str]
    headers: st.SearchStrategy[dict[str, str]]


def _prose(vocabulary: Sequence[str]) -> Flavour:
    """Return what people write: words with spaces between them, where headers are folded and encoded words meet."""
    word = st.tuples(st.sampled_from(vocabulary), st.sampled_from([" ", " ", " ", "  "])).map("".join)
    words = st.sampled_from([1, 8, 16, 40]).flatmap(lambda many: st.lists(word, min_size=many, max_size=many))
    texts = words.map(lambda some: "".join(some)[:900].strip())
    return Flavour(
        subjects=texts,
        names=st.none() | texts.map(lambda text: text[:200].strip()),
        bodies=st.lists(words.map("".join) | st.sampled_from(_LINES), min_size=1, max_size=6).flatmap(
            lambda lines: st.sampled_from(["\n", "\r\n", "\n\n", ""]).map(lambda end: end.join(lines))
        ),
        headers=st.dictionaries(st.sampled_from(["X-Campaign", "X-" + "Long" * 12, "References"]), texts, max_size=2),
    )


_BREAKING = Flavour(HEADER_TEXTS, NAMES, BODIES, HEADERS)  # made of what breaks mail writers, which is hardly spaces
_FLAVOURS = ((_BREAKING, 12), (_prose(_LATIN), 8), *((_prose(words), 2) for words in _SCRIPTS))
_FORMS = (("text",), ("html",), ("text", "html"))


def letters(count: int) -> Sequence[Content]:
    """Return that many mails, no two alike, over a third of them made of what breaks mail writers.

    Each kind is drawn by itself: of all kinds at once Hypothesis makes long runs of one.
    """
    share = -(-count // (len(_FORMS) * sum(weight for _, weight in _FLAVOURS)))
    drawn = {
        repr(one): one
        for (flavour, weight), form in product(_FLAVOURS, _FORMS)
        for one in _different(_contents(flavour, form), weight * share)
    }
    if len(drawn) < count:
        raise ValueError(f"only {len(drawn)} different mails were drawn")
    return [*drawn.values()][:count]


def _contents(flavour: Flavour, form: Sequence[str]) -> st.SearchStrategy[Content]:
    bodies: dict[str, Any] = {kind: flavour.bodies if kind in form else st.none() for kind in ("text", "html")}
    return st.builds(
        Content,
        sender=st.builds(Mailbox, _SENDERS.map(parse_address), flavour.names),
        recipient=_RECIPIENTS.map(parse_address),
        subject=flavour.subjects,
        reply_to=st.none() | st.builds(Mailbox, _PLACES.map(parse_address), flavour.names),
        headers=flavour.headers,
        **bodies,
    )


def _different(strategy: st.SearchStrategy[Content], count: int) -> Iterator[Content]:
    """Yield contents from all along a row of several times as many examples."""
    drawn: dict[str, Content] = {}

    @given(strategy)
    @settings(
        max_examples=3 * count,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def draw(content: Content) -> None:
        drawn.setdefault(repr(content), content)

    draw()
    for number in range(count):
        yield [*drawn.values()][number * len(drawn) // count]
