"""``python -m tests.judges.court CASE FOLDER``: one case in a place of its own; what comes of it is JSON in the folder.

A process of its own, since the place is entered for good. Exit code 3: there can be no such place here, and standard
error says why.
"""

import json
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.judges import faults, smuggling
from tests.judges.judges import (
    DkimPy,
    Judge,
    MailAuth,
    MailDkim,
    OpenDkim,
    Ours,
    authenticated,
    parsed,
    spf_by_perl,
)
from tests.judges.letters import RECEIVING_DOMAIN, SENDING_DOMAIN, letters
from tests.judges.place import SENDER_IP, SENDER_NAME, STRANGER_IP, Place
from tests.judges.postfix import Postfix
from tests.judges.sender import Sender, as_body

from justemails_contract.delivery import Event
from justemails_sandbox.lab.namespace import NoNamespaceError

_LETTERS = 200
_PATIENCE_S = 300
_RECEIVER = ("192.0.2.25", "mx.judged.test")

# What is done to a mail on the way, each of which every signature has to notice.
INJURIES: Mapping[str, Callable[[bytes], bytes]] = {
    "a changed body": lambda mail: re.sub(
        rb"(\r\n\r\n.*?)([A-Za-z0-9])", _other_letter, mail, count=1, flags=re.DOTALL
    ),
    "an added Subject": lambda mail: mail.replace(b"\r\nSubject:", b"\r\nSubject: win a prize\r\nSubject:", 1),
    # This one alone shows OpenDKIM that headers are named once more than they are there: two Subjects it never judges.
    "an added Content-Type": lambda mail: mail.replace(
        b"\r\nContent-Type:", b"\r\nContent-Type: text/html\r\nContent-Type:", 1
    ),
    "a changed From": lambda mail: re.sub(
        rb"\r\nFrom: [^\r\n]*(\r\n[ \t][^\r\n]*)*", b"\r\nFrom: ceo@yourdomain.com", mail, count=1
    ),
}


def _other_letter(match: re.Match[bytes]) -> bytes:
    return match[1] + (b"y" if match[2] == b"x" else b"x")


def mail(folder: Path, place: Place) -> Any:  # Any: JSON
    """Send two hundred mails through Postfix, and let everybody judge what arrived, as it is and injured."""
    postfix = _receiver(folder, place)
    sender = Sender(folder, SENDING_DOMAIN)
    place.publish(sender.domain)
    sent = {}
    for content in letters(_LETTERS):
        message_id = sender.send(as_body(content))
        if message_id is None:
            raise RuntimeError(f"the API refuses {content}")
        sent[message_id] = as_body(content)
    sender.deliver()
    for message_id, body in sent.items():  # or waiting for them would end without a reason
        if (attempt := sender.attempts(message_id)[-1]).event is not Event.ACCEPTED:
            raise RuntimeError(f"{body} is not delivered: {attempt}")
    postfix.wait_for(_LETTERS)
    arrived = {_id_of(one): one for one in postfix.mails()}
    postfix.clear()
    by_swaks = _by_swaks(postfix)
    postfix.stop()
    mails = [_kept(folder / "whole", number, one) for number, one in enumerate(arrived.values())]
    ours = Ours(place.zones)
    judges: Sequence[Judge] = (OpenDkim(), MailDkim(), MailAuth(), DkimPy(), ours)
    return {
        "sent": sent,
        "statuses": {message_id: sender.message(message_id).status for message_id in sent},
        "arrived": list(arrived),
        "knows": {judge.name: list(judge.knows) for judge in judges},
        "verdicts": {judge.name: judge.judge(mails) for judge in judges},
        "injured": {
            injury: {judge.name: judge.judge(batch) for judge in judges}
            for injury, batch in ((name, _injured(folder / name, mails, injure)) for name, injure in INJURIES.items())
        },
        "read": dict(zip(arrived, parsed(mails), strict=True)),
        "longest lines": [max(map(len, one.split(b"\r\n"))) for one in arrived.values()],
        "envelopes": {message_id: _envelope(one) for message_id, one in arrived.items()},
        "spf": _spf(mails, ours),
        "of nodemailer": _of_nodemailer(folder, sender, judges),
        "by swaks": by_swaks,
    }


def _by_swaks(postfix: Postfix) -> Sequence[str]:
    """Let swaks look up the MX and send a mail there; return the subjects that are then in the Maildir."""
    command = ["swaks", "--to", f"user@{RECEIVING_DOMAIN}", "--from", f"a@bounce.{SENDING_DOMAIN}"]
    command += ["--helo", SENDER_NAME, "--header", "Subject: by swaks"]
    subprocess.run(command, capture_output=True, check=True, timeout=60)
    postfix.wait_for(1)
    return [subject.decode() for one in postfix.mails() for subject in re.findall(rb"(?m)^Subject: (.*?)\r$", one)]


def _envelope(one: bytes) -> tuple[str, str]:
    """Return the envelope sender and the client's address, as Postfix has written them on top."""
    sender = re.search(rb"\AReturn-Path: <([^>]*)>\r\n", one)
    client = re.search(rb"\r\nReceived: from \S+ \(\S+ \[([\d.]+)\]\)", one)
    if sender is None or client is None:
        raise RuntimeError(f"Postfix does not say where this came from: {one[:2000]!r}")
    return sender[1].decode(), client[1].decode()


def _of_nodemailer(folder: Path, sender: Sender, judges: Sequence[Judge]) -> Any:  # Any: JSON
    """Let everybody judge a mail of another author, signed with our RSA key, whole and injured."""
    key = sender.domain.dkim_keys[0]
    (folder / "key.pem").write_text(key.private_key)
    command = ["node", str(Path(__file__).with_name("nodemailer.mjs")), SENDING_DOMAIN, key.selector]
    written = subprocess.run([*command, str(folder / "key.pem")], capture_output=True, check=True, timeout=60)
    states = {"whole": written.stdout, **{name: injure(written.stdout) for name, injure in INJURIES.items()}}
    files = [_kept(folder / "nodemailer", number, one) for number, one in enumerate(states.values())]
    return {judge.name: dict(zip(states, judge.judge(files), strict=True)) for judge in judges}


def _spf(mails: Sequence[Path], ours: Ours) -> Any:  # Any: JSON
    """Return each judge's results of SPF and DMARC, for a mail from our address and from a stranger's."""
    mail = mails[0]
    sender, _ = _envelope(mail.read_bytes())
    found = {}
    for name, ip in (("ours", SENDER_IP), ("a stranger's", STRANGER_IP)):
        (by_mailauth,) = authenticated([mail], ip, sender)
        found[name] = {
            "Mail::SPF": [spf_by_perl(ip, sender)],
            "mailauth": [by_mailauth["spf"], by_mailauth["dmarc"]],
            "fakemx": ours.spf_and_dmarc(mail, ip, sender),
        }
    return found


def _receiver(folder: Path, place: Place) -> Postfix:
    ip, name = _RECEIVER
    place.host(name, ip)
    place.mail_for(RECEIVING_DOMAIN, name)
    return Postfix(folder / "postfix", ip, name, [RECEIVING_DOMAIN])


def _id_of(one: bytes) -> str:
    match = re.search(rb"(?m)^Message-ID: <(msg_\w+)@", one)
    if match is None:
        raise RuntimeError(f"this has no Message-ID of ours: {one[:2000]!r}")
    return match[1].decode()


def _kept(folder: Path, number: int, one: bytes) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / f"{number}.eml"
    path.write_bytes(one)
    return path


def _injured(folder: Path, mails: Sequence[Path], injure: Callable[[bytes], bytes]) -> Sequence[Path]:
    """Return the mails as injured, and a whole one before and after them.

    The whole ones show that the judge has its keys all the while: some say the same of a mail whose key they lack.
    """
    injured = []
    for number, path in enumerate(mails):
        whole = path.read_bytes()
        hurt = injure(whole)
        if hurt != whole:  # a body without a letter or digit, say
            injured.append(_kept(folder, number, hurt))
    return [mails[0], *injured, mails[0]]


def smuggle(folder: Path, place: Place) -> Any:  # Any: JSON
    """Send whatever could end a message early, by us and by somebody careless."""
    return smuggling.run(folder, place, _receiver(folder, place))


def misbehave(folder: Path, place: Place) -> Any:  # Any: JSON
    """Meet twenty-five faults at one host and at two, as we, Postfix and Exim do."""
    return faults.run(folder, place)


CASES: Mapping[str, Callable[[Path, Place], Any]] = {"mail": mail, "smuggling": smuggle, "faults": misbehave}


def main() -> None:
    case, folder = CASES[sys.argv[1]], Path(sys.argv[2])
    try:
        place = Place(folder)
    except NoNamespaceError as ex:
        sys.stderr.write(f"{ex}\n")
        sys.exit(3)
    signal.signal(signal.SIGALRM, _give_up)
    signal.alarm(_PATIENCE_S)
    try:
        (folder / "result.json").write_text(json.dumps(case(folder, place)))
    finally:
        signal.alarm(0)
        place.close()  # or Postfix and its like would outlive us


def _give_up(*_: object) -> None:
    raise TimeoutError(f"this did not end in {_PATIENCE_S} s")


if __name__ == "__main__":
    main()
