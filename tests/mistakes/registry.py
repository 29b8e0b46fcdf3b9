"""Thirty mistakes that home-made senders make, each made on purpose, and the test that notices it.

In the order of the harm they do and how often they are met. Each changes the product while a test runs, from outside:
the product has no branch for it. ``make hunt ARGS="-v tests/mistakes"`` prints the table.
"""

import random
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from tests.breaking.change import always, change

from justemails.delivery import reach
from justemails.delivery.classify import Verdict
from justemails.delivery.conversation import _extensions
from justemails.delivery.settings import Phase
from justemails.ports import DnsTemporaryError, NoSuchDomainError, Reply
from justemails.records import DomainRoom
from justemails_contract.delivery import Event

REFERENCE, SANDBOX = "tests/reference", "tests/sandbox"

REPLIES, CONVERSATION, CONNECTIONS = "replies", "conversation", "connections"
CONTENT, IDENTITY = "content", "identity"
DNS, QUEUE, SCHEDULE = "DNS", "queue", "schedule"


@dataclass(frozen=True)
class Mistake:
    """A mistake.

    Args:
        family: the part of a sender that makes it.
        make: changes the product so that it makes the mistake.
        test: which test has to fail then.
    """

    number: int
    family: str
    title: str
    make: Callable[[], None]
    test: str


def _with_resolver(answer: Callable[[Any], Any]) -> Callable[[], None]:
    """Return a mistake in what is made of DNS's answers about MX records."""

    def make() -> None:
        def changed(original: Any) -> Any:
            async def call(self: Any, domain: str) -> Any:
                return await original(replace(self, resolver=_Other(self.resolver, answer)), domain)

            return call

        change("justemails.delivery.routing", "MxRoute.__call__", changed)

    return make


class _Other:
    """A resolver whose MX answers are changed."""

    def __init__(self, inner: Any, answer: Callable[[Any], Any]) -> None:
        self._inner = inner
        self._answer = answer

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    async def mx(self, domain: str) -> Any:
        try:
            records = await self._inner.mx(domain)
        except DnsTemporaryError as ex:
            records = ex
        answered = self._answer(records)
        if isinstance(answered, Exception):
            raise answered
        return answered


def _no_such_domain_if(wanted: Callable[[Any], bool]) -> Callable[[Any], Any]:
    def answer(records: Any) -> Any:
        return NoSuchDomainError() if wanted(records) else records

    return answer


def _settings(**changed: Any) -> Callable[[], None]:
    return lambda: change("justemails.delivery.settings", "DEFAULTS", lambda defaults: replace(defaults, **changed))


def _classified(code_class: int, verdict: str) -> Callable[[], None]:
    """Return the mistake of taking every reply of a class for something else."""

    def make() -> None:
        def changed(original: Any) -> Any:
            def classify(phase: Any, reply: Any) -> Any:
                return Verdict[verdict] if reply.code // 100 == code_class else original(phase, reply)

            return classify

        change("justemails.delivery.classify", "classify", changed)

    return make


def _lost_dot_is(event: str) -> Callable[[], None]:
    def make() -> None:
        def changed(original: Any) -> Any:
            def ended(attempt: Any, ending: Any, transcript: Any) -> Any:
                after = original(attempt, ending, transcript)
                lost = ending.reply is None and ending.phase == "DOT"
                return replace(after, event=Event[event]) if lost else after

            return ended

        change("justemails.delivery.attempt", "_ended", changed)

    return make


def _delivered_before_the_reply() -> None:
    def changed(original: Any) -> Any:
        async def send_data(self: Any, connection: Any, data: bytes, may_send: Any) -> Any:
            may_send()
            self._phase = Phase.DOT
            return self._ended(Verdict.GO_ON, Reply(250, "2.0.0 surely"))

        return send_data

    change("justemails.delivery.conversation", "Conversation._send_data", changed)


def _message(change_bytes: Callable[[bytes], bytes]) -> Callable[[], None]:
    """Return a mistake in the message as it is written."""
    return lambda: change(
        "justemails.mail.message", "compose", lambda original: lambda *arguments: change_bytes(original(*arguments))
    )


def _new_message_id_each_time() -> None:
    count = iter(range(10**9))
    _message(lambda data: re.sub(rb"(Message-ID: <)", rb"\g<1>%d." % next(count), data))()


def _footer_after_signing() -> None:
    change(
        "justemails.delivery.attempt",
        "_whole",
        lambda original: lambda *arguments: original(*arguments) + b"footer\r\n",
    )


def _claim_leaves(**kept: Any) -> Callable[[], None]:
    """Return the mistake of a claim that writes something else to the message's row."""

    def make() -> None:
        def changed(original: Any) -> Any:
            def leased(row: Any, lease_until: datetime) -> Any:
                due_us = row.due_us
                claim = original(row, lease_until)
                row.due_us = kept.get("due_us", due_us)
                return claim

            return leased

        change("justemails.pony_store.deliveries", "leased", changed)

    return make


def _shuffled_whatever_the_preference() -> None:
    def changed(original: Any) -> Any:
        def order(records: Sequence[Any], rng: random.Random) -> list[str]:
            hosts: list[str] = original(records, rng)
            rng.shuffle(hosts)
            return hosts

        return order

    change("justemails.delivery.routing", "_by_preference", changed)


def _only_the_first() -> None:
    change("justemails.delivery.routing", "_by_preference", lambda original: lambda *given: original(*given)[:1])


def _no_helo() -> None:
    def changed(original: Any) -> Any:
        async def greet(self: Any, connection: Any) -> Any:
            reply = await self._command(Phase.EHLO, connection, f"EHLO {self.settings.ehlo_name}")
            self._extensions = _extensions(reply)
            return self._judge(reply)

        return greet

    change("justemails.delivery.conversation", "Conversation._greet", changed)


def _old_capabilities_after_tls() -> None:
    def changed(original: Any) -> Any:
        async def greet(self: Any, connection: Any) -> Any:
            return None if self._tls else await original(self, connection)

        return greet

    change("justemails.delivery.conversation", "Conversation._greet", changed)


def _reset_must_work() -> None:
    def changed(original: Any) -> Any:
        async def again(self: Any, transcript: list[str]) -> bool:
            if not await original(self, transcript):
                raise RuntimeError("RSET failed")
            return True

        return again

    change("justemails.delivery.conversation", "Conversation.again", changed)


def _one_at_a_time() -> None:
    change("justemails.delivery.engine", "Engine._free", lambda _: property(lambda self: 1 - len(self._tasks)))


def _no_room_for_domains() -> None:
    change("justemails.delivery.engine", "Engine._room", lambda _: property(lambda self: DomainRoom()))


def _never_gives_up() -> None:
    def changed(original: Any) -> Any:
        def next_attempt(now: Any, attempt: int, created_at: Any, settings: Any, rng: Any) -> Any:
            return original(now, attempt, now, settings, rng)

        return next_attempt

    change("justemails.delivery.schedule", "next_attempt", changed)


def _goes_anywhere() -> None:
    forbids, allows = reach.forbid_this_machine, always(None)(None)
    change("justemails.delivery.reach", "forbid_this_machine", lambda _: allows)
    # The route has it as a default, too.
    change(
        "justemails.delivery.routing",
        "MxRoute.__init__.__defaults__",
        lambda given: tuple(allows if one is forbids else one for one in given),
    )


async def _no(*_: object) -> bool:
    return False


MISTAKES: Sequence[Mistake] = (
    Mistake(1, REPLIES, "says delivered before the 250 to the final dot", _delivered_before_the_reply,
            f"{REFERENCE}/test_conversation.py::test_a_fault_in_a_phase_ends_as_the_table_says"),
    Mistake(2, REPLIES, "takes a lost 250 for a refusal", _lost_dot_is("REFUSED"),
            f"{REFERENCE}/test_engine.py::test_a_message_that_was_taken_but_not_answered_comes_again_with_the_same_bytes"),
    Mistake(2, REPLIES, "takes a lost 250 for success", _lost_dot_is("ACCEPTED"),
            f"{REFERENCE}/test_engine.py::test_a_message_that_was_taken_but_not_answered_comes_again_with_the_same_bytes"),
    Mistake(3, REPLIES, "takes a 4xx for final", _classified(4, "REFUSED"),
            f"{REFERENCE}/test_engine.py::test_a_greylisted_message_is_delivered_at_the_next_attempt"),
    Mistake(3, REPLIES, "tries a 5xx again for days", _classified(5, "NEXT_HOST"),
            f"{REFERENCE}/test_engine.py::test_a_five_bounces_at_the_first_attempt_and_no_other_host_is_asked"),
    Mistake(4, CONTENT, "lets a bare CR or LF out in a body", lambda: change(
                "justemails.mail.message", "_encode_body", lambda original: lambda body: ("7bit", body)),
            f"{REFERENCE}/test_message.py::test_no_body_can_end_the_message_early"),
    Mistake(5, CONTENT, "writes header texts as they come", lambda: change(
                "justemails.mail.message", "_goes_plain", always(True)),
            f"{REFERENCE}/test_message.py::test_a_text_that_looks_like_an_encoded_word_is_shown_literally_and_adds_no_header"),
    Mistake(5, CONTENT, "does not read its own message again", lambda: change(
                "justemails.mail.message_check", "check_message", always(None)),
            f"{REFERENCE}/test_engine.py::test_a_message_that_is_not_what_was_meant_is_not_sent"),
    Mistake(6, CONTENT, "does not double dots at the starts of lines", lambda: change(
                "justemails.delivery.smtp", "_LINE_START_DOT", lambda original: re.compile(rb"(?!)")),
            f"{SANDBOX}/test_delivery.py::test_no_body_ends_a_message_early"),
    Mistake(7, IDENTITY, "changes the message after it was signed", _footer_after_signing,
            f"{SANDBOX}/test_delivery.py::test_a_mail_is_delivered_signed_and_aligned"),
    Mistake(8, DNS, "ignores a null MX", _with_resolver(
                lambda records: [one for one in records if one.host != "."] if isinstance(records, list) else records),
            f"{REFERENCE}/test_delivery_rules.py::test_a_null_mx_is_permanent_and_no_address_is_looked_up"),
    Mistake(9, DNS, "takes SERVFAIL for NXDOMAIN", _with_resolver(
                _no_such_domain_if(lambda records: isinstance(records, Exception))),
            f"{REFERENCE}/test_delivery_rules.py::test_an_mx_look_up_that_fails_is_temporary_and_never_goes_on_to_the_address"),
    Mistake(10, DNS, "tries only the first mail host", _only_the_first,
            f"{REFERENCE}/test_engine.py::test_where_the_first_host_cannot_the_second_delivers_in_the_same_attempt"),
    Mistake(10, DNS, "tries mail hosts in any order", _shuffled_whatever_the_preference,
            f"{REFERENCE}/test_delivery_rules.py::test_hosts_come_in_the_order_of_their_preferences_whatever_the_seed"),
    Mistake(11, DNS, "knows no implicit MX", _with_resolver(_no_such_domain_if(lambda records: records == [])),
            f"{REFERENCE}/test_delivery_rules.py::test_without_an_mx_the_domain_itself_is_the_mail_host"),
    Mistake(12, QUEUE, "forgets a message when it begins to deliver it", _claim_leaves(due_us=None),
            f"{REFERENCE}/test_engine.py::test_leases_that_a_crash_left_run_out_and_the_message_is_tried_again"),
    Mistake(13, QUEUE, "lets two workers take one message", _claim_leaves(),
            f"{REFERENCE}/test_pony_store.py::test_a_claim_leases_what_is_due_the_longest_due_first"),
    Mistake(14, CONTENT, "makes a new Message-ID for each attempt", _new_message_id_each_time,
            f"{REFERENCE}/test_engine.py::test_a_message_that_was_taken_but_not_answered_comes_again_with_the_same_bytes"),
    Mistake(15, CONNECTIONS, "lets one slow mail host hold up all mail", _one_at_a_time,
            f"{REFERENCE}/test_engine.py::test_one_silent_host_does_not_hold_up_other_mail"),
    Mistake(16, CONVERSATION, "waits half a minute for the answer to the dot", _settings(content_s=30),
            f"{REFERENCE}/test_conversation.py::test_a_server_that_falls_silent_is_left_when_the_phases_time_is_up"),
    Mistake(17, SCHEDULE, "never gives up", _never_gives_up,
            f"{REFERENCE}/test_engine.py::test_a_message_that_is_always_put_off_fails_after_four_days_and_never_before"),
    Mistake(18, SCHEDULE, "retries without jitter", _settings(jitter=0),
            f"{REFERENCE}/test_delivery_rules.py::test_waits_spread_over_the_whole_range"),
    Mistake(18, CONNECTIONS, "opens any number of connections to a domain", _no_room_for_domains,
            f"{REFERENCE}/test_engine.py::test_no_more_messages_to_a_domain_are_under_way_than_the_settings_allow"),
    Mistake(19, CONVERSATION, "reads the first line of a reply only", lambda: change(
                "justemails.delivery.smtp", "_harmless",
                lambda original: lambda code, text: original(code, text.split("\n")[0])),
            f"{SANDBOX}/test_smtp_connection.py::test_a_reply_is_read_whole_however_it_is_cut"),
    Mistake(20, CONVERSATION, "knows no HELO", _no_helo,
            f"{REFERENCE}/test_conversation.py::test_a_server_that_refuses_ehlo_is_greeted_with_helo"),
    Mistake(20, CONVERSATION, "believes after TLS what was said before it", _old_capabilities_after_tls,
            f"{REFERENCE}/test_conversation.py::test_where_tls_is_offered_it_is_used_and_what_was_learned_before_is_forgotten"),
    Mistake(21, CONVERSATION, "takes a failed handshake for the end", lambda: change(
                "justemails.delivery.conversation", "Ending.without_tls_it_may_work", lambda _: False),
            f"{REFERENCE}/test_engine.py::test_where_tls_fails_the_same_host_gets_the_message_in_the_clear"),
    Mistake(22, CONVERSATION, "sends UTF-8 addresses to servers without SMTPUTF8", lambda: change(
                "justemails.delivery.conversation", "Conversation._unfit", always(None)),
            f"{REFERENCE}/test_conversation.py::test_a_server_without_smtputf8_is_not_asked_to_take_such_a_message"),
    Mistake(23, CONTENT, "sends lines of any length", lambda: change(
                "justemails.mail.message", "_is_plain_line", always(True)),
            f"{REFERENCE}/test_message.py::test_a_line_of_five_million_characters_is_broken_up"),
    Mistake(24, CONTENT, "forgets the Date", _message(lambda data: re.sub(rb"Date: .*\r\n", b"", data)),
            f"{REFERENCE}/test_message.py::test_the_date_is_the_acceptance_to_the_second"),
    Mistake(24, CONTENT, "writes the Message-ID twice", _message(lambda data: b"Message-ID: <x@y.example>\r\n" + data),
            f"{REFERENCE}/test_message.py::test_a_strict_reader_finds_exactly_what_was_meant"),
    Mistake(25, IDENTITY, "signs for the platform's domain", lambda: change(
                "justemails.mail.dkim_signature", "sign",
                lambda original: lambda message, *, domain, keys: original(
                    message, domain="platform.example", keys=keys)),
            f"{SANDBOX}/test_delivery.py::test_a_mail_is_delivered_signed_and_aligned"),
    Mistake(26, IDENTITY, "makes RSA keys of 1024 bits", lambda: change(
                "justemails.mail.dkim_signature", "_RSA_BITS", lambda _: 1024),
            f"{REFERENCE}/test_dkim_signature.py::test_the_rsa_record_holds_a_public_key_of_2048_bits"),
    Mistake(27, IDENTITY, "sends for a domain that has lost its verification", lambda: change(
                "justemails.records", "Domain.verified", lambda _: True),
            f"{REFERENCE}/test_engine.py::test_mail_of_a_domain_that_is_no_longer_verified_fails_without_a_connection"),
    Mistake(28, IDENTITY, "sends from one envelope address for all", lambda: change(
                "justemails.delivery.signing", "Signer.envelope_sender", always("bounces@platform.example")),
            f"{REFERENCE}/test_delivery_rules.py::test_each_message_has_an_envelope_sender_of_its_own_below_the_sending_domain"),
    Mistake(29, CONNECTIONS, "opens a connection for each message", lambda: change(
                "justemails.delivery.attempt", "Deliverer._takes_more", lambda _: _no),
            f"{REFERENCE}/test_engine.py::test_what_waits_for_a_domain_goes_over_the_connection_that_is_open"),
    Mistake(29, CONNECTIONS, "stumbles over a RSET that fails", _reset_must_work,
            f"{REFERENCE}/test_engine.py::test_a_connection_that_will_not_take_one_more_is_replaced_within_the_attempt"),
    Mistake(29, IDENTITY, "calls itself localhost", lambda: change(
                "justemails_sandbox.sending", "DELIVERY", lambda settings: replace(settings, ehlo_name="localhost")),
            f"{SANDBOX}/test_delivery.py::test_the_sender_calls_itself_by_a_name_that_leads_to_it"),
    Mistake(30, DNS, "lets a stranger's MX lead to this machine", _goes_anywhere,
            f"{REFERENCE}/test_delivery_rules.py::test_mail_hosts_that_are_this_very_machine_are_permanent"),
    Mistake(30, DNS, "sends mail to itself", lambda: change(
                "justemails.delivery.routing", "_better_than", lambda _: lambda records, own_name: records),
            f"{REFERENCE}/test_delivery_rules.py::test_where_we_are_a_mail_host_ourselves_only_better_ones_are_asked"),
)  # fmt: skip

WITNESSES: Mapping[str, str] = {
    REPLIES: "takes a 4xx for final",
    CONVERSATION: "knows no HELO",
    CONNECTIONS: "lets one slow mail host hold up all mail",
    CONTENT: "does not double dots at the starts of lines",
    IDENTITY: "sends from one envelope address for all",
    DNS: "ignores a null MX",
    QUEUE: "lets two workers take one message",
    SCHEDULE: "never gives up",
}
"""One mistake of each family, which `make test` makes; `make hunt` makes all of them."""
