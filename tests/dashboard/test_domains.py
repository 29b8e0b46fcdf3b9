"""Domains: adding, verifying, breaking, mending and removing one, and what sends from it meet."""

import html
import json
import re
from collections.abc import Iterator, Sequence

import falcon.testing
import pytest
from tests.dashboard.client import Client, Page

from fakemx.dns.zones import DnsFault
from justemails.domains.check import CheckedRecord, check
from justemails.domains.domain import RequiredRecord, records_of
from justemails_dashboard.app import create_dashboard_app
from justemails_dashboard.breakage import Breakage, break_record, mend_record
from justemails_sandbox.sandbox import Sandbox
from justemails_sandbox.sending import SENDING_HOST

OWN = "yourdomain.com"
REQUIRED = ("ownership", "dkim", "spf", "bounce")


def account_of(sandbox: Sandbox) -> str:
    return sandbox.store.accounts()[0].id


def own_page(sandbox: Sandbox) -> str:
    return f"/domains/{account_of(sandbox)}/{OWN}"


def records(sandbox: Sandbox, name: str = OWN) -> Sequence[RequiredRecord]:
    domain = sandbox.store.domain(account_of(sandbox), name)
    assert domain is not None
    return records_of(domain, SENDING_HOST)


def record(sandbox: Sandbox, purpose: str) -> RequiredRecord:
    return next(one for one in records(sandbox) if one.purpose == purpose)


def answers(sandbox: Sandbox) -> dict[str, Sequence[str]]:
    """Return the states that DNS gives the records of the sandbox's own domain, by purpose."""
    domain = sandbox.store.domain(account_of(sandbox), OWN)
    assert domain is not None
    checked: Sequence[CheckedRecord] = sandbox.loop.run(check(domain, SENDING_HOST, sandbox.resolver))
    states: dict[str, Sequence[str]] = {}
    for one in checked:
        states[one.record.purpose] = [*states.get(one.record.purpose, []), one.state]
    return states


def act(client: Client, act: str, on: RequiredRecord | None = None) -> Page:
    fields = {"name": on.name, "type": on.type} if on else {}
    return client.send(own_page(client.sandbox), None, act=act, **fields)


@pytest.fixture(autouse=True)
def _mended(sandbox: Sandbox) -> Iterator[None]:
    """Take back what a test has set: records and faults outlast a reset, and other tests send from this domain."""
    own = records(sandbox)
    yield
    sandbox.network.zones.clear_fault(OWN)
    for one in own:
        mend_record(sandbox.network.zones, one)


def test_the_seeded_domain_is_verified_and_every_record_it_needs_stands_there_to_be_copied(
    client: Client, sandbox: Sandbox
) -> None:
    since = f"{sandbox.clock.now():%Y-%m-%d %H:%M:%S}"
    assert f"{OWN} \u2713 verified since {since}" in client.get("/domains").text

    page = client.get(own_page(sandbox))
    assert page.text.count("\u2713 ok") == len(records(sandbox)) == 6
    assert "Every required record is found" in page.text
    copied = re.findall(r"<pre[^>]*>([^<]+)</pre><button type=\"button\" data-copy", page.html)
    for one in records(sandbox):
        assert {one.name, one.value} <= {html.unescape(text) for text in copied}


def test_a_domain_is_added_pending_and_may_send_once_it_is_verified(client: Client, sandbox: Sandbox) -> None:
    page = client.send("/domains", account=account_of(sandbox), domain="  Example.ORG ")

    assert page.path == f"/domains/{account_of(sandbox)}/example.org"
    assert "\u25f7 pending" in page.text
    mail = {"from": "me@example.org", "to": "ann@example.com", "subject": "Hi", "text": "Hi"}
    assert client.api("POST", "/send", mail)["error"] == "DOMAIN_NOT_VERIFIED"

    page = client.send(page.path, act="verify")

    assert "Verified: every record that is required is there." in page.text
    assert f"/accounts/{account_of(sandbox)}/domains/example.org/verify" in page.text
    assert client.api("POST", "/send", mail)["status"] == "queued"


def test_the_second_of_a_domain_is_409_with_the_very_body_of_the_control_api(client: Client, sandbox: Sandbox) -> None:
    page = client.send("/domains", account=account_of(sandbox), domain=OWN)

    answer = client.control("POST", f"/accounts/{account_of(sandbox)}/domains", {"domain": OWN})
    assert (page.status, answer.status) == (409, 409)
    assert "409 Conflict" in page.text
    shown = re.findall(r"<pre[^>]*answer[^>]*>([^<]+)</pre>", page.html)
    assert [json.loads(html.unescape(text)) for text in shown] == [json.loads(answer.html)]
    assert json.loads(answer.html)["error"] == "CONFLICT"
    assert f'value="{OWN}"' in page.html


@pytest.mark.parametrize("name", ["", "nonsense", "<script>alert(1)</script>", "1.2.3.4", "a" * 250 + ".com"])
def test_what_is_no_domain_is_told_and_not_lost(client: Client, sandbox: Sandbox, name: str) -> None:
    page = client.send("/domains", account=account_of(sandbox), domain=name)

    assert page.status == 400
    assert "400 Bad Request: The 'domain' field" in page.text
    assert f'value="{html.escape(name)}"' in page.html
    assert "<script>alert" not in page.html
    assert len(sandbox.store.domains(account_of(sandbox))) == 1


def test_an_account_is_made_and_its_domains_stand_apart(client: Client, sandbox: Sandbox) -> None:
    page = client.send("/accounts", name="Shop <b>&</b>", back="/domains")

    (made,) = [account for account in sandbox.store.accounts() if account.name == "Shop <b>&</b>"]
    assert page.path == "/domains"
    assert "Shop &lt;b&gt;&amp;&lt;/b&gt;" in page.html
    assert "No domain yet" in page.text
    page = client.send("/domains", account=made.id, domain=OWN)
    assert page.path == f"/domains/{made.id}/{OWN}"
    assert len(sandbox.store.domains_named(OWN)) == 2


def test_many_accounts_come_some_at_a_time(client: Client, sandbox: Sandbox) -> None:
    for number in range(25):
        client.control("POST", "/accounts", {"name": f"Account {number:02}"})

    first, second = client.get("/domains"), client.get("/domains?page=2")

    assert ("later accounts" in first.text, "earlier accounts" in second.text) == (True, True)
    shown = [set(re.findall(r'<option value="(\w+)"', page.html)) for page in (first, second)]
    assert [len(ids) for ids in shown] == [20, 6]
    assert shown[0] | shown[1] == {account.id for account in sandbox.store.accounts()}
    assert client.get("/domains?page=x").status == 400


def test_a_removed_domain_may_send_no_more(client: Client, sandbox: Sandbox) -> None:
    page = client.send(f"{own_page(sandbox)}/remove")

    assert page.path == "/domains"
    assert sandbox.store.domains(account_of(sandbox)) == []
    mail = {"from": f"me@{OWN}", "to": "ann@example.com", "subject": "Hi", "text": "Hi"}
    assert client.api("POST", "/send", mail)["error"] == "DOMAIN_NOT_VERIFIED"
    assert client.get(f"/domains/{account_of(sandbox)}/{OWN}").status == 404


@pytest.mark.parametrize(
    ("how", "purpose", "state"),
    [
        *((Breakage.WRONG, purpose, "wrong") for purpose in (*REQUIRED, "dmarc")),
        *((Breakage.MISSING, purpose, "missing") for purpose in (*REQUIRED, "dmarc")),
        *((Breakage.SILENT, purpose, "unknown") for purpose in (*REQUIRED, "dmarc")),
    ],
)
def test_a_record_is_broken_as_the_button_says_and_mended_again(
    client: Client, sandbox: Sandbox, how: Breakage, purpose: str, state: str
) -> None:
    before = answers(sandbox)

    page = act(client, how, record(sandbox, purpose))

    assert answers(sandbox)[purpose][0] == state
    told = html.unescape(page.html)
    assert f"network.zones.set{'' if how is Breakage.WRONG else '_fault'}('{record(sandbox, purpose).name}'" in told
    page = act(client, "mend", record(sandbox, purpose))
    assert f"network.zones.remove('{record(sandbox, purpose).name}'" in html.unescape(page.html)
    assert answers(sandbox) == before


def test_what_was_done_is_told_as_lines_that_do_it(sandbox: Sandbox) -> None:
    """Run the lines on a network, and DNS says the same as after the button."""
    for how in Breakage:
        for one in records(sandbox):
            line = break_record(sandbox.network.zones, one, how)
            after = answers(sandbox)
            mend_record(sandbox.network.zones, one)
            exec(line, {"network": sandbox.network, "DnsFault": DnsFault})  # noqa: S102  # a line of our own
            assert answers(sandbox) == after
            for mending in mend_record(sandbox.network.zones, one):
                exec(mending, {"network": sandbox.network})  # noqa: S102


def test_verifying_a_broken_domain_takes_its_leave_to_send_and_says_why(client: Client, sandbox: Sandbox) -> None:
    page = act(client, Breakage.WRONG, record(sandbox, "spf"))
    assert "the domain stays verified until it is looked at" in page.text

    page = act(client, "verify")

    assert "no longer allowed to send" in page.text
    assert "SPF is wrong: found 'v=spf1 ip4:203.0.113.9 -all'" in page.text
    assert "\u25f7 pending" in page.text
    assert client.api("POST", "/send", {"from": f"a@{OWN}", "to": "b@c.de", "subject": "s", "text": "t"})["error"] == (
        "DOMAIN_NOT_VERIFIED"
    )
    act(client, "mend", record(sandbox, "spf"))
    assert "Verified: every record" in act(client, "verify").text


def test_name_servers_that_cannot_say_change_no_verdict(client: Client, sandbox: Sandbox) -> None:
    act(client, Breakage.SILENT, record(sandbox, "ownership"))

    page = act(client, "verify")

    assert "No verdict, so the domain stays verified." in page.text
    assert "? unknown" in page.text


def test_name_servers_that_never_answer_do_not_hold_a_page_while_the_clock_stands(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("justemails_dashboard.views.domain._PATIENCE_S", 0.05)
    pages = falcon.testing.TestClient(create_dashboard_app(sandbox, sandbox.make_api()))
    sandbox.network.zones.set_fault(OWN, DnsFault.TIMEOUT)

    answer = pages.simulate_get(own_page(sandbox), headers={"Host": "127.0.0.1:80"})

    page = Page(answer.status_code, own_page(sandbox), {}, answer.text)
    assert page.status == 200
    assert page.text.count("? unknown the name servers have not answered yet") == 6
    assert "answers for all of yourdomain.com with the fault timeout" in page.text


def test_a_dmarc_record_is_not_required(client: Client, sandbox: Sandbox) -> None:
    page = act(client, Breakage.MISSING, record(sandbox, "dmarc"))

    assert "Every required record is found" in page.text
    assert "no such TXT record at _dmarc.yourdomain.com" in page.text
    assert "Verified: every record" in act(client, "verify").text


def test_what_stands_in_dns_is_shown_and_not_obeyed(client: Client, sandbox: Sandbox) -> None:
    hostile = "je-verify=<img src=x onerror=alert(1)>"
    sandbox.network.zones.set(record(sandbox, "ownership").name, "TXT", [hostile])

    page = client.get(own_page(sandbox))

    assert html.escape(hostile) in page.html
    assert "<img" not in page.html


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"act": "explode", "name": f"_dmarc.{OWN}", "type": "TXT"},
        {"act": "wrong"},
        {"act": "wrong", "name": "example.com", "type": "MX"},
        {"act": "mend", "name": f"_dmarc.{OWN}", "type": "MX"},
    ],
)
def test_an_act_that_is_none_changes_nothing(client: Client, sandbox: Sandbox, fields: dict[str, str]) -> None:
    page = client.send(own_page(sandbox), None, **fields)

    assert page.status == 400
    assert "The field" in page.text
    assert {state for states in answers(sandbox).values() for state in states} == {"ok"}


def test_who_or_what_is_not_there_is_404(client: Client, sandbox: Sandbox) -> None:
    assert client.get(f"/domains/{account_of(sandbox)}/nobody.example").status == 404
    assert client.get(f"/domains/acc_none/{OWN}").status == 404
    assert client.send("/domains", account="acc_none", domain="example.org").status == 404
    assert client.send(f"/domains/acc_none/{OWN}/remove").status == 404
    assert client.send("/domains", domain="example.org").status == 400


def test_the_live_part_tells_of_a_verdict_of_the_daily_look(client: Client, sandbox: Sandbox) -> None:
    (address,) = re.findall(r'hx-get="([^"]+)"', client.get(own_page(sandbox)).html)
    assert client.get(html.unescape(address)).status == 204
    act(client, Breakage.MISSING, record(sandbox, "bounce"))

    client.advance("1d")

    page = client.get(html.unescape(address))
    assert page.html.lstrip().startswith('<section id="live"')
    assert "\u25f7 pending" in page.text
    assert 'data-news="yourdomain.com is pending, 2 required records are not found"' in page.html
