"""What ``justemails sandbox`` prints: the banner, in two parts, and a line for each event.

The first part is there as soon as the API answers. No line of its commands is wrapped or continued, so that each can be
pasted as it stands.
"""

import json
from collections.abc import Mapping
from datetime import datetime

from justemails.api.wire import timestamp
from justemails_command.serving import ServedSandbox
from justemails_sandbox.events import LoggedEvent
from justemails_sandbox.seeding import DOMAIN, SENDER

_SHOWN = ("bounce", "greylist", "full", "down", "slow", "drop", "nxdomain", "failover", "late-bounce", "complaint")


def banner(sandbox: ServedSandbox) -> str:
    """Return what a sandbox shows as soon as its API answers."""
    body = json.dumps({"from": SENDER, "to": "user@example.com", "subject": "Welcome!", "html": "<h1>Hello</h1>"})
    mode = "runs" if sandbox.clock.running else "stands still at " + timestamp(sandbox.clock.now())
    is_verified = any(domain.verified for domain in sandbox.store.domains_named(DOMAIN))
    lines = [
        "justemails sandbox is ready. Nothing it sends leaves this machine.",
        "",
        f"  dashboard  {sandbox.url}/",
        f"  API        {sandbox.api}",
        f"  control    {sandbox.control}",
        f"  key        {sandbox.key}",
        f"  from       {SENDER} ({'verified' if is_verified else 'not verified: see the page Domains'})",
        f"  dns        {sandbox.dns}",
        f"  data       {sandbox.settings.data or 'kept nowhere'}",
        f"  clock      {mode}",
        "",
        "Send a mail:",
        "",
        f"curl {sandbox.api}/send -H 'Authorization: Bearer {sandbox.key}'"
        f" -H 'Content-Type: application/json' -d '{body}'",
        "",
        "Read what arrived:",
        "",
        f"curl {sandbox.control}/inbox",
    ]
    return "\n".join(lines)


def misbehaving() -> str:
    """Return the second part: the addresses that misbehave."""
    from fakemx.behaviours.catalogue import CATALOGUE  # long to load, and loaded by now

    width = max(len(name) for name in _SHOWN)
    lines = [
        "",
        "Every address accepts mail except these, and any address with the +tag:",
        "",
        *(f"  user@{name + '.test':<{width + 5}}  +{name:<{width}}  {CATALOGUE[name].summary}" for name in _SHOWN),
        "",
        f"All {len(CATALOGUE)} of them: justemails network list",
        "",
        "Stop with Ctrl-C.",
    ]
    return "\n".join(lines)


def event_line(event: LoggedEvent) -> str | None:
    """Return a line for people, or None for an event that another line tells already."""
    told = _tell(event.kind, event.details)
    return told and f"{event.at:%H:%M:%S}  {told}"


def _tell(kind: str, details: Mapping[str, object]) -> str | None:
    match kind:
        case "request":
            return f"{details['method']} {details['path']}  {details['status']}  {details['milliseconds']} ms"
        case "attempt":
            said = " ".join(str(part) for part in (details["code"], details["text"]) if part)
            line = f"{details['messageId']}  attempt {details['attempt']} to {details['to']}: {details['outcome']}"
            # What a far server says is quoted: it may hold anything.
            line += f" at {details['phase']} ({said!a})"
            due = details["next"]
            return f"{line}, next {timestamp(datetime.fromisoformat(str(due)))}" if due else line
        case "transition":
            return f"{details['messageId']}  {details['from']} -> {details['status']}"
    return None
