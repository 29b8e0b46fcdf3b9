"""``justemails network``: what the fake internet can do."""

import json
from collections.abc import Mapping

import click

from fakemx.behaviours.catalogue import CATALOGUE, PARTS, TAGS
from fakemx.behaviours.form import in_full
from fakemx.behaviours.script import Behaviour


@click.group(short_help="Show what the fake internet can do.")
def network() -> None:
    """Show what the fake internet can do."""


@network.command(name="list", short_help="List the behaviours that are always there.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line on stdout, nothing else.")
def list_(as_json: bool) -> None:  # noqa: FBT001
    """List the behaviours that are always there, with what becomes of a message that meets each.

    NAME is met by mail to anybody at NAME.test, or to user+NAME at any domain.
    """
    for title, entries in PARTS.items():
        if not as_json:
            click.echo(f"\n{title}")
        for entry in entries:
            click.echo(json.dumps(_members(entry)) if as_json else _line(entry))
    if not as_json:
        click.echo("\nNAME is met by mail to anybody at NAME.test, or to user+NAME at any domain.")


_WIDTH = max(map(len, CATALOGUE))


def _line(entry: Behaviour) -> str:
    return f"  {entry.name:<{_WIDTH}}  {entry.expected:<23}  {entry.summary}"


def _members(entry: Behaviour) -> Mapping[str, object]:
    return {
        "name": entry.name,
        "domain": f"{entry.name}.test",
        "tag": f"+{entry.name}",
        "expected": entry.expected,
        "expectedOfTag": TAGS[entry.name].expected,
        "summary": entry.summary,
        "behaviour": in_full(entry),
    }
