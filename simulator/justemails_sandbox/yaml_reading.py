"""YAML with its line numbers: a tree of values that know where they stand, and say so in every complaint.

    >>> root = read_yaml(text)
    >>> at = root.members({"name", "traffic"})["traffic"].items()[0].members({"at", "to"})["at"]
    >>> at.where, at.line             # "traffic[0].at", 7

Anchors and aliases are not taken: a scenario is read by people, and ten lines of them can be a billion values.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import NoReturn

import yaml


class YamlError(ValueError):
    """A file that cannot be read; the message names the line and the field, and says what would pass."""

    def __init__(self, line: int, where: str, problem: str) -> None:
        super().__init__(f"line {line}: {where + ': ' if where else ''}{problem}")
        self.line = line
        self.where = where


@dataclass(frozen=True, slots=True)
class Located:
    """A value, the line that it begins in (from 1), and its place in the tree."""

    value: object  # a scalar, or a mapping or list of Located
    line: int
    where: str

    def wrong(self, problem: str) -> NoReturn:
        raise YamlError(self.line, self.where, problem)

    def members(self, known: Collection[str] | None = None) -> Mapping[str, "Located"]:
        """Return the members of a mapping; with ``known``, no others are taken."""
        if not isinstance(self.value, Mapping):
            self.wrong("must be a mapping of names to values")
        for name, member in self.value.items():
            if known is not None and name not in known:
                member.wrong(f"there is no such field; known are {', '.join(sorted(known))}")
        return self.value

    def items(self) -> Sequence["Located"]:
        """Return the items of a list."""
        if not isinstance(self.value, list):
            self.wrong("must be a list")
        return self.value

    def plain(self) -> object:
        """Return the value without its places."""
        if isinstance(self.value, Mapping):
            return {name: member.plain() for name, member in self.value.items()}
        if isinstance(self.value, list):
            return [item.plain() for item in self.value]
        return self.value

    def at(self, where: str) -> "Located":
        """Return the value at a place below this one, like ``script[0].reply``, or the last one on the way there."""
        found = self
        for name in where.replace("[", ".[").split("."):
            inside = found.value
            if isinstance(inside, Mapping) and name in inside:
                found = inside[name]
            elif isinstance(inside, list) and name[1:-1].isdigit() and int(name[1:-1]) < len(inside):
                found = inside[int(name[1:-1])]
            else:
                break
        return found


def read_yaml(text: str) -> Located:
    """Read a document.

    Raises:
        YamlError: it is no YAML, is empty, or names a field twice.
    """
    try:
        loader = yaml.SafeLoader(text)
        node = loader.get_single_node()
        if node is None:
            raise YamlError(1, "", "the file is empty")
        return _Reading(loader).read(node, "")
    except yaml.MarkedYAMLError as ex:
        mark = ex.problem_mark or ex.context_mark
        raise YamlError(mark.line + 1 if mark else 1, "", f"this is no YAML: {ex.problem}") from None
    except yaml.YAMLError as ex:
        raise YamlError(1, "", f"this is no YAML: {ex}") from None
    except RecursionError:
        raise YamlError(1, "", "this is nested too deep") from None


class _Reading:
    def __init__(self, loader: yaml.SafeLoader) -> None:
        self._loader = loader
        self._seen: set[int] = set()

    def read(self, node: yaml.Node, where: str) -> Located:
        line = node.start_mark.line + 1
        if id(node) in self._seen:
            raise YamlError(line, where, "anchors and aliases (& and *) are not taken: write the value out")
        self._seen.add(id(node))
        match node:
            case yaml.MappingNode():
                return Located(self._members(node, where), line, where)
            case yaml.SequenceNode():
                return Located(
                    [self.read(one, f"{where}[{number}]") for number, one in enumerate(node.value)], line, where
                )
            case _:
                return Located(self._scalar(node), line, where)

    def _scalar(self, node: yaml.Node) -> object:
        try:
            return self._loader.construct_object(node)
        except ValueError:  # what looks like a date, a number or the like, and is none
            return str(node.value)

    def _members(self, node: yaml.MappingNode, where: str) -> dict[str, Located]:
        members: dict[str, Located] = {}
        for name_node, value_node in node.value:
            line = name_node.start_mark.line + 1
            name = name_node.value
            if not isinstance(name_node, yaml.ScalarNode) or not isinstance(name, str):
                raise YamlError(line, where, "the name of a field must be a plain text")
            place = f"{where}.{name}" if where else name
            if name in members:
                raise YamlError(line, place, "this field is there twice")
            members[name] = self.read(value_node, place)
        return members
