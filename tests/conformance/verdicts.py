"""Verdicts made by hand: one with every outcome in it, in which a server says whatever a test wants."""

from collections.abc import Sequence
from datetime import UTC, datetime

from justemails_conformance.clauses import Profile, clauses
from justemails_conformance.transport import Answer, Exchange, Request
from justemails_conformance.verdict import About, Finding, Outcome, Verdict

BASE_URL = "http://127.0.0.1:8025/api/v1"

HOSTILE = (
    "<script>alert(1)</script>",
    "\"><img src=x onerror='alert(1)'>",
    "</pre></details></main></body>",
    "]]><!-- --><![CDATA[ &amp; &lt;",
    "\x00\x01\x08\x1b[2J\x7f\x9b\u2028",
    "\u202egnp.exe\u202c\u2066\u200b\ufeff",
    "\ud800 \udfff \ufffe \uffff",
    "`x` *words* [errors.401] | $(reboot) `reboot` ' \" \\ !!",
)


def exchange(
    said: str = "no",
    *,
    body: bytes | None = b'{"to": 12}',
    octets: bytes | None = None,
    status: int = 200,
    headers: Sequence[tuple[str, str]] = (),
) -> Exchange:
    """Return a POST /send and its answer, which says a text in all of its places, or these octets."""
    request = Request(
        "POST", "/send", {"Authorization": "Bearer <key>", "Content-Type": "application/json"} if body else {}, body
    )
    data = said.encode("utf-8", "surrogatepass") if octets is None else octets
    return Exchange(request, Answer(status, [*headers, ("X-Said", said)], data), None, 0.25)


def verdict(said: str = "no", *, profiles: Sequence[Profile] = (Profile.CORE, Profile.LIMITS)) -> Verdict:
    """Return a verdict with every outcome, in which the server says a text wherever a server can say one."""
    asked = exchange(said)
    unanswered = Exchange(Request("GET", "/messages", {}), None, said, 10.0, late=True)
    made = Verdict(BASE_URL, datetime(2026, 4, 6, 12, tzinfo=UTC), 7, profiles)
    made.findings = [
        Finding(clauses()["send.request"], Outcome.PASS),
        Finding(clauses()["send.request.to"], Outcome.FAIL, "400 or 422", said, asked),
        Finding(clauses()["send.response.id"], Outcome.FAIL, f"not {said}", said, asked, f"issue 12: {said}"),
        Finding(clauses()["messages.purpose"], Outcome.FAIL, "a success (2xx)", said, unanswered),
        Finding(clauses()["send.response.id.prefix"], Outcome.WARN, "msg_", said, asked),
        Finding(clauses()["errors.403"], Outcome.SKIP, got=f"needs a key ({said})"),
        Finding(clauses()["keys.revoke"], Outcome.INCONCLUSIVE, got=said),
        Finding(clauses()["limits.send"], Outcome.ERROR, got=f"ValueError: {said}"),
        Finding(clauses()["limits.read"], Outcome.PASS, expected_failure=said),
    ]
    made.observed = {"send.successStatus": 202, "messages.perPage": said, said: [said, {said: said}]}
    made.created, made.removed = ["key_1", said], ["key_1"]
    made.about = About(said, "1.0", f"https://example.com/{said}", (said,))
    made.options = ("--from", said, "--other-key", "<other-key>")
    made.seconds = 1.5
    return made


def outcomes(*each: Outcome, expected: int = 0, profile: Profile = Profile.CORE) -> Verdict:
    """Return a verdict on promises with these outcomes, of whose failures the first ones are expected."""
    made = Verdict(BASE_URL, datetime(2026, 4, 6, 12, tzinfo=UTC), 7, (profile,))
    promised = [one for one in clauses().values() if one.profile is profile and one.level == "M"]
    for clause, outcome in zip(promised, each, strict=False):
        known = outcome is Outcome.FAIL and expected > 0
        expected -= known
        made.findings.append(Finding(clause, outcome, "x", "y", expected_failure="known" if known else None))
    return made
