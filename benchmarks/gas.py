"""Measures what each step of a deal costs, on a node of its own, and writes it to gas.json.

python benchmarks/gas.py

Steady state: all accounts, lanes, nonce words and balances exist already, through the real vault and the real ERC-20.
A first use adds about 17,100 for each slot that is new. Without "shared" in its name, the creator brings the agreement
with the provider's signature, and the provider is paid alone; with it, a solver brings both signatures, and solver,
author and treasury have their shares.
"""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import aiohttp
from eth_account import Account
from eth_account.signers.local import LocalAccount
from eth_utils.crypto import keccak

from lilypad.chain.contracts import Contract, creation_code
from lilypad.chain.devnode import DevNode, dev_account
from lilypad.protocol.deal import Claim, Verdict
from lilypad.protocol.offers import Acceptance, Domain, InstantDeal, JobOffer, Netting, ResourceOffer, module_id
from lilypad.protocol.settlement import Challenge
from lilypad.protocol.signing import sign
from lilypad.protocol.terms import Agreement, DealTerms, agreement_of, derive_terms
from lilypad.protocol.words import Shares, Verification, Windows
from lilypad.types import ZERO_ADDRESS, Address, Digest, ModuleId, Resources

TARGET = Path(__file__).with_name("gas.json")
ETHER = 10**18
WINDOWS = Windows(decline=600, submit=3_600, judge=1_800, mediate=7_200)
RESULT = Claim(keccak(text="output"), 5_000_001)
ROLES = ("holder", "creator", "provider", "solver", "author", "treasury", "judge", "challenger", "stranger")
KEYS = {role: dev_account(index) for index, role in enumerate(ROLES)}
ADDRESSES = {role: Address(key.address) for role, key in KEYS.items()}
SOLVER_BPS, ROYALTY_BPS, PROTOCOL_BPS = 200, 300, 100
ROYALTIES = {False: 0, True: ROYALTY_BPS}
MANIFESTS = {shared: Digest(keccak(text=f"module {shared}")) for shared in ROYALTIES}
CHAIN_ID = 31337
ANY_PRICE = (1 << 96) - 1
BATCH = 32
CROWD = [Account.from_key(keccak(text=f"creator {number}")) for number in range(BATCH)]
"""As many creators as a batch has deals."""
SKIPPED = "0x" + keccak(text="EntrySkipped(uint256,bytes4)").hex()
FEE, BOND = 3 * ETHER, 1 * ETHER
"""What MockMediation asks for."""


@dataclass(frozen=True)
class Open:
    """A deal and what its next call repeats."""

    terms: DealTerms
    agreement: Agreement
    claim: tuple[bytes, int] = (RESULT.commitment, RESULT.instruction_count)

    @property
    def dispute(self) -> tuple[bytes, bytes]:
        return Challenge(ADDRESSES["challenger"], BOND, self.agreement.verification.mediation, FEE).words()


@dataclass
class Bench:
    node: Node
    contracts: dict[str, Contract] = field(default_factory=dict)
    modules: dict[bool, ModuleId] = field(default_factory=dict)
    nonces: dict[str, count[int]] = field(default_factory=lambda: defaultdict(count))
    gas: dict[str, int] = field(default_factory=dict)

    # ------------------------------------------------------------ set-up

    async def deploy(self, name: str, *arguments: Any) -> Address:
        receipt = await self.node.transact("holder", None, creation_code(name, *arguments))
        if receipt["status"] != "0x1":
            raise RuntimeError(f"{name} was not created")
        self.contracts[name] = Contract(name, Address(receipt["contractAddress"]))
        return self.contracts[name].address

    async def send(self, who: str, contract: str, function: str, *arguments: Any) -> int:
        """Gas used."""
        target = self.contracts[contract]
        receipt = await self.node.transact(who, target.address, target.encode(function, *arguments))
        if receipt["status"] != "0x1" or any(log["topics"][0] == SKIPPED for log in receipt["logs"]):
            raise RuntimeError(f"{contract}.{function} was reverted, or an entry of it")
        return int(receipt["gasUsed"], 16)

    async def set_up(self) -> None:
        token = await self.deploy("LilypadToken", ADDRESSES["holder"])
        payments = await self.deploy("LilypadPayments", token)
        storage = await self.deploy("LilypadStorage")
        modules = await self.deploy("LilypadModules", ADDRESSES["holder"])
        await self.deploy("MockMediation", ADDRESSES["judge"])
        parts = (payments, storage, modules, ADDRESSES["treasury"], ADDRESSES["holder"])
        await self.deploy("LilypadController", *parts)
        for shared, royalty in ROYALTIES.items():
            manifest = MANIFESTS[shared]
            await self.send("author", "LilypadModules", "publish", manifest, "module", "1.0.0", royalty)
            self.modules[shared] = module_id(ADDRESSES["author"], royalty, manifest)
            await self.send("holder", "LilypadModules", "curate", self.modules[shared], 2)
        for who in ROLES:
            if who != "holder":
                await self.send("holder", "LilypadToken", "transfer", ADDRESSES[who], 10_000 * ETHER)
            await self.send(who, "LilypadToken", "approve", payments, 2**256 - 1)
            await self.vault(who, "deposit", ADDRESSES[who], 5_000 * ETHER)
        for key in CROWD:
            await self.vault("holder", "deposit", key.address, 1_000 * ETHER)

    async def vault(self, who: str, function: str, *arguments: Any) -> int:
        controller = self.contracts["LilypadController"].address
        return await self.send(who, "LilypadPayments", function, controller, *arguments)

    async def act(self, who: str, function: str, *arguments: Any) -> int:
        return await self.send(who, "LilypadController", function, *arguments)

    # ------------------------------------------------------------ deals

    @property
    def domain(self) -> Domain:
        return Domain(CHAIN_ID, self.contracts["LilypadController"].address)

    def nonce(self, account: str) -> int:
        """Everybody counts up, as the agents do. Of the steps below only batches begin a new segment of 32."""
        return next(self.nonces[account])

    def offers(
        self, shared: bool, lane: int = 1, creator: str = ADDRESSES["creator"]
    ) -> tuple[JobOffer, ResourceOffer]:
        verification = Verification(self.contracts["MockMediation"].address)
        needs = Resources(cpu_milli=1_000, ram_mib=512)
        has = Resources(cpu_milli=8_000, gpu=1, ram_mib=16_384, vram_mib=8_192, disk_mib=100_000)
        job = JobOffer(
            *(Address(creator), ZERO_ADDRESS, ADDRESSES["solver"] if shared else ZERO_ADDRESS),
            *(SOLVER_BPS if shared else 0, 1_900_000_000, self.nonce(creator), lane),
            *(self.modules[shared], Digest(keccak(text="inputs")), needs),
            *(2 * 10**12, 10 * ETHER, 20 * ETHER, WINDOWS, verification),
        )
        resource = ResourceOffer(
            *(ADDRESSES["provider"], 1_000, 1_900_000_000, self.nonce(ADDRESSES["provider"]), bytes(32), has),
            *(10**12, ETHER, 20 * ETHER, 1_000, 0, WINDOWS, verification),
        )
        return job, resource

    def open(self, job: JobOffer, resource: ResourceOffer, shared: bool = False) -> Open:
        shares = Shares(SOLVER_BPS, ROYALTY_BPS, PROTOCOL_BPS) if shared else Shares()
        terms = derive_terms(self.domain, job, resource, ADDRESSES["author"], shares)
        return Open(terms, agreement_of(self.domain, job, resource))

    async def agree(self, shared: bool = False, sender: str | None = None, lane: int = 1) -> tuple[Open, int]:
        sender = sender or ("solver" if shared else "creator")
        job, resource = self.offers(shared, lane)
        signatures = [
            b"" if sender == who else sign(KEYS[who], self.domain, offer)
            for who, offer in (("creator", job), ("provider", resource))
        ]
        gas = await self.act(sender, "agree", *self.pair(job, resource, *signatures))
        return self.open(job, resource, shared), gas

    def pair(self, job: JobOffer, resource: ResourceOffer, *signatures: bytes) -> tuple[Any, ...]:
        return job.words(), resource.words(), job.verification.word(), [], *signatures

    async def submitted(self, lane: int = 1) -> Open:
        deal, _ = await self.agree(lane=lane)
        await self.submit(deal)
        return deal

    async def submit(self, deal: Open) -> int:
        return await self.act("provider", "submitResult", deal.terms.words(), deal.claim)

    async def challenged(self, lane: int) -> Open:
        deal = await self.submitted(lane)
        await self.challenge(deal)
        return deal

    async def challenge(self, deal: Open) -> int:
        return await self.act(
            "challenger", "challenge", deal.terms.words(), deal.agreement.words(), deal.claim, ANY_PRICE
        )

    def acceptance(self, deal: Open, key: LocalAccount = KEYS["creator"]) -> bytes:
        return sign(key, self.domain, Acceptance(deal.terms.id, *deal.claim))

    async def settle(self, deal: Open) -> int:
        """By the provider, with the creator's signature."""
        return await self.act("provider", "settle", deal.terms.words(), deal.claim, self.acceptance(deal), b"")

    def instant_words(self, key: LocalAccount, shared: bool) -> tuple[Any, bytes]:
        """A deal of the provider with the owner of the key, and the owner's signature."""
        solver, solver_bps = (ADDRESSES["solver"], SOLVER_BPS) if shared else (ZERO_ADDRESS, 0)
        shares = (solver_bps, ROYALTIES[shared], PROTOCOL_BPS if shared else 0)
        deal = InstantDeal(
            *(Address(key.address), ADDRESSES["provider"], solver, self.modules[shared]),
            *(Digest(keccak(text="inputs")), RESULT.commitment, RESULT.instruction_count, 5 * ETHER),
            *(*shares, 1_900_000_000, self.nonce(key.address)),
        )
        return deal.words(ADDRESSES["author"], MANIFESTS[shared]), sign(key, self.domain, deal)

    async def instant(self, shared: bool) -> int:
        """By the provider, with the creator's signature."""
        return await self.act("provider", "instant", *self.instant_words(KEYS["creator"], shared), b"")

    async def instant_batch(self, shared: bool) -> int:
        """BATCH deals of the provider with as many creators."""
        signed = [self.instant_words(key, shared) for key in CROWD]
        entries = [(words, signature[:32], signature[32:]) for words, signature in signed]
        return await self.act("provider", "instantBatch", entries)

    async def net(self, deals: int) -> int:
        """By the provider, with the creator's signature."""
        parties = (ADDRESSES["creator"], ADDRESSES["provider"])
        nonce = self.nonce(ADDRESSES["creator"])
        netting = Netting(*parties, 64 * ETHER, deals, keccak(text="root"), 0, 1_900_000_000, nonce)
        return await self.act("provider", "net", netting.words(), sign(KEYS["creator"], self.domain, netting))

    async def batches(self) -> tuple[int, int]:
        """BATCH deals of the provider with as many creators, agreed and then settled by the provider."""
        offers = [self.offers(shared=False, creator=key.address) for key in CROWD]
        pairs = [
            self.pair(job, resource, sign(key, self.domain, job), b"")
            for key, (job, resource) in zip(CROWD, offers, strict=True)
        ]
        deals = [self.open(job, resource) for job, resource in offers]
        signed = [self.acceptance(deal, key) for key, deal in zip(CROWD, deals, strict=True)]
        settlings = [
            (deal.terms.words(), deal.claim, signature[:32], signature[32:])
            for deal, signature in zip(deals, signed, strict=True)
        ]
        agreed = await self.act("provider", "agreeBatch", pairs)
        return agreed, await self.act("provider", "settleBatch", settlings)

    async def accept(self, deal: Open) -> int:
        return await self.act("creator", "accept", deal.terms.words(), deal.claim)

    async def decide(self, deal: Open, verdict: Verdict) -> int:
        controller = self.contracts["LilypadController"].address
        words = (deal.terms.words(), deal.claim, deal.dispute, verdict)
        return await self.send("judge", "MockMediation", "decide", controller, *words)

    # ------------------------------------------------------------ what is measured

    async def next_segment(self) -> None:
        """The next 32 nonces of both sides: single steps that are measured from here on stay within them."""
        for who in ("creator", "provider"):
            self.nonces[ADDRESSES[who]] = count((self.nonce(ADDRESSES[who]) // 32 + 1) * 32)
        deal, self.gas["agree_next_nonce_segment"] = await self.agree()
        await self.act("provider", "decline", deal.terms.words())

    async def run(self, shared: bool) -> None:
        suffix = "_shared" if shared else ""
        deal, self.gas[f"agree{suffix}"] = await self.agree(shared)
        self.gas[f"submit{suffix}"] = await self.submit(deal)
        self.gas[f"accept{suffix}"] = await self.accept(deal)
        deal, _ = await self.agree(shared)
        self.gas[f"settle{suffix}"] = await self.settle(deal)
        self.gas[f"instant{suffix}"] = await self.instant(shared)
        self.gas[f"instant_batch32_per_deal{suffix}"] = await self.instant_batch(shared) // BATCH
        three, two = ("agree", "submit", "accept"), ("agree", "settle")
        self.gas[f"happy_three_tx{suffix}"] = sum(self.gas[step + suffix] for step in three)
        self.gas[f"happy_two_tx{suffix}"] = sum(self.gas[step + suffix] for step in two)

    async def run_exits(self) -> None:
        deal, self.gas["agree_by_solver"] = await self.agree(sender="solver")
        self.gas["decline"] = await self.act("provider", "decline", deal.terms.words())
        for verdict in Verdict:
            deal = await self.submitted()
            self.gas["challenge"] = await self.challenge(deal)
            self.gas[f"verdict_{verdict.name.lower()}"] = await self.decide(deal, verdict)
        agreed, _ = await self.agree(lane=2)
        submitted, challenged = await self.submitted(lane=3), await self.challenged(lane=4)
        await self.node.call("evm_increaseTime", 10_000)
        self.gas["late"] = await self.act("stranger", "late", agreed.terms.words())
        self.gas["finalize"] = await self.act("stranger", "finalize", submitted.terms.words(), submitted.claim)
        words = (challenged.terms.words(), challenged.claim, challenged.dispute)
        self.gas["expire"] = await self.act("stranger", "expire", *words)
        self.gas["cancel_nonce"] = await self.vault("creator", "cancelNonce", self.nonce(ADDRESSES["creator"]))

    async def run_shortcuts(self) -> None:
        self.gas["net64_per_deal"] = await self.net(64) // 64
        agreed, settled = await self.batches()
        self.gas["agree_batch32_per_deal"] = agreed // BATCH
        self.gas["settle_batch32_per_deal"] = settled // BATCH

    async def run_vault(self) -> None:
        self.gas["deposit"] = await self.vault("creator", "deposit", ADDRESSES["creator"], ETHER)
        self.gas["withdraw"] = await self.vault("creator", "withdraw", ETHER)
        self.gas["move"] = await self.vault("creator", "move", ADDRESSES["provider"], ETHER)


class Node:
    """Anvil, by its plain interface."""

    def __init__(self, http: aiohttp.ClientSession, url: str) -> None:
        self._http = http
        self._url = url

    async def call(self, method: str, *parameters: Any) -> Any:
        request = {"jsonrpc": "2.0", "id": 1, "method": method, "params": parameters}
        async with self._http.post(self._url, json=request) as response:
            answer = await response.json()
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']}")
        return answer["result"]

    async def transact(self, who: str, to: Address | None, data: bytes) -> Any:
        call = {"from": ADDRESSES[who], "data": "0x" + data.hex(), "gas": hex(8_000_000)}
        if to is not None:
            call["to"] = to
        transaction = await self.call("eth_sendTransaction", call)
        await self.call("evm_mine")
        return await self.call("eth_getTransactionReceipt", transaction)


async def measure() -> dict[str, int]:
    async with DevNode(extra=("--no-mining",)) as chain, aiohttp.ClientSession() as http:
        bench = Bench(Node(http, chain.url))
        await bench.set_up()
        for _ in range(2):  # the first time only makes the state steady
            await bench.act("holder", "setParameters", 0, 1_000)
            await bench.next_segment()
            await bench.act("holder", "setParameters", PROTOCOL_BPS, 1_000)
            await bench.run(shared=True)
            await bench.act("holder", "setParameters", 0, 1_000)
            await bench.run(shared=False)
            await bench.run_exits()
            await bench.run_shortcuts()
            await bench.run_vault()
        return dict(sorted(bench.gas.items()))


def main() -> None:
    TARGET.write_text(json.dumps(asyncio.run(measure()), indent=2) + "\n")
    print(TARGET.read_text(), end="")  # noqa: T201


if __name__ == "__main__":
    main()
