"""What a provider publishes about a finished deal, and what a creator checks it against."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

from lilypad.errors import ContentInvalidError
from lilypad.protocol.commitment import commitment
from lilypad.protocol.deal import Claim
from lilypad.store.cid import Cid
from lilypad.types import Digest, ExitStatus, Result

DIGESTS = ("output", "returned", "stdout", "stderr")


@dataclass(frozen=True, slots=True)
class ResultRecord:
    """The preimage of a commitment, and the bill."""

    result: Result
    instruction_count: int

    @property
    def cid(self) -> Cid:
        """Of the whole output directory: stdout, stderr, exitCode, outputs/."""
        return Cid.of_directory(self.result.output)

    def matches(self, claim: Claim) -> bool:
        """Whether this is what was committed to on chain."""
        return claim == Claim(commitment(self.result), self.instruction_count)

    def to_json(self) -> dict[str, Any]:
        digests = {name: getattr(self.result, name).hex() for name in DIGESTS}
        return {
            **digests,
            "exitStatus": int(self.result.exit_status),
            "instructionCount": self.instruction_count,
            "cid": str(self.cid),
        }

    @classmethod
    def from_json(cls, plain: Any) -> Self:
        """
        Raises:
            ContentInvalidError: not a result record.
        """
        try:
            digests = {name: Digest(bytes.fromhex(plain[name])) for name in DIGESTS}
            status = int(plain["exitStatus"])
            if any(len(digest) != 32 for digest in digests.values()) or not 0 <= status < 1 << 32:
                raise ValueError("a digest has 32 bytes, an exit status 32 bits")
            result = Result(**digests, exit_status=ExitStatus(status))
            return cls(result, int(plain["instructionCount"]))
        except (KeyError, TypeError, ValueError) as error:
            raise ContentInvalidError(f"not a result record: {error!r}") from error
