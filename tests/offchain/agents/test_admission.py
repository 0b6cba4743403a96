"""Which agreed jobs a provider declines at once: those it cannot finish in time, and those that ask for too little."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lilypad.agents.provider.admission import Admission, finishes_in_time
from lilypad.agents.provider.pace import LEAST_SECONDS, SLOW, Pace, once
from lilypad.errors import RejectedError
from lilypad.executors.wasm_pace import measure
from lilypad.modules.folder import load_manifest
from lilypad.modules.manifest import DockerArtifact, Manifest
from lilypad.protocol.deal import Deal, Job
from lilypad.store.journal import Journal
from lilypad.types import ZERO_DIGEST, ModuleId, Resources
from tests.offchain.agents.test_provider import agreed

MODULES = Path(__file__).parents[3] / "modules"
COWSAY, LINREG = (load_manifest(MODULES / name) for name in ("cowsay", "linreg"))
MODULE = ModuleId(b"m" * 32)
GIGA = 10**9
FAST, AWFUL = 3 * GIGA, 1_000_000


class Measured:
    def __init__(self, rate: int) -> None:
        self.rate, self.times = rate, 0

    async def __call__(self) -> int:
        self.times += 1
        return self.rate


def deal(limit: int, window: int, needs: Resources) -> Deal:
    found = agreed(1_000)
    conditions = replace(found.terms.windows, submit=window)
    terms = replace(found.terms, payment_ceiling=limit, price_per_instruction=1, windows=conditions)
    return replace(found, terms=terms, job=Job(MODULE, ZERO_DIGEST, needs))


def admission(tmp_path: Path, manifest: Manifest, measured: Measured) -> tuple[Admission, Journal]:
    async def package(_: ModuleId) -> Any:
        return SimpleNamespace(manifest=manifest)

    journal = Journal(tmp_path / "journal.sqlite").__enter__()
    pace = Pace(journal, once(journal, measured))
    return Admission(cast(Any, SimpleNamespace(package=package)), pace), journal


async def says_no(tmp_path: Path, manifest: Manifest, its_deal: Deal, measured: Measured) -> str | None:
    """The reason, if it does."""
    desk, journal = admission(tmp_path, manifest, measured)
    try:
        await desk.check(its_deal)
    except RejectedError as error:
        return error.message
    finally:
        journal.__exit__(None, None, None)
    return None


@given(st.integers(1, 1 << 62), st.integers(1, 1 << 40), st.integers(1, 10_000))
def test_finishing__in_more_time_or_faster_or_of_less__stays_possible(limit: int, rate: int, window: int) -> None:
    if finishes_in_time(limit, rate, window):
        assert finishes_in_time(limit, rate, window + 1)
        assert finishes_in_time(limit, rate + 1, window)
        assert finishes_in_time(limit - 1, rate, window)


def test_finishing__leaves_a_fifth_of_the_window_for_all_that_is_not_running() -> None:
    assert finishes_in_time(48 * GIGA, GIGA, 60)
    assert not finishes_in_time(48 * GIGA + 1, GIGA, 60)


@pytest.mark.parametrize("window", [60, 900])
@pytest.mark.parametrize("manifest", [COWSAY, LINREG], ids=lambda manifest: manifest.name)
async def test_module__of_the_examples__is_taken_by_a_slow_machine(
    tmp_path: Path, manifest: Manifest, window: int
) -> None:
    its_deal = deal(manifest.budget.default, window, manifest.needs)
    assert await says_no(tmp_path, manifest, its_deal, Measured(SLOW)) is None


async def test_job__whose_limit_takes_longer_than_its_window__is_declined(tmp_path: Path) -> None:
    measured = Measured(AWFUL)
    too_much = deal(COWSAY.budget.maximum, 10, COWSAY.needs)
    assert await says_no(tmp_path, COWSAY, too_much, measured) == (
        "this machine may not finish the job in its submit window"
    )
    assert await says_no(tmp_path, COWSAY, too_much, measured) is not None
    assert measured.times == 1, "a machine is measured once"


async def test_job__that_a_slow_machine_could_do__needs_no_measuring(tmp_path: Path) -> None:
    measured = Measured(FAST)
    assert await says_no(tmp_path, COWSAY, deal(COWSAY.budget.maximum, 60, COWSAY.needs), measured) is None
    assert measured.times == 0


async def test_job__with_a_ceiling_above_the_module_s_maximum__is_judged_by_the_maximum(tmp_path: Path) -> None:
    assert await says_no(tmp_path, COWSAY, deal(1 << 60, 60, COWSAY.needs), Measured(SLOW)) is None


async def test_module__that_has_run_here__is_judged_by_the_best_of_its_last_runs(tmp_path: Path) -> None:
    """A calculation runs faster than what was measured; one that waits for its host gives no reason to decline."""
    desk, journal = admission(tmp_path, COWSAY, Measured(AWFUL))
    its_deal = deal(COWSAY.budget.maximum, 10, COWSAY.needs)
    with journal:
        for rate in (900_000_000, AWFUL, AWFUL, AWFUL, AWFUL):
            await desk.ran(its_deal, rate * 2, 2.0)
        await desk.check(its_deal)
        await desk.ran(its_deal, AWFUL * 2, 2.0)
        with pytest.raises(RejectedError, match="submit window"):
            await desk.check(its_deal)


async def test_run__that_was_over_at_once__says_nothing_about_the_machine(tmp_path: Path) -> None:
    desk, journal = admission(tmp_path, COWSAY, Measured(AWFUL))
    with journal:
        await desk.ran(deal(1, 10, COWSAY.needs), 10 * GIGA, LEAST_SECONDS / 2)
        with pytest.raises(RejectedError, match="submit window"):
            await desk.check(deal(COWSAY.budget.maximum, 10, COWSAY.needs))


async def test_container__gets_its_share_of_the_processor_and_no_more(tmp_path: Path) -> None:
    """A hundred seconds of CPU time take two hundred on half a core; but at its wall clock it ends with a result."""
    half = replace(LINREG, artifact=DockerArtifact(None), resources=replace(LINREG.resources, cpu_milli=500))
    long = replace(half, limits=replace(half.limits, wall_seconds=1_000))
    its_deal = deal(LINREG.budget.maximum, 240, half.needs)
    assert await says_no(tmp_path, long, its_deal, Measured(FAST)) is not None
    assert await says_no(tmp_path, half, its_deal, Measured(FAST)) is None
    assert await says_no(tmp_path, long, deal(LINREG.budget.maximum, 250, half.needs), Measured(FAST)) is None


@pytest.mark.parametrize("less", [{"cpu_milli": 999}, {"ram_mib": 511}], ids=str)
async def test_job__that_asks_for_less_than_its_module_may_use__is_declined(
    tmp_path: Path, less: dict[str, int]
) -> None:
    its_deal = deal(1, 60, replace(LINREG.needs, **less))
    assert await says_no(tmp_path, LINREG, its_deal, Measured(FAST)) == (
        "the job asks for less of the machine than its module may use"
    )


def test_needs__of_a_module_whose_author_forgot_its_memory__are_what_it_may_use() -> None:
    forgetful = replace(LINREG, resources=Resources(cpu_milli=1_000), limits=replace(LINREG.limits, memory_bytes=1))
    assert forgetful.needs == Resources(cpu_milli=1_000, ram_mib=1)
    assert LINREG.needs == LINREG.resources
    assert COWSAY.needs == COWSAY.resources


async def test_cluster__is_as_fast_as_its_slowest_machine(tmp_path: Path) -> None:
    """What has run may have run on the fastest: the slowest would take longer, by as much as it is slower."""

    async def paces() -> list[int]:
        return [FAST, FAST // 3]

    with Journal(tmp_path / "journal.sqlite") as journal:
        pace = Pace(journal, paces, "HEAD:6379")
        assert await pace.of(MODULE, COWSAY, enough=FAST) == FAST // 3
        pace.ran(MODULE, COWSAY, 6 * FAST, 2.0)
        assert await pace.of(MODULE, COWSAY, enough=FAST) == FAST
        assert await Pace(journal, paces).of(MODULE, COWSAY, enough=FAST) == FAST // 3, "it did not run here"


async def test_measuring__of_this_machine__takes_a_moment_and_finds_a_sensible_pace() -> None:
    assert 10**7 < await measure() < 10**11


async def test_wasm_job__that_would_reach_its_wall_clock__is_declined_however_long_its_window(tmp_path: Path) -> None:
    """There it would end as a fault of this machine, too late to decline."""
    limit = int(FAST * COWSAY.limits.wall_seconds * 1.1)
    manifest = replace(COWSAY, budget=replace(COWSAY.budget, maximum=2 * limit))
    for its_limit, says in (
        (limit, "this machine may not finish the job in its submit window"),
        (int(limit * 0.9), None),
    ):
        folder = tmp_path / str(its_limit)
        folder.mkdir()
        its_deal = deal(its_limit, window=100_000, needs=COWSAY.needs)
        assert await says_no(folder, manifest, its_deal, Measured(FAST)) == says
