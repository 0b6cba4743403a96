"""The example of docs/contracts.md: a contract that asks for a job, pays for it and reads the answer."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from eth_abi.abi import encode
from eth_utils.crypto import keccak

from lilypad.protocol.deal import Claim
from lilypad.types import Address
from tests.contracts.desk import Case
from tests.contracts.errors import reverts_with
from tests.contracts.makers import CEILING, words

ROOT = Path(__file__).parents[3]
ANSWER = b"forty-two"


@dataclass(frozen=True)
class Output:
    """What is behind a commitment."""

    returned: bytes = ANSWER
    exit_status: int = 0

    @property
    def parts(self) -> tuple[Any, ...]:
        """As `deliver` takes them."""
        return keccak(text="output"), self.returned, self.exit_status, keccak(text="stdout"), keccak(text="stderr")

    @property
    def claim(self) -> Claim:
        output, returned, *rest = self.parts
        kinds = ["bytes32", "bytes32", "uint32", "bytes32", "bytes32"]
        return Claim(keccak(encode(kinds, [output, hashlib.sha256(returned).digest(), *rest])), 5_000_001)


OUTPUT = Output()


@pytest.fixture
def client(compiled: Any, protocol: Any, token: Any, roles: Any) -> Any:
    """With an escrow, and owned by the creator."""
    parts = (protocol.controller, protocol.payments, protocol.storage)
    client = roles.creator.deploy(compiled.MockClient, *parts)
    token.transfer(client, CEILING, sender=roles.holder)
    client.fund(CEILING, sender=roles.stranger)
    return client


@pytest.fixture
def asked(client: Any, desk: Any, maker: Any, roles: Any) -> Case:
    """A deal of the client's."""
    job, resource = replace(maker.job(), creator=Address(client.address)), maker.resource()
    receipt = client.ask(maker.pair(job, resource, job_signature=b""), sender=roles.creator)
    return desk.case_of(receipt, job, resource)


@pytest.fixture
def final(asked: Case, desk: Any, roles: Any, at: Any) -> Case:
    """Nobody challenged it."""
    case = desk.submit(asked, OUTPUT.claim)
    at(case.since + case.terms.windows.judge + 1)
    desk.controller.finalize(*case.submitted, sender=roles.stranger)
    return case


def test_ask__by_its_owner__locks_the_client_s_own_escrow(
    client: Any, asked: Case, payments: Any, controller: Any
) -> None:
    assert asked.terms.creator == client.address
    assert tuple(payments.balanceOf(controller, client)) == (0, CEILING)


def test_ask__by_anyone_else__reverts(client: Any, maker: Any, stranger: Any) -> None:
    job = replace(maker.job(), creator=Address(client.address))
    with reverts_with("Error", message="not the owner"):
        client.ask(maker.pair(job, maker.resource(), job_signature=b""), sender=stranger)


def test_deliver__final_result__is_believed(client: Any, final: Case, stranger: Any) -> None:
    client.deliver(final.id, words(OUTPUT.claim), *OUTPUT.parts, sender=stranger)
    assert bytes(client.answers(final.id)) == ANSWER


def test_deliver__before_the_deal_is_final__reverts(client: Any, asked: Case, desk: Any, stranger: Any) -> None:
    case = desk.submit(asked, OUTPUT.claim)
    with reverts_with("Error", message="no final result of ours"):
        client.deliver(case.id, words(OUTPUT.claim), *OUTPUT.parts, sender=stranger)


def test_deliver__of_somebody_else_s_deal__reverts(client: Any, desk: Any, creator: Any, stranger: Any) -> None:
    case = desk.submit(desk.agree(), OUTPUT.claim)
    desk.controller.accept(*case.submitted, sender=creator)
    with reverts_with("Error", message="no final result of ours"):
        client.deliver(case.id, words(OUTPUT.claim), *OUTPUT.parts, sender=stranger)


def test_deliver__another_answer_or_another_result__reverts(client: Any, final: Case, stranger: Any) -> None:
    forged = Output(b"forty-three")
    with reverts_with("Error", message="not what was committed to"):
        client.deliver(final.id, words(OUTPUT.claim), *forged.parts, sender=stranger)
    with reverts_with("Error", message="not the result on record"):
        client.deliver(final.id, words(forged.claim), *forged.parts, sender=stranger)


def test_withdraw__what_is_left__goes_to_the_owner(
    client: Any, final: Case, token: Any, payments: Any, roles: Any
) -> None:
    left, locked = payments.balanceOf(client.CONTROLLER(), client)
    before = token.balanceOf(roles.creator)
    client.withdraw(left, sender=roles.creator)
    assert locked == 0
    assert token.balanceOf(roles.creator) == before + left


def test_document__shows_this_contract() -> None:
    source = (ROOT / "contracts" / "mocks" / "MockClient.sol").read_text()
    body = source[source.index("/// @notice A contract as a job creator") :]
    assert f"```solidity\n{body}```" in (ROOT / "docs" / "contracts.md").read_text()
