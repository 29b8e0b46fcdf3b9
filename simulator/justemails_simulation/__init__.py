"""Deterministic simulation: the reference and a fake mail internet in one process, on a clock that jumps.

The engine, the store and the API are the reference's own; what is simulated is the network, time, and the deaths of
workers. Read in this order: ``scenario`` (what is to happen), ``world`` (what it happens to), ``history`` (what
happened), ``invariants`` (what must hold all the while).
"""
