"""Deterministic simulation: the reference and a fake mail internet in one process, on a clock that jumps.

Read in this order: ``scenario`` (what is to happen), ``world`` (what it happens to), ``history`` (what happened),
``invariants`` (what must hold all the while).
"""
