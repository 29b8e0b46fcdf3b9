"""The command, as its users type it."""

import json
import os
import re
import socket
import subprocess
import time
from pathlib import Path

import pytest
from tests.api.harness import MAIL
from tests.sandbox.harness import COMMAND, Client, Process, process, request, typed


def run(*arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run([COMMAND, *arguments], capture_output=True, text=True, timeout=60, cwd=cwd, check=False)


@pytest.fixture
def data(tmp_path: Path) -> str:
    return str(tmp_path / "data")


def test_the_first_json_line_tells_everything_needed(data: str) -> None:
    with process("--data", data) as started:
        ready = started.ready

        assert list(ready) == ["event", "api", "control", "dashboard", "key", "from", "dns", "pid"]
        assert ready["event"] == "ready"
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+/api/v1", ready["api"])
        assert re.fullmatch(r"127\.0\.0\.1:\d+", ready["dns"])
        assert ready["from"] == "hello@yourdomain.com"
        assert started.client.wait_until_settled(started.client.send()) == "delivered"
        assert request("GET", ready["dashboard"]).status == 200


def test_json_output_is_one_object_a_line_and_the_end_is_clean(data: str) -> None:
    started = Process("--data", data)
    started.client.wait_until_settled(started.client.send())

    code, out, err = started.stop()

    events = [json.loads(line) for line in out.splitlines()]
    assert code == 0
    assert err == ""
    assert [event["event"] for event in events if event["event"] != "request"] == ["mail", "attempt", "transition"]


def test_the_banners_curl_works_as_pasted(data: str) -> None:
    shown = subprocess.Popen(
        [COMMAND, "sandbox", "--port", "0", "--data", data], stdout=subprocess.PIPE, text=True, bufsize=1
    )
    assert shown.stdout
    banner: list[str] = []
    while not banner or not banner[-1].startswith("Stop with"):
        banner.append(shown.stdout.readline().rstrip("\n"))
    send, inbox = [line for line in banner if line.startswith("curl ")]
    control = inbox.removeprefix("curl ").removesuffix("/inbox")
    client = Client("", control, "")

    answer = json.loads(subprocess.check_output(["bash", "-c", send], stderr=subprocess.DEVNULL))
    mail = client.wait_for_mail("user@example.com", timeout_s=2)

    assert answer["status"] == "queued"
    assert mail["messageId"] == answer["id"]
    assert mail["auth"]["dkim"][0]["result"] == "pass"
    assert any("user@greylist.test" in line for line in banner)
    shown.terminate()
    told = shown.communicate(timeout=30)[0]
    assert re.search(r"POST /api/v1/send  200", told)
    assert f"{answer['id']}  queued -> delivered" in told
    assert shown.returncode == 0


def test_state_and_key_survive_a_restart(data: str) -> None:
    first = Process("--data", data)
    message_id = first.client.send()
    waiting = first.client.send("user@down.test")
    first.client.wait_until_settled(message_id)
    first.stop()

    with process("--data", data) as second:
        assert second.ready["key"] == first.ready["key"]
        assert second.client.status(message_id) == "delivered"
        assert second.client.status(waiting) == "queued"
        assert [mail["messageId"] for mail in second.client.get("/inbox")["data"]] == [message_id]


def test_a_virtual_clock_survives_a_restart_and_never_goes_back(data: str) -> None:
    first = Process("--data", data, "--clock", "virtual")
    moved = first.client.advance("4d")
    first.stop()

    with process("--data", data, "--clock", "virtual") as second:
        assert second.client.get("/clock")["now"] == moved == "2026-04-10T12:00:00Z"


def test_stopping_does_not_wait_for_a_clock_that_stands_still(data: str) -> None:
    first = Process("--data", data, "--clock", "virtual")
    message_id = first.client.send("user@slow.test")
    first.client.advance("1s")
    began = time.perf_counter()
    code, _, err = first.stop()
    took_s = time.perf_counter() - began

    with process("--data", data, "--clock", "virtual") as second:
        second.client.advance("1m")
        assert second.client.status(message_id) == "delivered"
    assert (code, err) == (0, "")
    assert took_s < 8  # a running clock is given ten seconds


def test_memory_keeps_nothing() -> None:
    first = Process("--data", ":memory:")
    first.client.send()
    first.stop()

    with process("--data", ":memory:") as second:
        assert second.ready["key"] != first.ready["key"]
        assert second.client.get("/inbox")["data"] == []


def test_a_given_key_is_accepted(data: str) -> None:
    key = "je_live_" + "a" * 38

    with process("--data", data, "--key", key) as started:
        assert started.ready["key"] == key
        assert request("GET", started.ready["api"] + "/messages", key=key).status == 200


def test_a_key_that_was_revoked_is_followed_by_a_new_one_and_never_wanted_again(data: str) -> None:
    with process("--data", data) as started:
        first = started.ready["key"]
        ((key,),) = (request("GET", started.ready["api"] + "/api-keys", key=first).json["data"],)
        assert request("DELETE", f"{started.ready['api']}/api-keys/{key['id']}", key=first).status == 200

    with process("--data", data) as again:
        assert again.ready["key"] != first
        assert request("GET", again.ready["api"] + "/messages", key=again.ready["key"]).status == 200

    refused = run("sandbox", "--port", "0", "--data", data, "--key", first)
    assert refused.returncode == 2
    assert "Invalid value for --key (or JUSTEMAILS_KEY): this key was revoked" in refused.stderr


def test_a_taken_port_is_exit_3_with_one_plain_line(data: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        result = run("sandbox", "--port", str(taken.getsockname()[1]), "--data", data)

    assert result.returncode == 3
    assert "is taken" in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_a_second_sandbox_on_the_same_data_is_refused(data: str) -> None:
    with process("--data", data):
        result = run("sandbox", "--port", "0", "--data", data)

    assert result.returncode == 2
    assert "another sandbox is running" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--host", "0.0.0.0"], "loopback"),  # noqa: S104  # refused is what is tested
        (["--host", "example.com"], "loopback"),
        (["--key", "secret"], "je_live_ and 38 letters and digits"),
        (["--clock", "sundial"], "'real', 'virtual'"),
        (["--port", "70000"], "0<=x<=65535"),
        (["--data", ""], "must be a folder, or :memory:"),
        (["--data", __file__], "it is no folder"),
    ],
)
def test_bad_options_are_exit_2_and_say_what_would_pass(data: str, arguments: list[str], said: str) -> None:
    result = run("sandbox", "--port", "0", "--data", data, *arguments)

    assert result.returncode == 2
    assert said in result.stderr


def test_settings_come_from_options_then_variables_then_the_file(tmp_path: Path) -> None:
    (tmp_path / "justemails.toml").write_text('[sandbox]\nhost = "0.0.0.0"\n')
    environment = {**os.environ, "JUSTEMAILS_HOST": "192.0.2.1"}

    def refused(*arguments: str, env: dict[str, str]) -> str:
        command = [COMMAND, "sandbox", "--port", "0", "--data", ":memory:", *arguments]
        return subprocess.run(
            command, capture_output=True, text=True, cwd=tmp_path, env=env, timeout=60, check=False
        ).stderr

    # Each source is shown to be read by a value that is refused.
    assert "loopback" in refused(env=dict(os.environ))
    assert "loopback" in refused(env=environment)
    assert "'real', 'virtual'" in refused("--host", "127.0.0.1", "--clock", "x", env=environment)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("port = 9131", "'port' is no command: a setting stands in its command's table, such as 'port' in [sandbox]"),
        ("sandbox = 5", "'sandbox' must be a table, such as [sandbox]"),
        ("[sandbox]\nportt = 5", "[sandbox] has no setting 'portt'; it has port, data, host, clock, "),
        ("[sandbox]\nnetwork = 'none.yaml'", "'--network': none.yaml cannot be read"),
        ("[sandbox]\nport = 'x'", "'x' is not"),
        ("[sandbox", "cannot be read"),
    ],
)
def test_a_settings_file_that_is_wrong_is_told(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "justemails.toml").write_text(text)

    refused = run("sandbox", "--data", ":memory:", cwd=tmp_path)

    assert refused.returncode == 2
    assert said in refused.stderr


def test_a_settings_file_speaks_of_options_by_their_names(tmp_path: Path) -> None:
    (tmp_path / "network.yaml").write_text("shop.example: bounce\n")
    (tmp_path / "justemails.toml").write_text('[sandbox]\nnetwork = "network.yaml"\n[domain.list]\ndata = "data"\n')

    with process("--data", str(tmp_path / "data"), cwd=tmp_path) as started:
        assert started.client.get("/network/shop.example")["behaviour"] == "bounce"
        assert "yourdomain.com" in run("domain", "list", cwd=tmp_path).stdout


def test_a_sandboxs_domain_is_not_verified_by_the_dns_of_the_machine(data: str) -> None:
    with process("--data", data) as started:
        refused = typed("domain", "verify", "yourdomain.com", "--data", data)

        assert refused.exit_code == 2
        assert "fake DNS" in refused.stderr
        assert started.client.wait_until_settled(started.client.send()) == "delivered"


def test_the_first_line_is_that_it_is_ready_though_a_story_is_told(data: str) -> None:
    started = subprocess.Popen(
        [COMMAND, "sandbox", "--json", "--port", "0", "--data", data, "--story"], stdout=subprocess.PIPE, text=True
    )
    assert started.stdout
    first = json.loads(started.stdout.readline())
    started.terminate()
    started.communicate(timeout=30)

    assert first["event"] == "ready"


def test_help_names_every_command() -> None:
    result = run("--help")

    assert result.returncode == 0
    for name in ("sandbox", "account", "domain", "key", "ready"):
        assert name in result.stdout


def test_ready_waits_for_a_sandbox(data: str) -> None:
    with process("--data", data) as started:
        url = started.ready["dashboard"].rstrip("/")
        assert typed("ready", "--url", url, "--wait", "10").exit_code == 0
        assert json.loads(typed("ready", "--url", url, "--json").stdout) == {"ready": True, "url": url}
    began = time.perf_counter()
    gone = typed("ready", "--url", url)

    assert gone.exit_code == 3
    assert "does not answer" in gone.stderr
    assert time.perf_counter() - began < 20


def test_accounts_domains_and_keys_are_managed_beside_a_running_sandbox(data: str) -> None:
    with process("--data", data) as started:
        client = started.client
        dns = started.ready["dns"]

        account = json.loads(typed("account", "add", "Shop", "--data", data, "--json").stdout)
        own = ("--account", account["id"], "--data", data)
        added = json.loads(typed("domain", "add", "shop.example", *own, "--json").stdout)
        twice = typed("domain", "add", "shop.example", *own)
        key = json.loads(typed("key", "create", "Shop key", "--scope", "send", *own, "--json").stdout)
        mail = {**MAIL, "from": "a@shop.example"}
        unverified = request("POST", client.api + "/send", mail, key["key"])
        verified = typed("domain", "verify", "shop.example", "--dns", dns, *own)
        sent = request("POST", client.api + "/send", mail, key["key"])
        listed = json.loads(typed("key", "list", *own, "--json").stdout)["data"]
        revoked = typed("key", "revoke", key["id"], *own)
        after = request("POST", client.api + "/send", mail, key["key"])

    assert [record["purpose"] for record in added["records"]] == [
        *("ownership", "dkim", "dkim", "spf", "bounce", "dmarc")
    ]
    assert twice.exit_code == 2
    assert "already exists" in twice.stderr
    assert unverified.status == 422
    assert verified.exit_code == 0, verified.stderr
    assert sent.status == 200
    assert [(row["id"], row["scope"]) for row in listed] == [(key["id"], "send")]
    assert key["key"] not in str(listed)
    assert revoked.exit_code == 0
    assert after.status == 401


def test_administration_without_a_database_or_with_several_accounts_says_what_to_do(tmp_path: Path, data: str) -> None:
    nowhere = typed("account", "list", "--data", str(tmp_path / "nothing"))
    Process("--data", data).stop()
    typed("account", "add", "Second", "--data", data)
    unclear = typed("key", "list", "--data", data)
    unknown = typed("domain", "list", "--account", "acc_x", "--data", data)

    assert (nowhere.exit_code, "no database" in nowhere.stderr) == (2, True)
    assert (unclear.exit_code, "--account" in unclear.stderr) == (2, True)
    assert (unknown.exit_code, "choose an account" in unknown.stderr) == (2, True)


def test_no_secret_is_in_the_database_or_the_log(data: str) -> None:
    started = Process("--data", data)
    made = request("POST", started.ready["api"] + "/api-keys", {"name": "x"}, started.ready["key"]).json["key"]
    request("GET", started.ready["api"] + "/messages", key=made)
    request("GET", started.ready["api"] + "/messages", key="je_live_" + "z" * 38)
    _, out, err = started.stop()

    kept = b"".join(path.read_bytes() for path in Path(data).glob("*sqlite3*"))
    assert b"Welcome" not in kept
    for secret in (made, started.ready["key"]):
        assert secret.encode() not in kept
        assert secret not in out + err
    assert (Path(data) / "sandbox.json").stat().st_mode & 0o077 == 0
