"""The ``--network`` option: a YAML file of domains and how they behave, like ``example.com: {behaviour: greylist}``."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import click

from justemails_command.commands.parsed_file import ParsedFile

if TYPE_CHECKING:
    from fakemx.behaviours.script import Behaviour

NETWORK_HELP = "YAML file of domains and how they behave, like 'example.com: {behaviour: greylist}'."


class NetworkFile(click.ParamType["Mapping[str, Behaviour]"]):
    """The path of such a file, read into what it says; what reads it is loaded when there is one."""

    name = ParsedFile.name

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> "Mapping[str, Behaviour]":
        from justemails_sandbox.yaml_reading import YamlError
        from justemails_simulation.scenario_file import load_domains

        return ParsedFile(load_domains, YamlError).convert(value, param, ctx)
