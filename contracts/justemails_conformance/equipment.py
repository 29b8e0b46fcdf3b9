"""The keys that a judge was not handed and that a control API makes: one of another account, one that may only send."""

from contextlib import suppress
from dataclasses import replace

from justemails_conformance.control import ControlError
from justemails_conformance.redaction import Redaction
from justemails_conformance.scene import Scene

_ACCOUNT = "Conformance"


def equip(scene: Scene, redaction: Redaction) -> None:
    """Make what is missing; where the control API makes none, as a lab's, what needs it is skipped."""
    control = scene.control
    if control is None:
        return
    with suppress(ControlError):
        if scene.means.other_key is None:
            made = control.make_key(control.account(_ACCOUNT), "full")
            redaction.hide(made.secret, "other-key")
            scene.means = replace(scene.means, other_key=made.secret)
            scene.made.append(made)  # which revokes itself at the end, as each of them does
        if scene.means.restricted_key is None:
            made = control.make_key(control.account_beside(_ACCOUNT), "send")
            redaction.hide(made.secret, "send-only-key")
            scene.means = replace(scene.means, restricted_key=made.secret)
            scene.made.append(made)
