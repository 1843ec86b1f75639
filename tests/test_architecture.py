"""The layout's law: which room may know which. Read from the import statements, nothing is run."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ROOMS = ("edxml", "plainhttp", "tracing", "signing", "storage", "axis_server", "axis_client")

FORBIDDEN = {
    "signing": {
        "asyncio",
        "grpc",
        "axis",
        "storage",
        "edxml",
        "axis_server",
        "axis_client",
        "minio",
        "sqlite3",
        "psycopg",
    },
    "edxml": {
        "asyncio",
        "grpc",
        "axis",
        "storage",
        "axis_server",
        "axis_client",
        "minio",
        "sqlite3",
        "psycopg",
    },
    "plainhttp": {"grpc", "axis", "signing", "edxml", "storage", "lxml", "axis_server", "axis_client"},
    "tracing": {
        "grpc",
        "axis",
        "signing",
        "edxml",
        "storage",
        "lxml",
        "axis_server",
        "axis_client",
        "plainhttp",
    },
    "storage": {"signing", "edxml", "grpc", "axis", "lxml", "axis_server", "axis_client"},
    "axis_client": {"axis_server", "storage", "minio", "sqlite3", "psycopg"},
    "axis_server": {"axis_client", "minio", "sqlite3", "psycopg", "lxml"},
}

ONLY_IN = {
    "sqlite3": "storage/ledger/sqlite/",
    "minio": "storage/archive/s3",
    "psycopg": "storage/ledger/postgres",
    "opentelemetry": "tracing/",
}
"""A driver lives in its one backend."""

WIRE = {"grpc", "axis", "google"}
"""What only the edge may know: a protobuf message inside a use case is a breach."""

EDGE = {
    "axis_server": ("boundary/", "app.py"),
    "axis_client": ("wire", "client.py", "errors.py", "transport"),
}


def sources(room: str) -> Iterator[Path]:
    return (path for path in sorted((ROOT / room).rglob("*.py")) if "__pycache__" not in path.parts)


def imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names.update(alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            names.add(node.module.split(".")[0])
    return names


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_imports_only_what_it_may_know(room: str) -> None:
    files = list(sources(room))
    assert files, f"{room} is empty"
    for path in files:
        breach = imported(path) & FORBIDDEN[room]
        assert not breach, f"{path.relative_to(ROOT)} imports {sorted(breach)}"


@pytest.mark.parametrize("driver", sorted(ONLY_IN))
def test_a_driver_is_imported_by_its_one_backend(driver: str) -> None:
    files = ((path.relative_to(ROOT).as_posix(), path) for room in ROOMS for path in sources(room))
    assert not [
        name for name, path in files if driver in imported(path) and not name.startswith(ONLY_IN[driver])
    ]


@pytest.mark.parametrize("room", sorted(EDGE))
def test_the_wire_is_spoken_at_the_edge_only(room: str) -> None:
    for path in sources(room):
        inside = path.relative_to(ROOT / room).as_posix()
        if not inside.startswith(EDGE[room]):
            assert not imported(path) & WIRE, f"{room}/{inside} speaks the wire"


def test_only_the_parser_makes_an_xml_parser() -> None:
    for room in ROOMS:
        for path in sources(room):
            if path != ROOT / "signing" / "parser.py":
                calls = {
                    node.func.attr
                    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
                    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
                }
                assert not calls & {"XMLParser", "fromstring", "XML", "iterparse"}, path.relative_to(ROOT)


def test_no_module_has_a_name_without_a_noun() -> None:
    forbidden = {"utils", "util", "helpers", "helper", "common", "manager", "misc"}
    assert not [path for room in ROOMS for path in sources(room) if path.stem in forbidden]


def test_what_runs_knows_no_command_of_the_operator() -> None:
    above = ("operation/", "cli.py", "__main__.py")
    for path in sources("axis_server"):
        inside = path.relative_to(ROOT / "axis_server").as_posix()
        if not inside.startswith(above):
            tree = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            named = [node.module or "" for node in tree if isinstance(node, ast.ImportFrom)]
            assert not [one for one in named if one.startswith("axis_server.operation")], inside


def test_every_decision_stands_in_their_list() -> None:
    decisions = ROOT / "docs" / "decisions"
    listed = (decisions / "README.md").read_text(encoding="utf-8")
    assert not [page.name for page in decisions.glob("0*.md") if f"({page.name})" not in listed]
