"""``justemails lab``."""

import json
import sys
from collections.abc import Mapping

import click

from fakemx.behaviours.script import Behaviour
from justemails_command.commands.network_file import NETWORK_HELP, NetworkFile
from justemails_command.commands.parsed_file import ParsedFile
from justemails_sandbox.lab.laboratory import run_in_lab
from justemails_sandbox.lab.namespace import NoNamespaceError
from justemails_sandbox.lab.report import as_json, as_text
from justemails_sandbox.lab.zone_file import Records, ZoneFileError, parse_zone


@click.command(
    short_help="Run any program inside the fake internet.", context_settings={"ignore_unknown_options": True}
)
@click.option("--network", "domains", type=NetworkFile(), help=NETWORK_HELP)
@click.option(
    "--zone",
    "records",
    type=ParsedFile(parse_zone, ZoneFileError),
    help="Zone file of further DNS records, like DKIM keys.",
)
@click.option("--json", "json_to_stdout", is_flag=True, help="Report in JSON; the program's own output goes to stderr.")
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
def lab(
    domains: Mapping[str, Behaviour] | None,
    records: Records | None,
    json_to_stdout: bool,  # noqa: FBT001
    command: tuple[str, ...],
) -> None:
    """Run COMMAND in a private network in which the fake internet is all there is, and say what mail arrived.

    Its resolver is the fake DNS, mail hosts listen at port 25, and nothing leaves the machine. Needs Linux, and root or
    unprivileged user namespaces. Ends with the command's own exit code. COMMAND finds a control API for mail and hosts
    at $JUSTEMAILS_CONTROL, which `justemails conform --profile delivery` uses.

    \b
    justemails lab -- swaks --to user@example.test --from a@b.test
    justemails lab -- sh -c 'my-app & sleep 30'
    """
    try:
        report = run_in_lab(command, domains or {}, records or {}, quiet=json_to_stdout)
    except NoNamespaceError as ex:
        click.echo(f"justemails lab: {ex}", err=True)
        sys.exit(3)
    except (FileNotFoundError, PermissionError) as ex:
        raise click.UsageError(f"{command[0]!r} cannot be run: {ex.strerror}") from ex
    if json_to_stdout:
        click.echo(json.dumps(as_json(report), ensure_ascii=False))
    else:
        for line in as_text(report):
            click.echo(line)
    sys.exit(4 if report.faults else report.exit_code)
