"""One chain's Lilypad contracts, as an agent uses them: what can be asked, and what can be done.

Every transaction has a key, so that an agent that asks twice for the same effect, before and after a crash, gets it
once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from eth_utils.crypto import keccak

from lilypad.chain.contracts import Contract, RawLog, decode_event
from lilypad.chain.deployments import Deployment
from lilypad.chain.receipts import Receipt
from lilypad.chain.rpc import Rpc, RpcError, to_hex
from lilypad.chain.sender import Sender
from lilypad.errors import RecoverableError
from lilypad.market.book import SignedJob, SignedResource
from lilypad.protocol.deal import Claim, Deal, DealStatus, WayOut
from lilypad.protocol.matching import ModuleListing, ModuleStatus, Parameters
from lilypad.protocol.offers import Domain
from lilypad.protocol.words import Verification
from lilypad.types import Address, DealId, Digest, Engine, ModuleId

MEASURED_TOLERANCE_BPS = 5_000
"""Containers are billed by CPU time, which another machine measures differently: half as much again is no fault. Where
instructions are counted there is nothing to tolerate."""


@dataclass(frozen=True, slots=True)
class Funds:
    """An account's money, in wei of the token."""

    wallet: int
    """Tokens in its own hands."""
    free: int
    """In the vault, free to be withdrawn or bound in a deal."""
    locked: int
    """In the vault, bound in deals."""


@dataclass(frozen=True, slots=True)
class Publication:
    """A module version in the registry."""

    id: ModuleId
    manifest: Digest
    author: Address
    name: str
    version: str


class Network:
    """What can be asked of the contracts."""

    def __init__(self, rpc: Rpc, deployment: Deployment) -> None:
        self.rpc = rpc
        self.deployment = deployment
        self.controller = Contract("LilypadController", deployment.address("LilypadController"))
        self.payments = Contract("LilypadPayments", deployment.address("LilypadPayments"))
        self.storage = Contract("LilypadStorage", deployment.address("LilypadStorage"))
        self.modules = Contract("LilypadModules", deployment.address("LilypadModules"))
        self.users = Contract("LilypadUsers", deployment.address("LilypadUsers"))
        self.token = Contract("LilypadToken", deployment.address("LilypadToken"))
        self.domain = Domain(deployment.chain_id, self.controller.address)

    @property
    def mediation(self) -> Address:
        """Who judges disputes by default on this network."""
        contracts = self.deployment.contracts
        return contracts.get("LilypadMediation") or self.deployment.address("MockMediation")

    def verification(self, engine: Engine) -> Verification:
        """How disputes about a job in this engine are decided by default."""
        return Verification(self.mediation, tolerance_bps=MEASURED_TOLERANCE_BPS if engine is Engine.DOCKER else 0)

    async def parameters(self) -> Parameters:
        protocol_bps = await self.controller.call(self.rpc, "protocolBps")
        return Parameters(protocol_bps, await self.controller.call(self.rpc, "collateralFloorBps"))

    async def listing(self, module: ModuleId) -> ModuleListing:
        found = await self.modules.call(self.rpc, "moduleOf", module)
        return ModuleListing(found["author"], found["royaltyBps"], ModuleStatus(found["status"]))

    async def logs(
        self, contract: Contract, *topics: object, first: int | None = None, to_block: str = "latest"
    ) -> list[RawLog]:
        """Of one of this deployment's contracts since its beginning, filtered as eth_getLogs does. In as many pieces as
        the node wants: many answer for a few thousand blocks at once alone."""
        query = {"address": contract.address, "topics": topics}
        last = await self.rpc.call("eth_blockNumber") if to_block == "latest" else to_block
        return await self._logs(query, self.deployment.block if first is None else first, int(last, 16))

    async def _logs(self, query: Mapping[str, object], first: int, last: int) -> list[RawLog]:
        try:
            span = {"fromBlock": hex(first), "toBlock": hex(last)}
            found: list[RawLog] = await self.rpc.call("eth_getLogs", {**query, **span})
        except RpcError:
            if first >= last:
                raise
            middle = (first + last) // 2
            return [*await self._logs(query, first, middle), *await self._logs(query, middle + 1, last)]
        return found

    async def with_time(self, log: RawLog) -> RawLog:
        """Deadlines count from the block's time, which not every node puts into its logs."""
        if log.get("blockTimestamp") is not None:
            return log
        block = await self.rpc.call("eth_getBlockByNumber", log["blockNumber"], False)
        if block is None:
            raise RecoverableError("a block went while it was read", block=log["blockNumber"])
        return {**log, "blockTimestamp": block["timestamp"]}

    async def publications(self) -> list[Publication]:
        """Every module version that was ever published, oldest first."""
        events = map(decode_event, await self.logs(self.modules, self.modules.topic("ModulePublished")))
        return [
            Publication(ModuleId(e.args["id"]), Digest(e.args["manifest"]), e.args["author"], e.args["name"],
                        e.args["version"])
            for e in events
        ]  # fmt: skip

    async def module_statuses(self) -> dict[ModuleId, ModuleStatus]:
        """Of every module version that is no longer as it was published. One question to the chain, however many there
        are: anybody may publish."""
        events = map(decode_event, await self.logs(self.modules, self.modules.topic("ModuleStatusChanged")))
        return {ModuleId(e.args["id"]): ModuleStatus(e.args["status"]) for e in events}

    async def endpoint(self, account: Address) -> str:
        """The base URL that an account has registered; empty if none."""
        return str((await self.users.call(self.rpc, "userOf", account))["endpoint"])

    async def funds(self, account: Address) -> Funds:
        free, locked = await self.payments.call(self.rpc, "balanceOf", self.controller.address, account)
        wallet = await self.token.call(self.rpc, "balanceOf", account)
        return Funds(wallet, free, locked)

    async def is_nonce_used(self, account: Address, nonce: int, block: bytes | str = "latest") -> bool:
        """By a deal, or cancelled; at the end of the block with this hash."""
        asked = self.controller.address, account, nonce
        return bool(await self.payments.call(self.rpc, "isNonceUsed", *asked, block=block))

    async def lane_status(self, creator: Address, lane: int) -> DealStatus:
        """Of the deal that the lane holds or held last."""
        deal = await self.storage.call(self.rpc, "dealOf", self.controller.address, creator, lane)
        return DealStatus(deal["status"])

    async def quote(self, verification: Verification) -> tuple[int, int]:
        """What a challenge costs now, in wei of the token: the mediators' fee, and the bond, which is lost in part when
        the result was right.

        Raises:
            TransactionRevertedError: nobody can judge, and why.
        """
        mediation = Contract("LilypadMediation", verification.mediation)  # for IMediation's part of its ABI
        fee, bond = await mediation.call(self.rpc, "quote", verification.word())
        return fee, bond

    async def gas_money(self, account: Address) -> int:
        """Wei of the chain's own coin."""
        return int(await self.rpc.call("eth_getBalance", account, "latest"), 16)


class Actor(Network):
    """What one account can do with the contracts."""

    def __init__(self, rpc: Rpc, deployment: Deployment, sender: Sender) -> None:
        super().__init__(rpc, deployment)
        self.sender = sender
        self.account: Address = sender.address

    # ------------------------------------------------------------------ deals

    async def agree(self, job: SignedJob, resource: SignedResource) -> Receipt:
        digests = [self.domain.digest(signed.offer.struct_hash()) for signed in (job, resource)]
        offers = job.offer.words(), resource.offer.words(), job.offer.verification.word()
        proofs = list(resource.allowed.proof(job.offer.module)), job.signature, resource.signature
        # A signature has more forms than one: each is another transaction, of which the contract takes the first alone.
        form = keccak(job.signature + resource.signature).hex()[:16]
        key = f"agree:{digests[0].hex()}:{digests[1].hex()}:{form}"
        return await self._send(self.controller, "agree", *offers, *proofs, key=key)

    async def decline(self, deal: Deal) -> Receipt:
        return await self._on_deal("decline", deal)

    async def submit(self, deal: Deal, claim: Claim) -> Receipt:
        return await self._on_deal("submitResult", deal, _result(claim))

    async def accept(self, deal: Deal) -> Receipt:
        return await self._on_deal("accept", deal, _claim_of(deal))

    async def challenge(self, deal: Deal, price: int) -> Receipt:
        """At this price of `quote`, and no other."""
        words = deal.terms.words(), deal.agreement.words(), _claim_of(deal), price
        # A reorganisation may bring another result of the same deal: to challenge that is another effect.
        result = keccak(words[2][0] + words[2][1].to_bytes(32, "big")).hex()[:16]
        return await self._send(self.controller, "challenge", *words, key=f"challenge:{deal.id.hex()}:{result}")

    async def end_overdue(self, deal: Deal, way: WayOut) -> Receipt:
        """The permissionless call that `way_out` names."""
        match way:
            case WayOut.LATE:
                return await self._on_deal("late", deal)
            case WayOut.FINALIZE:
                return await self._on_deal("finalize", deal, _claim_of(deal))
            case WayOut.EXPIRE:
                assert deal.dispute is not None  # noqa: S101 - a challenged deal has one
                return await self._on_deal("expire", deal, _claim_of(deal), deal.dispute.words())

    async def cancel_nonce(self, nonce: int) -> Receipt:
        return await self._send(self.payments, "cancelNonce", self.controller.address, nonce, key=f"cancel:{nonce}")

    # ------------------------------------------------------------------ money

    async def deposit(self, amount: int, key: str, keeper: Contract | None = None) -> Receipt:
        """From the account's own tokens into its free balance, approving them first where needed. `keeper` names whose
        compartment of the vault; by default it is the controller's."""
        allowed = await self.token.call(self.rpc, "allowance", self.account, self.payments.address)
        if allowed < amount:
            await self._send(self.token, "approve", self.payments.address, amount, key=f"approve:{key}")
        where = (keeper or self.controller).address
        return await self._send(self.payments, "deposit", where, self.account, amount, key=f"deposit:{key}")

    async def withdraw(self, amount: int, key: str, keeper: Contract | None = None) -> Receipt:
        where = (keeper or self.controller).address
        return await self._send(self.payments, "withdraw", where, amount, key=f"withdraw:{key}")

    async def transfer(self, to: Address, amount: int, key: str) -> Receipt:
        return await self._send(self.token, "transfer", to, amount, key=f"transfer:{key}")

    # ------------------------------------------------------------------ registries

    async def register(self, roles: int, endpoint: str, key: str) -> Receipt:
        return await self._send(self.users, "register", roles, endpoint, bytes(32), key=f"register:{key}")

    async def publish(self, manifest: Digest, name: str, version: str, royalty_bps: int) -> Receipt:
        arguments = (manifest, name, version, royalty_bps)
        return await self._send(self.modules, "publish", *arguments, key=f"publish:{manifest.hex()}")

    async def curate(self, module: ModuleId, status: ModuleStatus) -> Receipt:
        return await self._send(self.modules, "curate", module, int(status), key=f"curate:{module.hex()}:{status}")

    # ------------------------------------------------------------------ internal

    async def _on_deal(self, function: str, deal: Deal, *arguments: object) -> Receipt:
        key = f"{function}:{deal.id.hex()}"
        return await self._send(self.controller, function, deal.terms.words(), *arguments, key=key)

    async def _send(self, contract: Contract, function: str, *arguments: object, key: str) -> Receipt:
        return await self.sender.send(contract.address, contract.encode(function, *arguments), key=key)


def _result(claim: Claim) -> tuple[bytes, int]:
    return claim.commitment, claim.instruction_count


def _claim_of(deal: Deal) -> tuple[bytes, int]:
    assert deal.claim is not None  # noqa: S101 - a deal past Agreed has one
    return _result(deal.claim)


def show_id(deal: DealId) -> str:
    return to_hex(deal)
