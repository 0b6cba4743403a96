"""The module cowsay: built from its source byte for byte, and what its cow says."""

from __future__ import annotations

import itertools
import json
import runpy
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from lilypad.executors.wasm import ENGINE_NAME, ENGINE_VERSION, HOST_VERSION, WasmExecutor
from lilypad.modules.folder import find_wasm_file, load_manifest, read_inputs, write_inputs
from lilypad.modules.manifest import WasmArtifact
from lilypad.modules.spec import execution_spec
from lilypad.types import ExecutionResult

ROOT = Path(__file__).parents[3]
COWSAY = ROOT / "modules" / "cowsay"
Say = Callable[[str], Awaitable[tuple[ExecutionResult, Path]]]


@pytest.fixture
async def say(tmp_path: Path) -> AsyncIterator[Say]:
    executor = WasmExecutor(ROOT / ".build" / "test-wasm-cache")
    manifest = load_manifest(COWSAY)
    numbers = itertools.count()
    wasm = str(find_wasm_file(manifest, COWSAY))

    async def run(message: str) -> tuple[ExecutionResult, Path]:
        job = tmp_path / f"job-{next(numbers)}"
        write_inputs(manifest, {"Message": message}, job / "inputs")
        inputs = read_inputs(manifest, job / "inputs")
        spec = execution_spec(manifest, inputs, wasm, manifest.budget.default, seed=b"")
        await executor.start(job.name, spec, job / "inputs", job / "output")
        return await executor.wait(job.name), job / "output"

    yield run
    await executor.close()


def test_build__from_source_in_another_place__gives_the_committed_bytes(tmp_path: Path) -> None:
    copy = tmp_path / "another place"
    copy.mkdir()
    for name in ("cowsay.c", "module.toml"):
        (copy / name).write_bytes((COWSAY / name).read_bytes())
    build = runpy.run_path(str(ROOT / "modules" / "build_wasm.py"))

    assert build["build_module"](copy).read_bytes() == (COWSAY / "cowsay.wasm").read_bytes()


def test_manifest__pins_the_versions_that_are_installed() -> None:
    artifact = load_manifest(COWSAY).artifact

    assert isinstance(artifact, WasmArtifact)
    assert (artifact.engine, artifact.host_version) == (f"{ENGINE_NAME} {ENGINE_VERSION}", HOST_VERSION)


async def test_example__gives_what_is_expected(say: Say) -> None:
    example = json.loads((COWSAY / "examples" / "hello.json").read_text())
    _, output = await say(example["Message"])
    expected = COWSAY / "expected" / "hello"

    for path in (p for p in expected.rglob("*") if p.is_file()):
        assert (output / path.relative_to(expected)).read_bytes() == path.read_bytes()
    assert len(list(output.rglob("*"))) == len(list(expected.rglob("*")))


async def test_example__costs_what_it_always_cost(say: Say) -> None:
    """Another count means that bills change: bump HOST_VERSION, or pin another engine."""
    result, _ = await say("Hello, Lilypad!")

    assert result.instruction_count == 462_852


LONG = "The quick brown fox jumps over the lazy dog, again and again and again."


@pytest.mark.parametrize(
    ("message", "balloon"),
    [
        ("", ["<  >"]),
        ("Moo", ["< Moo >"]),
        ("-n", ["< -n >"]),
        (
            LONG,
            [
                r"/ The quick brown fox jumps over the lazy \ ".strip(),
                r"\ dog, again and again and again.         /",
            ],
        ),
        ("x" * 90, [f"/ {'x' * 40} \\", f"| {'x' * 40} |", f"\\ {'x' * 10}{' ' * 30} /"]),
        ("one\n\ntwo", ["/ one \\", "|     |", "\\ two /"]),
        ("tab\there", ["< tab here >"]),
        ("Grüße 🐄", ["< Grüße 🐄 >"]),
        ("牛" * 25, ["/ " + "牛" * 20 + " \\", "\\ " + "牛" * 5 + " " * 30 + " /"]),
    ],
)
async def test_balloon__wraps_at_forty_columns(say: Say, message: str, balloon: list[str]) -> None:
    result, output = await say(message)
    stdout = (output / "stdout").read_text()

    assert result.exit_status == 0
    assert stdout.splitlines()[1 : len(balloon) + 1] == balloon
    assert stdout.splitlines()[len(balloon) + 2].endswith("^__^")
    assert (output / "outputs" / "cow.txt").read_text() == stdout
