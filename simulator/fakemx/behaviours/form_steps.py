"""The steps of a script as JSON: where, what, how often, how long, and when.

{"at": "RCPT", "reply": "450 4.2.0 later", "times": 3}
{"at": "MAIL", "reply": "530 no", "when": {"tls": false}}
{"at": "RCPT", "reply": "451 slow down", "when": {"rate": "10/1m"}}
{"at": "DOT", "reply": "250 kept", "then": "reset"}
{"at": "DOT", "drop": true, "for": "5m"}
{"at": "DOT", "reset": "discarded"}
{"at": "CONTENT", "tarpit": 100}
{"at": "AFTER", "report": "complaint", "after": "1h"}
"""

import re
from collections.abc import Callable, Mapping
from enum import StrEnum

from fakemx.behaviours.form_values import BehaviourError, duration, listed, members_of, seconds, whole, word
from fakemx.behaviours.script import (
    AboveSessions,
    Action,
    AfterMessages,
    Check,
    Condition,
    Delay,
    Drop,
    Failing,
    Inject,
    OverRate,
    Raw,
    Reply,
    ReportKind,
    Reset,
    SendReport,
    Silence,
    Stage,
    Step,
    Tarpit,
    Then,
    WithoutTls,
)


class _ThenWord(StrEnum):
    CLOSE = "close"
    RESET = "reset"


_THENS: Mapping[_ThenWord | None, Then] = {
    None: Then.GO_ON,
    _ThenWord.CLOSE: Then.CLOSE,
    _ThenWord.RESET: Then.RESET,
}

MAX_TIMES = 1_000_000
MAX_LINES = 50
MAX_RAW = 10_000
_REPLY = re.compile(r"([0-9]{3})(?: ([\x20-\x7e]{0,500}))?")  # RFC 5321 section 4.5.3.1.5: 512 with code and CRLF
_RATE = re.compile(r"([1-9][0-9]{0,5})/([0-9.]{1,12}[smhd])")
_ACTIONS = ("reply", "raw", "drop", "reset", "silence", "delay", "tarpit", "inject", "report")
_OTHERS = ("at", "times", "for", "when", "then", "repeat", "after")
_ONLY_AT = {"tarpit": Stage.CONTENT, "inject": Stage.STARTTLS, "report": Stage.AFTER}


def parse_step(where: str, data: object) -> Step:
    """Read a step.

    Raises:
        BehaviourError: it is none.
    """
    members = members_of(f"The step '{where}'", data, {*_OTHERS, *_ACTIONS})
    stage = word(f"{where}.at", members.get("at"), Stage)
    named = [name for name in _ACTIONS if name in members]
    if len(named) != 1:
        raise BehaviourError(f"The step '{where}' must have exactly one of {listed(_ACTIONS, sort=False)}.")
    _check_place(where, named[0], stage, members)
    action = _READERS[named[0]](f"{where}.{named[0]}", members, stage)
    return Step(
        stage,
        action,
        whole(f"{where}.times", members["times"], 1, MAX_TIMES) if "times" in members else None,
        seconds(f"{where}.for", members["for"]) if "for" in members else None,
        _condition(f"{where}.when", members["when"]) if "when" in members else None,
    )


def step_to_json(step: Step) -> dict[str, object]:
    """Write a step so that ``parse_step`` reads it back."""
    members: dict[str, object] = {"at": step.at.value, **_action_to_json(step.action)}
    if step.times is not None:
        members["times"] = step.times
    if step.for_seconds is not None:
        members["for"] = duration(step.for_seconds)
    if step.when is not None:
        members["when"] = _condition_to_json(step.when)
    return members


def _check_place(where: str, name: str, stage: Stage, members: Mapping[str, object]) -> None:
    if _ONLY_AT.get(name, stage) is not stage or (stage is Stage.AFTER) != (name == "report"):
        only = _ONLY_AT.get(name)
        raise BehaviourError(
            f"The '{where}.{name}' field is for {only} only."
            if only
            else f"The step '{where}' can only send a 'report' at AFTER: the answer has been given by then."
        )
    for other, owner in (("then", "reply"), ("repeat", "raw"), ("after", "report")):
        if other in members and name != owner:
            raise BehaviourError(f"The '{where}.{other}' field belongs to '{owner}'.")


def _reply(where: str, members: Mapping[str, object], stage: Stage) -> Action:
    value = members["reply"]
    lines = value if isinstance(value, list) else [value]
    matches = [_REPLY.fullmatch(line) if isinstance(line, str) else None for line in lines[:MAX_LINES]]
    codes = {match[1] for match in matches if match}
    # A 2xx says yes in other words. Not at DATA: yes is 354 there, and a 250 would leave both sides waiting.
    least = 400 if stage is Stage.DATA else 200
    code = int(next(iter(codes), "0"))
    if not all(matches) or len(codes) != 1 or len(lines) > MAX_LINES or not least <= code < 600 or 300 <= code < 400:
        allowed = "400 to 599" if stage is Stage.DATA else "200 to 299 or 400 to 599"
        raise BehaviourError(
            f"The '{where}' field must be a code, {allowed} at {stage}, a space and plain ASCII text "
            "of at most 500 characters, like '450 4.2.0 later', or a list of such lines with one code."
        )
    then = word(where.removesuffix("reply") + "then", members["then"], _ThenWord) if "then" in members else None
    return Reply(code, "\n".join((match[2] or "").strip() for match in matches if match), _THENS[then])


def _raw(where: str, members: Mapping[str, object], stage: Stage) -> Action:
    repeat = where.removesuffix("raw") + "repeat"
    times = whole(repeat, members["repeat"], 1, MAX_RAW) if "repeat" in members else 1
    return Raw(_text(where, members["raw"]), times)


def _drop(where: str, members: Mapping[str, object], stage: Stage) -> Action:
    return Drop(_kept(where, members["drop"]))


def _reset(where: str, members: Mapping[str, object], stage: Stage) -> Action:
    return Reset(_kept(where, members["reset"]))


def _silence(where: str, members: Mapping[str, object], stage: Stage) -> Action:
    if members["silence"] is not True:
        raise BehaviourError(f"The '{where}' field must be true.")
    return Silence()


def _delay(where: str, members: Mapping[str, object], stage: Stage) -> Action:
    return Delay(seconds(where, members["delay"]))


def _tarpit(where: str, members: Mapping[str, object], stage: Stage) -> Action:
    return Tarpit(whole(where, members["tarpit"], 1, 10**9))


def _inject(where: str, members: Mapping[str, object], stage: Stage) -> Action:
    return Inject(_text(where, members["inject"]))


def _report(where: str, members: Mapping[str, object], stage: Stage) -> Action:
    after = where.removesuffix("report") + "after"
    return SendReport(
        word(where, members["report"], ReportKind), seconds(after, members["after"]) if "after" in members else 1.0
    )


_READERS: Mapping[str, Callable[[str, Mapping[str, object], Stage], Action]] = {
    "reply": _reply,
    "raw": _raw,
    "drop": _drop,
    "reset": _reset,
    "silence": _silence,
    "delay": _delay,
    "tarpit": _tarpit,
    "inject": _inject,
    "report": _report,
}


def _kept(where: str, value: object) -> bool:
    if value is True:
        return True
    if value == "discarded":
        return False
    raise BehaviourError(f"The '{where}' field must be true, or 'discarded' to lose the mail too.")


def _text(where: str, value: object) -> str:
    if not isinstance(value, str) or not 1 <= len(value) <= MAX_RAW or not value.isascii():
        raise BehaviourError(f"The '{where}' field must be ASCII text of 1 to {MAX_RAW} characters.")
    return value


def _condition(where: str, data: object) -> Condition:
    members = members_of(f"The condition '{where}'", data, {"messages", "sessions", "tls", "rate", "fails"})
    if len(members) != 1:
        raise BehaviourError(
            f"The '{where}' field must have exactly one of 'messages', 'sessions', 'tls', 'rate', 'fails'."
        )
    ((name, value),) = members.items()
    match name:
        case "messages":
            return AfterMessages(whole(f"{where}.messages", value, 1, MAX_TIMES))
        case "sessions":
            return AboveSessions(whole(f"{where}.sessions", value, 0, MAX_TIMES))
        case "tls":
            if value is not False:
                raise BehaviourError(f"The '{where}.tls' field must be false: the step acts on connections in clear.")
            return WithoutTls()
        case "rate":
            return _rate(f"{where}.rate", value)
        case _:
            return Failing(word(f"{where}.fails", value, Check))


def _rate(where: str, value: object) -> OverRate:
    match = _RATE.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise BehaviourError(f"The '{where}' field must be how many in what time, like '10/1m'.")
    return OverRate(int(match[1]), seconds(where, match[2]))


def _action_to_json(action: Action) -> dict[str, object]:  # noqa: PLR0911  # one return for each kind
    match action:
        case Reply(code, text, then):
            lines = [f"{code} {line}".rstrip() for line in text.split("\n")]
            reply: object = lines[0] if len(lines) == 1 else lines
            return {"reply": reply, **({"then": then.name.lower()} if then is not Then.GO_ON else {})}
        case Raw(text, times):
            return {"raw": text, **({"repeat": times} if times > 1 else {})}
        case Drop(kept):
            return {"drop": True if kept else "discarded"}
        case Reset(kept):
            return {"reset": True if kept else "discarded"}
        case Silence():
            return {"silence": True}
        case Delay(length):
            return {"delay": duration(length)}
        case Tarpit(pace):
            return {"tarpit": pace}
        case Inject(text):
            return {"inject": text}
        case SendReport(kind, after_s):
            return {"report": kind.value, "after": duration(after_s)}


def _condition_to_json(condition: Condition) -> dict[str, object]:
    match condition:
        case AfterMessages(count):
            return {"messages": count}
        case AboveSessions(count):
            return {"sessions": count}
        case WithoutTls():
            return {"tls": False}
        case OverRate(count, per_s):
            return {"rate": f"{count}/{duration(per_s)}"}
        case Failing(check):
            return {"fails": check.value}
