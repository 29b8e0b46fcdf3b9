"""The fake internet at its own addresses, and a program in it.

    DNS at 127.0.0.53:53, UDP and TCP, named in /etc/resolv.conf
    a mail host for every domain, at an address set aside for documentation (RFC 5737, RFC 3849), port 25
    a control API on loopback, named in $JUSTEMAILS_CONTROL, for whoever wants to see what arrived

The program needs no change and no setting: it looks MX records up and connects to port 25, as on the real internet.
"""

import asyncio
import os
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from types import MappingProxyType
from typing import TextIO

from fakemx.behaviours.script import Behaviour
from fakemx.clock import MovableClock
from fakemx.listeners import DOCUMENTATION_NETWORKS, AddressListeners
from fakemx.mx.observation import Observation
from fakemx.mx.received import Received
from fakemx.network import FakeNetwork
from justemails_sandbox.lab import namespace
from justemails_sandbox.lab.control import VARIABLE, LabMailDeps, serving
from justemails_sandbox.lab.zone_file import Records

_RESOLV_CONF = Path("/etc/resolv.conf")
_GRACE_S = 5
_MOST_V6 = 64  # hosts with an IPv6 address; each has to be put on loopback by itself


@dataclass(frozen=True, slots=True)
class LabReport:
    """What came of it: the command's exit code, what arrived, and what each host did."""

    exit_code: int
    mails: Sequence[Received]
    observations: Sequence[Observation]
    faults: Sequence[Exception]


def run_in_lab(
    command: Sequence[str],
    domains: Mapping[str, Behaviour],
    records: Records = MappingProxyType({}),
    *,
    quiet: bool = False,
) -> LabReport:
    """Put this process into a network of its own for good, run a command there, and say what arrived.

    Args:
        domains: who behaves how, beside the catalogue's domains.
        records: what else the DNS says.
        quiet: let the command's output go to stderr, to keep stdout clean.

    Raises:
        namespace.NoNamespaceError: such a network cannot be had here.
        FileNotFoundError: there is no such command.
        PermissionError: it may not be run.
    """
    namespace.enter()
    namespace.add_networks(one for one in DOCUMENTATION_NETWORKS if ":" not in one)
    listeners = AddressListeners()
    with tempfile.NamedTemporaryFile("w", encoding="ascii", suffix=".resolv.conf") as file:
        file.write(f"nameserver {listeners.dns[0]}\n")
        file.flush()
        Path(file.name).chmod(0o644)  # a daemon that has given up its rights must be able to read it
        namespace.cover(_RESOLV_CONF, Path(file.name))
        with tempfile.TemporaryDirectory(prefix="justemails-lab-") as folder:
            inbox = str(Path(folder) / "inbox.sqlite3")
            return asyncio.run(_run(command, domains, records, listeners, inbox, sys.stderr if quiet else None))


async def _run(
    command: Sequence[str],
    domains: Mapping[str, Behaviour],
    records: Records,
    listeners: AddressListeners,
    inbox: str,
    stdout: TextIO | None,
) -> LabReport:
    observations: list[Observation] = []
    clock = MovableClock()
    deps = LabMailDeps(clock, inbox)
    deps.network = network = FakeNetwork(
        clock, domains=domains, listeners=listeners, on_mail=deps.keep, observe=observations.append
    )
    for (name, rdtype), texts in records.items():
        network.zones.set(name, rdtype, texts)
    namespace.add_addresses(islice(listeners.addresses(6), _MOST_V6))
    async with network:
        with serving(deps) as control:
            process = await asyncio.create_subprocess_exec(
                *command, stdout=stdout, env={**os.environ, VARIABLE: control}
            )
            exit_code = await _end_of(process)
        return LabReport(exit_code, network.received.list(), tuple(observations), tuple(network.faults))


async def _end_of(process: asyncio.subprocess.Process) -> int:
    try:
        return await process.wait()
    except asyncio.CancelledError:
        process.terminate()
        await asyncio.wait_for(process.wait(), _GRACE_S)
        raise
