"""Rules about Pony that no linter knows.

- No database at module level: importing a module would open it for everybody.
- No string queries: Pony runs them as Python code, and a string made of a caller's text is the caller's code.
- No session in an ``async def``: one that spans an await loses other tasks' committed rows without a word.

And one about names: no function is called ``_``.

String queries are looked for in the modules that import Pony. There a query's argument has to be something that
cannot be a string made at run time: a lambda, a generator expression, an attribute, a literal, or a name or a
table that holds nothing else. What cannot be told is refused.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent

import pytest

ROOT = Path(__file__).parents[2]
CODE_FOLDERS = ("contracts", "reference", "simulator", "tests")

# Methods and functions of Pony that run a string given as an argument.
QUERIES = {"select", "left_join", "filter", "where", "order_by", "sort_by"}
SQL = {"select_by_sql", "get_by_sql", "raw_sql"}

Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


def python_files() -> list[Path]:
    return sorted(path for folder in CODE_FOLDERS for path in (ROOT / folder).rglob("*.py"))


def names_of(tree: ast.AST, original: str) -> set[str]:
    """Return the names under which a module knows Pony's ``original``, itself included."""
    imports = (node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom))
    aliases = {alias.asname or alias.name for node in imports for alias in node.names if alias.name == original}
    return aliases | {original}


def name_of(node: ast.expr) -> str:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""


def imports_pony(tree: ast.AST) -> bool:
    for node in ast.walk(tree):
        match node:
            case ast.ImportFrom(module=str(module)) if module.split(".")[0] == "pony":
                return True
            case ast.Import(names=names) if any(alias.name.split(".")[0] == "pony" for alias in names):
                return True
    return False


def run_on_import(node: ast.AST) -> Iterator[ast.AST]:
    """Yield what runs when a module is imported: everything but the bodies of functions."""
    yield node
    if isinstance(node, Function):
        children: list[ast.AST] = [node.args, *getattr(node, "decorator_list", [])]
    else:
        children = list(ast.iter_child_nodes(node))
    for child in children:
        yield from run_on_import(child)


def databases_at_module_level(source: str) -> list[int]:
    tree = ast.parse(source)
    names = names_of(tree, "Database")
    return [node.lineno for node in run_on_import(tree) if isinstance(node, ast.Call) and name_of(node.func) in names]


def sessions_in_async_code(source: str) -> list[int]:
    tree = ast.parse(source)
    names = names_of(tree, "db_session")
    return sorted(
        {
            node.lineno
            for coroutine in ast.walk(tree)
            if isinstance(coroutine, ast.AsyncFunctionDef)
            for node in ast.walk(coroutine)
            if isinstance(node, ast.expr) and name_of(node) in names
        }
    )


def string_queries(source: str) -> list[int]:
    tree = ast.parse(source)
    if not imports_pony(tree):
        return []
    values = assigned_values(tree)
    found = []
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        called = name_of(node.func)
        if called in QUERIES and not all(is_no_string(argument, values) for argument in node.args):
            found.append(node.lineno)
        # Only the first argument is SQL; what follows binds values or is Pony's own.
        if called in SQL and not (node.args and isinstance(node.args[0], ast.Constant)):
            found.append(node.lineno)
    return sorted(found)


def assigned_values(tree: ast.AST) -> dict[str, list[ast.expr]]:
    """Return every value that a name is given anywhere in a module."""
    values: dict[str, list[ast.expr]] = {}
    for node in ast.walk(tree):
        match node:
            case ast.Assign(targets=targets, value=value):
                for target in targets:
                    for name in ast.walk(target):
                        if isinstance(name, ast.Name):
                            values.setdefault(name.id, []).append(value)
            case ast.AnnAssign(target=ast.Name(id=name_given), value=ast.expr() as value):
                values.setdefault(name_given, []).append(value)
            case ast.arg(arg=parameter):
                values.setdefault(parameter, []).append(ast.JoinedStr([]))  # it may be anything
    return values


def is_no_string(node: ast.expr, values: dict[str, list[ast.expr]]) -> bool:
    """Say whether an argument is certain not to be a string made at run time."""
    match node:
        # The last one is a column's number, downwards.
        case (
            ast.Lambda()
            | ast.GeneratorExp()
            | ast.Constant()
            | ast.Attribute()
            | ast.Dict()
            | ast.UnaryOp(operand=ast.Constant())
        ):
            return True
        case ast.Call(func=function, args=[argument, *_]) if name_of(function) in {"desc", *SQL}:
            return name_of(function) in SQL or is_no_string(argument, values)  # SQL is judged by itself
        case ast.Tuple(elts=parts):
            return all(is_no_string(part, values) for part in parts)
        case ast.Name(id=name):
            given = values.pop(name, [])  # popped, so that a name that is made of itself ends the search
            verdict = bool(given) and all(is_no_string(value, values) for value in given)
            values[name] = given
            return verdict
        case ast.Subscript(value=ast.Name(id=name)):
            tables = values.get(name, [])
            return bool(tables) and all(
                isinstance(table, ast.Dict) and all(is_no_string(value, values) for value in table.values)
                for table in tables
            )
    return False


@pytest.mark.parametrize("path", python_files(), ids=lambda path: str(path.relative_to(ROOT)))
def test_no_module_opens_a_database_queries_by_string_or_holds_a_session_across_an_await(path: Path) -> None:
    source = path.read_text("utf-8")

    assert databases_at_module_level(source) == []
    assert string_queries(source) == []
    assert sessions_in_async_code(source) == []


@pytest.mark.parametrize(
    "source",
    [
        "db = Database()",
        "db = pony.orm.Database('sqlite', ':memory:')",
        "from pony.orm import Database as Base\ndb = Base()",
        "class Store:\n    db = Database()",
        "if True:\n    db = Database()",
        "def f(db=Database()): ...",
        "@Database().on_connect\ndef f(): ...",
    ],
)
def test_a_database_at_module_level_is_found(source: str) -> None:
    assert databases_at_module_level(source)


@pytest.mark.parametrize(
    "source",
    [
        "def f():\n    return Database()",
        "class Store:\n    def __init__(self):\n        self.db = Database()",
        "make = lambda: Database()",
        "def f(db: Database): ...",
    ],
)
def test_a_database_made_by_a_call_is_fine(source: str) -> None:
    assert databases_at_module_level(source) == []


@pytest.mark.parametrize(
    "call",
    [
        'rows.filter(f"m.s == {text}")',
        'rows.filter("m.s == " + text)',
        'rows.filter("m.s == %s" % text)',
        'rows.filter("m.s == {}".format(text))',
        "rows.filter(text)",
        "rows.where(query())",
        "rows.where(*parts)",
        'rows.order_by(f"m.{text}")',
        "rows.order_by(made)",
        "rows.order_by(TABLE[text])",
        "rows.order_by(desc(text))",
        "rows.sort_by(unknown)",
        "rows.sort_by(itself)",
        "select(made)",
        'M.select_by_sql(f"SELECT {text}")',
        "M.get_by_sql(SQL)",
        "M.select_by_sql()",
        "rows.filter(raw_sql(text))",
        "rows.filter(lambda m: raw_sql(text))",
    ],
)
def test_a_string_query_made_at_run_time_is_found(call: str) -> None:
    source = f"""
    from pony.orm import raw_sql, select
    SQL = "SELECT 1"
    TABLE = {{"a": "m." + SQL}}
    itself = itself
    def f(text):
        made = "m." + text
        return {call}
    """

    assert string_queries(dedent(source)) == [8]


@pytest.mark.parametrize(
    "call",
    [
        "rows.filter(lambda m: m.s == text)",
        "rows.filter(s=text)",
        'rows.filter("m.s == 1")',
        "rows.where(FILTERS[text])",
        "rows.order_by(by_id)",
        "rows.order_by(M.id)",
        "rows.order_by(desc(M.id))",
        "rows.order_by(1)",
        "select(m for m in M)",
        "M.select()",
        'M.select_by_sql("SELECT $text")',
        'rows.filter(raw_sql("m.s = $text"))',
    ],
)
def test_lambdas_attributes_tables_of_them_and_literals_are_fine(call: str) -> None:
    source = f"""
    from pony.orm import desc, raw_sql, select
    FILTERS = {{"a": lambda m: m.a, "b": M.b}}
    def f(text):
        by_id = lambda m: m.id
        return {call}
    """

    assert string_queries(dedent(source)) == []


def test_a_module_without_pony_may_select_and_filter_what_it_likes() -> None:
    assert string_queries("import selectors\ndef f(name): return selectors.select(name)") == []


@pytest.mark.parametrize(
    "source",
    [
        "async def f():\n    with db_session: ...",
        "async def f():\n    with orm.db_session(immediate=True): ...",
        "@db_session\nasync def f(): ...",
        "from pony.orm import db_session as session\nasync def f():\n    with session: ...",
        "async def f():\n    @db_session\n    def g(): ...",
    ],
)
def test_a_session_in_async_code_is_found(source: str) -> None:
    assert sessions_in_async_code(source)


def test_a_session_in_a_plain_function_is_fine() -> None:
    assert sessions_in_async_code("@db_session\ndef f(): ...\nasync def g():\n    await h(f)") == []


def test_every_function_has_a_name() -> None:
    """It is what a traceback, a profile and an editor's outline show."""
    nameless = re.compile(r"^\s*(async )?def _\(", re.MULTILINE)

    assert [path for path in python_files() if nameless.search(path.read_text("utf-8"))] == []
