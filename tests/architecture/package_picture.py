"""The picture of the packages in ``docs/architecture.md``, drawn from the imports.

``python -m tests.architecture.package_picture`` draws it again; a test compares the two.
"""

import ast
import re
from collections.abc import Iterator, Mapping, Set
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "architecture.md"

_FOLDERS = ("contracts", "reference", "simulator")
_SHARED = "records, store, ports"
_BLOCK = re.compile(r"(?<=```mermaid\n).*?(?=```)", re.DOTALL)

Edges = Mapping[str, Set[str]]


def modules() -> Mapping[str, Path]:
    """Return every module of the product by its dotted name."""
    found = {}
    for folder in _FOLDERS:
        for path in sorted((ROOT / folder).rglob("*.py")):
            parts = path.relative_to(ROOT / folder).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return {name: path for name, path in found.items() if "." in name or path.name == "__init__.py"}


def node_of(module: str) -> str:
    """Return what stands for a module: its package, or its room in the reference."""
    package, _, rest = module.partition(".")
    if package != "justemails":
        return package
    room = rest.partition(".")[0]
    is_room = (ROOT / "reference" / "justemails" / room).is_dir() or room == "http_server"
    return f"justemails.{room}" if room and is_room else f"justemails: {_SHARED}"


def imports() -> Edges:
    """Return which node imports which."""
    known = modules()
    edges: dict[str, set[str]] = {node_of(name): set() for name in known}
    for name, path in known.items():
        for imported in _imported(ast.parse(path.read_text("utf-8"))):
            target = imported if imported in known else imported.rpartition(".")[0]
            if target in known and node_of(target) != node_of(name):
                edges[node_of(name)].add(node_of(target))
    return edges


def _imported(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def reduced(edges: Edges) -> Edges:
    """Leave out every import that a longer way shows as well."""
    return {
        node: {one for one in targets if not any(_leads(edges, other, one) for other in targets - {one})}
        for node, targets in edges.items()
    }


def _leads(edges: Edges, start: str, end: str) -> bool:
    return end in edges[start] or any(_leads(edges, one, end) for one in edges[start])


def drawn() -> str:
    """Return the picture, in Mermaid's language."""
    edges = reduced(imports())
    names = {node: f"n{number}" for number, node in enumerate(sorted(edges))}
    rooms = [node for node in sorted(edges) if node.startswith("justemails") and node[len("justemails")] in ".:"]
    lines = ["flowchart TD"]
    lines += [f'    {names[node]}["{node}"]' for node in sorted(edges) if node not in rooms]
    lines += ['    subgraph reference["justemails"]']
    lines += [f'        {names[node]}["{re.sub("^justemails[.:] ?", "", node)}"]' for node in rooms]
    lines += ["    end"]
    lines += [f"    {names[node]} --> {names[one]}" for node in sorted(edges) for one in sorted(edges[node])]
    return "\n".join(lines) + "\n"


def on_page() -> str:
    """Return the picture as the page has it."""
    found = _BLOCK.search(PAGE.read_text("utf-8"))
    assert found is not None
    return found[0]


if __name__ == "__main__":
    PAGE.write_text(_BLOCK.sub(lambda _: drawn(), PAGE.read_text("utf-8")), "utf-8")
