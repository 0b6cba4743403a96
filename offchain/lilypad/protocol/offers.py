"""What creators and providers sign, and the packed words it travels in: contracts/types/."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from eth_abi.abi import encode
from eth_utils.crypto import keccak

from lilypad.protocol.typed_data import Domain as Domain
from lilypad.protocol.typed_data import Signable as Signable
from lilypad.protocol.words import Verification, Windows, pack_funds, word
from lilypad.types import Address, Digest, ModuleId, Resources


@dataclass(frozen=True, slots=True)
class JobOffer(Signable):
    """What a job creator signs. Amounts in wei of the token, times in unix seconds; the contract explains each."""

    TYPE: ClassVar[str] = "JobOffer"
    ABI: ClassVar[tuple[str, ...]] = (
        *("address", "address", "address", "uint16", "uint40", "uint32", "uint64", "bytes32", "bytes32"),
        *("uint160", "uint96", "uint96", "uint96", "uint96", "uint256"),
    )

    creator: Address
    target: Address
    solver: Address
    solver_bps: int
    expiry: int
    nonce: int
    lane: int
    """Where the deal is recorded: a place of the creator's that holds one open deal at a time."""
    module: ModuleId
    inputs: Digest
    resources: Resources
    price_per_instruction: int
    payment_ceiling: int
    collateral: int
    windows: Windows
    verification: Verification

    def words(self) -> tuple[bytes, ...]:
        """As it travels: the words of contracts/types/Offers.sol; the verification travels beside both offers."""
        return (
            pack_funds(self.creator, self.payment_ceiling),
            pack_funds(self.target, self.collateral),
            pack_funds(self.solver, self.price_per_instruction),
            self.module,
            self.inputs,
            pack_requirements(self.resources, self.windows),
            word(
                *(("expiry", self.expiry, 40), ("nonce", self.nonce, 32)),
                *(("solver_bps", self.solver_bps, 16), ("lane", self.lane, 64)),
            ),
        )


@dataclass(frozen=True, slots=True)
class ResourceOffer(Signable):
    """What a resource provider signs. Amounts in wei of the token, times in unix seconds."""

    TYPE: ClassVar[str] = "ResourceOffer"
    ABI: ClassVar[tuple[str, ...]] = (
        *("address", "uint16", "uint40", "uint32", "bytes32", "uint160", "uint96", "uint96", "uint96"),
        *("uint16", "uint16", "uint96", "uint256"),
    )

    provider: Address
    shares_bps: int
    expiry: int
    nonce: int
    modules: bytes
    resources: Resources
    price_per_instruction: int
    minimum_payment: int
    collateral: int
    late_penalty_bps: int
    decline_fee_bps: int
    windows: Windows
    verification: Verification

    def words(self) -> tuple[bytes, ...]:
        """As it travels: the words of contracts/types/Offers.sol; the verification travels beside both offers."""
        return (
            pack_funds(self.provider, self.collateral),
            word(("price_per_instruction", self.price_per_instruction, 96), ("minimum", self.minimum_payment, 96)),
            self.modules,
            pack_requirements(self.resources, self.windows),
            word(
                *(("expiry", self.expiry, 40), ("nonce", self.nonce, 32), ("shares_bps", self.shares_bps, 16)),
                ("late_penalty_bps", self.late_penalty_bps, 16),
                ("decline_fee_bps", self.decline_fee_bps, 16),
            ),
        )


def pack_requirements(resources: Resources, windows: Windows) -> bytes:
    """contracts/types/Requirements.sol."""
    return word(("resources", resources.pack(), 160), ("windows", windows.pack(), 96))


def unpack_requirements(packed: bytes) -> tuple[Resources, Windows]:
    word = int.from_bytes(packed, "big")
    return Resources.unpack(word & (1 << 160) - 1), Windows.unpack(word >> 160)


@dataclass(frozen=True, slots=True)
class Acceptance(Signable):
    """What a creator signs to accept one very result without sending a transaction."""

    TYPE: ClassVar[str] = "Acceptance"
    ABI: ClassVar[tuple[str, ...]] = ("bytes32", "bytes32", "uint64")

    deal: bytes
    commitment: bytes
    instruction_count: int


@dataclass(frozen=True, slots=True)
class InstantDeal(Signable):
    """A whole deal after the fact, which both sides sign: offers, result and acceptance in one text."""

    TYPE: ClassVar[str] = "InstantDeal"
    ABI: ClassVar[tuple[str, ...]] = (
        *("address", "address", "address", "bytes32", "bytes32", "bytes32", "uint64", "uint96"),
        *("uint16", "uint16", "uint16", "uint40", "uint32"),
    )

    creator: Address
    provider: Address
    solver: Address
    module: ModuleId
    inputs: Digest
    commitment: bytes
    instruction_count: int
    cost: int
    solver_bps: int
    royalty_bps: int
    protocol_bps: int
    """The most that the protocol's share may be when the deal is brought."""
    expiry: int
    nonce: int

    def words(self, author: Address, manifest: Digest) -> tuple[int | bytes | str, ...]:
        """As it travels: the module's id is made of its author, royalty and manifest on the chain."""
        return (
            *(pack_funds(self.creator, self.cost), self.provider, self.solver, author, manifest),
            *(self.inputs, self.commitment),
            word(
                ("instruction_count", self.instruction_count, 64),
                *(("expiry", self.expiry, 40), ("nonce", self.nonce, 32), ("solver_bps", self.solver_bps, 16)),
                *(("royalty_bps", self.royalty_bps, 16), ("protocol_bps", self.protocol_bps, 16)),
            ),
        )


@dataclass(frozen=True, slots=True)
class Netting(Signable):
    """What a creator owes a provider for many deals that the two made and finished between themselves."""

    TYPE: ClassVar[str] = "Netting"
    ABI: ClassVar[tuple[str, ...]] = (
        *("address", "address", "uint96", "uint64", "bytes32", "uint16", "uint40", "uint32"),
    )

    creator: Address
    provider: Address
    amount: int
    deals: int
    root: bytes
    protocol_bps: int
    """The most that the protocol's share may be when the netting is brought."""
    expiry: int
    nonce: int

    def words(self) -> tuple[int | bytes | str, ...]:
        creator = pack_funds(self.creator, self.amount)
        return creator, self.provider, self.deals, self.root, self.protocol_bps, self.expiry, self.nonce


@dataclass(frozen=True, slots=True)
class Bulk(Signable):
    """Many offers under one signature: the root of the Merkle tree of their digests."""

    TYPE: ClassVar[str] = "Bulk"
    ABI: ClassVar[tuple[str, ...]] = ("bytes32",)

    root: bytes


@dataclass(frozen=True, slots=True)
class Submission(Signable):
    """What a provider signs so that somebody else may bring its result in a cooperative settlement."""

    TYPE: ClassVar[str] = "Submission"
    ABI: ClassVar[tuple[str, ...]] = ("bytes32", "bytes32", "uint64")

    deal: bytes
    commitment: bytes
    instruction_count: int


def module_id(author: Address, royalty_bps: int, manifest: Digest) -> ModuleId:
    """contracts/types/ModuleId.sol: who wrote it, what it earns and what it is, in one hash."""
    return ModuleId(keccak(encode(["address", "uint16", "bytes32"], [author, royalty_bps, manifest])))
