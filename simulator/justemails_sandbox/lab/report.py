"""What a lab run came to, as text for people and as JSON for programs."""

from collections.abc import Iterator, Sequence

from fakemx.mail.parsed import parse
from fakemx.mx.observation import Observation
from fakemx.mx.received import Received
from justemails_sandbox.lab.laboratory import LabReport


def as_json(report: LabReport) -> dict[str, object]:
    """Return the report as one JSON object."""
    return {
        "exitCode": report.exit_code,
        "mails": [_mail(mail) for mail in report.mails],
        "refused": [_refusal(one) for one in _refusals(report.observations)],
        "faults": [repr(fault) for fault in report.faults],
    }


def as_text(report: LabReport) -> Iterator[str]:
    """Yield the lines of the report."""
    count = len(report.mails)
    yield f"{count or 'no'} mail{'' if count == 1 else 's'} arrived"
    for mail in report.mails:
        yield f"  to {', '.join(mail.recipients)} from {mail.sender or '<>'}, subject {parse(mail.data).subject!r}"
        yield f"     at {mail.host}, brought by {mail.peer_ip} as {mail.helo}{', over TLS' if mail.tls else ''}"
        yield f"     {_authentication(mail)}"
    refusals = list(_refusals(report.observations))
    if refusals:
        yield f"{len(refusals)} time{'' if len(refusals) == 1 else 's'} a host did not go along"
    for one in refusals:
        about = f" for {', '.join(one.recipients)}" if one.recipients else ""
        yield f"  {one.host}: {one.what if one.code is None else one.code} at {one.stage}{about}"
    for fault in report.faults:
        yield f"a fault of the fake network: {fault!r}"


def _refusals(observations: Sequence[Observation]) -> Iterator[Observation]:
    for one in observations:
        if one.what in {"dropped", "reset", "silent", "refused-handshake"} or (
            one.code is not None and one.code >= 400
        ):
            yield one


def _mail(mail: Received) -> dict[str, object]:
    return {
        "to": list(mail.recipients),
        "from": mail.sender,
        "subject": parse(mail.data).subject,
        "receivedAt": mail.received_at.isoformat(),
        "host": mail.host,
        "client": {"ip": mail.peer_ip, "helo": mail.helo},
        "tls": mail.tls,
        "raw": mail.data.decode("utf-8", "replace"),
        "auth": {
            "dkim": [{"domain": one.domain, "selector": one.selector, "result": one.result} for one in mail.auth.dkim],
            "spf": {"result": mail.auth.spf.result, "reason": mail.auth.spf.reason},
            "dmarc": {"result": mail.auth.dmarc.result, "reason": mail.auth.dmarc.reason},
        },
        "transcript": list(mail.transcript),
    }


def _refusal(one: Observation) -> dict[str, object]:
    return {
        "at": one.at.isoformat(),
        "host": one.host,
        "stage": one.stage,
        "what": one.what,
        "code": one.code,
        "from": one.sender,
        "to": list(one.recipients),
    }


def _authentication(mail: Received) -> str:
    dkim = ", ".join(one.result for one in mail.auth.dkim) or "none"
    return f"dkim {dkim} · spf {mail.auth.spf.result} · dmarc {mail.auth.dmarc.result}"
