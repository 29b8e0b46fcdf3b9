"""Changes the product from outside, in a process where it is imported already.

``from module import name`` binds an object once more in each module that does so, and a change to the first binding
does not reach the others. ``change`` reaches them all:

    change("justemails.delivery.smtp", "_LINE_START_DOT", lambda original: re.compile(rb"(?!)"))
    change("justemails.delivery.conversation", "Conversation._greet", lambda original: greet)

What a module computed from an object when it was imported (a default argument, ``replace(DEFAULTS, ...)``) stays as it
was: change that as well. Such a breakage goes unnoticed, and the test that expects it to be noticed says so.
"""

import importlib
import sys
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

How = Callable[[Any], Any]  # Any: whatever has that name
"""Returns what takes an object's place; it is given the object."""

_OURS = ("justemails", "fakemx", "tests")


def change(module: str, name: str, how: How) -> None:
    """Replace a module's object, or a class's attribute, for everybody who has it by this name."""
    owner, attribute = _find(module, name)
    original = getattr(owner, attribute)
    changed = how(original)
    setattr(owner, attribute, changed)
    if isinstance(owner, ModuleType):
        for other in _our_modules():
            if vars(other).get(attribute) is original:
                setattr(other, attribute, changed)


def change_in(module: str, name: str, how: How) -> None:
    """Replace an object in this one module, which has it from another one."""
    owner, attribute = _find(module, name)
    setattr(owner, attribute, how(getattr(owner, attribute)))


def always(value: object) -> How:
    """Return the change of a function into one that returns this, whatever it is given."""
    return lambda original: lambda *arguments, **options: value


def _find(module: str, name: str) -> tuple[Any, str]:
    owner: Any = importlib.import_module(module)
    *classes, attribute = name.split(".")
    for part in classes:
        owner = getattr(owner, part)
    return owner, attribute


def _our_modules() -> Iterator[ModuleType]:
    for name, module in [*sys.modules.items()]:
        if name.partition(".")[0].partition("_")[0] in _OURS and isinstance(module, ModuleType):
            yield module
