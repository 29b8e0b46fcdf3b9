"""``justemails conform``: judging a server of the API."""

import fnmatch
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

import click

from justemails_command.commands.progress import Progress
from justemails_conformance import clauses as table
from justemails_conformance import clock
from justemails_conformance.clauses import Profile
from justemails_conformance.control import Control, ControlError
from justemails_conformance.declared import Declared
from justemails_conformance.expected_failures import read_expected_failures
from justemails_conformance.judge import Judge, UnreachableError
from justemails_conformance.observed import differences
from justemails_conformance.reports.files import Files, UnwritableError
from justemails_conformance.reports.tally import headline
from justemails_conformance.reports.text import to_go_on, told
from justemails_conformance.reports.visible import only_ascii
from justemails_conformance.run import Credentials
from justemails_conformance.target_file import TargetFile, read_target
from justemails_conformance.toml_reading import TomlError
from justemails_conformance.transport import BadBaseUrlError, Request, Target
from justemails_conformance.verdict import About, Outcome, Verdict

T = TypeVar("T")

_TOO_LITTLE, _OUR_FAULT = 3, 4
_LOOK_AGAIN_S = 0.2
_REASONS = 5  # that are told
_FILE = click.Path(path_type=Path)  # looked at by Files, all of them before the first request
_ADDRESS = re.compile(r"[^@\s<>,]+@[^@\s<>,]+")
_NOTHING = TargetFile(About(), {}, Declared())


class _Profiles(click.ParamType[Sequence[Profile]]):
    """``core``, ``core,limits``, ``all``."""

    name = "profiles"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Sequence[Profile]:
        names = [name.strip() for name in str(value).split(",")]
        unknown = [name for name in names if name != "all" and name not in list(Profile)]
        if unknown:
            self.fail(f"there is no profile {unknown[0]!r}; there are {', '.join(Profile)}, and all", param, ctx)
        return [profile for profile in Profile if profile in names or "all" in names]


class _TomlFile(click.ParamType[T]):
    """The path of a TOML file."""

    name = "file"

    def __init__(self, read: Callable[[Path], T]) -> None:
        self._read = read

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> T:
        try:
            return self._read(Path(str(value)))
        except TomlError as ex:
            self.fail(f"{value}: {ex}", param, ctx)


@click.command(short_help="Judge a server of this API by its base URL.")
@click.argument("base_url", required=False)
@click.option("--key", envvar="JUSTEMAILS_KEY", help="An API key with every permission.  [env: JUSTEMAILS_KEY]")
@click.option("--from", "sender", metavar="ADDRESS", help="An address of a verified domain.")
@click.option("--to", metavar="ADDRESS", help="Where mail may go.  [default: user@example.com]")
@click.option("--unverified-from", metavar="ADDRESS", help="An address of a domain that is not verified.")
@click.option("--other-key", envvar="JUSTEMAILS_OTHER_KEY", metavar="KEY", help="A key of another account.")
@click.option(
    "--send-only-key",
    envvar="JUSTEMAILS_SEND_ONLY_KEY",
    metavar="KEY",
    help="A key that may send and nothing else.",
)
@click.option(
    "--profile",
    "profiles",
    default="core",
    show_default=True,
    type=_Profiles(),
    metavar="NAMES",
    help="What to judge, parted by commas: core (some sixty requests), limits (450, and a minute of waiting), "
    "delivery (needs --control), security (190, in a minute or two), fuzz (300, in a minute); or all.",
)
@click.option("--only", multiple=True, metavar="CLAUSE", help="Judge these clauses alone; * stands for anything.")
@click.option(
    "--control",
    "control_url",
    envvar="JUSTEMAILS_CONTROL",
    metavar="URL",
    help="The control API of the sandbox, or of the lab that the server runs in: shows what arrives, and moves the "
    "clock instead of waiting.",
)
@click.option(
    "--target",
    "target_file",
    type=_TomlFile(read_target),
    help="TOML file of the server, its means and its choices; options win over it.",
)
@click.option(
    "--xfail",
    "expected",
    type=_TomlFile(read_expected_failures),
    help="TOML file of failures that are known, with reasons.",
)
@click.option("--json", "json_file", type=_FILE, metavar="FILE", help="Write the report there.")
@click.option(
    "--junit", "junit_file", type=_FILE, metavar="FILE", help="Write the report there as JUnit XML, for CI servers."
)
@click.option("--html", "html_file", type=_FILE, metavar="FILE", help="Write the report there as a page, for people.")
@click.option(
    "--badge", "badge_file", type=_FILE, metavar="FILE", help="Write a badge there: .svg, or .json for shields.io."
)
@click.option(
    "--wait",
    "wait_s",
    type=click.FloatRange(0, 3600),
    default=0,
    metavar="SECONDS",
    help="Wait so long for the server to answer at all, if it has just been started.",
)
@click.option("--seed", type=int, help="Repeat the draws of the run whose report names this seed.")
def conform(
    base_url: str | None,
    key: str | None,
    sender: str | None,
    to: str | None,
    unverified_from: str | None,
    other_key: str | None,
    send_only_key: str | None,
    profiles: Sequence[Profile],
    only: tuple[str, ...],
    control_url: str | None,
    target_file: TargetFile | None,
    expected: Mapping[str, str] | None,
    json_file: Path | None,
    junit_file: Path | None,
    html_file: Path | None,
    badge_file: Path | None,
    wait_s: float,
    seed: int | None,
) -> None:
    """Judge a server by every promise of the API document that can be checked from outside.

    BASE_URL, the key and --from are needed, here or in the target file.

    Exit code 0: every M clause that was judged passed; 1: one failed, or an expected failure is over; 2: wrong usage,
    and nothing was asked; 3: there is no such server, or too little could be verified; 4: a fault of the suite.
    """
    _check_patterns(only, profiles)
    file = target_file or _NOTHING
    given = {
        "base_url": base_url,
        "key": key,
        "sender": sender,
        "to": to,
        "unverified_from": unverified_from,
        "other_key": other_key,
        "send_only_key": send_only_key,
        "control": control_url,
    }
    options = {**file.options, **{name: value for name, value in given.items() if value}}
    target, credentials = _target(options), _means(options)
    try:
        files = Files(json_file, junit_file, html_file, badge_file)
    except UnwritableError as ex:
        raise click.UsageError(str(ex)) from ex
    _wait_for(target, wait_s)
    wanted = [clause.id for clause in table.clauses().values() if clause.profile in profiles]
    progress = Progress(sum(_is_wanted(clause, only) for clause in wanted))
    judge = Judge(
        target,
        credentials,
        profiles=profiles,
        only=lambda clause: _is_wanted(clause, only),
        listen=progress.found,
        on_wait=progress.waiting,
        control=_control(options.get("control")),
        declared=file.declared,
        expected=expected or {},
        seed=seed,
    )
    click.echo(f"Judging {target.base_url} by the profile {', '.join(profiles)}")
    try:
        verdict = judge.judge()
    except UnreachableError as ex:
        _end(f"{target.base_url} cannot be judged: {ex}", _TOO_LITTLE)
    finally:
        progress.end()
    verdict.about = file.about
    verdict.options = _replayed(options)
    verdict.everything = not only
    _tell(verdict, differences(file.declared.choices, verdict.observed))
    try:
        files.write(verdict)
    except OSError as ex:
        _end(f"the report cannot be written: {ex}", _OUR_FAULT)
    sys.exit(verdict.exit_code())


def _end(words: str, code: int) -> None:
    click.echo(f"justemails conform: {words}", err=True)
    sys.exit(code)


def _check_patterns(only: tuple[str, ...], profiles: Sequence[Profile]) -> None:
    for pattern in only:
        found = [clause for clause in table.clauses().values() if fnmatch.fnmatchcase(clause.id, pattern)]
        having = {clause.profile: None for clause in found if clause.profile is not None}  # in their order
        if not having:
            raise click.BadParameter(
                f"no clause that is checked is called {pattern}; justemails clauses lists them", param_hint="--only"
            )
        if not having.keys() & {*profiles}:
            raise click.BadParameter(f"{pattern} needs --profile {','.join(having)}", param_hint="--only")


def _is_wanted(clause: str, only: tuple[str, ...]) -> bool:
    return not only or any(fnmatch.fnmatchcase(clause, pattern) for pattern in only)


def _target(options: Mapping[str, str]) -> Target:
    if "base_url" not in options:
        raise click.UsageError("Missing argument 'BASE_URL', which may stand in a target file too.")
    try:
        return Target(options["base_url"])
    except BadBaseUrlError as ex:
        raise click.BadParameter(str(ex), param_hint="BASE_URL") from ex


def _wait_for(target: Target, seconds: float) -> None:
    """Wait until somebody answers; if nobody does in time, the judge is going to say so."""
    until = clock.elapsed_s() + seconds
    while clock.elapsed_s() < until and target.ask(Request("GET", "/messages", {})).answer is None:
        clock.wait(min(_LOOK_AGAIN_S, max(0.0, until - clock.elapsed_s())))


def _means(options: Mapping[str, str]) -> Credentials:
    for name, option in (("key", "--key"), ("sender", "--from")):
        if name not in options:
            raise click.UsageError(f"Missing option '{option}', which may stand in a target file too.")
    for name, option in (("sender", "--from"), ("to", "--to"), ("unverified_from", "--unverified-from")):
        if name in options and not _ADDRESS.fullmatch(options[name]):
            raise click.UsageError(f"'{option}' must be an address like hello@example.com, not {options[name]!a}.")
    return Credentials(
        options["key"],
        options["sender"],
        options.get("to", "user@example.com"),
        options.get("unverified_from"),
        options.get("other_key"),
        options.get("send_only_key"),
    )


def _control(url: str | None) -> Control | None:
    if url is None:
        return None
    try:
        control = Control(url)
        control.check()
    except BadBaseUrlError as ex:
        raise click.BadParameter(str(ex), param_hint="--control") from ex
    except ControlError as ex:
        _end(f"there is no control API at {url}: {ex}", _TOO_LITTLE)
    return control


def _replayed(options: Mapping[str, str]) -> Sequence[str]:
    """Return the options for the line that repeats a run; a key stands in them by its name."""
    given = {
        "--from": options["sender"],
        "--to": options.get("to"),
        "--unverified-from": options.get("unverified_from"),
        "--other-key": "other_key" in options and "<other-key>",
        "--send-only-key": "send_only_key" in options and "<send-only-key>",
        "--control": options.get("control"),
    }
    return [word for name, value in given.items() if value for word in (name, value)]


def _tell(verdict: Verdict, differing: Sequence[str]) -> None:
    worth_telling = [one for one in verdict.findings if one.outcome in {Outcome.FAIL, Outcome.WARN} or one.is_bad_news]
    for finding in worth_telling:
        click.echo("")
        for line in told(verdict.base_url, finding):
            click.echo(line)
    click.echo("")
    for line in to_go_on(worth_telling):
        click.echo(line)
    for line in differing:
        click.echo(f"differs from what the target file declares: {line}")
    for made in verdict.created:
        if made not in verdict.removed:
            click.echo(f"left behind: the key {made}, which could not be revoked")
    click.echo(headline(verdict))
    if verdict.exit_code() == _TOO_LITTLE:
        for line in _missing(verdict):
            click.echo(line)
    click.echo(", ".join(f"{verdict.count(outcome)} {outcome.value}" for outcome in Outcome))
    asked = sum(verdict.journal.requests.values())
    seconds = f"{verdict.seconds:.1f} s, seed {verdict.seed}"
    click.echo(f"{asked} requests in {seconds}, {verdict.journal.unexpected_429} times 429")


def _missing(verdict: Verdict) -> Iterator[str]:
    """Yield why nothing can be said, the reason that most checks give first."""
    undecided = [one.got for one in verdict.findings if one.outcome in {Outcome.SKIP, Outcome.INCONCLUSIVE}]
    for reason, count in Counter(undecided).most_common(_REASONS):
        yield f"  {count} {'check' if count == 1 else 'checks'}: {only_ascii(reason)}"
