"""What derives from the report: the page, JUnit XML, the badge, and the text of a terminal."""

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.conformance.test_core import judged
from tests.conformance.verdicts import BASE_URL, HOSTILE, exchange, outcomes, verdict

from justemails_command.serving import ServedSandbox
from justemails_conformance.clauses import clauses
from justemails_conformance.reports.badge import as_endpoint, as_svg
from justemails_conformance.reports.html import as_html
from justemails_conformance.reports.junit import as_junit
from justemails_conformance.reports.style import STYLE
from justemails_conformance.reports.tally import headline
from justemails_conformance.reports.text import line_of, told
from justemails_conformance.reports.visible import shortened, visible
from justemails_conformance.transport import Request
from justemails_conformance.verdict import Finding, Outcome

PASS, FAIL, WARN, SKIP = Outcome.PASS, Outcome.FAIL, Outcome.WARN, Outcome.SKIP


# --- what no eye would see


@given(st.text(st.characters(codec=None)))
def test_a_visible_text_fits_xml_and_any_page(text: str) -> None:
    """Law: what is left can be printed, encoded, and put into XML 1.0, where it comes back as it was."""
    shown = visible(text)

    assert shown.isprintable()
    element = ElementTree.Element("x")
    element.text = shown
    assert (ElementTree.fromstring(ElementTree.tostring(element, "utf-8")).text or "") == shown  # noqa: S314  # our own


@given(st.text(), st.integers(1, 20), st.text(max_size=3))
def test_a_shortened_text_is_short_and_shows_what_matters(text: str, width: int, around: str) -> None:
    """Law: at most the width and two ellipses, and what it is about begins within it."""
    shown = shortened(text, width, around)

    assert len(shown) <= width + 6
    if around and len(around) * 2 <= width and around in text:
        assert around in shown


# --- the page


class _Page(HTMLParser):
    """The tags of a page with their attributes, and its texts."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, tuple[tuple[str, str | None], ...]]] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, tuple(attrs)))
        if tag not in {"meta", "br"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.mark.parametrize("said", HOSTILE)
def test_what_a_server_says_never_becomes_markup(said: str) -> None:
    """Whatever it says, the page has the tags and attributes that it has where a server says no more than "no"."""
    page, plain = _Page(as_html(verdict(said))), _Page(as_html(verdict("no")))

    assert page.tags == plain.tags
    assert page.open == []
    assert visible(said) in page.text


@pytest.mark.parametrize("said", HOSTILE)
def test_nothing_on_the_page_is_hidden_from_its_reader(said: str) -> None:
    html = as_html(verdict(said))

    assert all(one.isprintable() or one == "\n" for one in html)
    assert html.encode("utf-8")


def test_the_page_asks_nobody_for_anything_and_runs_nothing() -> None:
    html = as_html(verdict())

    policy = "default-src 'none'; style-src 'unsafe-inline'"
    assert f'<meta http-equiv="Content-Security-Policy" content="{policy}' in html
    assert "url(" not in html
    assert "@import" not in html
    for tag, attributes in _Page(html).tags:
        assert tag not in {"script", "img", "link", "iframe", "object", "form", "base"}
        for name, value in attributes:
            assert name != "src"
            assert not name.startswith("on")
            assert name != "href" or str(value).startswith("#")


def test_the_page_has_a_language_a_title_and_headings_in_order() -> None:
    page = _Page(as_html(verdict()))

    assert ("html", (("lang", "en"),)) in page.tags
    assert "title" in dict(page.tags)
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_every_link_of_the_page_leads_somewhere() -> None:
    tags = _Page(as_html(verdict())).tags
    targets = [dict(attributes)["href"] for tag, attributes in tags if tag == "a"]
    ids = [f"#{dict(attributes)['id']}" for _, attributes in tags if "id" in dict(attributes)]

    assert targets
    assert {*targets} <= {*ids}
    assert len(ids) == len({*ids})


@pytest.mark.parametrize("scheme", ["light", "dark", "print"])
def test_every_pair_of_colours_has_the_contrast_that_wcag_asks_for(scheme: str) -> None:
    blocks = [dict(re.findall(r"--([\w-]+): (#\w+);", block)) for block in re.findall(r":root \{(.*?)\}", STYLE, re.S)]
    light, dark, paper = blocks
    colors: Mapping[str, str] = {"light": light, "dark": dark, "print": paper}[scheme]

    assert colors.keys() == light.keys()
    for name in colors.keys() - {"ground", "box", "line"}:
        for ground in ("ground", "box"):
            assert _contrast(colors[name], colors[ground]) >= 4.5, (name, ground)


def _contrast(one: str, other: str) -> float:
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(color: str) -> float:
    digits = color[1:] if len(color) == 7 else "".join(digit * 2 for digit in color[1:])
    parts = (int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4))
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_the_page_tells_a_failure_before_everything_else_and_in_full() -> None:
    page = _Page(as_html(verdict()))

    titles = [
        "Broken promises (2)",
        "Broken, as expected (1)",
        "Warnings (1)",
        "Faults of the suite (1)",
        "Checked, and nothing shown (1)",
        "Not checked (1)",
        "Every promise that was looked at",
        "Where the document is silent",
        "Cleanup",
    ]
    places = [page.text.index(title) for title in titles]
    assert places == sorted(places)
    told = page.text[places[0] : places[1]]
    assert "to is the recipient's address, one string: user@example.com. (shown in an example)" in told
    assert "the document promises it" in told
    assert "400 or 422" in told
    assert "POST /send with to = 12" in told
    assert 'POST /send\nAuthorization: Bearer <key>\nContent-Type: application/json\n\n{"to": 12}' in told
    assert "status 200\nX-Said: no\n\nno" in told
    assert 'curl -i -X POST http://127.0.0.1:8025/api/v1/send -H "Authorization: Bearer $JUSTEMAILS_KEY"' in told
    assert "--only send.request.to --seed 7" in told
    assert "none: no" in told
    assert "issue 12: no" in page.text[places[1] : places[2]]
    assert "needs a key (no)" in page.text[places[5] : places[6]]
    assert "kept, though it was expected to fail: no" in page.text[places[6] : places[7]]
    assert "send: success status202" in page.text[places[7] : places[8]]


def test_a_long_answer_is_cut_to_what_it_is_about() -> None:
    made = verdict()
    body = b'{"data": "' + b"x" * 50_000 + b'", "to": "here", "y": "' + b"z" * 50_000 + b'"}'
    made.findings = [replace(made.findings[1], exchange=exchange(octets=body))]

    html = as_html(made)

    assert len(html) < 20_000
    assert "&quot;to&quot;: &quot;here&quot;" in html
    assert "(from a body of 100035 octets)" in html


# --- the verdict in words


@pytest.mark.parametrize(
    ("each", "expected", "words"),
    [
        ([PASS] * 40, 0, "It keeps every promise that was checked"),
        ([*[PASS] * 40, WARN], 0, "It keeps every promise that was checked"),
        ([*[PASS] * 40, FAIL], 0, "It breaks 1 of 41 promises"),
        ([*[PASS] * 40, FAIL, FAIL], 1, "It breaks 2 of 42 promises, 1 of them as expected"),
        ([*[PASS] * 40, FAIL, FAIL], 2, "It breaks 2 of 42 promises, as expected"),
        ([FAIL], 0, "It breaks 1 of 1 promise"),
        ([*[PASS] * 40, Outcome.ERROR], 0, "The suite itself failed at 1 of its checks"),
        ([PASS, SKIP, SKIP], 0, "Too little could be verified for a verdict"),
        ([], 0, "Too little could be verified for a verdict"),
    ],
)
def test_a_verdict_is_said_in_words(each: list[Outcome], expected: int, words: str) -> None:
    assert headline(outcomes(*each, expected=expected)) == words


# --- JUnit


def junit(said: str = "no") -> ElementTree.Element:
    return ElementTree.fromstring(as_junit(verdict(said)).encode("utf-8"))  # noqa: S314  # our own


@pytest.mark.parametrize("said", HOSTILE)
def test_whatever_a_server_says_the_xml_is_sound_and_has_the_same_elements(said: str) -> None:
    root, plain = junit(said), junit()

    assert [one.tag for one in root.iter()] == [one.tag for one in plain.iter()]
    assert visible(said) in "".join(root.itertext())


def test_the_xml_has_what_ci_servers_read(served: ServedSandbox) -> None:
    for text in (as_junit(verdict()), as_junit(judged(served))):
        root = ElementTree.fromstring(text.encode("utf-8"))  # noqa: S314  # our own
        assert root.tag == "testsuites"
        suites = list(root)
        assert {one.tag for one in suites} == {"testsuite"}
        for owner in (root, *suites):
            cases = [*owner.iter("testcase")]
            assert {one.tag for case in cases for one in case} <= {
                *("properties", "failure", "error", "skipped", "system-out"),
            }
            assert int(owner.attrib["tests"]) == len(cases)
            for name, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
                assert int(owner.attrib[name]) == sum(case.find(tag) is not None for case in cases)
            assert float(owner.attrib["time"]) >= 0
        for case in root.iter("testcase"):
            assert {*case.attrib} == {"classname", "name", "time"}
            assert sum(one.tag in {"failure", "error", "skipped"} for one in case) <= 1


def test_each_clause_is_a_case_in_the_suite_of_its_profile() -> None:
    root = junit()
    cases = {case.attrib["name"]: case for case in root.iter("testcase")}

    assert [suite.attrib["name"] for suite in root] == ["core", "limits"]
    assert {one.attrib["name"]: one.attrib["value"] for one in root[0].iter("property")}.items() >= {
        "target": BASE_URL,
        "seed": "7",
        "profile": "core",
    }.items()
    assert {"suite.version", "document.sha256"} <= {one.attrib["name"] for one in root[0].iter("property")}
    assert cases["send.response.id.prefix"].attrib["classname"] == "send.response"
    assert cases["errors.403"].attrib["classname"] == "errors"
    assert cases["send.response.id.prefix"].find("properties/property[@name='level']").attrib["value"] == "S"  # type: ignore[union-attr]  # it is there


def test_what_came_of_a_clause_is_what_a_ci_server_shows() -> None:
    cases = {case.attrib["name"]: {one.tag: one for one in case} for case in junit().iter("testcase")}

    failure = cases["send.request.to"]["failure"]
    assert failure.attrib["message"] == "expected 400 or 422, got no"
    for words in ("promise", "expected  400 or 422", "got       no", "answer    200  no", "curl -i", "replay"):
        assert words in str(failure.text)
    assert cases["send.response.id"]["skipped"].attrib["message"] == "expected to fail: issue 12: no"
    assert cases["keys.revoke"]["skipped"].attrib["message"] == "no"
    assert cases["errors.403"]["skipped"].attrib["message"] == "needs a key (no)"
    assert cases["limits.send"]["error"].attrib["message"] == "ValueError: no"
    assert "expected  msg_" in str(cases["send.response.id.prefix"]["system-out"].text)
    assert {*cases["send.request"]} == {"properties"}
    assert cases["limits.read"]["system-out"].text == "kept, though it was expected to fail: no"


# --- the badge


@pytest.mark.parametrize(
    ("each", "expected", "message", "color"),
    [
        ([PASS] * 40, 0, "40/40 promises", "brightgreen"),
        ([*[PASS] * 40, WARN, SKIP], 0, "41/41 promises", "brightgreen"),
        ([*[PASS] * 40, FAIL], 0, "40/41 promises", "red"),
        ([*[PASS] * 40, FAIL, FAIL], 1, "40/42, 1 expected", "red"),
        ([*[PASS] * 40, FAIL, FAIL], 2, "40/42, 2 expected", "yellow"),
        ([PASS], 0, "only 1 of 66 verified", "lightgrey"),
        ([*[PASS] * 20, *[SKIP] * 30], 0, "only 20 of 66 verified", "lightgrey"),
        ([FAIL], 0, "0/1 promises", "red"),
    ],
)
def test_a_badge_says_how_many_promises_are_kept(each: list[Outcome], expected: int, message: str, color: str) -> None:
    promised = sum(one.profile == "core" and one.level == "M" for one in clauses().values())

    assert json.loads(as_endpoint(outcomes(*each, expected=expected))) == {
        "schemaVersion": 1,
        "label": "justemails core",
        "message": message.replace("of 66", f"of {promised}"),
        "color": color,
    }


def test_what_only_an_example_shows_is_not_counted() -> None:
    made = outcomes(*[PASS] * 40)
    made.findings.append(Finding(clauses()["send.response.id.prefix"], PASS))

    assert '"40/40 promises"' in as_endpoint(made)


def test_the_picture_is_sound_and_says_in_words_what_it_shows() -> None:
    made = outcomes(*[PASS] * 40)
    made.base_url += '/<&">'
    svg = ElementTree.fromstring(as_svg(made))  # noqa: S314  # our own

    assert svg.attrib["role"] == "img"
    assert [one.text for one in svg][:1] == ["justemails core: 40/40 promises"]
    assert '/<&">' in str(svg[1].text)
    assert "href" not in as_svg(made)


# --- the terminal


@pytest.mark.parametrize("said", HOSTILE)
def test_no_terminal_obeys_a_server(said: str) -> None:
    for finding in verdict(said).findings:
        lines = [line_of(finding), *told(BASE_URL, finding)]

        assert all(line.replace(finding.clause.sentence, "").isascii() for line in lines)
        assert all(line.isprintable() for line in lines)


@pytest.mark.parametrize(
    ("clause", "request_", "words"),
    [
        ("send.request.to", {"body": b'{"to": 12, "from": "a@b.example"}'}, "POST /send with to = 12"),
        ("send.request.to.required", {"body": b'{"from": "a@b.example"}'}, "POST /send without to"),
        ("send.response", {"body": b'{"from": "a", "to": "b"}'}, "POST /send with from, to"),
        ("errors.400", {"body": b"{"}, "POST /send with the body {"),
        ("errors.400", {"body": b"[]"}, "POST /send with the body []"),
        ("errors.400", {"body": b"{}"}, "POST /send with no member"),
        ("auth.required", {"headers": {}}, "POST /send without an Authorization header"),
        ("auth.header", {"headers": {"Authorization": "<key>"}}, "POST /send with Authorization: <key>"),
        (
            "keys.list.account",
            {"headers": {"Authorization": "Bearer <other-key>"}},
            "POST /send with the key of another",
        ),
    ],
)
def test_a_request_is_told_in_words(clause: str, request_: Mapping[str, object], words: str) -> None:
    request = Request("POST", "/send", {"Authorization": "Bearer <key>"})
    asked = replace(exchange(), request=replace(request, **request_))  # type: ignore[arg-type]  # as the cases say

    lines = [*told(BASE_URL, Finding(clauses()[clause], FAIL, "x", "y", asked))]

    assert any(line.startswith(f"  asked     {words}") for line in lines)


def test_a_terminal_shows_the_part_of_the_answer_and_the_header_that_it_is_about() -> None:
    body = b'{"data": "' + b"x" * 5000 + b'", "createdAt": "yesterday", "y": "' + b"z" * 5000 + b'"}'
    asked = exchange(octets=body, headers=[("Content-Type", "text/html"), ("Server", "x")])
    finding = Finding(clauses()["send.response.createdAt"], FAIL, "Content-Type: application/json", "y", asked)

    text = "\n".join(told(BASE_URL, finding))

    assert '"createdAt": "yesterday"' in text
    assert "  header    Content-Type: text/html" in text
    assert "Server" not in text
    assert len(text) < 1500


def test_a_refusal_that_does_not_say_how_long_to_wait_is_seen() -> None:
    asked = exchange("{}", status=429)

    assert "  header    no Retry-After" in [*told(BASE_URL, Finding(clauses()["errors.429"], FAIL, "x", "y", asked))]


def test_a_failure_that_is_known_is_told_with_its_reason() -> None:
    finding = verdict().findings[2]

    assert line_of(finding).endswith("send.response.id  expected: issue 12: no")
    assert "  known     issue 12: no" in [*told(BASE_URL, finding)]
    assert line_of(verdict().findings[-1]).endswith("limits.read  kept, though it was expected to fail: no")
