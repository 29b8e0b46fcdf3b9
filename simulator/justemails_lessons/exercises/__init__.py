"""What counts as a solution of each exercise, its hint, and a sentence for who has found it; a module for each lesson.

An exercise is judged by what came of the reader's value, not by the value: any that brings it about is right.
"""

from collections.abc import Mapping

from justemails_lessons.exercises import (
    finding_mail,
    first_mail,
    how_many_requests,
    how_to_retry,
    judging_a_server,
    living_with_keys,
    what_breaks_a_signature,
    what_is_not_said,
    what_may_be_in_a_send,
    what_the_servers_said,
    where_is_my_mail,
    who_am_i,
    why_mail_waits,
)
from justemails_lessons.exercises.exercise import Exercise

_LESSONS = (
    first_mail,
    who_am_i,
    what_may_be_in_a_send,
    where_is_my_mail,
    what_the_servers_said,
    why_mail_waits,
    how_many_requests,
    how_to_retry,
    what_breaks_a_signature,
    finding_mail,
    living_with_keys,
    what_is_not_said,
    judging_a_server,
)

EXERCISES: Mapping[str, Exercise] = {number: one for lesson in _LESSONS for number, one in lesson.EXERCISES.items()}
