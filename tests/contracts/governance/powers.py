"""Everything that only somebody may do: each call, who may make it, and how anybody else is refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from eth_utils.crypto import keccak

from lilypad.protocol.docket import Settings
from lilypad.protocol.matching import ModuleStatus
from lilypad.protocol.mediation import UPHOLDS
from lilypad.protocol.words import pack_funds
from lilypad.types import Address

DAY = 86_400
NOTHING = bytes(32)
ADMIN, PROPOSER, CANCELLER, EXECUTOR = (
    bytes(32), *(keccak(text=f"{role}_ROLE") for role in ("PROPOSER", "CANCELLER", "EXECUTOR")),
)  # fmt: skip
READY = (1 << 2).to_bytes(32, "big")
"""As the timelock names the state in which an operation can be executed."""

Refusal = tuple[str, dict[str, Any]]


@dataclass(frozen=True)
class Power:
    refusal: Callable[[Any, Any], Refusal]
    """The error that anybody else meets, and its fields."""
    arguments: Callable[[Any, Any], tuple[Any, ...]]
    """The worst ones we can think of: of the house, in favour of a thief."""


def owned(arguments: Callable[[Any, Any], tuple[Any, ...]]) -> Power:
    return Power(lambda house, thief: ("OwnableUnauthorizedAccount", {"account": thief}), arguments)


def governed(arguments: Callable[[Any, Any], tuple[Any, ...]]) -> Power:
    return Power(lambda house, thief: ("GovernorOnlyExecutor", {"account": thief}), arguments)


def of_role(role: bytes, arguments: Callable[[Any, Any], tuple[Any, ...]]) -> Power:
    fields = {"neededRole": role}
    return Power(lambda house, thief: ("AccessControlUnauthorizedAccount", {"account": thief, **fields}), arguments)


def of_itself(arguments: Callable[[Any, Any], tuple[Any, ...]]) -> Power:
    return Power(lambda house, thief: ("TimelockUnauthorizedCaller", {"caller": thief}), arguments)


def of_court(arguments: Callable[[Any, Any], tuple[Any, ...]]) -> Power:
    """No admin's: the timelock is refused as anybody else is."""
    return Power(lambda house, thief: ("Mediators_NotCourt", {"caller": thief, "court": house.court}), arguments)


def announced(arguments: Callable[[Any, Any], tuple[Any, ...]], hashing: str) -> Power:
    """Anyone may, if the governor announced it."""

    def refusal(house: Any, thief: Any) -> Refusal:
        operation = getattr(house.timelock, hashing)(*arguments(house, thief))
        return "TimelockUnexpectedOperationState", {"operationId": operation, "expectedStates": READY}

    return Power(refusal, arguments)


def one_call(house: Any, thief: Any) -> tuple[Any, ...]:
    """What a thief would have the timelock do: pay out of the vault."""
    return house.protocol.payments, 0, house.protocol.payments.withdraw.encode_input(house.protocol.controller, 1)


def many_calls(house: Any, thief: Any) -> tuple[Any, ...]:
    target, value, data = one_call(house, thief)
    return [target], [value], [data]


GREEDY = Settings(
    fee=10_000_000, bond=10_000_000, min_stake=10**11, penalty=20_000_000, commit=300, reveal=300, appeal=0,
    silent_percent=100, burn_percent=90, redraws=0, appeals=0,
)  # fmt: skip


def dismissal(thief: Any) -> tuple[Any, ...]:
    """Everything to one account, which was never drawn."""
    return NOTHING, GREEDY.word(), [thief], [UPHOLDS], UPHOLDS, 1, 1, NOTHING, 0, thief, 1


OWNERSHIP = {
    "transferOwnership": owned(lambda house, thief: (thief,)),
    "renounceOwnership": owned(lambda house, thief: ()),
    "acceptOwnership": owned(lambda house, thief: ()),
}
POWERS: dict[str, dict[str, Power]] = {
    "LilypadController": {"setParameters": owned(lambda house, thief: (1_000, 50_000)), **OWNERSHIP},
    "LilypadModules": {
        "curate": owned(lambda house, thief: (house.protocol.module, ModuleStatus.REVOKED)),
        **OWNERSHIP,
    },
    "LilypadMediation": {
        "setSettings": owned(lambda house, thief: (GREEDY.word(),)),
        **OWNERSHIP,
    },
    "LilypadMediators": {
        "seat": of_court(lambda house, thief: ((0, NOTHING, 1, 1, []),)),
        "bond": of_court(lambda house, thief: (pack_funds(Address(thief.address), 1),)),
        "refund": of_court(lambda house, thief: (pack_funds(Address(thief.address), 1),)),
        "takeOwed": of_court(lambda house, thief: (thief,)),
        "setMinStake": of_court(lambda house, thief: (0,)),
        "dismiss": of_court(lambda house, thief: (dismissal(thief),)),
    },
    "LilypadGovernor": {
        "relay": governed(one_call),
        "setProposalThreshold": governed(lambda house, thief: (0,)),
        "setVotingDelay": governed(lambda house, thief: (0,)),
        "setVotingPeriod": governed(lambda house, thief: (1,)),
        "updateQuorumNumerator": governed(lambda house, thief: (0,)),
        "updateTimelock": governed(lambda house, thief: (thief,)),
    },
    "LilypadTimelock": {
        "schedule": of_role(PROPOSER, lambda house, thief: (*one_call(house, thief), NOTHING, NOTHING, DAY)),
        "scheduleBatch": of_role(PROPOSER, lambda house, thief: (*many_calls(house, thief), NOTHING, NOTHING, DAY)),
        "cancel": of_role(CANCELLER, lambda house, thief: (NOTHING,)),
        "execute": announced(lambda house, thief: (*one_call(house, thief), NOTHING, NOTHING), "hashOperation"),
        "executeBatch": announced(
            lambda house, thief: (*many_calls(house, thief), NOTHING, NOTHING), "hashOperationBatch"
        ),
        "grantRole": of_role(ADMIN, lambda house, thief: (PROPOSER, thief)),
        "revokeRole": of_role(ADMIN, lambda house, thief: (PROPOSER, house.governor)),
        "updateDelay": of_itself(lambda house, thief: (0,)),
    },
}
"""A function with a guard that is not listed here fails `test_powers__in_the_sources__are_all_listed`: think what it
could do to a deal in flight, and list it, so that the other tests try it."""

DOORS = {
    "LilypadPayments": {
        "deposit", "depositWithPermit", "withdraw", "move",  # the account's own free balance
        "cancelNonce", "cancelNonces",  # the account's own
        "lock", "bond", "settle", "settleAll", "pay", "payBatch",  # the controller's own compartment
    },
    "LilypadStorage": {"open", "advance", "advanceBatch"},  # the controller's own deals
    "LilypadController": {
        "agree", "agreeBatch", "settle", "settleBatch",  # anyone with both sides' consent
        "instant", "instantBatch", "net",  # the same
        "decline", "submitResult", "accept", "acceptSigned",  # a party, or whoever has its signature
        "finalize", "late", "expire", "challenge",  # anyone, as the terms' windows say
        "verdict",  # the mediation that both signed for
        *POWERS["LilypadController"],
    },
    "LilypadModules": {"publish", "deprecate", *POWERS["LilypadModules"]},  # the author's own versions
    "LilypadUsers": {"register"},  # the account's own entry
    "LilypadMediation": {
        "open",  # the controller
        "draw", "rearm", "drawAndCommit", "commit", "reveal",  # anyone, with what mediators signed
        "tally", "drawAndTally",  # the same
        "appeal", "execute", "settleRound", "abandon", "collect",  # anyone, as the case's windows say
        *POWERS["LilypadMediation"],
    },
    "LilypadMediators": {
        "stake", "unstake", "release", "joinSet", "leaveSet", "weigh",  # the mediator's own stake
        *POWERS["LilypadMediators"],
    },
    "Randao": set(),
}  # fmt: skip
"""All that changes anything at all, and who may. A new function fails `test_doors__are_all_listed`: judge it first."""

ALL = [(contract, function) for contract, powers in POWERS.items() for function in powers]


def place(house: Any, contract: str) -> Any:
    protocol = house.protocol
    return {
        "LilypadController": protocol.controller, "LilypadModules": protocol.modules,
        "LilypadGovernor": house.governor, "LilypadTimelock": house.timelock,
        "LilypadMediation": house.court, "LilypadMediators": house.mediators,
    }[contract]  # fmt: skip
