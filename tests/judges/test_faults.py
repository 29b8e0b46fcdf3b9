"""The differential table: where Postfix and Exim agree on what a fault means for a mail, so do we."""

from typing import Any

from tests.judges.conftest import TABLES
from tests.judges.faults import FAULTS

# Where they differ, our choice, and why (CHOICE-22).
OUR_CHOICE = {
    "banner 5xx, one host": ("deferred", "as Postfix: the host is out of order, the message is not refused"),
    "EHLO and HELO 5xx, two hosts": ("sent good", "as Exim: the next host may be willing"),
}


def test_where_postfix_and_exim_agree_so_do_we(met: Any) -> None:  # Any: JSON
    rows = _rows(met)
    TABLES.extend(["", f"{'fault':<34} {'ours':<10} {'Postfix':<10} Exim"])
    TABLES.extend(f"{name:<34} {ours:<10} {postfix:<10} {exim}" for name, (ours, postfix, exim) in rows.items())

    assert len(rows) == 2 * len(FAULTS) + 9 >= 60
    assert all("nothing" not in outcomes for outcomes in rows.values())
    agreed = {name: outcomes for name, outcomes in rows.items() if outcomes[1] == outcomes[2]}
    assert {name: ours for name, (ours, _, _) in agreed.items()} == {
        name: both for name, (_, both, _) in agreed.items()
    }


def test_where_they_differ_it_is_as_we_have_chosen(met: Any) -> None:  # Any: JSON
    """A row that comes or goes here means that one of the programs has changed, or that we have."""
    differing = {name: ours for name, (ours, postfix, exim) in _rows(met).items() if postfix != exim}

    TABLES.extend(f"  {name}: {OUR_CHOICE[name][1]}" for name in differing if name in OUR_CHOICE)
    assert differing == {name: outcome for name, (outcome, _) in OUR_CHOICE.items()}


def _rows(met: Any) -> dict[str, tuple[str, str, str]]:
    return {name: (met["ours"][name], met["Postfix"][name], met["Exim"][name]) for name in met["ours"]}
