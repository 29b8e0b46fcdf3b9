"""When to try again, and when to stop trying (CHOICE-22). Pure."""

import random
from datetime import datetime

from justemails.delivery.settings import DeliverySettings


def next_attempt(
    now: datetime, attempt: int, created_at: datetime, settings: DeliverySettings, rng: random.Random
) -> datetime | None:
    """Return when to try again after attempt number ``attempt`` (from 1), or None when time has run out."""
    ladder = settings.retry_ladder
    wait = ladder[min(attempt, len(ladder)) - 1] * (1 + rng.uniform(-settings.jitter, settings.jitter))
    due = now + wait
    return due if due <= created_at + settings.give_up_after else None
