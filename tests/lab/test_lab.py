"""The lab: unmodified programs in the fake internet, each in a network namespace of its own."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.judges import exim
from tests.sandbox.harness import COMMAND

SENDER = str(Path(__file__).with_name("sender.py"))
PATIENCE_S = 60


def lab(*arguments: str, code: int = 0, patience_s: float = PATIENCE_S) -> subprocess.CompletedProcess[str]:
    """Run ``justemails lab`` and check its exit code; without namespaces there is nothing to test."""
    done = subprocess.run([COMMAND, "lab", *arguments], capture_output=True, text=True, timeout=patience_s, check=False)
    if done.returncode == 3 and code != 3:
        pytest.skip(done.stderr.strip())
    assert done.returncode == code, done.stdout + done.stderr
    return done


def report(*command: str, network: Path | None = None, code: int = 0) -> Any:  # Any: JSON
    options = ["--network", str(network)] if network else []
    return json.loads(lab("--json", *options, "--", *command, code=code).stdout)


def sending(recipient: str, **options: Any) -> Any:  # Any: JSON
    return report(sys.executable, SENDER, recipient, **options)


def test_a_program_that_knows_nothing_of_it_delivers() -> None:
    told = sending("user@example.test")

    (mail,) = told["mails"]
    assert (mail["to"], mail["from"], mail["subject"]) == (["user@example.test"], "a@b.test", "from outside")
    assert mail["client"]["ip"].startswith("192.0.2.")
    assert told["exitCode"] == 0
    assert told["faults"] == told["refused"] == []


def test_it_is_refused_put_off_and_fails_over_as_the_domain_says() -> None:
    refused = sending("user@bounce.test", code=5)
    put_off = sending("user@full.test", code=4)
    failed_over = sending("user@failover.test")

    assert [(one["host"], one["code"], one["to"]) for one in refused["refused"]] == [
        ("mx.bounce.test", 550, ["user@bounce.test"])
    ]
    assert [(one["host"], one["code"]) for one in put_off["refused"]] == [("mx.full.test", 452)]
    assert [mail["host"] for mail in failed_over["mails"]] == ["mx2.failover.test"]


def test_domains_come_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "network.yaml"
    file.write_text("shop.example:\n  script:\n  - {at: RCPT, reply: 450 4.2.0 later}\n")

    told = sending("user@shop.example", network=file, code=4)

    assert [(one["host"], one["code"]) for one in told["refused"]] == [("mx.shop.example", 450)]


def test_a_file_that_cannot_be_read_is_wrong_usage_that_names_line_and_field(tmp_path: Path) -> None:
    file = tmp_path / "network.yaml"
    file.write_text("shop.example:\n  script:\n  - {at: LUNCH, reply: 450 4.2.0 later}\n")

    done = lab("--network", str(file), "--", "true", code=2)

    assert "line 3" in done.stderr
    assert "'script[0].at'" in done.stderr


def test_there_is_nothing_but_the_lab() -> None:
    leaving = "import socket; socket.create_connection(('8.8.8.8', 53), 5)"

    done = lab("--", sys.executable, "-c", leaving, code=1)

    assert "Network is unreachable" in done.stderr


def test_the_report_for_people_says_what_arrived_and_from_whom() -> None:
    done = lab("--", sys.executable, SENDER, "user@example.test")

    assert "1 mail arrived" in done.stdout
    assert "to user@example.test from a@b.test, subject 'from outside'" in done.stdout


def test_a_command_that_does_not_exist_is_wrong_usage() -> None:
    assert "'no-such-command' cannot be run" in lab("--", "no-such-command", code=2).stderr


# Programs of others, where they are there: Debian's packages swaks and exim4-daemon-light.

EXIM = """
exim_path = {exim}
primary_hostname = sender.lab.test
spool_directory = {folder}/spool
log_file_path = {folder}/%slog
keep_environment =
tls_advertise_hosts =
begin routers
dnslookup:
  driver = dnslookup
  domains = ! lab.test
  transport = remote_smtp
  no_more
bounces:
  driver = redirect
  data = :blackhole:
begin transports
remote_smtp:
  driver = smtp
begin retry
* * F,1h,1m
"""

# What Exim 4.96 does at a single host, and at two: => delivered, ** refused for good, == put off.
EXPECTED_OF_EXIM = {
    "ok": "=>",
    "failover": "=>",
    "equal-mx": "=>",
    "helo-only": "=>",
    "implicit-mx": "=>",
    "mx-alias": "=>",
    "mx-missing": "=>",
    "quit-500": "=>",
    "starttls": "=>",
    "dns-truncated": "=>",
    "bounce": "**",
    "first-refuses": "**",
    "data-554": "**",
    "blocked": "**",
    "banner-554": "**",
    "nullmx": "**",
    "nxdomain": "**",
    "mx-nowhere": "**",
    "down": "==",
    "busy": "==",
    "mail-451": "==",
    "later-three-times": "==",
    "data-451": "==",
    "dot-451": "==",
    "rcpt-drop": "==",
    "drop": "==",
    "servfail": "==",
}


def swaks_lacks() -> str:
    """Return what is missing for swaks to look up an MX, or nothing."""
    if shutil.which("swaks") is None:
        return "swaks is not installed"
    asked = subprocess.run(["perl", "-MNet::DNS", "-e", "1"], capture_output=True, check=False)
    return "swaks is installed without Net::DNS (libnet-dns-perl), so it asks for no MX" if asked.returncode else ""


@pytest.mark.skipif(bool(swaks_lacks()), reason=swaks_lacks())
def test_swaks_delivers() -> None:
    told = report("swaks", "--to", "user@example.test", "--from", "a@b.test")

    assert [mail["to"] for mail in told["mails"]] == [["user@example.test"]]


@pytest.mark.skipif(not (shutil.which("exim4") or exim.package()), reason="Exim is neither installed nor fetched")
def test_exim_meets_in_each_domain_what_it_promises(tmp_path: Path) -> None:
    tmp_path.chmod(0o777)  # for Exim, which gives up root
    for parent in tmp_path.parents[:3]:
        parent.chmod(parent.stat().st_mode | 0o011)
    config = tmp_path / "exim.conf"
    program = shutil.which("exim4") or exim.unpacked(tmp_path)
    config.write_text(EXIM.format(exim=program, folder=tmp_path))
    covers = [f"mount --bind {copy} {path}\n" for path, copy in exim.accounts(tmp_path).items()]
    script = f"""{"".join(covers)}for name in {" ".join(EXPECTED_OF_EXIM)}; do
        printf 'From: a@lab.test\\nSubject: x\\n\\nhello\\n' | {program} -C {config} -odi -i -f a@lab.test u@$name.test
    done"""

    told = report("sh", "-c", script)

    log = (tmp_path / "mainlog").read_text()
    seen = {
        words[4].removeprefix("u@").rstrip(":").removesuffix(".test"): words[3]
        for words in map(str.split, log.splitlines())
        if len(words) > 4 and words[3] in {"=>", "**", "=="} and words[4].startswith("u@")
    }
    assert seen == EXPECTED_OF_EXIM
    # Drop keeps the mail and does not answer: what Exim puts off has arrived all the same.
    arrived = {mail["to"][0].removeprefix("u@").removesuffix(".test") for mail in told["mails"]}
    assert arrived == {name for name, mark in EXPECTED_OF_EXIM.items() if mark == "=>"} | {"drop"}


def test_a_program_in_it_finds_a_control_api_for_mail_and_hosts() -> None:
    script = (
        "import json, os, sys, urllib.request as u\n"
        "control = os.environ['JUSTEMAILS_CONTROL']\n"
        "put = u.Request(control + '/network/refusing.test', b'{\"behaviour\": \"bounce\"}', method='PUT')\n"
        "put.add_header('Content-Type', 'application/json')\n"
        "u.urlopen(put)\n"
        "import subprocess\n"
        "codes = [subprocess.call([sys.executable, sys.argv[1], to]) for to in ('a@refusing.test', 'a@taking.test')]\n"
        "mails = json.load(u.urlopen(control + '/inbox'))['data']\n"
        "print(json.dumps([codes, [mail['to'] for mail in mails]]), file=sys.stderr)\n"
    )

    done = lab("--json", "--", sys.executable, "-c", script, SENDER)

    assert json.loads(done.stderr.splitlines()[-1]) == [[5, 0], ["a@taking.test"]]


def test_records_of_a_zone_file_are_in_its_dns(tmp_path: Path) -> None:
    zone = tmp_path / "zone"
    zone.write_text("moved.test. MX 10 mx.bounce.test.\n")

    told = json.loads(lab("--json", "--zone", str(zone), "--", sys.executable, SENDER, "a@moved.test", code=5).stdout)

    assert [one["host"] for one in told["refused"]] == ["mx.bounce.test"]
