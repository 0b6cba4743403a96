"""The module versions that a provider runs: in its offer as the root of a Merkle tree, beside it as a list.

The chain sees the root and one proof, whoever brings the offers there needs the list.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from lilypad.errors import OfferInvalidError
from lilypad.protocol.matching import module_leaf
from lilypad.protocol.merkle import Proof, build_tree
from lilypad.types import ModuleId

LONGEST = 256
ANY_CURATED = bytes(32)
"""The root in the offer of a provider that runs whatever is curated."""


@dataclass(frozen=True)
class AllowList:
    """Empty: every curated module."""

    modules: tuple[ModuleId, ...] = ()

    @classmethod
    def of(cls, modules: Iterable[ModuleId]) -> AllowList:
        """The same modules in any order are the same list.

        Raises:
            OfferInvalidError: there are more than 256.
        """
        listed = tuple(sorted(set(modules)))
        if len(listed) > LONGEST:
            raise OfferInvalidError(f"an offer names at most {LONGEST} modules", modules=len(listed))
        return cls(listed)

    @property
    def root(self) -> bytes:
        return self._tree[0]

    def proof(self, module: ModuleId) -> Proof:
        """Empty for a module that is not in the list, as for a list of one."""
        return self._tree[1].get(module, ())

    @cached_property
    def _tree(self) -> tuple[bytes, dict[ModuleId, Proof]]:
        if not self.modules:
            return ANY_CURATED, {}
        root, proofs = build_tree([module_leaf(module) for module in self.modules])
        return root, dict(zip(self.modules, proofs, strict=True))


EVERY_CURATED = AllowList()
