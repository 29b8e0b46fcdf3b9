"""``justemails sandbox``."""

import errno
import gc
import ipaddress
import json
import logging
import os
import signal
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from justemails.store import UnusableStoreError
from justemails_command.commands.network_file import NETWORK_HELP, NetworkFile
from justemails_command.serving import ServedSandbox
from justemails_sandbox.data_folder import DataFolderError
from justemails_sandbox.egress import forbid_leaving_loopback
from justemails_sandbox.events import LoggedEvent
from justemails_sandbox.printer import Printer
from justemails_sandbox.seeding import SENDER, UnusableKeyError
from justemails_sandbox.settings import SandboxSettings

if TYPE_CHECKING:
    from fakemx.behaviours.script import Behaviour

_IN_MEMORY = ":memory:"
_ENDING = frozenset((signal.SIGINT, signal.SIGTERM))


@dataclass(frozen=True, slots=True)
class _Said:
    """What is printed: once the API answers, once everything does, and of each event; None is nothing."""

    ready: Callable[[ServedSandbox], str]
    whole: Callable[[], str | None]
    event: Callable[[LoggedEvent], str | None]


@click.command(short_help="Run the local sandbox.")
@click.option(
    "--port",
    default=8025,
    show_default=True,
    type=click.IntRange(0, 65535),
    envvar="JUSTEMAILS_PORT",
    help="Port of the API, the control API and the dashboard; 0 picks a free one.",
)
@click.option(
    "--data",
    default=".justemails",
    show_default=True,
    metavar="FOLDER",
    envvar="JUSTEMAILS_DATA",
    help="Folder that keeps messages, mail, domains and keys between runs; :memory: keeps nothing.",
)
@click.option("--host", default="127.0.0.1", show_default=True, envvar="JUSTEMAILS_HOST", help="Loopback address.")
@click.option(
    "--clock",
    default="real",
    show_default=True,
    type=click.Choice(["real", "virtual"]),
    envvar="JUSTEMAILS_CLOCK",
    help="A virtual clock stands still until it is moved.",
)
@click.option(
    "--seed", type=int, envvar="JUSTEMAILS_SEED", help="Seed of the retry jitter and of the order of equal mail hosts."
)
@click.option("--key", envvar="JUSTEMAILS_KEY", help="API key to accept; by default the last run's, or a new one.")
@click.option("--network", "domains", type=NetworkFile(), envvar="JUSTEMAILS_NETWORK", help=NETWORK_HELP)
@click.option(
    "--story", is_flag=True, envvar="JUSTEMAILS_STORY", help="Begin with four mails to look at, if there is none yet."
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line on stdout, nothing else.")
def sandbox(
    port: int,
    data: str,
    host: str,
    clock: str,
    seed: int | None,
    key: str | None,
    domains: "Mapping[str, Behaviour] | None",
    story: bool,  # noqa: FBT001
    as_json: bool,  # noqa: FBT001
) -> None:
    """Run the API, a delivery engine and a fake internet on this machine. Nothing can leave it."""
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    logging.getLogger("mail.log").setLevel(logging.ERROR)  # aiosmtpd tells every bad command of a client
    _check_host(host)
    signal.pthread_sigmask(signal.SIG_BLOCK, _ENDING)  # before any thread is made: they inherit it
    forbid_leaving_loopback()
    if not data:
        raise click.BadParameter(f"must be a folder, or {_IN_MEMORY}", param_hint="--data")
    folder = None if data == _IN_MEMORY else Path(data)
    printer = Printer(sys.stdout)
    said = _in_json() if as_json else _in_words()
    gc.disable()  # a start makes much and leaves no garbage, and to look for it takes a tenth of the time
    try:
        running = _start(
            SandboxSettings(folder, host, port, clock == "virtual", seed, key, story, domains or {}),
            listen=lambda event: printer.print(said.event(event)),
            ready=lambda it: printer.print(said.ready(it)),
            whole=lambda: printer.print(said.whole()),
        )
    finally:
        gc.enable()
    _wait_for_the_end()
    if not as_json:
        printer.print("Stopping. What is under way has ten seconds to end.")
    running.stop()
    if not printer.close():
        os._exit(0)  # nobody reads what is left, and the interpreter would wait for them


def _start(
    settings: SandboxSettings,
    listen: Callable[[LoggedEvent], None],
    ready: Callable[[ServedSandbox], None],
    whole: Callable[[], None],
) -> ServedSandbox:
    try:
        running = ServedSandbox(settings, listen)
    except UnusableKeyError as ex:
        raise click.BadParameter(str(ex), param_hint="--key (or JUSTEMAILS_KEY)") from ex
    except (DataFolderError, UnusableStoreError) as ex:
        raise click.UsageError(str(ex)) from ex
    try:
        running.start(lambda: ready(running), whole)
    except OSError as ex:
        if ex.errno != errno.EADDRINUSE:
            raise
        click.echo(
            f"Port {settings.port} of {settings.host} is taken, perhaps by another sandbox. "
            f"Stop what runs there, or choose another one: justemails sandbox --port 0",
            err=True,
        )
        os._exit(3)
    return running


def _check_host(host: str) -> None:
    try:
        if ipaddress.ip_address(host).is_loopback:
            return
    except ValueError:
        pass
    raise click.BadParameter("the sandbox listens on loopback only, like 127.0.0.1 or ::1", param_hint="--host")


def _in_words() -> _Said:
    from justemails_command.banner import banner, event_line, misbehaving

    return _Said(banner, misbehaving, event_line)


def _in_json() -> _Said:
    return _Said(_ready, lambda: None, _as_json)


def _ready(running: ServedSandbox) -> str:
    return json.dumps(
        {
            "event": "ready",
            "api": running.api,
            "control": running.control,
            "dashboard": running.url + "/",
            "key": running.key,
            "from": SENDER,
            "dns": running.dns,
            "pid": os.getpid(),
        }
    )


def _as_json(event: LoggedEvent) -> str:
    return json.dumps({"event": event.kind, "number": event.number, "at": event.at.isoformat(), **event.details})


def _wait_for_the_end() -> None:
    """Return at SIGINT or SIGTERM, also at one that came before; the next one ends the process at once.

    Not a handler that sets an event: a signal that comes just before the main thread begins to wait would be noted
    and not acted on until something else woke it.
    """
    signal.sigwait(_ENDING)
    for number in _ENDING:
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _ENDING)
