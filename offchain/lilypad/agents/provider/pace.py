"""How many instructions of a module a provider's machine runs in a second: this one, or those of its cluster."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence

from lilypad.errors import EngineAwayError, RecoverableError
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


Paces = Callable[[], Awaitable[Sequence[int]]]
"""Instructions of WebAssembly a second, of each machine that may get the job."""


def once(journal: Journal, measure: Callable[[], Awaitable[int]]) -> Paces:
    """Of one machine, which stays the same."""

    async def paces() -> Sequence[int]:
        if journal.get(MEASURED, None) is None:
            _put(journal, MEASURED, await measure())
        return [int(journal.get(MEASURED, 0))]

    return paces


def each_once(
    journal: Journal, where: str, measure: Callable[[Mapping[str, int]], Awaitable[Mapping[str, int]]]
) -> Paces:
    """Of machines that come and go. What is known of them is not measured again."""

    async def paces() -> Sequence[int]:
        known = journal.get(f"{MEASURED}:{where}", {})
        now = dict(await measure(known))
        if now != known:
            _put(journal, f"{MEASURED}:{where}", now)
        return [*now.values()]

    return paces


class Pace:
    """Of a container: the share of the processor that it gets, its instructions being nanoseconds of it.

    Of a WASM module: what the slowest machine reached when it was measured, or what the module itself reached in the
    best of its last runs, if that is more; where machines differ, as if the fastest had run it. One that was slower,
    because it calls its host a lot, has the benefit of the doubt: few jobs come near their limit.
    """

    def __init__(self, journal: Journal, paces: Paces, where: str = "") -> None:
        """`where` tells runs on this machine from those on a cluster."""
        self._journal = journal
        self._paces = paces
        self._where = where

    async def of(self, module: ModuleId, manifest: Manifest, enough: int) -> int:
        """Nothing is measured for a job to which less is `enough`.

        Raises:
            RecoverableError: it cannot be measured now.
        """
        if manifest.engine is Engine.DOCKER:
            return manifest.resources.cpu_milli * NANOSECONDS // 1000
        if enough <= SLOW:
            return SLOW
        try:
            paces = await self._paces()
        except EngineAwayError as error:
            raise RecoverableError(error.message, **error.fields) from error
        slowest, fastest = min(paces), max(paces)
        return max(SLOW, slowest, max(self._runs(module), default=0) * slowest // fastest)

    def ran(self, module: ModuleId, manifest: Manifest, instructions: int, seconds: float) -> None:
        if manifest.engine is Engine.WASM and seconds >= LEAST_SECONDS:
            runs = [*self._runs(module), int(instructions / seconds)][-REMEMBERED:]
            _put(self._journal, self._key(module), runs)

    def _runs(self, module: ModuleId) -> list[int]:
        return list(self._journal.get(self._key(module), []))

    def _key(self, module: ModuleId) -> str:
        return ":".join(filter(None, (MEASURED, self._where, module.hex())))


def _put(journal: Journal, key: str, value: object) -> None:
    with journal.transaction() as tx:
        tx.put(key, value)
