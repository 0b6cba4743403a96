"""Which module versions a provider takes jobs for: those on its machine that it can run, curated or named by it."""

from __future__ import annotations

from collections.abc import Collection

from lilypad.agents.network import Network
from lilypad.agents.work.packages import Package, Packages
from lilypad.agents.work.workshop import require_same_engine
from lilypad.errors import FaultError, RejectedError
from lilypad.protocol.allow_list import AllowList
from lilypad.protocol.matching import ModuleStatus
from lilypad.types import Engine, ModuleId


async def choose_modules(
    network: Network, packages: Packages, engines: Collection[Engine], names: Collection[str] = ()
) -> AllowList:
    """
    Args:
        names: take these alone, whether curated or not. Without names, every curated one that runs here.

    Raises:
        ModuleInvalidError: no such module is on this machine.
        FaultError: there is none to offer, or one that is named cannot be.
    """
    wanted = [packages.named(name) for name in names] or [package for package in packages if package.is_built]
    runnable = {package.digest: package for package in wanted if _why_not(package, engines) is None}
    found: list[ModuleId] = []
    left = {package.manifest.name: _why_not(package, engines) or "nobody has published it" for package in wanted}
    for publication in await network.publications():
        package = runnable.get(publication.manifest)
        if package is None:
            continue
        status = (await network.listing(publication.id)).status
        if status is ModuleStatus.CURATED or (names and status is not ModuleStatus.REVOKED):
            found.append(publication.id)
            left.pop(package.manifest.name, None)
        elif package.manifest.name in left:
            left[package.manifest.name] = "it is revoked" if status is ModuleStatus.REVOKED else "it is not curated"
    if names and left:
        raise FaultError(f"cannot be offered: {_listed(left)}")
    if not found:
        where = _listed(left) or "LILYPAD_MODULES names no folder with a module that is built"
        raise FaultError(f"there is no module to offer: {where}")
    return AllowList.of(found)


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
