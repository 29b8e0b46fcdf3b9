"""The forms that change how a domain behaves: by name, by one step of a script, or by the full form in JSON."""

from collections.abc import Callable, Mapping

from justemails.api.strict_json import JsonError, parse_object
from justemails_dashboard.forms import field

STAGES: Mapping[str, str] = {
    "CONNECT": "in place of the banner",
    "EHLO": "at the greeting",
    "MAIL": "at the sender",
    "RCPT": "at the recipient",
    "DATA": "before the message",
    "DOT": "at the message's end",
}
"""The stages that a step may be set for without writing JSON."""

USUAL: Mapping[str, str] = {
    "domain": "",
    "behaviour": "greylist",
    "at": "RCPT",
    "reply": "450 4.2.0 later",
    "times": "3",
    "for": "",
    "json": '{\n  "script": [\n    {"at": "RCPT", "reply": "450 4.2.0 later", "times": 3}\n  ]\n}',
}
"""What stands in the forms before anybody has typed."""


class FormError(ValueError):
    """A form that is not filled in; the message names the field."""


def read_behaviour(form: Mapping[str, str]) -> object:
    """Return the JSON form of the behaviour that somebody asks for.

    Raises:
        FormError: the form is none of ours, or what it has is no JSON.
        ApiError: 400; a field is empty.
    """
    read = FORMS.get(form.get("form", ""))
    if read is None:
        raise FormError(f"The field 'form' must be one of {', '.join(FORMS)}, clear.")
    return read(form)


def _by_name(form: Mapping[str, str]) -> object:
    return {"behaviour": field(form, "behaviour")}


def _by_step(form: Mapping[str, str]) -> object:
    step: dict[str, object] = {"at": field(form, "at"), "reply": field(form, "reply")}
    times, length = form.get("times", "").strip(), form.get("for", "").strip()
    if times:
        # What is no number is left as it is: the behaviour's own reader says what would pass.
        step["times"] = int(times) if times.isascii() and times.isdigit() and len(times) < 16 else times
    if length:
        step["for"] = length
    return {"script": [step]}


def _by_json(form: Mapping[str, str]) -> object:
    try:
        return parse_object(field(form, "json").encode())
    except JsonError as ex:
        raise FormError(str(ex).replace("The body", "The field 'json'")) from None


FORMS: Mapping[str, Callable[[Mapping[str, str]], object]] = {"name": _by_name, "step": _by_step, "json": _by_json}
