"""The whole protocol deployed on revm, with keys and funds for whoever takes part."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import rlp
from eth_account import Account
from eth_account.signers.local import LocalAccount
from eth_utils.address import to_canonical_address, to_checksum_address
from eth_utils.crypto import keccak

from lilypad.protocol.matching import ModuleListing, ModuleStatus, Parameters
from lilypad.protocol.offers import Domain, Signable, module_id
from lilypad.types import Address, ModuleId
from tests.contracts.makers import ETHER, MANIFEST, PROTOCOL_BPS, ROYALTY_BPS, Maker
from tests.invariants.evm import CHAIN_ID, DEPLOYER, Contract, Evm, Receipt, calldata

START = 1_700_000_000
FLOOR_BPS = 1_000
NAMES = ("creator", "provider", "rival", "solver", "author", "governor", "treasury", "judge", "stranger")


def key_of(name: str) -> LocalAccount:
    key: LocalAccount = Account.from_key(keccak(text=name))
    return key


KEYS = {name: key_of(name) for name in (*NAMES, "wallet")}
"""The wallet's is its owner's: the wallet itself is a contract, the first that is deployed."""
WALLET = Address(to_checksum_address(keccak(rlp.encode([to_canonical_address(DEPLOYER), 0]))[12:]))
ADDRESSES = {name: Address(KEYS[name].address) for name in NAMES} | {"wallet": WALLET}


@dataclass(frozen=True)
class Network:
    evm: Evm
    token: Contract
    payments: Contract
    storage: Contract
    modules: Contract
    mediation: Contract
    controller: Contract
    wallet: Contract
    module: ModuleId

    @property
    def maker(self) -> Maker:
        return Maker(
            domain=Domain(CHAIN_ID, self.controller.address),
            creator=KEYS["creator"],
            provider=KEYS["provider"],
            solver=ADDRESSES["solver"],
            module=self.module,
            mediation=self.mediation.address,
            author=ADDRESSES["author"],
        )

    def sign(self, name: str, message: Signable) -> bytes:
        """As the account signs: the wallet takes its owner's key in the 65 bytes that it knows."""
        if name != "wallet":
            return self.maker.sign(KEYS[name], message)
        digest = self.maker.domain.digest(message.struct_hash())
        return bytes(KEYS[name].unsafe_sign_hash(digest).signature)

    @property
    def parameters(self) -> Parameters:
        return Parameters(PROTOCOL_BPS, FLOOR_BPS)

    @property
    def listing(self) -> ModuleListing:
        return ModuleListing(ADDRESSES["author"], ROYALTY_BPS, ModuleStatus.CURATED)

    def send(self, who: str, contract: Contract, function: str, *arguments: Any) -> Receipt:
        if who == "wallet":
            call = calldata(contract, function, *arguments)
            return self.evm.call(KEYS[who].address, self.wallet, "execute", contract.address, call)
        return self.evm.call(ADDRESSES[who], contract, function, *arguments)

    def call_raw(self, who: str, contract: Contract, function: str, arguments: bytes) -> Receipt:
        return self.evm.call_raw(ADDRESSES[who], contract, function, arguments)

    def fund(self, who: str, amount: int = 1_000 * ETHER) -> Receipt:
        """From the holder of all tokens, which is the governor here."""
        account = ADDRESSES[who]
        return self.send("governor", self.payments, "deposit", self.controller.address, account, amount)


def deploy() -> Network:
    evm = Evm(START)
    wallet = evm.deploy("MockWallet", KEYS["wallet"].address)
    assert wallet.address == WALLET
    token = evm.deploy("LilypadToken", ADDRESSES["governor"])
    payments = evm.deploy("LilypadPayments", token.address)
    storage = evm.deploy("LilypadStorage")
    modules = evm.deploy("LilypadModules", ADDRESSES["governor"])
    mediation = evm.deploy("MockMediation", ADDRESSES["judge"])
    parts = (payments.address, storage.address, modules.address, ADDRESSES["treasury"], ADDRESSES["governor"])
    controller = evm.deploy("LilypadController", *parts)

    module = module_id(ADDRESSES["author"], ROYALTY_BPS, MANIFEST)
    network = Network(evm, token, payments, storage, modules, mediation, controller, wallet, module)
    network.send("author", modules, "publish", MANIFEST, "cowsay", "1.0.0", ROYALTY_BPS)
    network.send("governor", modules, "curate", module, ModuleStatus.CURATED)
    network.send("governor", controller, "setParameters", PROTOCOL_BPS, FLOOR_BPS)
    network.send("governor", token, "approve", payments.address, 2**256 - 1)
    return network
