"""Running a deal's job: its inputs fetched and checked, its module run with the pinned engine, its output sealed.

The provider does it for its pay, a mediator to find out whether the provider did.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from lilypad.agents.work.packages import Catalogue
from lilypad.agents.work.results import ResultRecord
from lilypad.crashing import crash_point
from lilypad.errors import ExecutorFaultError, RejectedError
from lilypad.executors.base import Executor
from lilypad.executors.wasm import ENGINE_NAME, ENGINE_VERSION, HOST_VERSION
from lilypad.modules.folder import read_inputs
from lilypad.modules.manifest import Manifest, WasmArtifact
from lilypad.modules.spec import execution_spec, seed_from_inputs
from lilypad.protocol.deal import Deal
from lilypad.store.blocks import BlockStore
from lilypad.store.cid import Cid
from lilypad.store.dag import BlockSource
from lilypad.store.results import seal
from lilypad.types import DealId, Engine, ExecutionSpec


@dataclass(frozen=True, slots=True)
class Workshop:
    folder: Path
    """Working copies: one folder for each deal in hand."""
    store: BlockStore
    sources: BlockSource
    """Where others' content is fetched from."""
    catalogue: Catalogue
    executors: Mapping[Engine, Executor]
    _made: dict[DealId, Cid] = field(default_factory=dict)

    def outputs(self) -> set[Cid]:
        """Of the deals in hand, also those that nobody has written down yet."""
        return {*self._made.values()}

    async def run(
        self,
        deal: Deal,
        began: Callable[[DealId, Executor], None] = lambda _, __: None,
        sources: BlockSource | None = None,
    ) -> ResultRecord:
        """The job's result, its output pinned in the store. Takes up what an earlier process of this agent has begun.

        Args:
            began: told when the module runs.
            sources: where the inputs are fetched from, if not from the usual ones.

        Raises:
            ContentUnavailableError, ContentInvalidError: the inputs are not to be had.
            RejectedError, FaultError: this machine cannot run the job.
        """
        folder = self.folder / deal.id.hex()
        spec = await self._prepare(deal, sources or self.sources)
        crash_point("work.fetched")
        executor = self.executors.get(spec.engine)
        if executor is None:
            raise RejectedError("this machine has no such executor", engine=spec.engine)
        execution, output = deal.id.hex(), folder / "output"
        await executor.start(execution, spec, self._inputs(deal), output)
        began(deal.id, executor)
        crash_point("work.running")
        try:
            ended = await executor.wait(execution)
        except ExecutorFaultError:
            with suppress(ExecutorFaultError):
                await executor.cancel(execution)  # what is left of it would be in the way of the next try
            await asyncio.to_thread(shutil.rmtree, output, ignore_errors=True)
            raise
        crash_point("work.ran")
        async with self.store.holding():
            result, cid = await seal(output, ended.exit_status, self.store)
            crash_point("work.sealed")
            self._made[deal.id] = cid  # it may be the output of a deal that has ended, whose time is just up
            await self.store.pin(cid)
        crash_point("work.pinned")
        return ResultRecord(result, ended.instruction_count)

    async def fetch(self, deal: Deal, sources: BlockSource) -> None:
        """The job's inputs, checked; `run` does it too.

        Raises:
            ContentUnavailableError, ContentInvalidError: they are not to be had.
        """
        inputs = self._inputs(deal)
        if not inputs.exists():
            inputs.parent.mkdir(parents=True, exist_ok=True)
            await self.store.fetch_directory(Cid.of_directory(deal.job.inputs), inputs, source=sources)

    async def clean_up(self, deal: DealId) -> None:
        """The result stays in the store, pinned; the working copies go."""
        for executor in self.executors.values():
            with suppress(ExecutorFaultError):  # an engine that is not there holds nothing
                await executor.cancel(deal.hex())
        await asyncio.to_thread(shutil.rmtree, self.folder / deal.hex(), ignore_errors=True)
        self._made.pop(deal, None)

    def _inputs(self, deal: Deal) -> Path:
        return self.folder / deal.id.hex() / "inputs"

    async def _prepare(self, deal: Deal, sources: BlockSource) -> ExecutionSpec:
        """What to run, with its inputs fetched and checked."""
        package = await self.catalogue.package(deal.job.module)
        require_same_engine(package.manifest)
        await self.fetch(deal, sources)
        given = read_inputs(package.manifest, self._inputs(deal))
        limit, seed = instruction_limit(deal, package.manifest), seed_from_inputs(deal.job.inputs)
        return execution_spec(package.manifest, given, package.artifact, limit, seed)


def instruction_limit(deal: Deal, manifest: Manifest) -> int:
    """What the ceiling pays for, as far as the module allows it."""
    return min(deal.terms.instruction_limit, manifest.budget.maximum)


def require_same_engine(manifest: Manifest) -> None:
    """Fuel, and with it the bill, differs between versions of the engine and of the host around it."""
    pinned = manifest.artifact
    if not isinstance(pinned, WasmArtifact):
        return
    here = (f"{ENGINE_NAME} {ENGINE_VERSION}", HOST_VERSION)
    if (pinned.engine, pinned.host_version) != here:
        raise RejectedError(f"the module needs {pinned.engine}, host {pinned.host_version}; here are {here}")
