"""What is drawn: cases of the contract by schemathesis, anything else by Hypothesis, both from a seed and in silence.

Everything is drawn before the first of it is sent. So what is sent does not depend on what the server says, nothing is
sent again to make it smaller, and the same seed asks the same.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

import hypothesis.core
import schemathesis
from hypothesis import HealthCheck, Phase, Verbosity, configuration, given, seed, settings
from hypothesis.strategies import SearchStrategy
from schemathesis import GenerationMode
from schemathesis.config import SchemathesisConfig

from justemails_contract.openapi import document_contract

Drawn = TypeVar("Drawn")

Case = schemathesis.Case[Any]  # Any: one of its operations, of which nothing is needed here
"""A request that fits an operation of the contract, or that does not."""


def quiet(count: int, steps: int = 1) -> settings:
    """Return settings that draw and do nothing else: no database, no second look, no word on the terminal."""
    return settings(
        max_examples=count,
        stateful_step_count=steps,
        phases=[Phase.generate],
        database=None,
        derandomize=False,  # the seed decides
        deadline=None,
        verbosity=Verbosity.quiet,
        print_blob=False,
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
    )


@contextmanager
def elsewhere() -> Iterator[None]:
    """Keep Hypothesis from writing to the current folder: its tables of characters go where they are deleted."""
    before = configuration.storage_directory(intent_to_write=False).home_directory
    with TemporaryDirectory(prefix="justemails-fuzz-") as folder:
        configuration.set_hypothesis_home_dir(folder)
        try:
            yield
        finally:
            configuration.set_hypothesis_home_dir(before)


def drawn(strategy: SearchStrategy[Drawn], count: int, seed_: int) -> list[Drawn]:
    """Return values of a strategy, each of them once, and fewer than asked for where there are no more."""
    found: list[Drawn] = []

    @seed(seed_)
    @quiet(count + count // 2)  # it comes back to what it has drawn
    @given(strategy)
    def keep(value: Drawn) -> None:
        if value not in found:
            found.append(value)

    with elsewhere():
        keep()
    return found[:count]


def cases(method: str, path: str, mode: GenerationMode, count: int, seed_: int) -> list[Case]:
    """Return cases of an operation that fit the contract, or that do not."""
    return drawn(_strategy(method, path, mode), count, seed_)


def case(method: str, path: str) -> Case:
    """Return the case of an operation that has nothing to draw from."""
    made: Case = _contract()[path][method].Case()
    return made


def _strategy(method: str, path: str, mode: GenerationMode) -> SearchStrategy[Case]:
    """Return schemathesis' strategy; it silences Hypothesis' printer for the whole process, which is put back."""
    innards = vars(hypothesis.core)
    printer = innards["RepresentationPrinter"]
    try:
        strategy: SearchStrategy[Case] = _contract()[path][method].as_strategy(generation_mode=mode)
    finally:
        innards["RepresentationPrinter"] = printer
    return strategy


@cache
def _contract() -> Any:  # Any: schemathesis' schemas are indexed by path and method without types
    config = SchemathesisConfig.from_dict(
        {
            "cache": {"enabled": False},  # it would be a folder in the current one
            "generation": {"database": "none", "with-security-parameters": False},
        }
    )
    return schemathesis.openapi.from_dict(document_contract(), config=config)
