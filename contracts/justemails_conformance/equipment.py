"""The keys that a judge was not handed and that a control API makes: one of another account, one that may only send."""

from contextlib import suppress
from dataclasses import replace

from justemails_conformance.control import ControlError
from justemails_conformance.redaction import Redaction
from justemails_conformance.run import Run

_ACCOUNT = "Conformance"


def equip(run: Run, redaction: Redaction) -> None:
    """Make what is missing; where the control API makes none, as a lab's, what needs it is skipped."""
    control = run.control
    if control is None:
        return
    with suppress(ControlError):
        if run.credentials.other_key is None:
            made = control.make_key(control.account(_ACCOUNT), "full")
            redaction.hide(made.secret, "other-key")
            run.credentials = replace(run.credentials, other_key=made.secret)
            run.made.append(made)  # which revokes itself at the end, as each of them does
        if run.credentials.restricted_key is None:
            made = control.make_key(control.account_beside(_ACCOUNT), "send")
            redaction.hide(made.secret, "send-only-key")
            run.credentials = replace(run.credentials, restricted_key=made.secret)
            run.made.append(made)
