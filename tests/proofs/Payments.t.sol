// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {LilypadPayments} from "../../contracts/LilypadPayments.sol";
import {Funds} from "../../contracts/types/Funds.sol";
import {HonestToken} from "./HonestToken.sol";
import {Proof} from "./Proof.sol";

/// @notice What each call does to the balances of the accounts that it touches, and that it touches no other: for any
/// caller as controller, any words, any accounts, the same one twice included, and any balances before.
/// @dev Assumed of those is what deposit sees to and every check here keeps: all balances together are no more than the
/// tokens that are there, and those no more than 96 bits can count. `other` is any account, touched or not.
///
/// One corner is left to hostile controllers: if all that 96 bits can count lies in one account of their own compartment,
/// they can destroy it. So conservation to the token is asserted for less than that, and for all of it that it never grows.
contract PaymentsProof is Proof {
    uint256 private constant MOST = type(uint96).max;

    HonestToken private immutable TOKEN = new HonestToken();
    LilypadPayments private immutable VAULT = new LilypadPayments(IERC20(address(TOKEN)));

    struct Held {
        uint256 free;
        uint256 locked;
        bool isNonceUsed;
    }

    constructor() {
        anyStorage(address(TOKEN));
        anyStorage(address(VAULT));
    }

    // ------------------------------------------------------------------ account holders

    function check_deposit(address controller, address account, uint96 amount, address other, uint32 nonce) external {
        uint256 tokens = TOKEN.balanceOf(address(VAULT));
        assume(tokens <= MOST && TOKEN.balanceOf(address(this)) <= type(uint128).max);
        Held memory before = _held(controller, account, nonce);
        Held memory others = _held(controller, other, nonce);
        assume(before.free + before.locked + (other == account ? 0 : others.free + others.locked) <= tokens);

        VAULT.deposit(controller, account, amount);

        uint256 arrived = TOKEN.balanceOf(address(VAULT)) - tokens;
        assert(arrived == amount && tokens + arrived <= MOST);
        _assertIs(_held(controller, account, nonce), before.free + amount, before.locked, before.isNonceUsed);
        if (other != account) _assertSame(_held(controller, other, nonce), others);
    }

    function check_withdraw(address controller, uint96 amount, address other, uint32 nonce) external {
        uint256 tokens = TOKEN.balanceOf(address(VAULT));
        assume(tokens <= MOST && TOKEN.balanceOf(address(this)) <= type(uint128).max);
        Held memory before = _held(controller, address(this), nonce);
        Held memory others = _held(controller, other, nonce);
        assume(before.free + before.locked <= tokens);

        VAULT.withdraw(controller, amount);

        assert(TOKEN.balanceOf(address(VAULT)) == tokens - amount);
        _assertIs(_held(controller, address(this), nonce), before.free - amount, before.locked, before.isNonceUsed);
        if (other != address(this)) _assertSame(_held(controller, other, nonce), others);
    }

    function check_move(address controller, address to, uint96 amount, address other, uint32 nonce) external {
        Held memory from = _held(controller, address(this), nonce);
        Held memory before = _held(controller, to, nonce);
        Held memory others = _held(controller, other, nonce);
        bool isSame = to == address(this);
        _assumeTogether(from, isSame ? _none() : before, _none());

        VAULT.move(controller, to, amount);

        if (isSame) {
            _assertSame(_held(controller, to, nonce), before);
        } else {
            _assertIs(_held(controller, address(this), nonce), from.free - amount, from.locked, from.isNonceUsed);
            _assertIs(_held(controller, to, nonce), before.free + amount, before.locked, before.isNonceUsed);
        }
        if (other != to && other != address(this)) _assertSame(_held(controller, other, nonce), others);
    }

    function check_cancelNonces__moves_no_money(address controller, uint256 word, uint256 mask, address other, uint32 nonce)
        external
    {
        Held memory before = _held(controller, address(this), nonce);
        Held memory others = _held(controller, other, nonce);
        VAULT.cancelNonces(controller, word, mask);
        bool isCancelled = nonce >> 8 == word && (mask >> (nonce & 0xff)) & 1 != 0;
        Held memory next = _held(controller, address(this), nonce);
        assert(next.free == before.free && next.locked == before.locked);
        if (isCancelled) assert(next.isNonceUsed);
        if (other != address(this)) _assertSame(_held(controller, other, nonce), others);
    }

    // ------------------------------------------------------------------ controllers

    function check_lock(Funds first, uint32 firstNonce, Funds second, uint32 secondNonce, address other, uint32 nonce)
        external
    {
        Held memory a = _held(first.account(), firstNonce);
        Held memory b = _held(second.account(), secondNonce);
        Held memory others = _held(other, nonce);
        bool isSame = first.account() == second.account();
        _assumeTogether(a, isSame ? _none() : b, _none());

        VAULT.lock(first, firstNonce, second, secondNonce);

        assert(!a.isNonceUsed && !b.isNonceUsed && !(isSame && firstNonce == secondNonce));
        (uint256 x, uint256 y) = (first.amount(), second.amount());
        if (isSame) {
            _assertIs(_held(first.account(), firstNonce), a.free - x - y, a.locked + x + y, true);
            _assertIs(_held(first.account(), secondNonce), a.free - x - y, a.locked + x + y, true);
        } else {
            _assertIs(_held(first.account(), firstNonce), a.free - x, a.locked + x, true);
            _assertIs(_held(second.account(), secondNonce), b.free - y, b.locked + y, true);
        }
        if (other != first.account() && other != second.account()) _assertSame(_held(other, nonce), others);
    }

    function check_bond(Funds funds, address other, uint32 nonce) external {
        Held memory before = _held(funds.account(), nonce);
        Held memory others = _held(other, nonce);
        _assumeTogether(before, _none(), _none());

        VAULT.bond(funds);

        uint256 amount = funds.amount();
        _assertIs(_held(funds.account(), nonce), before.free - amount, before.locked + amount, before.isNonceUsed);
        if (other != funds.account()) _assertSame(_held(other, nonce), others);
    }

    function check_settle(
        Funds first,
        uint256 firstCredit,
        Funds second,
        uint256 secondCredit,
        address other,
        uint32 nonce
    ) external {
        Held memory a = _held(first.account(), nonce);
        Held memory b = _held(second.account(), nonce);
        Held memory others = _held(other, nonce);
        bool isSame = first.account() == second.account();
        uint256 sum = _assumeTogether(a, isSame ? _none() : b, _none());

        try VAULT.settle(first, firstCredit, second, secondCredit) {}
        catch {
            return;
        }

        Held memory nextA = _held(first.account(), nonce);
        Held memory nextB = _held(second.account(), nonce);
        assert(nextA.isNonceUsed == a.isNonceUsed && nextB.isNonceUsed == b.isNonceUsed);
        _assertConserved(sum, _sum(nextA) + (isSame ? 0 : _sum(nextB)));
        if (!isSame) {
            _assertIs(nextA, a.free + firstCredit, a.locked - first.amount(), a.isNonceUsed);
            _assertIs(nextB, b.free + secondCredit, b.locked - second.amount(), b.isNonceUsed);
        }
        if (other != first.account() && other != second.account()) _assertSame(_held(other, nonce), others);
    }

    function check_settleAll__of_three(Funds[3] calldata unlocks, uint256[3] calldata credits, uint32 nonce) external {
        address[3] memory who = [unlocks[0].account(), unlocks[1].account(), unlocks[2].account()];
        (uint256 sum, bool[3] memory wereUsed) = _together(who, nonce);
        assume(sum <= MOST);
        Funds[] memory u = new Funds[](3);
        uint256[] memory c = new uint256[](3);
        for (uint256 i = 0; i < 3; ++i) {
            (u[i], c[i]) = (unlocks[i], credits[i]);
        }

        try VAULT.settleAll(u, c) {}
        catch {
            return;
        }

        (uint256 next, bool[3] memory areUsed) = _together(who, nonce);
        _assertConserved(sum, next);
        for (uint256 i = 0; i < 3; ++i) {
            assert(areUsed[i] == wereUsed[i]);
        }
    }

    function check_pay__two(Funds payer, uint32 nonce, Funds[2] calldata payees) external {
        address[3] memory who = [payer.account(), payees[0].account(), payees[1].account()];
        (uint256 sum, bool[3] memory wereUsed) = _together(who, nonce);
        assume(sum <= MOST);
        Funds[] memory to = new Funds[](2);
        (to[0], to[1]) = (payees[0], payees[1]);

        try VAULT.pay(payer, nonce, to) {}
        catch {
            return;
        }

        (uint256 next, bool[3] memory areUsed) = _together(who, nonce);
        assert(next == sum && !wereUsed[0] && areUsed[0]);
        for (uint256 i = 1; i < 3; ++i) {
            assert(who[i] == who[0] || areUsed[i] == wereUsed[i]);
        }
    }

    function check_payBatch__of_two(address payee, Funds[2] calldata payers, uint32[2] calldata nonces) external {
        address[3] memory who = [payers[0].account(), payers[1].account(), payee];
        (uint256 sum, bool[3] memory wereUsed) = _together(who, nonces[0]);
        assume(sum <= MOST);
        Funds[] memory from = new Funds[](2);
        uint32[] memory n = new uint32[](2);
        (from[0], from[1]) = (payers[0], payers[1]);
        (n[0], n[1]) = (nonces[0], nonces[1]);

        (uint256 paid, uint256 stale) = VAULT.payBatch(payee, from, n);

        (uint256 next, bool[3] memory areUsed) = _together(who, nonces[0]);
        assert(next == sum);
        assert(paid & stale == 0 && paid < 4 && stale < 4);
        if (paid & 1 != 0) assert(!wereUsed[0] && areUsed[0]);
        if (stale & 1 != 0) assert(wereUsed[0]);
    }

    // ------------------------------------------------------------------ what they share

    /// @dev In the compartment of this contract, as it calls.
    function _held(address account, uint32 nonce) private view returns (Held memory) {
        return _held(address(this), account, nonce);
    }

    function _held(address controller, address account, uint32 nonce) private view returns (Held memory) {
        (uint96 free, uint96 locked) = VAULT.balanceOf(controller, account);
        return Held(free, locked, VAULT.isNonceUsed(controller, account, nonce));
    }

    /// @dev What different accounts hold together.
    function _together(address[3] memory who, uint32 nonce) private view returns (uint256 sum, bool[3] memory areUsed) {
        for (uint256 i = 0; i < 3; ++i) {
            Held memory held = _held(who[i], nonce);
            areUsed[i] = held.isNonceUsed;
            bool isNew = true;
            for (uint256 j = 0; j < i; ++j) {
                isNew = isNew && who[j] != who[i];
            }
            if (isNew) sum += _sum(held);
        }
    }

    function _assumeTogether(Held memory a, Held memory b, Held memory c) private pure returns (uint256 sum) {
        sum = _sum(a) + _sum(b) + _sum(c);
        assume(sum <= MOST);
    }

    function _assertConserved(uint256 sum, uint256 next) private pure {
        assert(next == sum || (sum == MOST && next < sum));
    }

    function _assertIs(Held memory held, uint256 free, uint256 locked, bool isNonceUsed) private pure {
        assert(held.free == free && held.locked == locked && held.isNonceUsed == isNonceUsed);
    }

    function _assertSame(Held memory a, Held memory b) private pure {
        _assertIs(a, b.free, b.locked, b.isNonceUsed);
    }

    function _sum(Held memory held) private pure returns (uint256) {
        unchecked {
            return held.free + held.locked;
        }
    }

    function _none() private pure returns (Held memory) {}
}
