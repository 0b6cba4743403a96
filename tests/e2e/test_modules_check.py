"""`lilypad modules check`: finds what a module's result depends on, with the executors that run jobs."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from lilypad.agents.work.comparing import difference_of_files, first_difference
from tests.offchain.cli.command import ROOT, Command, Outcome

NO_RESULT = 6


@pytest.fixture
def here(tmp_path: Path) -> Command:
    """An author's machine: no network, no wallet."""
    return Command(tmp_path, rpc="http://127.0.0.1:9", market="http://127.0.0.1:9")


def told(here: Command, folder: Path, what: str, *more: str) -> Outcome:
    """A check of the program that writes what it was asked for into its result."""
    (here.data / "letter").write_text("dear mediator")
    arguments = ("-i", f"Message={what}", "-i", f"Data=@{here.data / 'letter'}", *more)
    return here("modules", "check", str(folder), *arguments, "--json")


def differing(done: Outcome) -> dict[str, Any]:
    (job,) = done.document["jobs"]
    return {run["condition"]: run["difference"] for run in job["runs"] if not run["same"]}


@pytest.mark.parametrize("what", ["time", "order", "inode", "random"])
def test_check__of_a_wasm_module__is_the_same_whatever_it_looks_at(here: Command, modules: Path, what: str) -> None:
    done = told(here, modules / "tells", what)
    assert (done.code, differing(done)) == (0, {}), done.err
    document = done.document
    assert (document["same"], document["engine"]) == (True, "wasm")
    (job,) = document["jobs"]
    assert [run["condition"] for run in job["runs"]] == [
        "first run",
        "again, two seconds later",
        "compiled anew",
        "input files in another order",
        "three at once",
    ]
    assert len({count for run in job["runs"] for count in run["instructions"]}) == 1
    assert job["toleranceBps"] == 0


EVERY_TIME = {"again, two seconds later", "input files in another order", "one processor", "half as fast"}


@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize("engine", ["container"], indirect=True)
@pytest.mark.parametrize(
    ("what", "expected"),
    [
        ("time", EVERY_TIME | {"an older processor", "three at once"}),
        ("random", EVERY_TIME | {"an older processor", "three at once"}),
        ("processors", {"one processor"}),
        ("order", {"input files in another order"}),
        ("inode", {"input files in another order"}),
        ("libraries", {"an older processor"}),
        ("host", set()),
        ("variables", set()),
    ],
)
def test_check__of_a_container_that_tells_of_its_machine__says_under_what_it_shows(
    here: Command, modules: Path, what: str, expected: set[str]
) -> None:
    done = told(here, modules / "tells-container", what)
    found = differing(done)
    assert {*found} == expected, found
    assert done.code == (NO_RESULT if expected else 0), done.err
    assert {difference["path"] for difference in found.values()} <= {"outputs/told.txt"}
    assert all(difference["byte"] > len(f"{what}: ") for difference in found.values())


@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize("engine", ["container"], indirect=True)
def test_check__of_a_container__reads_as_a_table(here: Command, modules: Path) -> None:
    done = here("modules", "check", str(modules / "tells-container"), "-i", "Message=processors")
    assert done.code == NO_RESULT
    lines = {line.split("  ")[0]: line for line in done.out.splitlines()}
    assert lines["first run"].split()[-2:] == ["s", "same"]
    assert "differs at outputs/told.txt byte 13: '1\\n' instead of" in lines["one processor"]
    assert "input files in another order" not in done.out, "there is one file alone"
    assert "% apart" in done.out
    assert "The results DIFFER" in done.out
    assert "one processor" in done.err, "it says what it is at"


def test_check__of_a_module_with_examples__runs_each_and_compares_what_its_author_expects(
    here: Command, tmp_path: Path
) -> None:
    cow = tmp_path / "cowsay"
    shutil.copytree(ROOT / "modules" / "cowsay", cow)
    (cow / "examples" / "other.json").write_text('{"Message": "other"}')
    done = here("modules", "check", str(cow), "--keep", str(tmp_path / "kept"), "--json")
    assert done.code == 0, done.err
    assert [job["job"] for job in done.document["jobs"]] == ["hello", "other"]
    assert "expected/hello" in [run["condition"] for run in done.document["jobs"][0]["runs"]]
    assert "other" in (tmp_path / "kept" / "other" / "first-run" / "0" / "stdout").read_text()
    assert len(list((tmp_path / "kept" / "hello" / "three-at-once").iterdir())) == 3
    (cow / "expected" / "hello" / "outputs" / "cow.txt").write_text("moo")
    wrong = here("modules", "check", str(cow))
    assert wrong.code == NO_RESULT
    assert "differs at outputs/cow.txt byte 1:" in wrong.out


def test_check__of_a_module_that_is_cut_off__says_that_nothing_was_compared(here: Command, modules: Path) -> None:
    done = here("modules", "check", str(modules / "endless"))
    assert done.code == 0, done.err
    assert "exit status out of budget" in done.out
    assert "no output to compare" in done.out


def test_check__of_what_cannot_be_run__says_why(here: Command, modules: Path, tmp_path: Path) -> None:
    def refused(folder: Path, *arguments: str) -> tuple[int, str]:
        done = here("modules", "check", str(folder), *arguments)
        assert done.out == ""
        return done.code, done.err

    assert refused(tmp_path / "nowhere")[0] == 2
    assert refused(tmp_path, "-i", "Message")[0] == 2
    assert refused(modules / "tells", "--keep", str(modules))[0] == 2
    code, said = refused(tmp_path)
    assert (code, "this folder has no module.toml, so it is no module" in said) == (3, True)
    code, said = refused(modules / "tells", "-i", "Massage=x")
    assert (code, "did you mean 'Message'" in said) == (3, True)
    broken = tmp_path / "broken"
    shutil.copytree(modules / "tells", broken)
    (broken / "examples").mkdir()
    (broken / "examples" / "list.json").write_text("[1]")
    code, said = refused(broken)
    assert (code, "no JSON object of inputs" in said) == (3, True)
    (broken / "program.wasm").unlink()
    code, said = refused(broken, "-i", "Message=x")
    assert (code, "file is missing; build the module" in said) == (3, True)


def test_check__of_a_container_that_is_not_built__says_how(here: Command, tmp_path: Path) -> None:
    command = here.with_settings(modules=tmp_path)
    shutil.copytree(ROOT / "modules" / "linreg", tmp_path / "linreg")
    done = command("modules", "check", str(tmp_path / "linreg"))
    assert (done.code, "is not built yet: build it with `python modules/build_image.py" in done.err) == (3, True)


def test_check__of_a_container_without_an_engine__says_so(here: Command, tmp_path: Path) -> None:
    command = here.with_settings(docker=f"unix://{tmp_path}/none.sock")
    shutil.copytree(ROOT / "modules" / "linreg", tmp_path / "linreg")
    manifest = tmp_path / "linreg" / "module.toml"
    manifest.write_text(manifest.read_text().replace("[docker]", f'[docker]\nimage = "sha256:{"ab" * 32}"'))
    done = command("modules", "check", str(tmp_path / "linreg"))
    assert (done.code, "no Docker engine listens here; is dockerd running?" in done.err) == (5, True), done.err


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ({"a": b"same"}, {"a": b"same"}, None),
        ({"a": b"one"}, {"a": b"onE"}, "a byte 3: 'E' instead of 'e'"),
        ({"a": b"one"}, {"a": b"one more"}, "a byte 4: ' more' instead of the end"),
        ({"a": b"x" * 70_000}, {"a": b"x" * 69_999}, "a byte 70,000: the end instead of 'x'"),
        ({"a": b"\xff"}, {"a": b"\xfe"}, r"a byte 1: '\\xfe' instead of '\\xff'"),
        ({"a": b"1", "exitCode": b"0\n"}, {"exitCode": b"3\n"}, r"exitCode byte 1: '3\n' instead of '0\n'"),
        ({"a": b"1"}, {"a": b"1", "b": b""}, "b: is there, and was not before"),
        ({"a": b"1", "b": b""}, {"a": b"1"}, "b: is missing"),
        ({"a": None}, {}, "a: is missing"),
        ({"a": None}, {"a": b""}, "a: is a file now"),
        ({"a": b""}, {"a": None}, "a: is a folder now"),
    ],
)
def test_difference__of_two_outputs__is_the_first_in_names_and_bytes(
    tmp_path: Path, before: dict[str, bytes | None], after: dict[str, bytes | None], said: str | None
) -> None:
    for name, files in (("before", before), ("after", after)):
        for path, data in files.items():
            target = tmp_path / name / path
            (target if data is None else target.parent).mkdir(parents=True, exist_ok=True)
            if data is not None:
                target.write_bytes(data)
    found = first_difference(tmp_path / "before", tmp_path / "after")
    assert (None if found is None else str(found)) == said


def test_difference__of_files_alone__does_not_miss_a_folder_that_no_repository_keeps(tmp_path: Path) -> None:
    (tmp_path / "found" / "outputs").mkdir(parents=True)
    (tmp_path / "kept").mkdir()
    assert first_difference(tmp_path / "kept", tmp_path / "found") is not None
    assert difference_of_files(tmp_path / "kept", tmp_path / "found") is None
