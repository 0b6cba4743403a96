"""What several tests of the controller say."""

from __future__ import annotations

from typing import Any

import pytest
from ape.contracts import ContractInstance

from lilypad.protocol.offers import Acceptance, Signable, Submission
from tests.contracts.errors import reverts_with
from tests.contracts.makers import CEILING


@pytest.fixture
def not_signed(maker: Any) -> Any:
    """The call must be reverted, since this account has not signed this message."""

    def expect(signer: Any, message: Signable) -> Any:
        digest = maker.domain.digest(message.struct_hash())
        return reverts_with("Controller_BadSignature", signer=signer, digest=digest)

    return expect


@pytest.fixture
def not_accepted(not_signed: Any) -> Any:
    """The call must be reverted for want of the creator's acceptance of the case's result."""

    def expect(case: Any) -> Any:
        claim = case.claim
        return not_signed(case.terms.creator, Acceptance(case.id, claim.commitment, claim.instruction_count))

    return expect


@pytest.fixture
def not_submitted(not_signed: Any) -> Any:
    """The call must be reverted for want of the provider's consent to the case's result."""

    def expect(case: Any) -> Any:
        claim = case.claim
        return not_signed(case.terms.provider, Submission(case.id, claim.commitment, claim.instruction_count))

    return expect


@pytest.fixture
def wallet(compiled: Any, payments: Any, controller: Any, roles: Any) -> ContractInstance:
    """A contract with funds of its own, for which the creator's key signs."""
    contract = roles.holder.deploy(compiled.MockWallet, roles.creator)
    payments.deposit(controller, contract, CEILING, sender=roles.holder)
    return contract


@pytest.fixture
def signer(compiled: Any, payments: Any, controller: Any, roles: Any) -> ContractInstance:
    """A contract with funds of its own, whose answer to a signature the test sets."""
    contract = roles.holder.deploy(compiled.MockSigner)
    payments.deposit(controller, contract, 3 * CEILING, sender=roles.holder)
    return contract
