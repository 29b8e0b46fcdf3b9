"""Lessons: a sandbox in memory for notebooks, its pictures, and what keeps the notebooks true.

A notebook says ``from justemails_lessons import Lab`` and needs nothing else to be started.
"""

from justemails_lessons.checks import holds
from justemails_lessons.lab import Lab
from justemails_lessons.pictures.histogram import Histogram
from justemails_lessons.pictures.sawtooth import Sawtooth
from justemails_lessons.pictures.states import StateDiagram
from justemails_lessons.pictures.timeline import Timeline

__all__ = ["Histogram", "Lab", "Sawtooth", "StateDiagram", "Timeline", "holds"]
