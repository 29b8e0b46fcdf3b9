"""``python -m justemails_lessons store [NAME ...]``: run the lessons and write their notebooks.

``site`` renders the stored notebooks as pages, ``index`` writes the twin of lesson 00.
"""

import sys
from pathlib import Path

from justemails_lessons.book import lessons, store
from justemails_lessons.index import INDEX, write
from justemails_lessons.site import render

DOCUMENT = Path("contracts", "api-document.md")
FOLDER = Path("notebooks")
AT_ONCE = 2
SITE = Path("notebooks", "_site")


def main(arguments: list[str]) -> None:
    """Do what the arguments say, in the project's folder."""
    match arguments:
        case ["store", *names]:
            wanted = [one for one in lessons(FOLDER) if not names or one.name.startswith(tuple(names))]
            store(wanted, at_once=AT_ONCE)
            sys.stdout.write(f"stored: {', '.join(lesson.name for lesson in wanted)}\n")
        case ["index"]:
            (FOLDER / f"{INDEX}.py").write_text(write(FOLDER, DOCUMENT), "utf-8")
        case ["site"]:
            sys.stdout.write(f"{render(FOLDER, SITE)}\n")
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
