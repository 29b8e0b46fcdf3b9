"""How long each benchmark runs: the full figures, and the short ones of ``--quick``."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Settings:
    """The sizes of every benchmark."""

    rounds: int  # of every contestant, in turn
    round_s: float
    warm_up_s: float
    keys: int  # each may send 100 a minute [limits.send]
    deliveries: int
    list_sizes: tuple[int, ...]
    list_repeats: int
    memory_first: int  # accepted mails at the first look
    memory_last: int
    dashboard_messages: int
    dashboard_repeats: int
    viewer_pairs: int  # of rounds with viewers and without
    patience_s: float  # the longest wait for anything


FULL = Settings(
    rounds=3,
    round_s=4,
    warm_up_s=0.5,
    keys=1000,
    deliveries=500,
    list_sizes=(1_000, 100_000, 1_000_000),
    list_repeats=200,
    memory_first=1_000,
    memory_last=10_000,
    dashboard_messages=100_000,
    dashboard_repeats=15,
    viewer_pairs=9,
    patience_s=240,
)

QUICK = Settings(
    rounds=1,
    round_s=1.5,
    warm_up_s=0.3,
    keys=300,
    deliveries=100,
    list_sizes=(1_000, 100_000),
    list_repeats=50,
    memory_first=200,
    memory_last=1_000,
    dashboard_messages=100_000,
    dashboard_repeats=5,
    viewer_pairs=1,
    patience_s=20,
)
