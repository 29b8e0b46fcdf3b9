"""``justemails worker``."""

import asyncio
import json
import logging
import signal
import sys
from ipaddress import ip_address
from pathlib import Path

import click

from justemails.api.wire import timestamp
from justemails.delivery.worker import SMTP_PORT, Network, Relay, Worker, WorkerSettings
from justemails.domains.domain import SendingHost
from justemails.pony_store import PonyStore
from justemails.records import Claim, Outcome
from justemails.store import UnusableStoreError
from justemails_command.commands.option_types import HostName, HostPort, IpAddress, IpNetwork, NameServer
from justemails_sandbox.data_folder import is_of_sandbox


@click.command(short_help="Deliver what a database holds, on the real network.")
@click.option(
    "--database",
    required=True,
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    envvar="JUSTEMAILS_DATABASE",
    help="The SQLite file that the API writes to.",
)
@click.option(
    "--ehlo-name",
    required=True,
    type=HostName(),
    envvar="JUSTEMAILS_EHLO_NAME",
    help="What this machine calls itself; a name in DNS that leads to --sending-ip, and back.",
)
@click.option(
    "--sending-ip",
    "sending_ips",
    required=True,
    multiple=True,
    type=IpAddress(),
    envvar="JUSTEMAILS_SENDING_IP",
    help="A public address that mail comes from, which SPF records have to name; may be repeated.",
)
@click.option(
    "--bounces-to", type=HostName(), metavar="HOST", help="The mail host that takes bounces; by default --ehlo-name."
)
@click.option(
    "--source-address",
    "sources",
    multiple=True,
    type=IpAddress(),
    help="An address of this machine to send from: one of IPv4, one of IPv6. By default the system chooses.",
)
@click.option("--relay", type=HostPort(SMTP_PORT), help="Send everything through this mail server, and not by MX.")
@click.option("--dns", "nameserver", type=NameServer(), help="Name server to ask; by default the system's.")
@click.option(
    "--allow",
    "allowed",
    multiple=True,
    type=IpNetwork(),
    help="A network that is not public and may have mail hosts all the same; may be repeated.",
)
@click.option("--once", is_flag=True, help="Deliver what is due now, and end.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line on stdout, nothing else.")
def worker(
    database: Path,
    ehlo_name: str,
    sending_ips: tuple[str, ...],
    bounces_to: str | None,
    sources: tuple[str, ...],
    relay: tuple[str, int] | None,
    nameserver: tuple[str, int] | None,
    allowed: tuple[Network, ...],
    once: bool,  # noqa: FBT001
    as_json: bool,  # noqa: FBT001
) -> None:
    """Deliver what a database holds to real mail servers, and look after its domains.

    Any number of workers may share a database. The first SIGTERM or Ctrl-C lets what is under way end, the second one
    does not; what is cut short is tried again by another worker, or after the next start.

    \b
    justemails worker --database mail.sqlite3 --ehlo-name out.example.com --sending-ip 203.0.113.5
    """
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    if len({ip_address(source).version for source in sources}) < len(sources):
        raise click.BadParameter("one of IPv4 and one of IPv6 at most", param_hint="--source-address")
    if is_of_sandbox(database):
        raise click.BadParameter(
            f"{database} belongs to a sandbox, whose mail must not leave the machine", param_hint="--database"
        )
    settings = WorkerSettings(
        ehlo_name,
        SendingHost(sending_ips, bounces_to or ehlo_name),
        sources,
        Relay(*relay) if relay else None,
        nameserver,
        allowed,
    )
    if not database.exists():
        click.echo(f"{database} is new: nobody has written to it yet.", err=True)
    show = _as_json if as_json else _as_line
    try:
        store = PonyStore(str(database.absolute()))
    except UnusableStoreError as ex:
        raise click.UsageError(str(ex)) from ex
    try:
        running = Worker(store, settings, lambda claim, outcome: click.echo(show(claim, outcome)))
        asyncio.run(running.run_once() if once else _run(running))
    finally:
        store.close()


async def _run(running: Worker) -> None:
    loop = asyncio.get_running_loop()

    def end() -> None:
        running.stop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)  # the next one ends the process

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, end)
    await running.run()


def _as_json(claim: Claim, outcome: Outcome) -> str:
    attempt = outcome.attempt
    return json.dumps(
        {
            "event": "attempt",
            "messageId": claim.message_id,
            "to": str(claim.content.recipient),
            "attempt": attempt.number,
            "outcome": attempt.event,
            "status": outcome.status,
            "host": attempt.host,
            "phase": attempt.phase,
            "code": attempt.code,
            "enhanced": attempt.enhanced,
            "text": attempt.text,
            "next": outcome.due_at and outcome.due_at.isoformat(),
        }
    )


def _as_line(claim: Claim, outcome: Outcome) -> str:
    attempt = outcome.attempt
    said = " ".join(str(part) for part in (attempt.code, attempt.text) if part)
    line = f"{claim.message_id}  attempt {attempt.number} to {claim.content.recipient}: {attempt.event} ({said!a})"
    return f"{line}, next {timestamp(outcome.due_at)}" if outcome.due_at else line
