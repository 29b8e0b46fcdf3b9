"""The ``--network`` option: a YAML file of domains and how they behave, like ``example.com: {behaviour: greylist}``."""

from justemails_sandbox.commands.parsed_file import ParsedFile
from justemails_sandbox.simulation.scenario_file import load_domains
from justemails_sandbox.yaml_reading import YamlError

NETWORK_HELP = "YAML file of domains and how they behave, like 'example.com: {behaviour: greylist}'."
NETWORK_FILE = ParsedFile(load_domains, YamlError)
