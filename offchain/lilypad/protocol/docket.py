"""What a mediation case is about: contracts/types/Docket.sol and MediationSettings.sol, packed and hashed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from eth_abi.abi import encode
from eth_utils.crypto import keccak

from lilypad.protocol.deal import Claim, Verdict
from lilypad.protocol.settlement import Challenge
from lilypad.protocol.words import Verification, pack, word
from lilypad.types import Address, DealId

UNIT = 10**15
"""Stakes, fees, bonds and penalties are whole multiples of it."""
MOST_MEDIATORS = 7
SHORTEST_WINDOW, LONGEST_WINDOW = 300, 7 * 24 * 3600
_DOCKET = "(bytes32,bytes32,bytes32,(bytes32,uint64),(bytes32,bytes32),bytes32,bytes32,bytes32,address[],address[])"
_EVEN = (1 << 256) - 2


@dataclass(frozen=True, slots=True)
class Settings:
    """What governance decides. Amounts in units, windows in seconds."""

    fee: int
    bond: int
    min_stake: int
    penalty: int
    commit: int
    reveal: int
    appeal: int
    silent_percent: int
    burn_percent: int
    redraws: int
    appeals: int

    def word(self) -> bytes:
        money = ((name, getattr(self, name), 40) for name in ("fee", "bond", "min_stake", "penalty"))
        windows = ((name, getattr(self, name), 24) for name in ("commit", "reveal", "appeal"))
        percents = ((name, getattr(self, name), 8) for name in ("silent_percent", "burn_percent"))
        counts = ((name, getattr(self, name), 4) for name in ("redraws", "appeals"))
        return word(*money, *windows, *percents, *counts)

    @property
    def voting_time(self) -> int:
        return self.commit + self.reveal + self.appeal

    @property
    def valid(self) -> bool:
        money = 0 < self.fee <= self.bond and 2 * self.fee <= self.penalty <= self.min_stake
        percents = 10 <= self.silent_percent <= 100 and 10 <= self.burn_percent <= 90
        counts = self.redraws <= 5 and self.appeals <= 2 and (self.appeals == 0) == (self.appeal == 0)
        windows = [self.commit, self.reveal, *([self.appeal] if self.appeals else [])]
        return money and percents and counts and all(SHORTEST_WINDOW <= w <= LONGEST_WINDOW for w in windows)


@dataclass(frozen=True, slots=True)
class Stage:
    round: int
    redrawn: int
    standing: Verdict
    """Stands if this round decides nothing."""
    deadline: int
    """End of the deal's mediate window."""

    def word(self) -> bytes:
        return pack(
            ("round", self.round, 8), ("redrawn", self.redrawn, 8), ("standing", self.standing, 8),
            ("deadline", self.deadline, 40),
        ).to_bytes(32, "big")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Docket:
    """Whoever moves a case on passes it; the chain keeps its hash."""

    id: DealId
    verification: Verification
    settings: Settings
    claim: Claim
    dispute: Challenge
    stage: Stage
    standing: bytes = bytes(32)
    appellant: bytes = bytes(32)
    seats: tuple[Address, ...] = ()
    former: tuple[Address, ...] = ()

    def words(self) -> tuple[object, ...]:
        claim = (self.claim.commitment, self.claim.instruction_count)
        head = (self.id, self.verification.word(), self.settings.word(), claim, self.dispute.words())
        return (*head, self.stage.word(), self.standing, self.appellant, list(self.seats), list(self.former))

    @property
    def hash(self) -> bytes:
        """Also the name of its round, once there are seats."""
        return keccak(encode([_DOCKET], [self.words()]))

    @property
    def wanted(self) -> int:
        return seats_in(self.verification.mediators, self.stage.round)

    def seated(self, seats: Sequence[Address]) -> Docket:
        return replace(self, seats=tuple(seats))

    def redrawn(self) -> Docket:
        return replace(self, seats=(), stage=replace(self.stage, redrawn=self.stage.redrawn + 1))

    def appealed(self, appellant: bytes, verdict: Verdict, winner: bytes) -> Docket:
        stage = Stage(self.stage.round + 1, 0, verdict, self.stage.deadline)
        former = self.former + self.seats
        return replace(self, stage=stage, standing=winner, appellant=appellant, seats=(), former=former)

    def draw_seed(self, seed: bytes) -> bytes:
        return keccak(seed + self.id + self.stage.word())


@dataclass(frozen=True, slots=True)
class Ballot:
    """What one mediator found."""

    commitment: bytes = bytes(32)
    instruction_count: int = 0
    is_fetched: bool = True
    salt: bytes = field(default=bytes(32), repr=False)
    is_cast: bool = True

    def words(self) -> tuple[bytes, bytes, int, bool, bool]:
        return self.commitment, self.salt, self.instruction_count, self.is_fetched, self.is_cast

    def seal(self, round_: bytes, mediator: Address) -> bytes:
        """What is committed to. It names the mediator and the round, so a copy is worth nothing."""
        kinds = ["bytes32", "address", "bytes32", "uint64", "bool", "bytes32"]
        values = [round_, mediator, self.commitment, self.instruction_count, self.is_fetched, self.salt]
        return (int.from_bytes(keccak(encode(kinds, values)), "big") & _EVEN).to_bytes(32, "big")


SILENCE = Ballot(is_cast=False)


@dataclass(frozen=True, slots=True)
class Court:
    """Where mediators' signatures hold."""

    chain_id: int
    mediation: Address

    def commit_digest(self, round_: bytes, seal: bytes) -> bytes:
        """What a mediator signs so that somebody else can bring its sealed vote."""
        return self._digest(keccak(keccak(text="Commit(bytes32 round,bytes32 hash)") + round_ + seal))

    def ballots_digest(self, round_: bytes, seals: Sequence[bytes]) -> bytes:
        """What a mediator signs once it has seen the seals of all, and before it opens its own to anybody."""
        root = keccak(b"".join(seals))
        return self._digest(keccak(keccak(text="Ballots(bytes32 round,bytes32 root)") + round_ + root))

    def _digest(self, struct_hash: bytes) -> bytes:
        kind = "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
        names = [keccak(text=kind), keccak(text="LilypadMediation"), keccak(text="1")]
        kinds = ["bytes32", "bytes32", "bytes32", "uint256", "address"]
        separator = keccak(encode(kinds, [*names, self.chain_id, self.mediation]))
        return keccak(b"\x19\x01" + separator + struct_hash)


def seats_in(mediators: int, round_: int) -> int:
    """k, then 2k + 1 with each appeal."""
    return ((mediators + 1) << round_) - 1
