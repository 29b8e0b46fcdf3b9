"""``python -m tests.judges.court CASE FOLDER``: one case in a place of its own; what comes of it is JSON in the folder.

A process of its own, since the place is entered for good. Exit code 3: there can be no such place here, and standard
error says why.
"""

import json
import os
import re
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
from tests.judges.place import SENDER_IP, STRANGER_IP, Place
from tests.judges.postfix import Postfix
from tests.judges.sender import Sender, as_body

from justemails_sandbox.lab.namespace import NoNamespaceError

_LETTERS = 200
_RECEIVER = ("192.0.2.25", "mx.judged.test")

# What is done to a mail on the way, each of which every signature has to notice.
INJURIES: Mapping[str, Callable[[bytes], bytes]] = {
    "a changed body": lambda mail: re.sub(
        rb"(\r\n\r\n.*?)([A-Za-z0-9])", _other_letter, mail, count=1, flags=re.DOTALL
    ),
    "an added Subject": lambda mail: mail.replace(b"\r\nSubject:", b"\r\nSubject: win a prize\r\nSubject:", 1),
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
    postfix.wait_for(_LETTERS)
    arrived = {_id_of(one): one for one in postfix.mails()}
    postfix.stop()
    mails = [_kept(folder / "whole", number, one) for number, one in enumerate(arrived.values())]
    judges: Sequence[Judge] = (OpenDkim(), MailDkim(), MailAuth(), DkimPy(), Ours(place.zones))
    return {
        "sent": sent,
        "statuses": {message_id: sender.message(message_id).status for message_id in sent},
        "arrived": list(arrived),
        "knows": {judge.name: list(judge.knows) for judge in judges},
        "verdicts": {judge.name: judge.judge(mails) for judge in judges},
        "injured": {
            injury: {judge.name: judge.judge(_injured(folder / injury, mails, injure)) for judge in judges}
            for injury, injure in INJURIES.items()
        },
        "read": dict(zip(arrived, parsed(mails), strict=True)),
        "spf": _spf(mails),
        "of nodemailer": {
            judge.name: judge.judge([_of_nodemailer(folder, sender)])[0] for judge in judges if judge.name != "OpenDKIM"
        },
    }


def _of_nodemailer(folder: Path, sender: Sender) -> Path:
    """Return a mail of another author, signed with our RSA key; OpenDKIM is always given one of two signatures."""
    key = sender.domain.dkim_keys[0]
    (folder / "key.pem").write_text(key.private_key)
    command = ["node", str(Path(__file__).with_name("nodemailer.mjs")), SENDING_DOMAIN, key.selector]
    written = subprocess.run([*command, str(folder / "key.pem")], capture_output=True, check=True, timeout=60)
    return _kept(folder / "nodemailer", 0, written.stdout)


def _spf(mails: Sequence[Path]) -> Any:  # Any: JSON
    sender = f"b+x@bounce.{SENDING_DOMAIN}"
    few = mails[:5]
    return {
        name: {
            "Mail::SPF": spf_by_perl(ip, sender),
            "mailauth": sorted({one["spf"] for one in authenticated(few, ip, sender)}),
            "dmarc": sorted({one["dmarc"] for one in authenticated(few, ip, sender)}),
        }
        for name, ip in (("ours", SENDER_IP), ("a stranger's", STRANGER_IP))
    }


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
    injured = []
    for number, path in enumerate(mails):
        whole = path.read_bytes()
        hurt = injure(whole)
        if hurt != whole:  # a body without a letter or digit, say
            injured.append(_kept(folder, number, hurt))
    return injured


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
    result = case(folder, place)
    (folder / "result.json").write_text(json.dumps(result))
    place.close()
    os._exit(0)  # threads of libraries need not be waited for


if __name__ == "__main__":
    main()
