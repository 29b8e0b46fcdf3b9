"""The files of others are those that are pinned, and their licences are with them."""

import hashlib
import tomllib

from justemails_dashboard.pages import STATIC

FOLDER = STATIC / "third_party"
PINS = tomllib.loads((FOLDER / "third_party.toml").read_text("utf-8"))["file"]


def test_each_file_has_the_hash_of_its_pin_and_a_licence() -> None:
    for pin in PINS:
        assert hashlib.sha256((FOLDER / pin["name"]).read_bytes()).hexdigest() == pin["sha256"]
        assert (FOLDER / pin["licence"]).read_text("utf-8").strip()


def test_nothing_else_lies_there() -> None:
    pinned = {name for pin in PINS for name in (pin["name"], pin["licence"])}

    assert {path.name for path in FOLDER.iterdir()} == {"third_party.toml", *pinned}
