"""modules/linreg from its manifest to its result, and the builder that makes its image."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from lilypad.types import ExecutionResult

from .docker_rig import Job, Rig

pytestmark = pytest.mark.docker

ROOT = Path(__file__).parents[3]
MODULE = ROOT / "modules" / "linreg"
TABLE = (MODULE / "examples" / "houses.csv").read_text()


async def fit(rig: Rig, table: str, *options: str) -> tuple[ExecutionResult, Job]:
    argv = ("/usr/bin/python3.11", "-S", "/app/linreg.py", "/inputs/table.csv", "--target=price", *options)
    job = rig.job(None, argv=argv)
    (job.inputs / "table.csv").write_text(table)
    return await rig.finish(job), job


def contents(directory: Path) -> dict[str, bytes]:
    return {str(p.relative_to(directory)): p.read_bytes() for p in directory.rglob("*") if p.is_file()}


async def test_linreg__example__gives_the_expected_bytes_every_time(rig: Rig) -> None:
    _, first = await fit(rig, TABLE)
    _, second = await fit(rig, TABLE)

    assert contents(first.output) == contents(MODULE / "expected" / "houses")
    assert contents(second.output) == contents(first.output)


async def test_linreg__exact_line__is_found(rig: Rig) -> None:
    rows = "".join(f"{x},{y},{3 * x - 2 * y + 7}\n" for x in range(5) for y in range(5))
    _, job = await fit(rig, f"x,y,price\n{rows}")

    model = json.loads(job.outputs["model.json"])
    assert model["coefficients"] == pytest.approx({"x": 3, "y": -2})
    assert model["intercept"] == pytest.approx(7)
    assert model["r2"] == pytest.approx(1)


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ("a,b\n1,2\n", "no column 'price'"),
        ("a,price\n1,2\nx,3\n4,4\n", "line 3"),
        ("a,b,price\n1,2,1\n2,4,2\n3,6,3\n4,8,4\n", "depend on each other"),
        ("", "empty"),
    ],
)
async def test_linreg__bad_table__is_told_in_one_line(rig: Rig, table: str, words: str) -> None:
    result, job = await fit(rig, table)

    assert result.exit_status == 1
    assert words in job.stderr.decode()
    assert len(job.stderr.splitlines()) == 1


def test_build__again__has_the_same_id_and_the_manifest_names_it(docker_image: str) -> None:
    command = [sys.executable, str(ROOT / "modules" / "build_image.py"), "linreg"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    manifest = tomllib.loads((ROOT / ".build" / "modules" / "linreg" / "module.toml").read_text())

    assert done.stdout == f"linreg {docker_image}\n"
    assert manifest["docker"]["image"] == docker_image


def test_build__nothing_installed__names_the_line_that_installs_it(tmp_path: Path) -> None:
    command = [sys.executable, str(ROOT / "modules" / "build_image.py"), "linreg"]
    done = subprocess.run(command, env={"PATH": str(tmp_path)}, capture_output=True, text=True, check=False)

    assert done.returncode == 1
    assert "sudo apt-get install" in done.stderr
