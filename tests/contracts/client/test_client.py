"""The example of docs/contracts.md: a contract that asks for a job, pays for it and reads the answer."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from eth_abi.abi import encode
from eth_utils.crypto import keccak

from lilypad.protocol.deal import Claim, DealStatus
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
Ask = Callable[..., Case]
Finish = Callable[..., Case]


@pytest.fixture
def client(compiled: Any, protocol: Any, token: Any, roles: Any) -> Any:
    """With an escrow, and owned by the creator."""
    parts = (protocol.controller, protocol.payments, protocol.storage)
    client = roles.creator.deploy(compiled.MockClient, *parts)
    token.transfer(client, CEILING, sender=roles.holder)
    client.fund(CEILING, sender=roles.stranger)
    return client


@pytest.fixture
def ask(client: Any, desk: Any, maker: Any, roles: Any) -> Ask:
    """Makes a deal of the client's."""

    def agree(**changes: Any) -> Case:
        job, resource = maker.job(creator=Address(client.address), **changes), maker.resource()
        receipt = client.ask(maker.pair(job, resource, job_signature=b""), sender=roles.creator)
        return desk.case_of(receipt, job, resource)

    return agree


@pytest.fixture
def finish(desk: Any, roles: Any, at: Any) -> Finish:
    """Submits, and nobody challenges."""

    def wait(case: Case, claim: Claim = OUTPUT.claim) -> Case:
        case = desk.submit(case, claim)
        at(case.since + case.terms.windows.judge + 1)
        desk.controller.finalize(*case.submitted, sender=roles.stranger)
        return case

    return wait


@pytest.fixture
def asked(ask: Ask) -> Case:
    return ask()


@pytest.fixture
def final(asked: Case, finish: Finish) -> Case:
    return finish(asked)


def test_ask__by_its_owner__locks_the_client_s_own_escrow(
    client: Any, asked: Case, payments: Any, controller: Any
) -> None:
    assert asked.terms.creator == client.address
    assert client.laneOf(asked.id) == asked.job.lane
    assert tuple(payments.balanceOf(controller, client)) == (0, CEILING)


def test_ask__by_anyone_else__reverts(client: Any, maker: Any, stranger: Any) -> None:
    job = maker.job(creator=Address(client.address))
    with reverts_with("Error", message="not the owner"):
        client.ask(maker.pair(job, maker.resource(), job_signature=b""), sender=stranger)


def test_deliver__final_result__is_believed(client: Any, final: Case, stranger: Any) -> None:
    client.deliver(final.id, words(OUTPUT.claim), *OUTPUT.parts, sender=stranger)
    assert bytes(client.answers(final.id)) == ANSWER


def test_deliver__before_the_deal_is_final__reverts(client: Any, asked: Case, desk: Any, stranger: Any) -> None:
    case = desk.submit(asked, OUTPUT.claim)
    with reverts_with("Error", message="no final result"):
        client.deliver(case.id, words(OUTPUT.claim), *OUTPUT.parts, sender=stranger)


def test_deliver__of_somebody_else_s_deal__reverts(client: Any, desk: Any, creator: Any, stranger: Any) -> None:
    case = desk.submit(desk.agree(), OUTPUT.claim)
    desk.controller.accept(*case.submitted, sender=creator)
    with reverts_with("Error", message="no final result"):
        client.deliver(case.id, words(OUTPUT.claim), *OUTPUT.parts, sender=stranger)


def test_deliver__of_somebody_else_s_deal_with_one_in_that_lane__reverts(
    client: Any, ask: Ask, desk: Any, maker: Any, creator: Any, finish: Finish, stranger: Any
) -> None:
    """The client knows no lane of a deal that is not its own, and looks into its lane zero."""
    finish(ask(lane=0))
    case = desk.submit(desk.agree(maker.job(lane=0)), OUTPUT.claim)
    desk.controller.accept(*case.submitted, sender=creator)
    with reverts_with("Error", message="not the result on record"):
        client.deliver(case.id, words(OUTPUT.claim), *OUTPUT.parts, sender=stranger)


def test_ask__lane_of_an_open_deal__reverts(client: Any, ask: Ask, final: Case) -> None:
    open_deal = ask(payment_ceiling=CEILING // 4)
    with reverts_with("Storage_LaneBusy", lane=open_deal.lane, status=DealStatus.AGREED):
        ask(lane=open_deal.job.lane, payment_ceiling=CEILING // 4)


def test_deliver__after_the_lane_was_used_again__comes_too_late(
    client: Any, ask: Ask, final: Case, stranger: Any
) -> None:
    """So whoever wants an answer for ever names its lane once, and whoever does not fetches it first."""
    ask(lane=final.job.lane, payment_ceiling=CEILING // 4)
    with reverts_with("Error", message="no final result"):
        client.deliver(final.id, words(OUTPUT.claim), *OUTPUT.parts, sender=stranger)


def test_deliver__each_of_several_deals__has_its_own_answer(
    client: Any, ask: Ask, final: Case, finish: Finish, stranger: Any
) -> None:
    other = Output(b"another answer")
    second = finish(ask(payment_ceiling=CEILING // 4), other.claim)
    for case, output in ((second, other), (final, OUTPUT)):
        client.deliver(case.id, words(output.claim), *output.parts, sender=stranger)
    assert (bytes(client.answers(final.id)), bytes(client.answers(second.id))) == (ANSWER, b"another answer")


def test_deliver__the_module_failed__reverts(client: Any, ask: Ask, finish: Finish, stranger: Any) -> None:
    failed = Output(exit_status=3)
    case = finish(ask(), failed.claim)
    with reverts_with("Error", message="the module failed"):
        client.deliver(case.id, words(failed.claim), *failed.parts, sender=stranger)


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
