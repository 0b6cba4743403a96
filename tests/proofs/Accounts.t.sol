// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Held, Place, VaultProof} from "./Vault.sol";

/// @notice What account holders do to the vault: see VaultProof.
contract AccountsProof is VaultProof {
    function check_deposit__credits_what_arrived(address controller, address account, uint96 amount, Place memory p)
        external
    {
        uint256 tokens = _anyTokens();
        Held memory before = held(p);
        assume(sumOf(before) <= tokens);

        VAULT.deposit(controller, account, amount);

        assert(TOKEN.balanceOf(address(VAULT)) == tokens + amount && tokens + amount <= MOST);
        assertHolds(p, before.free + when(isOf(p, controller, account), amount), before.locked);
    }

    function check_withdraw__debits_what_left(address controller, uint96 amount, Place memory p) external {
        uint256 tokens = _anyTokens();
        Held memory before = held(p);
        assume(sumOf(before) <= tokens);

        VAULT.withdraw(controller, amount);

        assert(TOKEN.balanceOf(address(VAULT)) == tokens - amount);
        assertHolds(p, before.free - when(isOf(p, controller, address(this)), amount), before.locked);
    }

    function check_move__from_one_to_the_other(address controller, address to, uint96 amount, Place memory p) external {
        assume(together(controller, list(address(this), to)) <= MOST);
        Held memory before = held(p);

        VAULT.move(controller, to, amount);

        uint256 free = before.free + when(isOf(p, controller, to), amount);
        assertHolds(p, free - when(isOf(p, controller, address(this)), amount), before.locked);
    }

    function check_cancelNonces__of_the_caller_alone_and_no_money(
        address controller,
        uint256 word,
        uint256 mask,
        Place memory p
    ) external {
        Held memory before = held(p);
        bool wasUsed = isUsed(p);

        VAULT.cancelNonces(controller, word, mask);

        assertHolds(p, before.free, before.locked);
        bool isMasked = both(p.nonce >> 8 == word, (mask >> (p.nonce & 0xff)) & 1 != 0);
        assert(isUsed(p) == (wasUsed || both(isOf(p, controller, address(this)), isMasked)));
    }

    function check_move__uses_no_nonce(address controller, address to, uint96 amount, Place memory p) external {
        assume(together(controller, list(address(this), to)) <= MOST);
        bool wasUsed = isUsed(p);
        VAULT.move(controller, to, amount);
        assert(isUsed(p) == wasUsed);
    }

    /// @dev No more than the vault can count, and few enough elsewhere that the token's own sums do not wrap around.
    function _anyTokens() private view returns (uint256 tokens) {
        tokens = TOKEN.balanceOf(address(VAULT));
        assume(tokens <= MOST && TOKEN.balanceOf(address(this)) <= type(uint128).max);
    }
}
