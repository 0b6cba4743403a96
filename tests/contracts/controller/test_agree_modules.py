"""agree: which module versions a provider takes, by the curators' list or by its own."""

from __future__ import annotations

from typing import Any

import pytest
from eth_utils.crypto import keccak

from lilypad.protocol.matching import ModuleStatus, module_leaf
from lilypad.protocol.merkle import root_of
from tests.contracts.errors import reverts_with

PUBLISHED, CURATED, DEPRECATED, REVOKED = list(ModuleStatus)[1:]
ELSE = [keccak(text=name) for name in ("b", "c", "d")]


def pair_hash(a: bytes, b: bytes) -> bytes:
    return keccak(min(a, b) + max(a, b))


@pytest.fixture
def allowed(maker: Any) -> Any:
    """Root of a list with the test's module and three others, and the module's proof."""
    leaves = [module_leaf(maker.module), *map(module_leaf, ELSE)]
    proof = (leaves[1], pair_hash(leaves[2], leaves[3]))
    return root_of(leaves[0], proof), proof


@pytest.fixture
def curate(protocol: Any, roles: Any) -> Any:
    def set_status(status: ModuleStatus) -> None:
        protocol.modules.curate(protocol.module, status, sender=roles.curator)

    return set_status


@pytest.mark.parametrize("status", [PUBLISHED, DEPRECATED])
def test_agree__any_curated_and_module_is_not__reverts(
    controller: Any, maker: Any, stranger: Any, curate: Any, status: ModuleStatus
) -> None:
    curate(status)
    with reverts_with("Controller_ModuleNotCurated", module=maker.module):
        controller.agree(*maker.pair(maker.job(), maker.resource()), sender=stranger)


def test_agree__any_curated_and_module_unknown__reverts(controller: Any, maker: Any, stranger: Any) -> None:
    with reverts_with("Controller_ModuleNotCurated", module=ELSE[0]):
        controller.agree(*maker.pair(maker.job(module=ELSE[0]), maker.resource()), sender=stranger)


@pytest.mark.parametrize("status", [PUBLISHED, CURATED, DEPRECATED])
def test_agree__module_named_by_the_provider__is_agreed(
    desk: Any, maker: Any, curate: Any, allowed: Any, status: ModuleStatus
) -> None:
    curate(status)
    root, proof = allowed
    desk.agree(maker.job(), maker.resource(modules=root), proof=proof)


def test_agree__only_module_of_the_list__needs_an_empty_proof(desk: Any, maker: Any) -> None:
    desk.agree(maker.job(), maker.resource(modules=module_leaf(maker.module)))


def test_agree__revoked_module__reverts_even_if_named(
    controller: Any, maker: Any, stranger: Any, curate: Any, allowed: Any
) -> None:
    curate(REVOKED)
    root, proof = allowed
    for resource in (maker.resource(), maker.resource(modules=root)):
        with reverts_with("Controller_ModuleRevoked", module=maker.module):
            controller.agree(*maker.pair(maker.job(), resource, proof=proof), sender=stranger)


def test_agree__module_revoked_after_the_agreement__deal_goes_on(
    controller: Any, desk: Any, curate: Any, creator: Any
) -> None:
    case = desk.agree()
    curate(REVOKED)
    controller.accept(*desk.submit(case).submitted, sender=creator)


@pytest.mark.parametrize("fault", ["short", "long", "other", "empty"])
def test_agree__wrong_proof__reverts(controller: Any, maker: Any, stranger: Any, allowed: Any, fault: str) -> None:
    root, proof = allowed
    wrong = {
        "short": proof[:1],
        "long": (*proof, proof[0]),
        "other": (proof[0], ELSE[1]),
        "empty": (),
    }[fault]
    with reverts_with("Controller_ModuleNotAllowed", module=maker.module):
        controller.agree(*maker.pair(maker.job(), maker.resource(modules=root), proof=wrong), sender=stranger)


def test_agree__inner_node_of_the_list_as_module__reverts(
    controller: Any, maker: Any, stranger: Any, allowed: Any
) -> None:
    root, proof = allowed
    inner = pair_hash(module_leaf(maker.module), proof[0])
    job, resource = maker.job(module=inner), maker.resource(modules=root)
    with reverts_with("Controller_ModuleNotAllowed", module=inner):
        controller.agree(*maker.pair(job, resource, proof=proof[1:]), sender=stranger)


def test_agree__root_itself_as_module__reverts(controller: Any, maker: Any, stranger: Any, allowed: Any) -> None:
    root, _ = allowed
    with reverts_with("Controller_ModuleNotAllowed", module=root):
        controller.agree(*maker.pair(maker.job(module=root), maker.resource(modules=root)), sender=stranger)
