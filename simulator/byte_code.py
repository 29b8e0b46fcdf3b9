"""Makes the byte code of the packages that the commands load, each whole; ``make install`` runs it.

No start writes byte code where PYTHONDONTWRITEBYTECODE is set, and without it a start takes three times as long. What
only tests and tools load is left out: it is several times as much, and gets its byte code when ``make test`` loads it.
"""

import compileall
import importlib
import pkgutil
import sys

from justemails_command import commands

# What a sandbox loads once it is ready.
_LATER = ("justemails_sandbox.mail_side", "justemails_sandbox.control.app", "justemails_dashboard.app")


def main() -> None:
    """Load every command, and compile each package that came with it."""
    for name in (*_LATER, *(f"{commands.__name__}.{one.name}" for one in pkgutil.iter_modules(commands.__path__))):
        importlib.import_module(name)
    packages = {name.partition(".")[0] for name in sys.modules} - sys.stdlib_module_names
    for module in (sys.modules[name] for name in sorted(packages & sys.modules.keys())):
        for folder in getattr(module, "__path__", ()):
            compileall.compile_dir(folder, quiet=1, workers=0)
        if module.__spec__ and module.__spec__.has_location:
            compileall.compile_file(str(module.__file__), quiet=1)


if __name__ == "__main__":
    main()
