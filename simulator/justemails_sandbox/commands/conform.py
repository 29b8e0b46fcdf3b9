"""``justemails conform``, ``justemails explain`` and ``justemails clauses``: judging a server of the API."""

import fnmatch
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from justemails_conformance import clauses as table
from justemails_conformance.clauses import Clause, Profile
from justemails_conformance.judge import Judge, UnreachableError
from justemails_conformance.report import dump, line_of, told
from justemails_conformance.scene import Means
from justemails_conformance.transport import BadBaseUrlError, Target
from justemails_conformance.verdict import Finding, Outcome, Verdict

_JUDGED = (Profile.CORE, Profile.LIMITS, Profile.FUZZ)
_FAILED, _TOO_LITTLE, _OUR_FAULT = 1, 3, 4


class _Profiles(click.ParamType[Sequence[Profile]]):
    """``core``, ``limits``, ``core,limits``."""

    name = "profiles"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Sequence[Profile]:
        names = str(value).split(",")
        unknown = [name for name in names if name not in _JUDGED]
        if unknown:
            self.fail(f"there is no profile {unknown[0]!r}; there are {', '.join(_JUDGED)}", param, ctx)
        return [profile for profile in _JUDGED if profile in names]


@click.command(short_help="Judge a server of this API by its base URL.")
@click.argument("base_url")
@click.option("--key", required=True, envvar="JUSTEMAILS_KEY", help="An API key with every permission.")
@click.option("--from", "sender", required=True, metavar="ADDRESS", help="An address of a verified domain.")
@click.option("--to", default="user@example.com", show_default=True, metavar="ADDRESS", help="Where mail may go.")
@click.option("--unverified-from", metavar="ADDRESS", help="An address of a domain that is not verified.")
@click.option("--other-key", metavar="KEY", help="A key of another account.")
@click.option("--send-only-key", metavar="KEY", help="A key that may send and nothing else.")
@click.option(
    "--profile",
    "profiles",
    default="core",
    show_default=True,
    type=_Profiles(),
    metavar="NAMES",
    help="What to judge: core, limits, or both with a comma. Limits take some hundred requests and two minutes.",
)
@click.option("--only", multiple=True, metavar="CLAUSE", help="Judge these clauses alone; * stands for anything.")
@click.option("--json", "json_file", type=click.Path(dir_okay=False, path_type=Path), help="Write the report there.")
def conform(
    base_url: str,
    key: str,
    sender: str,
    to: str,
    unverified_from: str | None,
    other_key: str | None,
    send_only_key: str | None,
    profiles: Sequence[Profile],
    only: tuple[str, ...],
    json_file: Path | None,
) -> None:
    """Judge a server by every promise of the API document that some requests can check.

    Exit code 0: every M clause that was judged passed; 1: one failed; 3: there is no such server, or too little could
    be verified; 4: a fault of the suite.
    """
    _check_patterns(only)
    try:
        target = Target(base_url)
    except BadBaseUrlError as ex:
        raise click.BadParameter(str(ex), param_hint="BASE_URL") from ex
    means = Means(key, sender, to, unverified_from, other_key, send_only_key)
    judge = Judge(target, means, profiles=profiles, only=lambda clause: _is_wanted(clause, only), listen=_show)
    click.echo(f"Judging {base_url} by the profile {', '.join(profiles)}")
    try:
        verdict = judge.judge()
    except UnreachableError as ex:
        click.echo(f"justemails conform: {base_url} cannot be judged: {ex}", err=True)
        sys.exit(_TOO_LITTLE)
    if json_file is not None:
        dump(verdict, json_file)
    _tell(verdict)
    sys.exit(_exit_code(verdict, everything=not only))


def _check_patterns(only: tuple[str, ...]) -> None:
    for pattern in only:
        found = [clause for clause in table.clauses().values() if fnmatch.fnmatchcase(clause.id, pattern)]
        if not any(clause.checked for clause in found):
            raise click.BadParameter(
                f"no clause that is checked is called {pattern}; justemails clauses lists them", param_hint="--only"
            )


def _is_wanted(clause: str, only: tuple[str, ...]) -> bool:
    return not only or any(fnmatch.fnmatchcase(clause, pattern) for pattern in only)


def _show(finding: Finding) -> None:
    click.echo(line_of(finding))


def _tell(verdict: Verdict) -> None:
    for finding in verdict.findings:
        if finding.outcome in {Outcome.FAIL, Outcome.WARN}:
            click.echo("")
            for line in told(verdict.base_url, finding):
                click.echo(line)
    click.echo("")
    click.echo(", ".join(f"{verdict.count(outcome)} {outcome.value}" for outcome in Outcome))
    asked = sum(verdict.journal.requests.values())
    click.echo(f"{asked} requests in {verdict.seconds:.1f} s, {verdict.journal.unexpected_429} times 429")
    for made in verdict.created:
        if made not in verdict.removed:
            click.echo(f"left behind: the key {made}, which could not be revoked")


def _exit_code(verdict: Verdict, *, everything: bool) -> int:
    if verdict.count(Outcome.ERROR):
        return _OUR_FAULT
    if verdict.count(Outcome.FAIL):
        return _FAILED
    verified = verdict.enough if everything else verdict.count(Outcome.PASS) + verdict.count(Outcome.WARN) > 0
    return 0 if verified else _TOO_LITTLE


@click.command("clauses", short_help="List the promises that a server is judged by.")
def clauses() -> None:
    """List every promise of the API document by its clause, with its level and where it is checked."""
    for clause in table.clauses().values():
        where = clause.profile if clause.profile in _JUDGED else "not yet" if clause.checked else "unchecked"
        click.echo(f"{clause.level or '-'}  {where:<10} {clause.id}")


@click.command(short_help="Say what a clause promises, and how it is checked.")
@click.argument("clause")
def explain(clause: str) -> None:
    """Quote the promise behind CLAUSE, and say how a server is judged by it."""
    found = table.clauses().get(clause)
    if found is None:
        raise click.UsageError(f"there is no clause {clause}; justemails clauses lists them")
    for line in _explained(found):
        click.echo(line)


def _explained(clause: Clause) -> tuple[str, ...]:
    if not clause.checked:
        return (clause.id, f"  promise     {clause.sentence}", f"  not checked {clause.how}")
    meaning = "a breach fails the server" if clause.level == "M" else "a breach is a warning"
    return (
        clause.id,
        f"  promise  {clause.sentence}",
        f"  level    {clause.level}: {meaning}",
        f"  profile  {clause.profile}" + ("" if clause.profile in _JUDGED else ", which is not judged yet"),
        f"  check    {clause.how}",
    )
