"""What counts as a solution of each exercise, its hint, and a sentence for who has found it; a module for each lesson.

An exercise is judged by what came of the reader's value, not by the value: any that brings it about is right.
"""

from collections.abc import Mapping

from justemails_lessons.exercises import (
    first_mail,
    how_many_requests,
    what_the_servers_said,
    where_is_my_mail,
    why_mail_waits,
)
from justemails_lessons.exercises.exercise import Exercise

_LESSONS = (
    first_mail,
    where_is_my_mail,
    what_the_servers_said,
    why_mail_waits,
    how_many_requests,
)

EXERCISES: Mapping[str, Exercise] = {number: one for lesson in _LESSONS for number, one in lesson.EXERCISES.items()}
