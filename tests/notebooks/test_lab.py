"""The lab: in one process, on its own time, the same at every run."""

import asyncio
import socket
import subprocess
import sys

import pytest
import requests

from justemails_lessons import Lab, StateDiagram, Timeline, holds

MAIL = {"from": "hello@yourdomain.com", "subject": "Hi", "text": "It works."}


def told(seed: int) -> list[str]:
    """Return all that a short visit to the lab shows."""
    lab = Lab(seed)
    sent = [lab.post("/send", {**MAIL, "to": f"ann@{name}.test"}) for name in ("ok", "greylist", "bounce", "down")]
    said = [repr(one) for one in sent] + [repr(lab.advance("10m")), repr(lab.inbox())]
    stories = [lab.story(one) for one in sent]
    said += [repr(story) + str(story.ladder()) + story.ladder()._repr_svg_() for story in stories]
    said += [story.staircase()._repr_svg_() for story in stories] + [Timeline(stories)._repr_svg_()]
    said += [StateDiagram([story.events for story in stories])._repr_svg_(), repr(lab.close())]
    return said


def test_a_seed_gives_the_same_visit_again_and_another_seed_another_one() -> None:
    assert told(1) == told(1)
    assert told(1)[0] != told(2)[0]


def test_no_socket_is_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a socket")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket.socket, "bind", refuse)

    assert told(3)


def test_it_works_inside_a_running_event_loop_as_a_kernel_has_one() -> None:
    async def visit() -> str:
        lab = Lab(seed=1)
        sent = lab.post("/send", {**MAIL, "to": "ann@example.com"})
        lab.advance("2s")
        status: str = lab.get(f"/send/{sent['id']}")["status"]
        lab.close()
        return status

    assert asyncio.run(visit()) == "delivered"


def test_time_stands_still_until_it_is_moved() -> None:
    lab = Lab(seed=1)
    before = lab.now

    sent = lab.post("/send", {**MAIL, "to": "ann@example.com"})

    assert lab.now == before
    assert lab.get(f"/send/{sent['id']}")["status"] == "queued"
    lab.advance("90m")
    assert (lab.now - before).total_seconds() == 5400
    lab.close()


def test_a_claim_that_does_not_hold_stops_and_names_itself() -> None:
    with pytest.raises(AssertionError, match="does not hold: two is three"):
        holds({"one is one": True, "two is three": False})


def test_a_card_never_shows_a_whole_key() -> None:
    lab = Lab(seed=1)
    asked = lab.get("/messages")
    lab.close()

    assert lab.key not in repr(asked) + asked._repr_html_()


def test_a_lab_that_is_dropped_without_closing_says_nothing() -> None:
    lab = "from justemails_lessons import Lab; import gc; lab = Lab(1); lab.advance('1s'); lab = Lab(2); gc.collect()"

    run = subprocess.run([sys.executable, "-c", lab], check=True, capture_output=True, timeout=60)

    assert run.stdout + run.stderr == b""


def test_what_the_dashboard_makes_is_for_the_labs_own_account_however_many_there_are() -> None:
    lab = Lab(seed=2)
    for name in "abcdef":
        lab.dashboard.add_account(name)

    made = lab.dashboard.add_key("Ours")
    listed = [key["id"] for key in lab.get("/api-keys")["data"]]
    lab.close()

    assert made["id"] in listed


def test_plain_http_is_answered_by_nobody_but_the_machine_itself() -> None:
    lab = Lab(seed=1)
    with pytest.raises(ConnectionRefusedError, match=r"port 80 of justemails\.app"):
        lab.curl("curl http://justemails.app/api/v1/messages")
    with pytest.raises(requests.ConnectionError):
        lab.requests.get("http://justemails.app/api/v1/messages")

    on_this_machine = lab.curl("curl http://127.0.0.1:8025/api/v1/messages")
    lab.close()

    assert on_this_machine.status == 401
