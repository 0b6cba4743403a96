"""What the registry's tests publish."""

from __future__ import annotations

from eth_utils.crypto import keccak

from lilypad.protocol.matching import ModuleStatus
from lilypad.types import Digest

NONE, PUBLISHED, CURATED, DEPRECATED, REVOKED = ModuleStatus
MANIFEST = Digest(keccak(text="another manifest"))
MOST_ROYALTY = 2_000
ROYALTY = 250
