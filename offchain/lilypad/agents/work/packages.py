"""The module packages on this machine: folders with a manifest and its artifact, by name and by registered version."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from lilypad.agents.network import Network
from lilypad.errors import ModuleInvalidError
from lilypad.modules.canonical import manifest_digest
from lilypad.modules.folder import MANIFEST_FILE, find_wasm_file, load_manifest
from lilypad.modules.manifest import DockerArtifact, Manifest
from lilypad.protocol.matching import ModuleStatus
from lilypad.types import Digest, ModuleId

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Package:
    manifest: Manifest
    folder: Path

    @property
    def digest(self) -> Digest:
        """Of the canonical manifest: what the registry pins.

        Raises:
            ModuleInvalidError: the package is not built, so its artifact is not known.
        """
        return manifest_digest(self.manifest)

    @property
    def artifact(self) -> str:
        """What an executor is given.

        Raises:
            ModuleInvalidError: the artifact is missing or is not the manifest's.
        """
        if isinstance(self.manifest.artifact, DockerArtifact):
            return self.manifest.artifact.image or ""
        return str(find_wasm_file(self.manifest, self.folder))

    @property
    def is_built(self) -> bool:
        artifact = self.manifest.artifact
        return not isinstance(artifact, DockerArtifact) or artifact.image is not None


class Packages:
    """All packages of some folders. A built package replaces the source of the same name and version."""

    def __init__(self, folders: Iterable[Path]) -> None:
        self._by_name: dict[str, Package] = {}
        self._broken: dict[str, ModuleInvalidError] = {}
        """By folder name: one bad package must not take the others down."""
        for file in (file for folder in folders for file in sorted(folder.glob(f"*/{MANIFEST_FILE}"))):
            try:
                manifest = load_manifest(file)
            except ModuleInvalidError as error:
                log.warning("module_invalid", extra={"error": str(error)})
                self._broken[file.parent.name] = error
                continue
            package = Package(manifest, file.parent)
            known = self._by_name.get(manifest.name)
            if known is None or package.is_built:
                self._by_name[manifest.name] = package

    def __iter__(self) -> Iterator[Package]:
        return iter(self._by_name.values())

    def named(self, name: str) -> Package:
        """
        Raises:
            ModuleInvalidError: there is none, or it has to be built first.
        """
        package = self._by_name.get(name)
        if package is None and name in self._broken:
            raise self._broken[name]
        if package is None:
            known = ", ".join(sorted(self._by_name)) or "none"
            raise ModuleInvalidError(f"there is no module {name!r} here; known are: {known}")
        if not package.is_built:
            how = f"build it with `python modules/build_image.py {name}`, then start the network again"
            raise ModuleInvalidError(f"the module {name!r} is not built yet: {how}", folder=package.folder)
        return package

    def with_digest(self, digest: Digest) -> Package | None:
        return next((p for p in self if p.is_built and p.digest == digest), None)


class Catalogue:
    """Which registered version is which package. Asks the chain once for what it does not know yet."""

    def __init__(self, network: Network, packages: Packages) -> None:
        self._network = network
        self._packages = packages
        self._manifests: dict[ModuleId, Digest] = {}

    async def package(self, module: ModuleId) -> Package:
        """
        Raises:
            ModuleInvalidError: not registered, or not on this machine.
        """
        if module not in self._manifests:
            await self._refresh()
        digest = self._manifests.get(module)
        package = None if digest is None else self._packages.with_digest(digest)
        if package is None:
            raise ModuleInvalidError("this module version is not on this machine", module=module)
        return package

    async def version(self, package: Package) -> ModuleId:
        """The registered id of a package; a curated one if there are several.

        Raises:
            ModuleInvalidError: nobody has published it.
        """
        await self._refresh()
        found = [module for module, digest in self._manifests.items() if digest == package.digest]
        for module in found:
            if (await self._network.listing(module)).status is ModuleStatus.CURATED:
                return module
        if not found:
            name = f"{package.manifest.name} {package.manifest.version}"
            raise ModuleInvalidError(f"nobody has published {name} on this chain; `lilypad up` does when it starts")
        return found[0]

    async def _refresh(self) -> None:
        self._manifests = {p.id: p.manifest for p in await self._network.publications()}
