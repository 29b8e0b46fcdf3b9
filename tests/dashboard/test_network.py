"""The network's page: the map, each change by hand and the call that does it, and the catalogue."""

import json
import re
import shlex
import subprocess
from html import unescape

import pytest
from tests.dashboard.client import Client, Page

from fakemx.behaviours.catalogue import CATALOGUE
from fakemx.behaviours.form import to_json
from justemails_command.serving import ServedSandbox


def map_of(page: Page) -> str:
    """Return the text of the map alone."""
    found = re.search(r'<table class="map.*?</table>', page.html, re.DOTALL)
    return Page(200, "", {}, found[0]).text if found else ""


def call_of(page: Page) -> str:
    (call,) = re.findall(r"<pre[^>]*>(curl [^<]+)</pre>", page.html)
    return unescape(call)


def behaviour_of(sandbox: ServedSandbox, domain: str) -> object:
    behaviour = sandbox.network.behaviours().get(domain)
    return behaviour and to_json(behaviour)


def test_the_catalogue_has_every_entry_with_its_domain_tag_and_end(client: Client) -> None:
    page = client.get("/network")

    for name, entry in CATALOGUE.items():
        row = re.search(rf"<tr>\s*<td><code>{name}\.test</code>.*?</tr>", page.html, re.DOTALL)
        assert row is not None, name
        text = Page(200, "", {}, row[0]).text
        assert f"+{name} {entry.summary}" in text
        assert entry.expected in text
        assert f'name="to" value="user@{name}.test"' in row[0]


def test_words_narrow_the_catalogue(client: Client) -> None:
    page = client.get("/network?q=STARTTLS+expired")

    assert re.findall(r"<td><code>([a-z0-9-]+)\.test</code>", page.html) == ["expired-cert"]
    assert "Nothing in the catalogue has these words" in client.get("/network?q=%3Cb%3Exyz").text


def test_the_map_has_where_mail_went_and_what_was_set_by_hand_alone(client: Client) -> None:
    client.mail("ann@failover.test")
    client.send("/network", form="name", domain="Full.Example.", behaviour="full")

    text = map_of(client.get("/network"))

    assert "10 mx.failover.test refuses every connection 20 mx2.failover.test takes all mail" in text
    assert "full.example \u270e by hand full: the mailbox stays full" in text
    assert "10 mx.full.example at RCPT answers 452 4.2.2" in text
    assert "back to accepting" in text
    assert "no-8bitmime.test" not in text


def test_a_domain_of_which_nothing_is_said_has_the_catch_all_host(client: Client) -> None:
    client.mail("ann@map.example")

    text = map_of(client.get("/network"))
    assert "map.example accepts everything, like any domain that was not set 10 mx.catchall.test takes all mail" in text


def test_looking_at_the_map_begins_no_domains_time(client: Client, sandbox: ServedSandbox) -> None:
    client.send("/network", form="name", domain="moves.example", behaviour="mx-moves")
    client.get("/network?domain=moves.example")
    client.advance("15m")

    assert sandbox.network.zones.lookup("moves.example", "MX").texts == ("10 old.moves.example.",)


def test_a_change_is_printed_as_the_call_that_does_the_same(client: Client, sandbox: ServedSandbox) -> None:
    page = client.send("/network", form="step", domain="a.example", at="RCPT", reply="450 4.2.0 later", times="3")
    assert behaviour_of(sandbox, "a.example") == {"script": [{"at": "RCPT", "reply": "450 4.2.0 later", "times": 3}]}
    call = call_of(page)

    back = client.send("/network", form="clear", domain="a.example")
    assert behaviour_of(sandbox, "a.example") is None
    subprocess.run([*shlex.split(call.replace("\\\n", "")), "-sf"], check=True, capture_output=True)

    assert behaviour_of(sandbox, "a.example") == {"script": [{"at": "RCPT", "reply": "450 4.2.0 later", "times": 3}]}
    subprocess.run([*shlex.split(call_of(back).replace("\\\n", "")), "-sf"], check=True, capture_output=True)
    assert behaviour_of(sandbox, "a.example") is None


def test_a_step_holds_for_a_time_or_for_good(client: Client, sandbox: ServedSandbox) -> None:
    step = {"form": "step", "domain": "a.example", "at": "DOT", "reply": "451 busy"}

    client.send("/network", None, **step, **{"for": "5m"}, times="")
    assert behaviour_of(sandbox, "a.example") == {"script": [{"at": "DOT", "reply": "451 busy", "for": "5m"}]}
    client.send("/network", None, **step)
    assert behaviour_of(sandbox, "a.example") == {"script": [{"at": "DOT", "reply": "451 busy"}]}


def test_the_full_form_is_taken_as_the_control_api_takes_it(client: Client, sandbox: ServedSandbox) -> None:
    full = {"hosts": [{"preference": 10, "port": "blackhole"}, {"host": "mx2", "preference": 20, "script": []}]}

    page = client.send("/network", form="json", domain="a.example", json=json.dumps(full))

    assert page.status == 200
    hosts = sandbox.network.behaviours()["a.example"].hosts
    assert [(host.label, host.port) for host in hosts] == [("mx", "blackhole"), ("mx2", "open")]
    assert "mx.a.example never answers a connection" in map_of(page)


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"form": "name", "domain": "a.example", "behaviour": "nonsense"}, "The 'behaviour' field must be one of"),
        ({"form": "name", "domain": "a b", "behaviour": "full"}, "The field 'domain' must be a domain"),
        ({"form": "name", "domain": "", "behaviour": "full"}, "The field 'domain' must not be empty"),
        ({"form": "step", "domain": "a.example", "at": "RCPT", "reply": "no"}, "The 'reply' field must be a code"),
        ({"form": "step", "domain": "a.example", "at": "NOON", "reply": "450"}, "The 'at' field must be one of"),
        (
            {"form": "step", "domain": "a.example", "at": "RCPT", "reply": "450", "times": "many"},
            "The 'times' field must be a whole number",
        ),
        (
            {"form": "step", "domain": "a.example", "at": "RCPT", "reply": "450", "for": "ever"},
            "The 'for' field must be a duration",
        ),
        ({"form": "json", "domain": "a.example", "json": '{"script": '}, "The field 'json' is not valid JSON"),
        ({"form": "json", "domain": "a.example", "json": '{"script": 7}'}, "The 'script' field must be a list"),
        ({"form": "magic", "domain": "a.example"}, "The field 'form' must be one of"),
        ({"domain": "a.example"}, "The field 'form' must be one of"),
    ],
)
def test_what_is_wrong_is_named_and_what_was_typed_is_still_there(
    client: Client, sandbox: ServedSandbox, fields: dict[str, str], problem: str
) -> None:
    page = client.send("/network", None, **fields)

    assert page.status == 400
    assert problem in page.text
    for name in {"domain", "reply", "times", "for"} & fields.keys():
        assert f'value="{fields[name]}"' in page.html
    assert fields.get("json", "") in unescape(page.html)
    assert behaviour_of(sandbox, "a.example") is None


def test_what_was_never_set_cannot_be_taken_back(client: Client) -> None:
    assert client.send("/network", form="clear", domain="never.example").status == 404


def test_a_ready_domain_goes_back_to_its_entry(client: Client, sandbox: ServedSandbox) -> None:
    page = client.send("/network", form="name", domain="greylist.test", behaviour="bounce")
    assert "back to greylist" in map_of(page)

    page = client.send("/network", form="clear", domain="greylist.test")

    assert behaviour_of(sandbox, "greylist.test") == {"behaviour": "greylist"}
    assert "-X DELETE" in call_of(page)


def test_what_somebody_wrote_is_shown_as_text(client: Client) -> None:
    reply = "550 <img src=x onerror=alert(1)>"
    page = client.send("/network", form="step", domain="a.example", at="RCPT", reply=reply)

    assert "at RCPT answers 550 &lt;img" in page.html
    assert "<img" not in page.html
    assert "<b>" not in client.get("/network?domain=%3Cb%3E&q=%3Cb%3E").html


def test_the_forms_begin_with_what_a_domain_does_now(client: Client) -> None:
    client.send("/network", form="name", domain="a.example", behaviour="full")

    page = client.get("/network?domain=a.example")

    assert '<option value="full" selected>' in page.html
    (text,) = re.findall(r"<textarea[^>]*>(.*?)</textarea>", page.html, re.DOTALL)
    assert json.loads(unescape(text))["script"][0]["at"] == "RCPT"


def test_the_live_part_has_no_field_to_type_into(client: Client) -> None:
    client.mail()
    (address,) = re.findall(r'hx-get="([^"]+)"', client.get("/network").html)
    client.mail("bob@full.test")

    fresh = client.get(unescape(address))

    assert "full.test" in fresh.text
    assert "<textarea" not in fresh.html
    assert not re.findall(r'<input(?! type="hidden")', fresh.html)
