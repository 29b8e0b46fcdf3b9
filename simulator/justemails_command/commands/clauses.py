"""``justemails clauses`` and ``justemails explain``: what a server is judged by, and how."""

import json

import click

from justemails_conformance import clauses as table
from justemails_conformance.clauses import Clause
from justemails_conformance.reports.text import explained


@click.command("clauses", short_help="List the promises that a server is judged by.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def clauses(as_json: bool) -> None:  # noqa: FBT001
    """List every promise of the API document by its clause, with its level and where it is checked."""
    for clause in table.clauses().values():
        click.echo(
            _as_json(clause) if as_json else f"{clause.level or '-'}  {clause.profile or 'unchecked':<10} {clause.id}"
        )


@click.command(short_help="Say what a clause promises, and how it is checked.")
@click.argument("clause")
@click.option("--json", "as_json", is_flag=True, help="As one JSON object.")
def explain(clause: str, as_json: bool) -> None:  # noqa: FBT001
    """Quote the promise behind CLAUSE, and say how a server is judged by it."""
    found = table.clauses().get(clause)
    if found is None:
        raise click.UsageError(f"there is no clause {clause}; justemails clauses lists them")
    for line in (_as_json(found),) if as_json else explained(found):
        click.echo(line)


def _as_json(clause: Clause) -> str:
    told = {"clause": clause.id, "sentence": clause.sentence, "level": clause.level, "profile": clause.profile}
    return json.dumps({**told, "checked": clause.checked, "how": clause.how}, ensure_ascii=False)
