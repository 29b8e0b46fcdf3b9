"""The lessons, as the tests find them."""

from pathlib import Path

from justemails_lessons.book import Lesson, lessons

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "notebooks"
DOCUMENT = ROOT / "contracts" / "api-document.md"

ALL: list[Lesson] = lessons(FOLDER)
TAUGHT = [lesson for lesson in ALL if not lesson.name.startswith("00")]
