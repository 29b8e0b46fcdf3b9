"""The ``--network`` option: a file of domains and how they behave."""

from collections.abc import Mapping
from pathlib import Path

import click

from fakemx.behaviours.script import Behaviour
from justemails_sandbox.simulation.scenario_file import load_domains
from justemails_sandbox.yaml_reading import YamlError

NETWORK_HELP = "YAML file of domains and how they behave, like 'example.com: {behaviour: greylist}'."


class NetworkFile(click.ParamType[Mapping[str, Behaviour]]):
    """The path of a YAML file, like ``example.com: {behaviour: greylist}``, read into what it says."""

    name = "file"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> Mapping[str, Behaviour]:
        try:
            return load_domains(Path(str(value)).read_text(encoding="utf-8"))
        except YamlError as ex:
            self.fail(f"{value}, {ex}", param, ctx)
        except OSError as ex:
            self.fail(f"{value} cannot be read: {ex.strerror}", param, ctx)
        except UnicodeDecodeError:
            self.fail(f"{value} is not UTF-8", param, ctx)
