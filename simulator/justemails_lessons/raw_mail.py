"""A mail as the bytes that arrived, to be changed as mail is changed on its way, and to be judged again.

    arrived = lab.raw()
    arrived.replace("Subject:", "SUBJECT:").verdicts     # as a careful receiver sees the changed mail
    arrived.brought_by("203.0.113.9").verdicts           # the same bytes from another machine
    arrived.signed("simple/simple").verdicts             # with a signature made anew

Nothing here knows what a change should lead to: the receiver's own judge, with dkimpy, looks at each mail afresh.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from fakemx.judge.verdict import Verdict, judge
from justemails.mail.dkim_signature import SigningKey, make_rsa_key
from justemails_lessons.mail import verdicts_of
from justemails_lessons.signatures import Signature, read_signature, sign
from justemails_lessons.world import LessonWorld

_SIGNATURES = re.compile(rb"(?:DKIM-Signature:[^\r\n]*\r\n(?:[ \t][^\r\n]*\r\n)*)*")
_SELECTOR = "lesson"


@dataclass(frozen=True, slots=True, repr=False)
class RawMail:
    """A mail in bytes, and who brought it.

    Args:
        on_top: header lines above the signatures, where servers on the way write theirs.
        signatures: the DKIM-Signature headers.
        below: the other headers, the empty line, and the body.
        peer_ip: the machine that handed the mail over.
    """

    bench: "Bench"
    on_top: bytes
    signatures: bytes
    below: bytes
    peer_ip: str
    helo: str
    sender: str

    @property
    def data(self) -> bytes:
        return self.on_top + self.signatures + self.below

    # Ways to change it.

    def replace(self, old: str, new: str) -> "RawMail":
        """Change a text below the signatures.

        Raises:
            ValueError: the text is not there exactly once, so that a change that changes nothing does not pass for one
                that does no harm.
        """
        count = self.below.count(old.encode())
        if count != 1:
            raise ValueError(f"{old!r} is there {count} times")
        return replace(self, below=self.below.replace(old.encode(), new.encode()))

    def add_on_top(self, header: str) -> "RawMail":
        """Put a header, without its line end, above everything."""
        return replace(self, on_top=header.encode() + b"\r\n" + self.on_top)

    def add_at_end(self, text: str) -> "RawMail":
        """Put a text behind the body."""
        return replace(self, below=self.below + text.encode())

    def brought_by(self, ip: str) -> "RawMail":
        """Return the same bytes, handed over by another machine."""
        return replace(self, peer_ip=ip)

    def signed(self, canonicalization: str) -> "RawMail":
        """Return the mail with one signature made anew over the same headers, with a key of the lab's own.

        Args:
            canonicalization: for the headers and for the body, as ``c=`` says it: ``relaxed/simple``.
        """
        return self.bench.signed(self, canonicalization)

    # What it looks like to a receiver.

    @property
    def dkim(self) -> tuple[Signature, ...]:
        """The tags of each signature, the topmost first."""
        parts = re.split(rb"\r\n(?![ \t])", self.signatures)
        return tuple(read_signature(part) for part in parts if part)

    @property
    def verdicts(self) -> Mapping[str, str]:
        """``DKIM``, ``SPF`` and ``DMARC``: ``pass``, or what else the receiver finds."""
        return verdicts_of(self.bench.judge(self))

    @property
    def reason(self) -> str:
        """Why the first signature does not hold; empty where it does."""
        return next((one.reason for one in self.bench.judge(self).dkim if one.result != "pass"), "")

    def __repr__(self) -> str:
        signatures = b"".join(f"DKIM-Signature: {one.short}\r\n".encode() for one in self.dkim)
        return (self.on_top + signatures + self.below).decode("utf-8", "replace").replace("\r\n", "\n").rstrip()


class Bench:
    """Where mail that arrived is laid to be looked at: it knows the lab's DNS, its clock and its receivers."""

    def __init__(self, world: LessonWorld) -> None:
        self._world = world
        self._key: str | None = None

    def raw(self, number: int) -> RawMail:
        """Return what one transmission brought; -1 is the last."""
        received = self._world.network.received[number]
        signatures = _SIGNATURES.match(received.data)
        end = signatures.end() if signatures else 0
        return RawMail(
            self, b"", received.data[:end], received.data[end:], received.peer_ip, received.helo, received.sender
        )

    def judge(self, mail: RawMail) -> Verdict:
        world = self._world
        return world.run(
            lambda: judge(
                mail.data,
                peer_ip=mail.peer_ip,
                helo=mail.helo,
                sender=mail.sender,
                zones=world.network.zones,
                now=world.clock.now(),
            )
        )

    def signed(self, mail: RawMail, canonicalization: str) -> RawMail:
        """Sign a mail anew, and publish the key in the DNS of its domain."""
        if self._key is None:
            self._key = make_rsa_key()
        key, first = self._key, mail.dkim[0]
        record = SigningKey(_SELECTOR, key).record
        self._world.run(lambda: self._world.network.zones.set(f"{_SELECTOR}._domainkey.{first['d']}", "TXT", [record]))
        signature = sign(
            mail.below, _SELECTOR, first["d"], key, names=first["h"].split(":"), canonicalization=canonicalization
        )
        return replace(mail, signatures=signature)
