"""One attempt word for word: what the ladder draws, as it is written down."""

from dataclasses import dataclass
from html import escape

from justemails.records import Attempt
from justemails_lessons.pictures.svg import AMBER, BLUE, GREEN, RED

# As the words C and S and the first digit say it too, which stay where a viewer takes colours away.
_COLOURS = {"C": BLUE, "2": GREEN, "3": BLUE, "4": AMBER, "5": RED}
_PRE = "margin:0;padding:.6em .8em;border:1px solid #8c959f;border-radius:6px;white-space:pre-wrap;line-height:1.45"


@dataclass(frozen=True, slots=True, repr=False)
class Transcript:
    """The lines of an attempt, ``C`` for us, the client, ``S`` for the other server, ``--`` for what nobody said."""

    attempt: Attempt

    def __repr__(self) -> str:
        return "\n".join(self.attempt.transcript or (f"-- {self.attempt.text}",))

    def _repr_html_(self) -> str:
        lines, digit = [], ""
        for line in repr(self).splitlines():
            if line.startswith("S: ") and not line.startswith("S:  "):
                digit = line[3:4]  # the lines of a long reply that follow belong to it
            colour = _COLOURS.get(digit if line.startswith("S:") else line[:1])
            lines.append(f'<span style="color:{colour}">{escape(line)}</span>' if colour else escape(line))
        return f'<pre style="{_PRE}">' + "\n".join(lines) + "</pre>"
