"""The delivery profile judges servers that share nothing with ours, in the lab: one that is right, and broken ones."""

import base64
import fcntl
import json
import os
import shlex
import shutil
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from tests.conformance.broken_mta import FAULTS
from tests.lab.test_lab import lab

from justemails_conformance.clauses import Profile, clauses

JUDGE = str(Path(__file__).with_name("judge.sh"))
PATIENCE_S = 180  # where nobody else wants the processors it takes half a minute
AT_A_TIME = 17

ZONE = """
returns.yourdomain.com.          TXT "v=spf1 ip4:192.0.2.0/24 -all"
elsewhere.example.               TXT "v=spf1 ip4:203.0.113.9 -all"
micro._domainkey.yourdomain.com. TXT {key}
stale._domainkey.yourdomain.com. TXT {stale_key}
"""
# Where nothing is declared, a server that does not try again is waited for two minutes, and nothing can be said of it.
TARGET = """
[capabilities]
delivers_within_s = {delivers_within_s}
retries_within_s = {retries_within_s}
"""
USUAL = {"delivers_within_s": 30, "retries_within_s": 60}  # nobody waits so long for what comes sooner
HURRIED = {"loses": {"delivers_within_s": 1}, "gives-up": {"retries_within_s": 2}}
"""Where nothing ever comes, and a judge would wait to the end."""

BREAKS: Mapping[str, list[str]] = {
    "gives-up": ["product.reliable"],
    "loses": ["send.purpose"],
    "sends-twice": ["send.purpose"],
    "rewrites-from": ["send.domain", "send.request.delivered"],
    "loses-text": ["send.request.delivered"],
    "loses-headers": ["send.request.delivered"],
    "loses-lone-dots": ["send.request.delivered"],
    "mangles-subject": ["send.request.delivered"],
    "injects": ["send.request.delivered"],
    "unsigned": ["product.dkim"],
    "stale-key": ["product.dkim"],
    "strays": ["product.spf"],
    "says-delivered-at-once": ["product.tracking"],
    "says-delivered-whatever-comes": ["product.tracking"],
    "says-delivered-in-the-end": ["product.tracking"],
    "brings-twice": ["product.reliable"],
    "forgets": ["product.reliable"],
}


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the verdict on each server: ``FAULT.json``, and for the good one what the lab printed, ``printed``.

    Made once, also where several processes of pytest-xdist run these tests: the first one makes it, the others wait.
    """
    root = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        root = root.parent
    folder = root / "judged"
    with (root / "judged.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "printed").exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            _prepare(folder)
            (folder / "printed").write_text(_judge_all(folder), "utf-8")
    return folder


def _prepare(folder: Path) -> None:
    """Write what a server and its judge need."""
    key, other = (generate_private_key(public_exponent=65537, key_size=2048) for _ in range(2))
    pem = serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    (folder / "key.pem").write_bytes(key.private_bytes(*pem))
    (folder / "zone").write_text(ZONE.format(key=_record(key), stale_key=_record(other)))
    for fault in BREAKS:
        (folder / f"{fault}.toml").write_text(TARGET.format(**USUAL | HURRIED.get(fault, {})))


def _judge_all(folder: Path) -> str:
    """Judge the good server in one lab and all the broken ones in another, side by side; return what the first prints.

    A judge mostly waits: for a second copy of a mail, and for retries.
    """
    zone = ("--zone", str(folder / "zone"), "--")
    judge = shlex.join([JUDGE, sys.executable, str(folder), "FAULT", "--target", str(folder / "FAULT.toml")])
    all_of_them = ("sh", "-c", f'printf "%s\\n" "$@" | xargs -P {AT_A_TIME} -I FAULT {judge}', "sh", *BREAKS)
    with ThreadPoolExecutor() as pool:
        # xargs says 123 if some of the commands ended with 1, as they do here where a promise is broken.
        broken = pool.submit(lab, *zone, *all_of_them, code=123, patience_s=PATIENCE_S)
        good = pool.submit(lab, *zone, JUDGE, sys.executable, str(folder), "none", patience_s=PATIENCE_S)
    broken.result()
    return good.result().stdout


def _record(key: RSAPrivateKey) -> str:
    """Return what a DKIM record says, in strings of 255 octets at most."""
    form = serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    text = f"v=DKIM1; k=rsa; p={base64.b64encode(key.public_key().public_bytes(*form)).decode()}"
    return " ".join(f'"{text[start : start + 255]}"' for start in range(0, len(text), 255))


def outcomes(verdict: Path) -> Mapping[str, Any]:
    return {result["clause"]: result["outcome"] for result in json.loads(verdict.read_text())["results"]}


@pytest.mark.slow
def test_a_server_that_delivers_well_keeps_every_promise(judged: Path) -> None:
    told = (judged / "printed").read_text("utf-8")

    assert "It keeps every promise that was checked" in told
    assert set(outcomes(judged / "none.json").values()) == {"pass"}
    assert "7 mails arrived" in told
    assert "6 times a host did not go along" in told
    assert told.count("dkim pass · spf pass") == 7


@pytest.mark.slow
@pytest.mark.parametrize("fault", BREAKS)
def test_a_server_that_delivers_badly_breaks_what_it_breaks_and_no_other_promise(fault: str, judged: Path) -> None:
    told = outcomes(judged / f"{fault}.json")

    assert [clause for clause, outcome in told.items() if outcome == "fail"] == BREAKS[fault]
    # Nothing can be said of a mail that never came.
    others = {outcome for clause, outcome in told.items() if clause not in BREAKS[fault]}
    assert others == {"skip" if fault == "loses" else "pass"}


def test_every_fault_is_judged_and_every_promise_of_the_profile_is_broken_by_one() -> None:
    assert set(BREAKS) == set(FAULTS)
    assert {clause for broken in BREAKS.values() for clause in broken} == {
        clause.id for clause in clauses().values() if clause.profile is Profile.DELIVERY
    }
