"""``justemails account``, ``justemails domain`` and ``justemails key``: administration of a data folder.

They work on the database itself, also while a sandbox or a server runs on it.
"""

import asyncio
import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import click

from justemails.addresses import AddressError
from justemails.api import validation, wire
from justemails.api.errors import ApiError
from justemails.api.ids import make_new_id, make_new_secret
from justemails.api.keys import issue_key
from justemails.clock import SystemClock
from justemails.delivery.dns import DnsResolver
from justemails.domains.check import CheckedRecord, verify
from justemails.domains.domain import SendingHost, make_domain, records_of
from justemails.pony_store import PonyStore
from justemails.records import Account, Domain, Key
from justemails.store import DuplicateError, Store, UnusableStoreError
from justemails_command.commands.option_types import HostName, IpAddress, NameServer
from justemails_contract.operations import Scope
from justemails_sandbox.data_folder import is_of_sandbox, store_path
from justemails_sandbox.sending import SENDING_HOST

F = TypeVar("F", bound=Callable[..., object])

_CLOCK = SystemClock()
_new_id = make_new_id(_CLOCK)


def _shared_options(function: F) -> F:
    for option in (
        click.option("--json", "as_json", is_flag=True, help="Answer in JSON."),
        click.option(
            "--data",
            default=".justemails",
            show_default=True,
            envvar="JUSTEMAILS_DATA",
            metavar="FOLDER",
            help="The folder of the sandbox or server.",
        ),
    ):
        function = option(function)
    return function


def _account_option(function: F) -> F:
    return click.option("--account", "account_id", metavar="ID", help="The account; needed when there are several.")(
        function
    )


def _sender_options(function: F) -> F:
    for option in (
        click.option(
            "--bounces-to",
            default=SENDING_HOST.bounces_to,
            show_default=True,
            type=HostName(),
            help="The mail host that takes bounces.",
        ),
        click.option(
            "--sending-ip",
            "sending_ips",
            multiple=True,
            default=SENDING_HOST.addresses,
            show_default=True,
            type=IpAddress(),
            help="An address that mail will come from, for SPF; may be repeated.",
        ),
    ):
        function = option(function)
    return function


@contextmanager
def _open(data: str) -> Iterator[Store]:
    if not data:
        raise click.BadParameter("must be a folder", param_hint="--data")
    path = store_path(Path(data))
    if not Path(path).exists():
        raise click.UsageError(f"there is no database in {data}; start the sandbox once, or give another --data")
    try:
        store = PonyStore(path)
    except UnusableStoreError as ex:
        raise click.UsageError(str(ex)) from ex
    try:
        yield store
    except ApiError as ex:
        raise click.UsageError(ex.message) from ex
    finally:
        store.close()


def _account(store: Store, account_id: str | None) -> Account:
    accounts = store.accounts()
    if account_id is None and len(accounts) == 1:
        return accounts[0]
    found = next((account for account in accounts if account.id == account_id), None)
    if found is None:
        known = ", ".join(f"{account.id} ({account.name})" for account in accounts) or "none"
        raise click.UsageError(f"choose an account with --account; there are: {known}")
    return found


def _show(rows: Sequence[Mapping[str, object]], *, as_json: bool, one: bool = False) -> None:
    if as_json:
        click.echo(json.dumps(rows[0] if one else {"data": rows}))
        return
    for row in rows:
        click.echo("  ".join(str(value) for value in row.values() if value is not None))


# -- accounts


@click.group(short_help="Make and list accounts.")
def account() -> None:
    """Accounts own keys, domains and messages, and never see each other."""


@account.command("add")
@click.argument("name")
@_shared_options
def add_account(name: str, data: str, as_json: bool) -> None:  # noqa: FBT001
    """Make an account."""
    with _open(data) as store:
        made = Account(_new_id("acc_"), validation.parse_key_name({"name": name}), _CLOCK.now())
        store.add_account(made)
    _show([_account_row(made)], as_json=as_json, one=True)


@account.command("list")
@_shared_options
def list_accounts(data: str, as_json: bool) -> None:  # noqa: FBT001
    """List the accounts."""
    with _open(data) as store:
        rows = [_account_row(one) for one in store.accounts()]
    _show(rows, as_json=as_json)


# -- domains


@click.group(short_help="Add, verify and list sending domains.")
def domain() -> None:
    """Domains that an account may send from, once their DNS records are found."""


@domain.command("add")
@click.argument("name")
@_sender_options
@_account_option
@_shared_options
def add_domain(
    name: str,
    sending_ips: tuple[str, ...],
    bounces_to: str,
    account_id: str | None,
    data: str,
    as_json: bool,  # noqa: FBT001
) -> None:
    """Add a domain, and show the DNS records to set."""
    with _open(data) as store:
        try:
            made = make_domain(_account(store, account_id).id, name, _CLOCK, _new_id)
            store.add_domain(made)
        except AddressError as ex:
            raise click.UsageError(f"NAME {ex}") from ex
        except DuplicateError as ex:
            raise click.UsageError(f"the domain {name} already exists in this account") from ex
    records = [
        {"purpose": record.purpose, "type": record.type, "name": record.name, "value": record.value}
        for record in records_of(made, SendingHost(sending_ips, bounces_to))
    ]
    if as_json:
        click.echo(json.dumps({**_domain_row(made), "records": records}))
    else:
        _show([_domain_row(made), *records], as_json=False)


@domain.command("list")
@_account_option
@_shared_options
def list_domains(account_id: str | None, data: str, as_json: bool) -> None:  # noqa: FBT001
    """List an account's domains."""
    with _open(data) as store:
        rows = [_domain_row(one) for one in store.domains(_account(store, account_id).id)]
    _show(rows, as_json=as_json)


@domain.command("verify")
@click.argument("name")
@_sender_options
@click.option("--dns", "nameserver", type=NameServer(), help="Name server to ask; by default the system's.")
@_account_option
@_shared_options
def verify_domain(
    name: str,
    sending_ips: tuple[str, ...],
    bounces_to: str,
    nameserver: tuple[str, int] | None,
    account_id: str | None,
    data: str,
    as_json: bool,  # noqa: FBT001
) -> None:
    """Look the DNS records up. Exit 1 when one that is required is missing or wrong."""
    if nameserver is None and is_of_sandbox(Path(store_path(Path(data)))):
        raise click.UsageError(
            "a sandbox's domains have their records in its fake DNS: verify them on its page Domains, by its control "
            "API, or with --dns and the address that its banner calls dns"
        )
    with _open(data) as store:
        found = store.domain(_account(store, account_id).id, name.lower())
        if found is None:
            raise click.UsageError(f"there is no domain {name} in this account")
        resolver = DnsResolver(_CLOCK, nameserver)
        checked = asyncio.run(verify(found, SendingHost(sending_ips, bounces_to), resolver, store, _CLOCK))
        now = store.domain(found.account_id, found.name) or found
    records = [_checked_row(one) for one in checked]
    if as_json:
        click.echo(json.dumps({**_domain_row(now), "records": records}))
    else:
        _show([_domain_row(now), *records], as_json=False)
    sys.exit(0 if now.verified else 1)


@domain.command("remove")
@click.argument("name")
@_account_option
@_shared_options
def remove_domain(name: str, account_id: str | None, data: str, as_json: bool) -> None:  # noqa: FBT001
    """Remove a domain; what is queued from it fails."""
    with _open(data) as store:
        removed = store.remove_domain(_account(store, account_id).id, name.lower())
    if not removed:
        raise click.UsageError(f"there is no domain {name} in this account")
    _show([{"deleted": True}], as_json=as_json, one=True)


# -- keys


@click.group(short_help="Make, list and revoke API keys.")
def key() -> None:
    """API keys of an account."""


@key.command("create")
@click.argument("name")
@click.option(
    "--scope",
    type=click.Choice([scope.value for scope in Scope]),
    default=Scope.FULL.value,
    show_default=True,
    help="What the key may do.",
)
@_account_option
@_shared_options
def create_key(name: str, scope: str, account_id: str | None, data: str, as_json: bool) -> None:  # noqa: FBT001
    """Make a key, and show it this once."""
    with _open(data) as store:
        owner = _account(store, account_id)
        wanted = validation.parse_key_name({"name": name})
        made, secret = issue_key(store, owner.id, wanted, Scope(scope), _CLOCK, _new_id, make_new_secret())
    _show([{**wire.key_created(made, secret), "scope": made.scope}], as_json=as_json, one=True)


@key.command("list")
@_account_option
@_shared_options
def list_keys(account_id: str | None, data: str, as_json: bool) -> None:  # noqa: FBT001
    """List an account's live keys; their secrets are nowhere."""
    with _open(data) as store:
        rows = [_key_row(one) for one in store.keys(_account(store, account_id).id)]
    _show(rows, as_json=as_json)


@key.command("revoke")
@click.argument("key_id")
@_account_option
@_shared_options
def revoke_key(key_id: str, account_id: str | None, data: str, as_json: bool) -> None:  # noqa: FBT001
    """End a key for good."""
    with _open(data) as store:
        revoked = store.revoke_key(_account(store, account_id).id, key_id, _CLOCK.now())
    if not revoked:
        raise click.UsageError(f"there is no live key {key_id} in this account")
    _show([wire.key_revoked()], as_json=as_json, one=True)


def _account_row(one: Account) -> Mapping[str, object]:
    return {"id": one.id, "name": one.name, "createdAt": wire.timestamp(one.created_at)}


def _domain_row(one: Domain) -> Mapping[str, object]:
    return {"id": one.id, "domain": one.name, "status": "verified" if one.verified else "pending"}


def _key_row(one: Key) -> Mapping[str, object]:
    used = wire.timestamp(one.last_used) if one.last_used else None
    return {"id": one.id, "name": one.name, "scope": one.scope, "hint": one.hint, "lastUsed": used}


def _checked_row(one: CheckedRecord) -> Mapping[str, object]:
    return {"purpose": one.record.purpose, "name": one.record.name, "state": one.state, "reason": one.reason}
