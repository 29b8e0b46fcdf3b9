"""The ``justemails`` command.

Every subcommand is a module of its own, imported only when it is called: ``justemails --help`` answers at once.
Exit codes: 0 fine, 1 a check failed, 2 wrong usage, 3 unreachable or port taken, 4 our own fault, 130 interrupted.
"""

import gc
import importlib
import sys
from typing import NoReturn

import click

_SETTINGS_FILE = "justemails.toml"

_COMMANDS = {
    "clauses": ("clauses", "List the promises that a server is judged by."),
    "conform": ("conform", "Judge a server of this API by its base URL."),
    "explain": ("clauses", "Say what a clause promises, and how it is checked."),
    "account": ("administration", "Make and list accounts."),
    "domain": ("administration", "Add, verify and list sending domains."),
    "key": ("administration", "Make, list and revoke API keys."),
    "lab": ("lab", "Run any program inside the fake internet."),
    "network": ("network", "Show what the fake internet can do."),
    "ready": ("ready", "Say whether a sandbox is ready, and wait for it."),
    "sandbox": ("sandbox", "Run the local sandbox."),
    "worker": ("worker", "Deliver what a database holds, on the real network."),
    "simulate": ("simulate", "Deliver mail in a simulated internet, and look for what breaks."),
}


class _LazyGroup(click.Group):
    """A group whose subcommands are imported when they are needed."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        gc.disable()  # modules that load leave no garbage, and to look for it takes a twentieth of the time
        try:
            module = importlib.import_module(f"justemails_command.commands.{_COMMANDS[cmd_name][0]}")
        finally:
            gc.enable()
        command: click.Command = getattr(module, cmd_name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, summary) for name, (_, summary) in sorted(_COMMANDS.items())])


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="justemails", prog_name="justemails")
@click.pass_context
def command(ctx: click.Context) -> None:
    """A transactional e-mail API on your own machine: send, watch, break and mend.

    Settings come from options, then JUSTEMAILS_* variables, then ./justemails.toml, then defaults.
    """
    settings, name = _read_settings_file(), ctx.invoked_subcommand
    chosen = command.get_command(ctx, name) if name in settings else None
    ctx.default_map = {name: _defaults(chosen, settings[name], name)} if name and chosen else {}


def main() -> None:
    """Run the command and end the process with its exit code."""
    try:
        command(standalone_mode=True)
    except Exception as ex:  # the last place where a fault of ours can be said in one line
        if "--debug" in sys.argv:
            raise
        click.echo(f"justemails: a fault of ours: {type(ex).__name__}: {ex}", err=True)
        sys.exit(4)


def _read_settings_file() -> dict[str, object]:
    try:
        with open(_SETTINGS_FILE, "rb") as file:
            import tomllib

            tables = tomllib.load(file)
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as ex:
        raise click.UsageError(f"{_SETTINGS_FILE} cannot be read: {ex}") from ex
    for name in tables.keys() - _COMMANDS.keys():
        _refuse(f"'{name}' is no command: a setting stands in its command's table, such as 'port' in [sandbox]")
    return tables


def _defaults(command: click.Command, settings: object, where: str) -> dict[str, object]:
    """Return the settings of a command, by its parameters, whose names are not always those of its options."""
    if not isinstance(settings, dict):
        _refuse(f"'{where}' must be a table, such as [{where}]")
    parameters = {option: one.name for one in command.params for option in one.opts}
    commands = command.commands if isinstance(command, click.Group) else {}
    found: dict[str, object] = {}
    for name, value in settings.items():
        if name in commands:
            found[name] = _defaults(commands[name], value, f"{where}.{name}")
        elif parameter := parameters.get(f"--{name}"):
            found[parameter] = value
        else:
            known = ", ".join(option.removeprefix("--") for option in parameters if option.startswith("--"))
            _refuse(f"[{where}] has no setting '{name}'; it has {known or ', '.join(commands)}")
    return found


def _refuse(complaint: str) -> NoReturn:
    raise click.UsageError(f"{_SETTINGS_FILE}: {complaint}")
