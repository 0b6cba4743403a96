"""How things look, without a network."""

from __future__ import annotations

import io

import pytest
from click.testing import CliRunner

from lilypad.agents.creator.jobs import Job
from lilypad.agents.creator.progress import Progress, Stage
from lilypad.cli import render
from lilypad.protocol.offers import JobOffer
from lilypad.protocol.words import Verification, Windows
from lilypad.types import ZERO_ADDRESS, Digest, ModuleId, Resources


@pytest.fixture
def job() -> Job:
    offer = JobOffer(
        creator=ZERO_ADDRESS,
        target=ZERO_ADDRESS,
        solver=ZERO_ADDRESS,
        solver_bps=0,
        expiry=2_000_000_000,
        nonce=0,
        lane=1,
        module=ModuleId(bytes(32)),
        inputs=Digest(bytes(32)),
        resources=Resources(),
        price_per_instruction=1,
        payment_ceiling=25 * 10**16,
        collateral=0,
        windows=Windows(1, 2, 3, 4),
        verification=Verification(ZERO_ADDRESS),
    )
    return Job("ab" * 32, "cowsay", {}, offer.to_json(), "", 0.0, 0)


def test_steps__in_a_pipe__are_plain_lines(job: Job, capsys: pytest.CaptureFixture[str]) -> None:
    with render.Steps(screen=io.StringIO()) as steps:
        steps.reached(Progress(Stage.OFFERED, job))
        steps.reached(Progress(Stage.OFFERED, job, obstacles=("PriceTooHigh", "SomethingNew")))
    first, second = capsys.readouterr().err.splitlines()
    assert first == "  0.0 s  offered    job abababababab, at most 0.25 LILY"
    assert second.endswith("LILYPAD_PRICE_PER_INSTRUCTION; SomethingNew")


def test_steps__on_a_terminal__leave_the_stages_alone_behind(job: Job) -> None:
    screen = io.StringIO()
    with render.Steps(live=True, screen=screen) as steps:
        steps.reached(Progress(Stage.OFFERED, job))
        steps.reached(Progress(Stage.VERIFIED, job))
    lines = [line for line in screen.getvalue().splitlines() if "✓" in line]
    assert ["offered" in lines[0], "verified" in lines[1]] == [True, True]
    assert "accepting and paying" in screen.getvalue()


def test_module_output__into_a_pipe__is_the_very_bytes() -> None:
    with CliRunner(mix_stderr=False).isolation() as (out, err):
        render.module_output(b"\x1b[31m\xff", b"why\n")
        assert err is not None
        assert (out.getvalue(), err.getvalue()) == (b"\x1b[31m\xff\n", b"why\n")


def test_module_output__on_a_terminal__cannot_move_the_cursor(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = _Terminal()
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(screen, encoding="utf-8"))
    render.module_output(b"\x1b[2Jmoo\n\tboo\r\n", b"")
    assert screen.getvalue() == b"\\x1b[2Jmoo\n\tboo\\x0d\n"


def test_pairs__with_something_missing__leave_it_out(capsys: pytest.CaptureFixture[str]) -> None:
    render.pairs([("a", 1), ("longer", "x"), ("gone", None)])
    assert capsys.readouterr().out == "a       1\nlonger  x\n"


def test_table__of_strange_words__takes_them_literally(capsys: pytest.CaptureFixture[str]) -> None:
    render.table(("name",), [("[red]\x1b",)])
    assert [line.strip() for line in capsys.readouterr().out.splitlines()] == ["name", "[red]\\x1b"]


class _Terminal(io.BytesIO):
    def isatty(self) -> bool:
        return True
