"""A reference that breaks a promise turns a lesson red, so a lesson cannot go on teaching what is no longer so."""

from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor

import nbformat
import pytest
from nbclient.exceptions import CellExecutionError
from tests.notebooks.stored import ALL, TAUGHT

from justemails_lessons.book import execute, read_twin

# What is done to the reference, and the lessons that have to notice; each breaks one sentence.
BROKEN = {
    "an answer that says sent instead of queued": (
        "01",
        "import justemails.wire as w\n"
        "told = w.message_created\n"
        "w.message_created = lambda message: {**told(message), 'status': 'sent'}",
    ),
    "a key that may do everything, whatever its scope": (
        "02",
        "import justemails.auth as a\n"
        "from dataclasses import replace\n"
        "from justemails_contract.operations import Scope\n"
        "find = a.find_operation\n"
        "a.find_operation = lambda method, path: "
        "(found := find(method, path)) and replace(found, scopes=frozenset(Scope))",
    ),
    "a message that is told to every account": (
        "02",
        "from justemails.pony_store import PonyStore\n"
        "told = PonyStore.message\n"
        "PonyStore.message = lambda self, _, message_id: "
        "next(filter(None, (told(self, account.id, message_id) for account in self.accounts())), None)",
    ),
    "deliveredAt before there was a delivery": (
        "04",
        "import justemails.wire as w\n"
        "told = w.message_status\n"
        "w.message_status = lambda m: {**told(m), 'deliveredAt': w.timestamp(m.created_at)}",
    ),
    "line breaks that are let into headers": (
        "03",
        "import justemails.validation as v, justemails.addresses as a, re\n"
        "v._CONTROL = a._CONTROL = re.compile('(?!)')",
    ),
    "a domain that is not verified answered as a bad request": (
        "03",
        "import justemails.resources as r\nr.DOMAIN_NOT_VERIFIED = r.BAD_REQUEST",
    ),
    "a 4xx taken for a no": (
        "05",
        "import justemails.delivery.conversation as c\n"
        "judged = c.classify\n"
        "c.classify = lambda phase, reply: "
        "c.Verdict.REFUSED if phase == 'RCPT' and reply.code >= 400 else judged(phase, reply)",
    ),
    "leading dots that are not doubled": (
        "05",
        "import justemails.smtp as s, re\ns._LINE_START_DOT = re.compile(rb'(?!)')",
    ),
    "no jitter, and a minute for ever": (
        "06",
        "import justemails.delivery.attempt as a\n"
        "from datetime import timedelta\n"
        "a.next_attempt = lambda now, *_: now + timedelta(minutes=1)",
    ),
    "a limit with one too many": (
        "07",
        "from justemails_contract.limits import LIMITS, Limit, Tier\n"
        "import justemails.ratelimit as r\n"
        "take = r.take\n"
        "r.take = lambda log, limit, now: take(log, Limit(limit.requests + 1, limit.window), now)",
    ),
    "a wait that is told a second too short": (
        "08",
        "import justemails.ratelimit as r\n"
        "from dataclasses import replace\n"
        "take = r.take\n"
        "r.take = lambda *given: (refusal := take(*given)) and "
        "replace(refusal, retry_after_s=max(refusal.retry_after_s - 1, 1))",
    ),
    "a fault that is told with what is inside": (
        "08",
        "import justemails.app as a\na.OUR_FAULT = 'There is no space left on the device.'",
    ),
    "a list of keys that does not say when they were used": (
        "12",
        "import justemails.wire as w\n"
        "told_keys = w.key_list\n"
        "w.key_list = lambda keys: "
        "{'data': [{'id': one['id'], 'name': one['name']} for one in told_keys(keys)['data']]}",
    ),
    "a key that works on after it was revoked": (
        "13",
        "from justemails.pony_store import PonyStore\nPonyStore.revoke_key = lambda self, *_: True",
    ),
    "a key that is remembered after it was revoked": (
        "11",
        "from justemails.pony_store import PonyStore\n"
        "find, seen = PonyStore.key_by_hash, {}\n"
        "PonyStore.key_by_hash = lambda self, secret_hash: "
        "seen.get(secret_hash) or seen.update({secret_hash: find(self, secret_hash)}) or seen[secret_hash]",
    ),
    "a list of keys with something of the secret in it": (
        "11",
        "import justemails.wire as w\n"
        "told_keys = w.key_list\n"
        "w.key_list = lambda keys: "
        "{'data': [{**item, 'key': key.hint} for item, key in zip(told_keys(keys)['data'], keys)]}",
    ),
    "a domain that may be sent from before it is verified": (
        "09",
        "from justemails.pony_store.domains import Domains\nDomains.is_verified = lambda self, account, name: True",
    ),
    "a domain that an account may have twice": (
        "09",
        "import justemails.pony_store.domains as d\n"
        "add = d.Domains.add_domain\n"
        "def once(self, domain):\n"
        "    if not self.domain(domain.account_id, domain.name):\n"
        "        add(self, domain)\n"
        "d.Domains.add_domain = once",
    ),
    "headers that are signed no oftener than they are there": (
        "09",
        "import justemails.dkim_signature as d\n"
        "named = d._header_names\n"
        "d._header_names = lambda present: [name for name in dict.fromkeys(named(present)) if name in present]",
    ),
    "a list that takes no notice of createdBefore": (
        "10",
        "import justemails.listing as n\n"
        "read = n.MessageFilter\n"
        "n.MessageFilter = lambda **given: read(**{**given, 'created_before': None})",
    ),
    "a list of another account's mail": (
        "10",
        "from justemails.pony_store.messages import Messages\n"
        "page = Messages.page\n"
        "Messages.page = lambda self, account, *rest: page(self, min(one.id for one in self.accounts()), *rest)",
    ),
}


def run_broken(what: str) -> None:
    number, breaking = BROKEN[what]
    lesson = next(lesson for lesson in ALL if lesson.name.startswith(number))
    notebook = read_twin(lesson.twin.read_text("utf-8"))
    notebook.cells.insert(0, nbformat.v4.new_code_cell(breaking))  # type: ignore[no-untyped-call]
    execute(notebook)


@pytest.fixture(scope="module")
def runs() -> Iterator[Mapping[str, Future[None]]]:
    """What becomes of each lesson on its broken reference, two at a time."""
    with ThreadPoolExecutor(2) as pool:
        yield {what: pool.submit(run_broken, what) for what in BROKEN}


@pytest.mark.parametrize("what", BROKEN)
def test_a_broken_reference_is_noticed(what: str, runs: Mapping[str, Future[None]]) -> None:
    with pytest.raises(CellExecutionError, match="does not hold"):
        runs[what].result()


def test_every_lesson_is_put_to_this_test() -> None:
    assert {number for number, _ in BROKEN.values()} == {lesson.name[:2] for lesson in TAUGHT}
