"""The judges: each takes mails and says of every DKIM signature in them whether it holds.

A judge is a program that nobody here wrote, but for the last one, which is the fake receiver's own and has to agree
with them. What does not know an algorithm says nothing of it.
"""

import json
import re
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import dkim
from tests.judges.place import SENDER_IP, SENDER_NAME

from fakemx.clock import EXAMPLE_INSTANT
from fakemx.dns.zones import Zones
from fakemx.judge.dkim import judge_dkim
from fakemx.judge.verdict import judge

RSA, ED25519 = "rsa-sha256", "ed25519-sha256"
ALGORITHMS = (RSA, ED25519)  # in the order of our signatures, from the top

_HERE = Path(__file__).parent
_PATIENCE_S = 300

Verdicts = Mapping[str, bool]
"""By algorithm: whether its signature holds."""


class CannotJudgeError(Exception):
    """A judge could not judge, for want of a key say, which is no verdict."""


class Judge(Protocol):
    """Somebody who verifies signatures."""

    @property
    def name(self) -> str: ...

    @property
    def knows(self) -> Sequence[str]: ...

    def judge(self, mails: Sequence[Path]) -> Sequence[Verdicts]:
        """Return the verdicts on each mail.

        Raises:
            CannotJudgeError: it says neither that a signature holds nor that it does not.
        """
        ...


def _holds(result: str, bad: Sequence[str]) -> bool:
    """Return whether a signature holds, by a judge's word for it and its words for one that does not."""
    if result not in {"pass", *bad}:
        raise CannotJudgeError(result)
    return result == "pass"


class OpenDkim:
    """``opendkim-testmsg``: exit code 0 when the signature holds; one signature and one process at a time.

    A mail with two Subjects it calls a syntax error and looks at no signature, so that this says nothing of ours.
    """

    name = "OpenDKIM"
    knows = ALGORITHMS

    def judge(self, mails: Sequence[Path]) -> Sequence[Verdicts]:
        return [
            {algorithm: _opendkim(_with_only(number, data)) for number, algorithm in enumerate(_signed_with(data))}
            for data in (mail.read_bytes() for mail in mails)
        ]


def _opendkim(mail: bytes) -> bool:
    done = subprocess.run(["opendkim-testmsg"], input=mail, capture_output=True, timeout=_PATIENCE_S, check=False)
    said = done.stderr.decode().strip().rpartition(": ")[2]
    return _holds("pass" if done.returncode == 0 else said, ("Bad signature", "Syntax error"))


class MailDkim:
    """Perl's Mail::DKIM, of a version that does not know Ed25519: such receivers are why RSA is signed with too."""

    name = "Mail::DKIM"
    knows = (RSA,)

    def judge(self, mails: Sequence[Path]) -> Sequence[Verdicts]:
        lines = _told(["perl", str(_HERE / "mail_dkim.pl")], mails)
        said = [[words.split() for words in line.split("\t")[1:]] for line in lines]
        return [{algorithm: _holds(result, ("fail",)) for algorithm, result in one if algorithm == RSA} for one in said]


class MailAuth:
    """mailauth, by the author of nodemailer. A changed body it calls neutral."""

    name = "mailauth"
    knows = ALGORITHMS

    def judge(self, mails: Sequence[Path]) -> Sequence[Verdicts]:
        return [
            {algorithm: _holds(result, ("fail", "neutral")) for algorithm, result in one["signatures"]}
            for one in authenticated(mails, SENDER_IP, "x@bounce.yourdomain.com")
        ]


def authenticated(mails: Sequence[Path], ip: str, sender: str) -> Sequence[Any]:  # Any: JSON
    """Return what mailauth says of mails from an address, SPF and DMARC too."""
    command = ["node", str(_HERE / "mailauth.mjs"), ip, SENDER_NAME, sender]
    return [json.loads(line) for line in _told(command, mails)]


def parsed(mails: Sequence[Path]) -> Sequence[Any]:  # Any: JSON
    """Return what mailparser, nodemailer's own, reads in mails."""
    return [json.loads(line) for line in _told(["node", str(_HERE / "mailparser.mjs")], mails)]


class DkimPy:
    """dkimpy as it is, with the keys looked up by its own means."""

    name = "dkimpy"
    knows = ALGORITHMS

    def judge(self, mails: Sequence[Path]) -> Sequence[Verdicts]:
        return [
            {algorithm: _dkimpy(data, number) for number, algorithm in enumerate(_signed_with(data))}
            for data in (mail.read_bytes() for mail in mails)
        ]


def _dkimpy(mail: bytes, number: int) -> bool:
    try:
        return bool(dkim.DKIM(mail).verify(idx=number))
    except dkim.DKIMException:
        return False


class Ours:
    """The fake receiver's own judge."""

    name = "fakemx"
    knows = ALGORITHMS

    def __init__(self, zones: Zones) -> None:
        self._zones = zones

    def judge(self, mails: Sequence[Path]) -> Sequence[Verdicts]:
        return [
            {
                one.algorithm: _holds(one.result, ("fail",))
                for one in judge_dkim(mail.read_bytes(), zones=self._zones, now=EXAMPLE_INSTANT)
            }
            for mail in mails
        ]

    def spf_and_dmarc(self, mail: Path, ip: str, sender: str) -> tuple[str, str]:
        verdict = judge(
            mail.read_bytes(), peer_ip=ip, helo=SENDER_NAME, sender=sender, zones=self._zones, now=EXAMPLE_INSTANT
        )
        return verdict.spf.result, verdict.dmarc.result


def _signed_with(mail: bytes) -> Sequence[str]:
    """Return what ``a=`` says in each signature, from the top, for judges that do not tell it themselves."""
    head = mail.partition(b"\r\n\r\n")[0]
    signatures = [field for field in _fields_of(head) if field.lower().startswith(b"dkim-signature:")]
    return [re.findall(r"[:;]\s*a=([a-z0-9-]+)", signature.decode())[0] for signature in signatures]


def _with_only(signature: int, mail: bytes) -> bytes:
    """Return a mail with only one of its DKIM signatures, so that a judge of the whole judges that one."""
    head, separator, body = mail.partition(b"\r\n\r\n")
    fields = _fields_of(head)
    signatures = [field for field in fields if field.lower().startswith(b"dkim-signature:")]
    kept = [field for field in fields if field not in signatures or field == signatures[signature]]
    return b"\r\n".join(kept) + separator + body


def _fields_of(head: bytes) -> Sequence[bytes]:
    """Return the header fields of a mail, each with its folded lines."""
    fields: list[bytes] = []
    for line in head.split(b"\r\n"):
        if line.startswith((b" ", b"\t")):
            fields[-1] += b"\r\n" + line
        else:
            fields.append(line)
    return fields


def _told(command: Sequence[str], mails: Sequence[Path]) -> Sequence[str]:
    """Run a program that reads file names and prints a line for each."""
    names = "".join(f"{mail}\n" for mail in mails)
    done = subprocess.run(command, input=names, capture_output=True, text=True, timeout=_PATIENCE_S, check=False)
    lines = done.stdout.removesuffix("\n").split("\n")  # not splitlines: JSON may hold other line ends
    if done.returncode != 0 or len(lines) != len(mails):
        raise RuntimeError(f"{command} ends with {done.returncode} after {len(lines)} lines: {done.stderr[-2000:]}")
    return lines


def spf_by_perl(ip: str, sender: str) -> str:
    """Return what Mail::SPF says of an envelope sender: its exit code is its result."""
    command = ["spfquery.mail-spf-perl", "--scope", "mfrom", "--identity", sender, "--ip-address", ip]
    done = subprocess.run(command, capture_output=True, text=True, timeout=_PATIENCE_S, check=False)
    return done.stdout.split()[0] if done.stdout else f"exit code {done.returncode}"
