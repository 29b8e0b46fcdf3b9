"""Lessons: a sandbox in memory for notebooks, its pictures, and what keeps the notebooks true.

A notebook says ``from justemails_lessons import Lab`` and needs nothing else to be started.
"""

from justemails_lessons.checks import holds
from justemails_lessons.choices import choices
from justemails_lessons.lab import Lab
from justemails_lessons.pictures.canonical import Canonical
from justemails_lessons.pictures.clause_map import ClauseMap
from justemails_lessons.pictures.field_grid import FieldGrid
from justemails_lessons.pictures.histogram import Histogram
from justemails_lessons.pictures.key_lives import KeyLife, KeyLives
from justemails_lessons.pictures.matrix import Matrix
from justemails_lessons.pictures.pages import Pages
from justemails_lessons.pictures.readings import Readings
from justemails_lessons.pictures.sawtooth import Sawtooth
from justemails_lessons.pictures.states import StateDiagram
from justemails_lessons.pictures.strategies import Strategies
from justemails_lessons.pictures.survival import Survival
from justemails_lessons.pictures.timeline import Timeline

__all__ = [
    "Canonical",
    "ClauseMap",
    "FieldGrid",
    "Histogram",
    "KeyLife",
    "KeyLives",
    "Lab",
    "Matrix",
    "Pages",
    "Readings",
    "Sawtooth",
    "StateDiagram",
    "Strategies",
    "Survival",
    "Timeline",
    "choices",
    "holds",
]
