"""Who may import whom: the house as docs/architecture.md draws it, enforced.

    cli -> doctor -> agents -> ops -> protocol, chain, executors, store, modules, market -> types, errors

Contracts: the controller knows the others by their interfaces, and nobody knows the mocks.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "offchain" / "lilypad"
CONTRACTS = ROOT / "contracts"

WORDS = {"types", "errors"}
IMPURE_WORDS = {*WORDS, "crashing"}
"""Where a process may be made to die: nothing pure ends in the middle."""
MAY_IMPORT = {
    "types": set(),
    "errors": set(),
    "crashing": set(),
    "heap": set(),
    "settings": set(),
    "logs": set(),
    "wallet": WORDS,
    "protocol": WORDS,
    "modules": WORDS,
    "store": IMPURE_WORDS,
    "executors": IMPURE_WORDS,
    "chain": {*IMPURE_WORDS, "store"},
    "market": {*WORDS, "protocol"},
    "ops": {*WORDS, "settings", "protocol", "chain", "executors"},
    "agents": {*IMPURE_WORDS, "settings", "protocol", "chain", "executors", "store", "modules", "market", "ops"},
    "doctor": {*WORDS, "settings", "wallet", "chain", "executors", "market", "ops", "agents"},
    "cli": {
        *(*WORDS, "settings", "logs", "heap", "wallet", "protocol", "chain", "store", "modules", "market", "agents"),
        "doctor",
    },
}
AGENTS_KNOW = {
    "books": set(),
    "work": set(),
    "provider": {"books", "work"},
    "solver": {"books", "work"},
    "creator": {"books", "work"},
    "mediator": {"books", "work"},
    "watcher": {"books", "work"},
}
"""Inside agents/: the roles stand on what they share and know nothing of one another."""
ONLY_IN = {
    "ape": ("scripts", "tests/contracts", "tests/invariants", "tests/conftest.py", "tests/coverage/recorder.py"),
    "docker": ("offchain/lilypad/executors/docker.py", "offchain/lilypad/executors/container_", "modules", "tests"),
    "wasmtime": ("offchain/lilypad/executors", "tests"),
    "ray": ("offchain/lilypad/executors/cluster/",),
    "rich": ("offchain/lilypad/cli/render.py",),
    "prometheus_client": ("offchain/lilypad/ops", "tests"),
    "opentelemetry": ("offchain/lilypad/ops/otel.py", "tests"),
}
PURE = ("protocol", "modules")
IMPURE_LIBRARIES = {"asyncio", "time", "logging", "random", "secrets", "socket", "aiohttp", "sqlite3", "subprocess"}
PYTHON_FILES = sorted(PACKAGE.rglob("*.py"))


def imports(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def room(file: Path) -> str:
    first = file.relative_to(PACKAGE).parts[0]
    return first.removesuffix(".py")


@pytest.mark.parametrize("file", PYTHON_FILES, ids=lambda f: str(f.relative_to(PACKAGE)))
def test_import__of_another_room__follows_an_arrow(file: Path) -> None:
    here = room(file)
    if here == "__init__":
        return
    rooms = {name.split(".")[1] for name in imports(file) if name.startswith("lilypad.")}
    assert rooms - {here} <= MAY_IMPORT[here]


@pytest.mark.parametrize("inner", sorted(AGENTS_KNOW))
def test_agents__know_each_other__by_the_chain_and_the_market_alone(inner: str) -> None:
    found = {
        name.split(".")[2]
        for file in (PACKAGE / "agents" / inner).rglob("*.py")
        for name in imports(file)
        if name.startswith("lilypad.agents.")
    }
    folders = {folder.name for folder in (PACKAGE / "agents").iterdir() if folder.is_dir()}
    assert found & folders <= {inner, *AGENTS_KNOW[inner]}
    assert "localnet" not in found


def test_chain__of_the_store__knows_the_journal_alone() -> None:
    found = {name for file in (PACKAGE / "chain").rglob("*.py") for name in imports(file)}
    assert {".".join(n.split(".")[:3]) for n in found if n.startswith("lilypad.store")} == {"lilypad.store.journal"}


@pytest.mark.parametrize("library", sorted(ONLY_IN))
def test_import__of_a_guarded_library__stays_in_its_place(library: str) -> None:
    folders = ("offchain/lilypad", "scripts", "tests", "modules", "benchmarks")
    files = (file for folder in folders for file in (ROOT / folder).rglob("*.py"))
    users = {
        str(file.relative_to(ROOT)) for file in files if any(name.split(".")[0] == library for name in imports(file))
    }
    assert {user for user in users if not user.startswith(ONLY_IN[library])} == set()
    assert users, f"{library} is guarded but used nowhere"


@pytest.mark.parametrize("pure", PURE)
def test_rules_of_the_protocol__are_pure(pure: str) -> None:
    for file in (PACKAGE / pure).rglob("*.py"):
        used = {name.split(".")[0] for name in imports(file)}
        assert not used & IMPURE_LIBRARIES, file
        assert not any(isinstance(node, ast.AsyncFunctionDef) for node in ast.walk(ast.parse(file.read_text()))), file


def solidity_imports(file: Path) -> set[str]:
    """The folder (or OpenZeppelin) that each import comes from, seen from contracts/."""
    found = re.findall(r'import \{[^}]*\} from "([^"]+)";', file.read_text())
    assert len(found) == file.read_text().count("import "), f"{file} has an import without names"
    return {name if name.startswith("@") else str((file.parent / name).resolve()) for name in found}


@pytest.mark.parametrize(
    ("folder", "allowed"),
    [
        ("types", ("types",)),
        ("interfaces", ("types", "interfaces")),
        ("libraries", ("types", "interfaces")),
        ("controller", ("types", "interfaces", "libraries", "controller")),
        ("mediation", ("types", "interfaces", "libraries", "mediation")),
        ("verifiers", ("types",)),
        ("governance", ("governance",)),
        ("", (".", "types", "interfaces", "libraries", "controller", "mediation")),
    ],
)
def test_contracts__import__interfaces_types_and_libraries_alone(folder: str, allowed: tuple[str, ...]) -> None:
    files = list((CONTRACTS / folder).glob("*.sol"))
    assert files
    for file in files:
        own = {name for name in solidity_imports(file) if not name.startswith("@openzeppelin/")}
        assert {Path(name).parent.relative_to(CONTRACTS).as_posix() for name in own} <= set(allowed), file


def test_files__are_short_enough_to_read() -> None:
    """Contracts up to 400 lines, Python up to 300: past that a file has become two."""
    limits = {".sol": 400, ".py": 300}
    folders = (CONTRACTS, PACKAGE, ROOT / "scripts", ROOT / "tests")
    files = (file for folder in folders for file in folder.rglob("*") if file.suffix in limits)
    assert [f"{f}: {n}" for f in files if (n := len(f.read_text().splitlines())) > limits[f.suffix]] == []
