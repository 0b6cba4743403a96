"""The vault's nonces beside a plain set: used and cancelled in any order, over every border that their storage has."""

from __future__ import annotations

import os
from collections.abc import Sequence

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from lilypad.protocol.words import pack_funds
from tests.invariants.evm import Evm, RevertError
from tests.invariants.network import ADDRESSES, START

CONTROLLER, RIVAL = ADDRESSES["stranger"], ADDRESSES["rival"]
"""Both call the vault as controllers of their own."""
ACCOUNT, OTHER = ADDRESSES["creator"], ADDRESSES["provider"]
LAST = 2**32 - 1
ALL_BITS = 2**256 - 1
EXAMPLES = int(os.environ.get("LILYPAD_INVARIANT_EXAMPLES", "80"))
STEPS = 30

BORDERS = [0, 32, 64, 224, 256, 288, 512, 2**16, 2**31, LAST + 1]
"""Of segments (32) and words (256), near and far."""
NEAR = sorted({n for b in BORDERS for n in range(b - 2, b + 3) if 0 <= n <= LAST})
BEYOND = [2**24, 2**24 + 1, 2**32, 2**64 + 1, ALL_BITS]
"""Words that no nonce is in; cut to fewer bits, they would be another one's."""
nonces = st.one_of(st.sampled_from(NEAR), st.integers(0, 600), st.integers(0, LAST))
words = st.one_of(
    st.sampled_from(sorted({nonce >> 8 for nonce in NEAR})), st.integers(0, 2**24), st.sampled_from(BEYOND)
)
masks = st.one_of(
    st.just(ALL_BITS),
    st.lists(st.sampled_from([0, 1, 30, 31, 32, 33, 63, 64, 128, 223, 224, 254, 255]), max_size=5).map(
        lambda bits: sum(1 << bit for bit in set(bits))
    ),
    st.integers(0, ALL_BITS),
)


class Nonces(RuleBasedStateMachine):
    @initialize()
    def start(self) -> None:
        self.evm = Evm(START)
        token = self.evm.deploy("LilypadToken", ACCOUNT)
        self.vault = self.evm.deploy("LilypadPayments", token.address)
        self.used: set[int] = set()
        self.seen: set[int] = set()
        """Those that a rule named, and the ends of the words that it named."""
        self.evm.call(ACCOUNT, token, "approve", self.vault.address, 100)
        self.evm.call(ACCOUNT, self.vault, "deposit", CONTROLLER, ACCOUNT, 100)
        self.locked = 0

    def _use(self, function: str, *arguments: object, taken: Sequence[int]) -> bool:
        """Must be refused for the first nonce that is used already, and only then; refused, none is used."""
        self.seen.update(taken)
        again = next((nonce for i, nonce in enumerate(taken) if nonce in {*self.used, *taken[:i]}), None)
        refused = self._refusal(function, *arguments)
        if again is not None:
            assert refused is not None
            assert (refused.name, refused.fields["nonce"]) == ("Payments_NonceUsed", again)
            return False
        assert refused is None
        self.used.update(taken)
        return True

    def _refusal(self, function: str, *arguments: object) -> RevertError | None:
        try:
            self.evm.call(CONTROLLER, self.vault, function, *arguments)
        except RevertError as error:
            return error
        return None

    @rule(nonce=nonces)
    def pay(self, nonce: int) -> None:
        self._pay(nonce)

    def _pay(self, nonce: int) -> None:
        self._use("pay", pack_funds(ACCOUNT, 0), nonce, [], taken=[nonce])

    @rule(first=nonces, second=nonces)
    def lock_both_sides(self, first: int, second: int) -> None:
        one = pack_funds(ACCOUNT, 1 if self.locked < 99 else 0)
        if self._use("lock", one, first, one, second, taken=[first, second]):
            self.locked += 2 if self.locked < 99 else 0

    @rule(data=st.data())
    def use_again(self, data: st.DataObject) -> None:
        if self.used:
            self._pay(data.draw(st.sampled_from(sorted(self.used & self.seen or self.used))))

    @rule(data=st.data(), step=st.sampled_from([1, 31, 32, 33, 255, 256, 257]), back=st.booleans())
    def use_beside_one_used(self, data: st.DataObject, step: int, back: bool) -> None:
        base = data.draw(st.sampled_from(sorted(self.used & self.seen or {0})))
        self._pay(min(LAST, max(0, base - step if back else base + step)))

    @rule(nonce=nonces)
    def cancel(self, nonce: int) -> None:
        receipt = self.evm.call(ACCOUNT, self.vault, "cancelNonce", CONTROLLER, nonce)
        ((name, event),) = receipt.events
        assert (name, event["word"], event["mask"]) == ("NoncesCancelled", nonce >> 8, 1 << (nonce & 255))
        self.used.add(nonce)
        self.seen.add(nonce)

    @rule(word=words, mask=masks)
    def cancel_word(self, word: int, mask: int) -> None:
        self.evm.call(ACCOUNT, self.vault, "cancelNonces", CONTROLLER, word, mask)
        nonces = [word * 256 + bit for bit in range(256) if mask >> bit & 1]
        self.used.update(nonce for nonce in nonces if nonce <= LAST)
        named = word % 2**24 * 256  # a word beyond all nonces must not be taken for this one
        self.seen.update(named + bit for bit in (0, 1, 30, 31, 32, 33, 64, 128, 224, 255) if mask >> bit & 1)

    @rule(word=words, mask=masks, nonce=nonces)
    def somebody_else_or_elsewhere(self, word: int, mask: int, nonce: int) -> None:
        """Which concerns neither this account nor this compartment."""
        self.evm.call(OTHER, self.vault, "cancelNonces", CONTROLLER, word, mask)
        self.evm.call(ACCOUNT, self.vault, "cancelNonces", RIVAL, word, mask)

    @invariant()
    def used_are_those_of_the_set(self) -> None:
        found = {n for n in self.seen if self.evm.read(self.vault, "isNonceUsed", CONTROLLER, ACCOUNT, n)}
        assert found == self.used & self.seen

    @invariant()
    def balance_is_what_it_was(self) -> None:
        balance = self.evm.read(self.vault, "balanceOf", CONTROLLER, ACCOUNT)
        assert balance == (100 - self.locked, self.locked)

    def teardown(self) -> None:
        """Near every border of every nonce that was named, all are as the set says."""
        if not hasattr(self, "used"):
            return
        near = {nonce ^ flip for nonce in self.seen for flip in (1, 16, 31, 32, 128, 256, 1 << 20)}
        for nonce in near:
            is_used = self.evm.read(self.vault, "isNonceUsed", CONTROLLER, ACCOUNT, nonce)
            assert is_used == (nonce in self.used), nonce


TestNonces = Nonces.TestCase
TestNonces.settings = settings(
    max_examples=EXAMPLES,
    stateful_step_count=STEPS,
    deadline=None,
    phases=set(Phase) - {Phase.explain},  # takes minutes here
    suppress_health_check=list(HealthCheck),
)
