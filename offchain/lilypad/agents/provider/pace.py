"""How many instructions of a module this machine runs in a second."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from lilypad.modules.manifest import Manifest
from lilypad.store.journal import Journal
from lilypad.types import Engine, ModuleId

NANOSECONDS = 10**9
REMEMBERED = 5
LEAST_SECONDS = 1.0
"""Of a run that tells anything: a shorter one is mostly its beginning and its end."""
SLOW = 10**8
"""What any machine does that has this engine."""
MEASURED = "pace"


class Pace:
    """Of a container: the share of the processor that it gets, its instructions being nanoseconds of it.

    Of a WASM module: what this machine reached when it was measured, or what the module itself reached here in the best
    of its last runs, if that is more. One that was slower, because it calls its host a lot, has the benefit of the
    doubt: few jobs come near their limit.
    """

    def __init__(self, journal: Journal, measure: Callable[[], Awaitable[int]]) -> None:
        self._journal = journal
        self._measure = measure

    async def of(self, module: ModuleId, manifest: Manifest, enough: int) -> int:
        """Nothing is measured for a job to which less is `enough`."""
        if manifest.engine is Engine.DOCKER:
            return manifest.resources.cpu_milli * NANOSECONDS // 1000
        known = max([SLOW, *self._runs(module)])
        if enough <= known:
            return known
        if self._journal.get(MEASURED, None) is None:
            self._put(MEASURED, await self._measure())
        return max(known, int(self._journal.get(MEASURED, 0)))

    def ran(self, module: ModuleId, manifest: Manifest, instructions: int, seconds: float) -> None:
        if manifest.engine is Engine.WASM and seconds >= LEAST_SECONDS:
            self._put(_key(module), [*self._runs(module), int(instructions / seconds)][-REMEMBERED:])

    def _runs(self, module: ModuleId) -> list[int]:
        return list(self._journal.get(_key(module), []))

    def _put(self, key: str, value: object) -> None:
        with self._journal.transaction() as tx:
            tx.put(key, value)


def _key(module: ModuleId) -> str:
    return f"{MEASURED}:{module.hex()}"
