"""What creators and providers sign, its EIP-712 hashes, and the packed words it travels in: contracts/types/.

The hash is computed here with eth_abi, which is some ten times faster than building the generic typed-data message;
a test holds it against eth-account and against the contract.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, ClassVar, Protocol, Self

from eth_abi.abi import encode
from eth_abi.exceptions import EncodingError
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from lilypad.errors import OfferInvalidError
from lilypad.protocol.words import Shares, Verification, Windows, pack_funds, word
from lilypad.types import Address, Digest, ModuleId, Resources


class Word(Protocol):
    """A value that travels as one 256-bit word."""

    def pack(self) -> int: ...
    @classmethod
    def unpack(cls, word: int) -> Self: ...


PACKED: dict[str, type[Word]] = {kind.__name__: kind for kind in (Resources, Windows, Verification, Shares)}


@dataclass(frozen=True, slots=True)
class Domain:
    """Where a signature holds: one controller on one chain."""

    chain_id: int
    controller: Address

    def separator(self) -> bytes:
        kind = "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
        return keccak(
            encode(
                ["bytes32", "bytes32", "bytes32", "uint256", "address"],
                [keccak(text=kind), keccak(text="Lilypad"), keccak(text="1"), self.chain_id, self.controller],
            )
        )

    def digest(self, struct_hash: bytes) -> bytes:
        """What is signed: keccak256(0x19 0x01 || separator || struct hash), 32 bytes."""
        return keccak(b"\x19\x01" + self.separator() + struct_hash)


def camel(name: str) -> str:
    head, *tail = name.split("_")
    return head + "".join(part.capitalize() for part in tail)


class Signable:
    """A frozen dataclass whose fields are, in order, the fields of one EIP-712 struct."""

    __slots__ = ()
    TYPE: ClassVar[str]
    ABI: ClassVar[tuple[str, ...]]

    @classmethod
    def type_string(cls) -> str:
        members = zip(cls.ABI, fields(cls), strict=True)  # type: ignore[arg-type]
        return f"{cls.TYPE}({','.join(f'{kind} {camel(field.name)}' for kind, field in members)})"

    def values(self) -> tuple[Any, ...]:
        """The fields as they are signed, packed words as integers."""
        values = (getattr(self, field.name) for field in fields(self))  # type: ignore[arg-type]
        return tuple(value.pack() if hasattr(value, "pack") else value for value in values)

    def struct_hash(self) -> bytes:
        kind = keccak(text=self.type_string())
        return keccak(encode(["bytes32", *self.ABI], [kind, *self.values()]))

    @classmethod
    def from_values(cls, values: dict[str, Any]) -> Self:
        """From the ABI's names and plain values, as parsed from JSON.

        Raises:
            ValueError: a packed word has bits that mean nothing, so packing it again would give another word.
        """
        members = []
        for field, kind in zip(fields(cls), cls.ABI, strict=True):  # type: ignore[arg-type]
            value = values[camel(field.name)]
            packed = PACKED.get(str(field.type))
            if packed is not None:
                word, value = value, packed.unpack(value)
                if value.pack() != word:
                    raise ValueError(f"{camel(field.name)} has bits that mean nothing: {word:#x}")
            elif kind == "address":
                value = to_checksum_address(value)
            members.append(value)
        return cls(*members)

    def to_json(self) -> dict[str, str]:
        """For the wire and the journal: bytes as 0x hex, integers in decimal, packed words as 0x hex."""
        plain = {}
        for field, value in zip(fields(self), self.values(), strict=True):  # type: ignore[arg-type]
            packed = hasattr(getattr(self, field.name), "pack")
            text = "0x" + value.hex() if isinstance(value, bytes) else hex(value) if packed else str(value)
            plain[camel(field.name)] = text
        return plain

    @classmethod
    def from_json(cls, plain: Any) -> Self:
        """Takes back what `to_json` gave, from anybody.

        Raises:
            OfferInvalidError: a field is missing, unknown, of the wrong kind or too large.
        """
        if not isinstance(plain, dict):
            raise OfferInvalidError(f"a {cls.TYPE} must be an object with its fields by name")
        names = [camel(field.name) for field in fields(cls)]  # type: ignore[arg-type]
        if wrong := sorted(set(names) ^ set(map(str, plain))):
            raise OfferInvalidError(f"a {cls.TYPE} has exactly the fields {', '.join(names)}", differs=wrong)
        values = {}
        for name, kind in zip(names, cls.ABI, strict=True):
            try:
                values[name] = _parse(plain[name], kind)
            except (ValueError, TypeError, AttributeError):
                raise OfferInvalidError(f"{cls.TYPE}.{name} is not a {kind}", value=plain[name]) from None
        try:
            offer = cls.from_values(values)
            offer.struct_hash()
        except (EncodingError, ValueError) as error:
            raise OfferInvalidError(f"not a {cls.TYPE}: {error}") from None
        return offer


def _parse(text: str, kind: str) -> int | str | bytes:
    if kind == "address":
        return to_checksum_address(text)
    if kind == "bytes32":
        value = bytes.fromhex(text.removeprefix("0x"))
        if len(value) != 32:
            raise ValueError
        return value
    number = int(text, 16) if text.startswith("0x") else int(text)
    if not 0 <= number < 1 << int(kind.removeprefix("uint")):
        raise ValueError
    return number


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
