"""Which module versions a provider takes jobs for: those on its machine that it can run, curated or named by it."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Mapping

from lilypad.agents.network import Network, Publication
from lilypad.agents.work.packages import Package, Packages
from lilypad.agents.work.workshop import require_same_engine
from lilypad.errors import FaultError, RejectedError
from lilypad.protocol.allow_list import LONGEST, AllowList
from lilypad.protocol.matching import ModuleStatus
from lilypad.types import Digest, Engine, ModuleId

log = logging.getLogger(__name__)


async def choose_modules(
    network: Network, packages: Packages, engines: Collection[Engine], names: Collection[str] = ()
) -> AllowList:
    """
    Args:
        names: take these alone, whether curated or not. Without names, every curated one that runs here. Of more
            publications than an offer can name, it names the curated ones first, then the oldest of each module:
            anybody can publish a module once more, and nobody pushes another's publication out with that.

    Raises:
        ModuleInvalidError: no such module is on this machine.
        FaultError: there is none to offer, or one that is named cannot be.
    """
    wanted = [packages.named(name) for name in names] or [package for package in packages if package.is_built]
    runnable = {package.digest: package for package in wanted if _why_not(package, engines) is None}
    found: dict[Digest, list[Publication]] = {}
    statuses = await network.module_statuses()
    left = {package.manifest.name: _why_not(package, engines) or "nobody has published it" for package in wanted}
    for publication in await network.publications():
        package = runnable.get(publication.manifest)
        if package is None:
            continue
        status = statuses.get(publication.id, ModuleStatus.PUBLISHED)
        if status is ModuleStatus.CURATED or (names and status is not ModuleStatus.REVOKED):
            found.setdefault(publication.manifest, []).append(publication)
            left.pop(package.manifest.name, None)
        elif package.manifest.name in left:
            left[package.manifest.name] = "it is revoked" if status is ModuleStatus.REVOKED else "it is not curated"
    if names and left:
        raise FaultError(f"cannot be offered: {_listed(left)}")
    if not found:
        where = _listed(left) or "LILYPAD_MODULES names no folder with a module that is built"
        raise FaultError(f"there is no module to offer: {where}")
    return AllowList.of(_best(found.values(), statuses))


def _best(found: Iterable[list[Publication]], statuses: Mapping[ModuleId, ModuleStatus]) -> list[ModuleId]:
    """As many as an offer can name: in turns, the curated ones, then the oldest of each manifest, the next of each."""
    ranked = [
        (statuses.get(publication.id) is not ModuleStatus.CURATED, rank, publication.id)
        for publications in found
        for rank, publication in enumerate(publications)
    ]
    ranked.sort()
    if left := ranked[LONGEST:]:
        log.warning("publications_left_out", extra={"count": len(left), "most": LONGEST})
    return [module for *_, module in ranked[:LONGEST]]


def _why_not(package: Package, engines: Collection[Engine]) -> str | None:
    if package.manifest.engine not in engines:
        return f"this machine has no {package.manifest.engine} engine"
    try:
        require_same_engine(package.manifest)
    except RejectedError as error:
        return error.message
    return None


def _listed(reasons: dict[str, str]) -> str:
    return "; ".join(f"{name}: {reason}" for name, reason in sorted(reasons.items()))
