"""Every behaviour of the catalogue, by its domain and by its tag, over real sockets: each ends as it says."""

from typing import Any

import pytest
from tests.sandbox.harness import Client

from fakemx.behaviours.catalogue import CATALOGUE, TAGS
from fakemx.behaviours.script import Expected

MEET = {
    "domain": {f"ann@{name}.test": entry.expected for name, entry in CATALOGUE.items()},
    "tag": {f"ann+{name}@elsewhere.example": entry.expected for name, entry in TAGS.items()},
}


def end_of(status: str, attempts: list[Any]) -> str:
    if status == "delivered" and len(attempts) > 1:
        return Expected.DEFERRED_THEN_DELIVERED
    return status


# In memory each entry is met in both ways (tests/simulation/test_catalogue.py); over sockets the tags are for the hunt.
@pytest.mark.slow
@pytest.mark.parametrize(
    "way", ["domain", pytest.param("tag", marks=pytest.mark.hunt("the catalogue by tags, over sockets"))]
)
def test_every_entry_ends_as_it_says(still: Client, way: str) -> None:
    alone = [to for to in MEET[way] if "few-sessions" in to]  # it does not like a crowd, which the others make
    sent = {to: still.send(to) for to in alone}
    still.advance("1m")

    sent |= {to: still.send(to) for to in MEET[way] if to not in alone}
    still.advance("108h")

    ends = {
        to: end_of(still.status(message_id), still.get(f"/messages/{message_id}/attempts")["data"])
        for to, message_id in sent.items()
    }
    assert ends == MEET[way]
