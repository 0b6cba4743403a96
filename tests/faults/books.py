"""What must be true when the dust has settled, whoever died on the way: read from the chain itself."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from lilypad.agents.network import Funds
from lilypad.protocol.deal import Deal, DealStatus
from lilypad.types import Address

from .processes import Agent, Life
from .town import Provider, Town


@dataclass
class Books:
    """Opened before anything happens."""

    town: Town
    accounts: dict[str, Address]
    block: int
    before: dict[str, Funds]

    @classmethod
    async def open(cls, town: Town, **accounts: str) -> Books:
        known = {role: Address(account) for role, account in accounts.items()}
        before = {role: await town.network.funds(account) for role, account in known.items()}
        return cls(town, known, await town.head(), before)

    async def check_paid_once(self, deal: Deal | None) -> None:
        """The deal was accepted, its cost moved from one to the other, and nothing of either is bound."""
        assert deal is not None
        assert deal.status is DealStatus.ACCEPTED
        assert deal.cost
        await self.check_money(creator=-deal.cost, provider=deal.cost)

    async def check_as_if_nothing_had_been(self, deal: Deal | None, *lives: Life) -> None:
        """Paid once, nothing was sent twice by either side, and whoever lived through it lives."""
        await self.check_paid_once(deal)
        for role in ("creator", "provider"):
            await self.check_sent_once(role)
        for life in lives:
            assert life.is_alive, life.last_words()

    async def check_money(self, **expected: int) -> None:
        after = {role: await self.town.network.funds(self.accounts[role]) for role in expected}
        gained = {role: _wealth(after[role]) - _wealth(self.before[role]) for role in expected}
        assert gained == expected
        assert {role: funds.locked for role, funds in after.items()} == dict.fromkeys(expected, 0)

    async def check_sent_once(self, role: str, *, failures: int = 0) -> list[dict[str, Any]]:
        """No transaction of this account asks twice for the same, none failed, none waits."""
        account = self.accounts[role]
        sent = [transaction async for transaction in self._transactions(account)]
        calls = Counter((transaction["to"], transaction["input"]) for transaction in sent)
        assert [call for call, times in calls.items() if times > 1] == [], f"{role} sent something twice"
        receipts = [await self.town.rpc.call("eth_getTransactionReceipt", transaction["hash"]) for transaction in sent]
        assert sum(receipt["status"] != "0x1" for receipt in receipts) == failures
        counts = [await self.town.rpc.call("eth_getTransactionCount", account, tag) for tag in ("latest", "pending")]
        assert counts[0] == counts[1], f"something of {role} waits"
        return sent

    async def _transactions(self, account: Address) -> Any:
        for number in range(self.block + 1, await self.town.head() + 1):
            block = await self.town.rpc.call("eth_getBlockByNumber", hex(number), True)
            for transaction in block["transactions"]:
                if transaction["from"].lower() == account.lower():
                    yield transaction


def check_run_once(agent: Agent, deals: int = 1) -> None:
    """What ran to its end, and has its output on the disk, is never run again."""
    passed = [entry.split("@")[0] for entry in agent.passed()]
    sealed = passed.index("work.sealed") if "work.sealed" in passed else len(passed)
    assert passed.count("provider.noted") == deals
    assert "wasm.ran" not in passed[sealed:] or deals > 1


async def check_nothing_left(provider: Provider) -> None:
    """No working copies of deals that have ended."""
    assert provider.deal_folders() == []


def _wealth(funds: Funds) -> int:
    return funds.wallet + funds.free + funds.locked
