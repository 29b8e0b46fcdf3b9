"""``justemails lab``."""

import json
import sys
from collections.abc import Mapping
from pathlib import Path

import click

from fakemx.behaviours.script import Behaviour
from justemails_sandbox.lab.laboratory import run_in_lab
from justemails_sandbox.lab.namespace import NoNamespaceError
from justemails_sandbox.lab.report import as_json, as_text
from justemails_sandbox.simulation.scenario_file import load_domains
from justemails_sandbox.yaml_reading import YamlError


@click.command(
    short_help="Run any program inside the fake internet.", context_settings={"ignore_unknown_options": True}
)
@click.option(
    "--network",
    "file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="YAML file of domains and how they behave, as in a scenario; the catalogue's domains are always there.",
)
@click.option("--json", "json_to_stdout", is_flag=True, help="Report in JSON; the program's own output goes to stderr.")
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
def lab(file: Path | None, json_to_stdout: bool, command: tuple[str, ...]) -> None:  # noqa: FBT001
    """Run COMMAND in a private network in which the fake internet is all there is, and say what mail arrived.

    Its resolver is the fake DNS, mail hosts listen at port 25, and nothing leaves the machine. Needs Linux, and root or
    unprivileged user namespaces. Ends with the command's own exit code.

    \b
    justemails lab -- swaks --to user@example.test --from a@b.test
    justemails lab -- sh -c 'my-app & sleep 30'
    """
    try:
        domains = _read(file) if file else {}
        report = run_in_lab(command, domains, quiet=json_to_stdout)
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


def _read(file: Path) -> Mapping[str, Behaviour]:
    try:
        return load_domains(file.read_text(encoding="utf-8"))
    except YamlError as ex:
        raise click.UsageError(f"{file}, {ex}") from ex
