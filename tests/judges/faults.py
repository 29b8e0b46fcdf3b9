"""The differential table: what becomes of a mail that meets a fault, as Postfix, Exim and we have it.

The misbehaving host is Postfix' own ``smtp-sink``; each fault stands once as the only mail host of a domain, and once
as the better of two. What Postfix and Exim agree on is the contract; where they differ it is our choice (CHOICE-22).
"""

import re
import subprocess
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.judges import exim
from tests.judges.letters import SENDING_DOMAIN
from tests.judges.place import SENDER_IP, SENDER_NAME, Place, wait_until
from tests.judges.postfix import Postfix
from tests.judges.sender import Sender

from fakemx.dns.zones import DnsFault
from justemails.records import Attempt
from justemails_contract.delivery import Event
from justemails_sandbox.lab import namespace


@dataclass(frozen=True)
class Fault:
    """What a host does: the options of ``smtp-sink`` that make it do so."""

    name: str
    options: tuple[str, ...] | None  # None: nobody listens there


HARD, SOFT, DROP, LEAVE = "-f", "-r", "-q", "-Q"  # 500 5.3.0; 450 4.3.0; hang up; 421 and hang up
FAULTS: Sequence[Fault] = (
    Fault("nothing", ()),
    Fault("connection refused", None),
    Fault("banner 5xx", (HARD, "connect")),
    Fault("banner 4xx", (SOFT, "connect")),
    Fault("banner drop", (DROP, "connect")),
    Fault("banner 421", (LEAVE, "connect")),
    Fault("EHLO 5xx", (HARD, "ehlo")),
    Fault("EHLO 4xx", (SOFT, "ehlo")),
    Fault("EHLO drop", (DROP, "ehlo")),
    Fault("EHLO 421", (LEAVE, "ehlo")),
    Fault("EHLO and HELO 5xx", (HARD, "ehlo,helo")),
    Fault("no EHLO at all", ("-e",)),
    Fault("MAIL 5xx", (HARD, "mail")),
    Fault("MAIL 4xx", (SOFT, "mail")),
    Fault("MAIL drop", (DROP, "mail")),
    Fault("MAIL 421", (LEAVE, "mail")),
    Fault("RCPT 5xx", (HARD, "rcpt")),
    Fault("RCPT 4xx", (SOFT, "rcpt")),
    Fault("RCPT drop", (DROP, "rcpt")),
    Fault("RCPT 421", (LEAVE, "rcpt")),
    Fault("DATA 5xx", (HARD, "data")),
    Fault("DATA 4xx", (SOFT, "data")),
    Fault("DATA drop", (DROP, "data")),
    Fault("DATA 421", (LEAVE, "data")),
    Fault("dot 5xx", (HARD, ".")),
    Fault("dot 4xx", (SOFT, ".")),
    Fault("dot drop", (DROP, ".")),
    Fault("dot 421", (LEAVE, ".")),
    Fault("QUIT 5xx", (HARD, "quit")),
    Fault("RSET 5xx", (HARD, "rset")),
)

_FIRST_IP, _GOOD_IP, _POSTFIX_IP = 100, "192.0.2.30", "192.0.2.31"
_HOSTS: Mapping[str, Sequence[str]] = {"one host": (), "two hosts": ("good.hosts.test",)}  # the others beside it
_EXIM = """
exim_path = {exim}
primary_hostname = {name}
spool_directory = {folder}/spool
log_file_path = {folder}/log-%slog
keep_environment =
tls_advertise_hosts =
daemon_smtp_ports = 2525
local_interfaces = 127.0.0.1
begin routers
dnslookup:
  driver = dnslookup
  transport = remote_smtp
  same_domain_copy_routing = yes
  no_more
begin transports
remote_smtp:
  driver = smtp
  interface = {ip}
begin retry
* * F,1h,1m
"""


def run(folder: Path, place: Place) -> Any:  # Any: JSON
    """Return what each sender makes of each fault and number of hosts: ``sent bad|good``, ``deferred``, ``bounced``."""
    sinks = [_sink(_GOOD_IP)]
    place.host("good.hosts.test", _GOOD_IP)
    recipients: dict[str, str] = {}
    for number, fault in enumerate(FAULTS):
        # An address for each row: Exim remembers what it met at one.
        for ip_number, (hosts, others) in enumerate(_HOSTS.items(), _FIRST_IP + len(_HOSTS) * number):
            ip, host = f"192.0.2.{ip_number}", f"bad{ip_number}.hosts.test"
            if fault.options is not None:
                sinks.append(_sink(ip, *fault.options))
            place.host(host, ip)
            place.mail_for(f"on{ip_number}.test", host, *others)
            recipients[f"u@on{ip_number}.test"] = f"{fault.name}, {hosts}"
    recipients |= {f"u@{domain}": f"DNS: {what}" for domain, what in _in_dns(place).items()}
    wait_until(lambda: _listening() >= len(sinks), "that every sink listens")
    place.mail_for(SENDING_DOMAIN, SENDER_NAME)
    results = {
        "ours": _ours(folder, place, [*recipients]),
        "Postfix": _postfix(folder, [*recipients]),
        "Exim": _exim(folder, [*recipients]),
    }
    for sink in sinks:
        sink.kill()
    return {
        name: {recipients[recipient]: _plain(outcome) for recipient, outcome in result.items()}
        for name, result in results.items()
    }


def _in_dns(place: Place) -> Mapping[str, str]:
    """Set up what DNS can say of where mail goes (RFC 5321 5.1, RFC 7505); return the domains and what they are."""
    zones, good = place.zones, "good.hosts.test"
    zones.set("nullmx.test", "MX", ["0 ."])
    zones.set("nullmx.test", "A", [_GOOD_IP])
    zones.set("implicit.test", "A", [_GOOD_IP])
    place.mail_for("real.test", good)
    zones.set("alias.test", "CNAME", ["real.test."])
    zones.set("alias-of-host.test", "CNAME", [f"{good}."])
    place.mail_for("mx-alias.test", "alias-of-host.test")
    zones.set_fault("nxdomain.test", DnsFault.NXDOMAIN)
    zones.set_fault("servfail.test", DnsFault.SERVFAIL)
    zones.set("nowhere.hosts.test", "TXT", ["no address"])
    place.mail_for("mx-nowhere.test", "nowhere.hosts.test")
    place.mail_for("mx-next.test", "nowhere.hosts.test", good)
    zones.set("empty.test", "TXT", ["neither MX nor address"])
    return {
        "nullmx.test": "null MX, and an address",
        "implicit.test": "no MX, an address",
        "alias.test": "an alias of a domain with MX",
        "mx-alias.test": "an MX that is an alias",
        "nxdomain.test": "no such domain",
        "servfail.test": "SERVFAIL",
        "mx-nowhere.test": "an MX without address",
        "mx-next.test": "the first MX without address",
        "empty.test": "neither MX nor address",
    }


def _plain(outcome: str) -> str:
    outcome = re.sub(r"^sent bad\d+.*", "sent bad", outcome)
    return re.sub(r"^sent (good|implicit|alias-of).*", "sent good", outcome)


def _sink(ip: str, *options: str) -> subprocess.Popen[bytes]:
    command = ["smtp-sink", "-u", "nobody", *options, f"{ip}:25", "100"]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def _listening() -> int:
    """Count the sockets that listen at port 25, in this place."""
    lines = Path("/proc/net/tcp").read_text().splitlines()[1:]
    return sum(words[1].endswith(":0019") and words[3] == "0A" for words in map(str.split, lines))


def _ours(folder: Path, place: Place, recipients: Sequence[str]) -> Mapping[str, str]:
    sender = Sender(folder, SENDING_DOMAIN)
    place.publish(sender.domain)
    body = {"from": f"hello@{SENDING_DOMAIN}", "subject": "x", "text": "hello"}
    ids = {recipient: sender.send({**body, "to": recipient}) for recipient in recipients}
    sender.deliver()
    return {recipient: _of_attempt(sender.attempts(str(message_id))[0]) for recipient, message_id in ids.items()}


def _of_attempt(attempt: Attempt) -> str:
    match attempt.event:
        case Event.ACCEPTED:
            return f"sent {attempt.host}"
        case Event.REFUSED:
            return "bounced"
        case event:
            return str(event)  # "deferred", or what no row expects


def _postfix(folder: Path, recipients: Sequence[str]) -> Mapping[str, str]:
    postfix = Postfix(folder / "postfix", _POSTFIX_IP, "postfix.sender.test", ["postfix.sender.test"])
    for recipient in recipients:
        postfix.submit("a@postfix.sender.test", recipient)
    outcomes = postfix.outcomes(recipients)
    postfix.stop()
    return {recipient: outcomes[recipient] for recipient in recipients}


def _exim(folder: Path, recipients: Sequence[str]) -> Mapping[str, str]:
    """Return Exim's outcomes."""
    home = folder / "exim"
    home.mkdir(mode=0o777)
    home.chmod(0o777)
    program = exim.unpacked(home)
    for path, copy in exim.accounts(home).items():
        namespace.cover(path, copy)
    exim.make_spool(home / "spool")
    config = home / "exim.conf"
    config.write_text(_EXIM.format(exim=program, name="exim.sender.test", folder=home, ip=SENDER_IP))
    mail = "From: a@exim.sender.test\nSubject: x\n\nhello\n"
    command = [str(program), "-C", str(config), "-odi", "-i", "-f", "a@exim.sender.test"]
    # Each waits for its own delivery, so some go at once.
    left = iter(recipients)
    lock = threading.Lock()
    complaints: list[str] = []

    def send_some() -> None:
        while True:
            with lock:
                recipient = next(left, None)
            if recipient is None:
                return
            done = subprocess.run([*command, recipient], input=mail, capture_output=True, text=True, check=False)
            if done.returncode not in {0, 2}:
                complaints.append(done.stdout + done.stderr)

    senders = [threading.Thread(target=send_some) for _ in range(6)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    if complaints:
        raise RuntimeError(f"Exim says: {complaints[:3]}")
    log = home / "log-mainlog"
    found: dict[str, str] = {}
    for mark, recipient, rest in re.findall(r" (=>|==|\*\*) (u@\S+?):? (.*)", log.read_text()):
        host = re.search(r" H=(\S+)", rest)
        found.setdefault(recipient, {"=>": f"sent {host[1] if host else ''}", "==": "deferred", "**": "bounced"}[mark])
    return {recipient: found.get(recipient, "nothing") for recipient in recipients}
