"""What a person decides about a deployment: scripts/params/<network>.yaml, read with plain words for what is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from pathlib import Path
from typing import Any, Self

import yaml
from eth_utils.address import is_checksum_address

from lilypad.errors import FaultError
from lilypad.types import Address

SUPPLY = 1_000_000_000
"""Whole tokens, as LilypadToken mints them."""
LONGEST = 365 * 24 * 3600
"""No time of governance is longer, so that a slip of the pen freezes nothing."""
BOUNDS = {
    "voting_delay": (1, LONGEST, "seconds"),
    "voting_period": (1, LONGEST, "seconds"),
    "proposal_threshold": (0, SUPPLY, "whole tokens"),
    "quorum_percent": (1, 100, "percent"),
    "timelock_delay": (1, LONGEST, "seconds"),
}
EXAMPLE = "scripts/params/example.yaml explains all of them"


@dataclass(frozen=True, slots=True)
class Governance:
    """How token holders decide."""

    voting_delay: int
    """Seconds from a proposal to the moment whose votes count."""
    voting_period: int
    """Seconds from then to the end of the vote."""
    proposal_threshold: int
    """Whole tokens whose votes it takes to propose."""
    quorum_percent: int
    """Of the whole supply that must vote for or abstain."""
    timelock_delay: int
    """Seconds from queueing a decision to the first moment of its execution."""

    @classmethod
    def parse(cls, plain: object) -> Self:
        content = _known(cls, plain, "governance")
        for name, (low, high, unit) in BOUNDS.items():
            value = content[name]
            if type(value) is not int or not low <= value <= high:
                raise FaultError(f"governance.{name} must be {low} to {high} {unit}, got {value!r}")
        return cls(**content)


@dataclass(frozen=True, slots=True)
class Mediation:
    """The court of drawn, staked mediators. Amounts in thousandths of a token, times in seconds."""

    randao_delay: int
    """Blocks between a challenge and the randomness of its draw, at least."""
    block_time: int
    epoch: int
    """Stakes count in draws from the next one on."""
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

    @classmethod
    def parse(cls, plain: object) -> Self:
        content = _known(cls, plain, "mediation")
        for name, value in content.items():
            if type(value) is not int or value < 0:
                raise FaultError(f"mediation.{name} must be a whole number, got {value!r}")
        parsed = cls(**content)
        if not (parsed.randao_delay > 0 and parsed.block_time > 0 and 600 <= parsed.epoch <= 7 * 24 * 3600):
            raise FaultError("mediation: randao_delay and block_time must be positive, epoch 10 minutes to 7 days")
        try:
            packed = parsed.settings()
        except ValueError as error:
            raise FaultError(f"mediation: {error}") from error
        if packed is None:
            raise FaultError("mediation: outside the bounds of contracts/types/MediationSettings.sol")
        return parsed

    def settings(self) -> bytes | None:
        """The packed word of contracts/types/MediationSettings.sol; None outside the bounds that are there."""
        money = 0 < self.fee <= self.bond and 2 * self.fee <= self.penalty <= self.min_stake
        percents = 10 <= self.silent_percent <= 100 and 10 <= self.burn_percent <= 90
        counts = self.redraws <= 5 and self.appeals <= 2 and (self.appeals == 0) == (self.appeal == 0)
        windows = [self.commit, self.reveal, *([self.appeal] if self.appeals else [])]
        if not (money and percents and counts and all(300 <= window <= 7 * 24 * 3600 for window in windows)):
            return None
        word = shift = 0
        lanes = [(self.fee, 40), (self.bond, 40), (self.min_stake, 40), (self.penalty, 40), (self.commit, 24)]
        lanes += [(self.reveal, 24), (self.appeal, 24), (self.silent_percent, 8), (self.burn_percent, 8)]
        for value, bits in [*lanes, (self.redraws, 4), (self.appeals, 4)]:
            if value >> bits:
                raise ValueError(f"{value} does not fit {bits} bits")
            word |= value << shift
            shift += bits
        return word.to_bytes(32, "big")


@dataclass(frozen=True, slots=True)
class DeployParameters:
    """Either `governance`, or somebody who may do at once what governance may: a `governor` and a `curator`."""

    salt: str
    token_holder: Address
    """Receives the whole token supply."""
    governance: Governance | None = None
    """Token holders own the controller's two parameters and curate modules, through a timelock."""
    governor: Address | None = None
    """Without governance: owns the two parameters of the controller."""
    curator: Address | None = None
    """Without governance: curates modules."""
    treasury: Address | None = None
    """Credited with the protocol's share; with governance and left out, the timelock is."""
    mock_judge: Address | None = None
    """Decides every dispute by decree: for local chains only."""
    mediation: Mediation | None = None
    """Drawn mediators decide. Belongs to whom the controller belongs to."""

    def __post_init__(self) -> None:
        if self.governance is None:
            missing = [name for name in ("governor", "curator", "treasury") if getattr(self, name) is None]
            if missing:
                raise FaultError(f"without governance somebody must be {', '.join(missing)}; {EXAMPLE}")
            return
        extra = [name for name in ("governor", "curator", "mock_judge") if getattr(self, name) is not None]
        if extra:
            raise FaultError(f"with governance nobody may be {', '.join(extra)}: take that out; {EXAMPLE}")

    @classmethod
    def load(cls, path: Path) -> Self:
        if not path.exists():
            raise FaultError(f"{path} is missing: copy example.yaml there and set whom this network belongs to")
        try:
            return cls.parse(yaml.safe_load(path.read_text()))
        except yaml.YAMLError as error:
            raise FaultError(f"{path} is no YAML: {error}") from error
        except FaultError as error:
            raise FaultError(f"{path}: {error}") from error

    @classmethod
    def parse(cls, plain: object) -> Self:
        content = _known(cls, plain, "parameters")
        if not isinstance(content["salt"], str) or not content["salt"]:
            raise FaultError(f"salt must be a text that is not empty, got {content['salt']!r}")
        for name, value in content.items():
            if name not in ("salt", "governance", "mediation") and not is_checksum_address(value):
                raise FaultError(f"{name} must be a checksummed address, got {value!r}")
        if "governance" in content:
            content["governance"] = Governance.parse(content["governance"])
        if "mediation" in content:
            content["mediation"] = Mediation.parse(content["mediation"])
        return cls(**content)


def _known(kind: type[Any], plain: object, what: str) -> dict[str, Any]:
    """The fields of `kind`: none that it has not, and all that it needs."""
    names = [field.name for field in fields(kind)]
    if not isinstance(plain, Mapping):
        raise FaultError(f"{what} must be a mapping with {', '.join(names)}; {EXAMPLE}")
    if unknown := set(plain) - set(names):
        raise FaultError(f"{what}: unknown {', '.join(sorted(map(str, unknown)))}; known are {', '.join(names)}")
    needed = [field.name for field in fields(kind) if field.default is MISSING]
    if missing := [name for name in needed if name not in plain]:
        raise FaultError(f"{what}: {', '.join(missing)} missing; {EXAMPLE}")
    return dict(plain)
