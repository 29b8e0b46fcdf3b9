"""Canary: the modules of the installed dnspython that look at the time are those that are put on virtual time."""

import importlib
import pkgutil
import random
import time

import dns
import dns.entropy

from fakemx.virtual.dnspython import TIMED, dnspython_on
from fakemx.virtual.loop import VirtualLoop

# They ask for the date, to sign, to seed or to renew; no look-up of ours comes by.
OF_THE_WALL = {"dns._ddr", "dns.dnssec", "dns.entropy", "dns.message", "dns.rdtypes.rrsigbase", "dns.renderer"}


def test_no_other_module_looks_at_the_time() -> None:
    looking = set()
    for module in pkgutil.walk_packages(dns.__path__, "dns."):
        try:
            loaded = importlib.import_module(module.name)
        except ModuleNotFoundError:  # for what is not installed: trio, aioquic
            continue
        if getattr(loaded, "time", None) is time:
            looking.add(module.name)

    assert looking == {module.__name__ for module in TIMED} | OF_THE_WALL


def test_time_and_chance_are_lent_and_given_back() -> None:
    chance = dns.entropy.system_random
    loop = VirtualLoop()

    with dnspython_on(loop, random.Random(7)):  # noqa: S311  # a test's chance
        assert all(vars(module)["time"].time() == vars(TIMED[0])["time"].time() for module in TIMED)
        assert vars(TIMED[0])["time"] is not time
        assert dns.entropy.random_16() == random.Random(7).randrange(0, 65536)  # noqa: S311  # likewise
    loop.close()

    assert all(vars(module)["time"] is time for module in TIMED)
    assert dns.entropy.system_random is chance
