"""The mails that are judged: drawn by Hypothesis, of everything that the API takes, the same ones in each run."""

from collections.abc import Sequence

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

CONTENTS = st.builds(
    lambda bodies, **members: Content(html=bodies[0], text=bodies[1], **members),
    bodies=st.tuples(st.none() | BODIES, BODIES).flatmap(lambda pair: st.sampled_from([pair, pair[::-1]])),
    sender=st.builds(Mailbox, _SENDERS.map(parse_address), NAMES),
    recipient=_RECIPIENTS.map(parse_address),
    subject=HEADER_TEXTS,
    reply_to=st.none() | st.builds(Mailbox, _PLACES.map(parse_address), NAMES),
    headers=HEADERS,
)


def letters(count: int) -> Sequence[Content]:
    """Return that many mails, no two alike."""
    drawn: dict[str, Content] = {}

    @given(CONTENTS)
    @settings(
        max_examples=4 * count,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def draw(content: Content) -> None:
        drawn.setdefault(repr(content), content)

    draw()
    chosen = [*drawn.values()][:count]
    if len(chosen) < count:
        raise ValueError(f"only {len(chosen)} different mails were drawn")
    return chosen
