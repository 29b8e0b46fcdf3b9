"""Stories of an account: somebody sends, looks, lists, makes a key, uses it and revokes it, in any order.

Hypothesis draws the stories, and a model says what has to be seen (``account``). All of them happen to one account, so
the model goes on from story to story. That is why no rule has a precondition: what may be drawn must not depend on what
came before, and a rule that cannot be followed does nothing. The first breach ends them all, since to look for a
shorter story would ask the server again; what is told instead are the steps that have to do with the breach.
"""

from hypothesis import seed
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from justemails_conformance.fuzz.account import MOST_SENDS, Account
from justemails_conformance.fuzz.asking import Asking, Sent
from justemails_conformance.fuzz.cases import elsewhere, quiet
from justemails_conformance.run import SUBJECT, Run

CLAUSE = "fuzz.story"
_STORIES, _STEPS = 5, 16


def tell(run: Run, sent: list[Sent], seed_: int) -> None:
    """Tell the stories, and pass if everything was as the model has it."""
    asking = Asking(run, CLAUSE, _STORIES * _STEPS)
    account = Account(run, asking, sent)

    @seed(seed_)
    def story() -> Story:
        return Story(account)

    with elsewhere():
        run_state_machine_as_test(story, settings=quiet(_STORIES, _STEPS))  # type: ignore[arg-type]  # makes one too
    account.end()
    if account.over is not None:
        raise account.over
    asking.finish()


class Story(RuleBasedStateMachine):
    """The rules by which a story goes on."""

    def __init__(self, account: Account) -> None:
        super().__init__()
        self.account = account

    @initialize()
    def it_begins(self) -> None:
        """With a mail and with what comes next for the key, so that there is something to tell whatever is drawn."""
        self.account.follow(lambda: self.account.send(SUBJECT))
        self.account.follow(self.account.move_the_key_on)

    @rule()
    def a_pause(self) -> None:
        self.account.follow(self.account.pause)

    @rule(subject=st.text(st.characters(codec="utf-8", categories=["L", "N", "P"]), max_size=20))
    def a_mail_is_sent(self, subject: str) -> None:
        self.account.follow(lambda: self.account.send(subject))

    @rule(number=st.integers(0, MOST_SENDS))
    def a_message_is_looked_at(self, number: int) -> None:
        self.account.follow(lambda: self.account.look(number))

    @rule(end=st.text("0123456789abcdef", max_size=12))
    def what_was_never_sent_is_looked_for(self, end: str) -> None:
        self.account.follow(lambda: self.account.look_for_nothing(end))

    @rule()
    def the_messages_are_listed(self) -> None:
        self.account.follow(self.account.list_messages)

    @rule()
    def the_key_goes_its_way(self) -> None:
        self.account.follow(self.account.move_the_key_on)

    @rule()
    def the_key_is_used(self) -> None:
        self.account.follow(self.account.use_the_key)
