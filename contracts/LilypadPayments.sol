// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ILilypadPayments, ILilypadPaymentsController} from "./interfaces/ILilypadPayments.sol";
import {Balance} from "./types/Balance.sol";
import {Funds} from "./types/Funds.sol";
import {NonceSegment} from "./types/NonceSegment.sol";

/// @title The vault: all tokens of the network, in compartments that one controller each can lock and settle.
/// @notice Tokens held here are always at least the sum of all free and locked balances. No owner, no pause, no upgrade.
contract LilypadPayments is ILilypadPayments, ILilypadPaymentsController {
    using SafeERC20 for IERC20;

    /// @param words the used nonces outside the segment that lies in the balance, 256 to a word.
    struct Account {
        Balance balance;
        mapping(uint256 word => uint256 bits) words;
    }

    /// @dev As many as one word can say of whether they paid.
    uint256 private constant LONGEST_BATCH = 256;

    /// @inheritdoc ILilypadPayments
    IERC20 public immutable TOKEN;

    mapping(address controller => mapping(address holder => Account)) private _accounts;

    constructor(IERC20 token) {
        TOKEN = token;
    }

    // ------------------------------------------------------------------ account holders

    /// @inheritdoc ILilypadPayments
    function balanceOf(address controller, address account) external view returns (uint96 free, uint96 locked) {
        Balance balance = _accounts[controller][account].balance;
        return (uint96(balance.free()), uint96(balance.locked()));
    }

    /// @inheritdoc ILilypadPayments
    function deposit(address controller, address account, uint96 amount) public {
        // Check
        if (controller == address(0) || account == address(0)) revert Payments_ZeroAddress();
        uint256 before = TOKEN.balanceOf(address(this));

        // Interaction first: only what arrived is credited. A token that calls back can open other deposits in
        // between; then more than `amount` has arrived and the outer one reverts.
        TOKEN.safeTransferFrom(msg.sender, address(this), amount);
        uint256 tokens = TOKEN.balanceOf(address(this));
        if (tokens > type(uint96).max) revert Payments_VaultFull(tokens, type(uint96).max);
        uint256 received = tokens - before;
        if (received != amount) revert Payments_WrongAmountReceived(msg.sender, received, amount);

        // Effect
        _credit(_accounts[controller][account], amount);
        emit Deposited(controller, account, msg.sender, amount);
    }

    /// @inheritdoc ILilypadPayments
    function depositWithPermit(address controller, uint96 amount, uint256 deadline, uint8 v, bytes32 r, bytes32 s)
        external
    {
        // Whoever sees the permit in the mempool can use it first; the allowance is there all the same.
        try IERC20Permit(address(TOKEN)).permit(msg.sender, address(this), amount, deadline, v, r, s) {} catch {}
        deposit(controller, msg.sender, amount);
    }

    /// @inheritdoc ILilypadPayments
    function withdraw(address controller, uint96 amount) external {
        _takeFree(controller, msg.sender, amount);
        emit Withdrawn(controller, msg.sender, amount);
        TOKEN.safeTransfer(msg.sender, amount);
    }

    /// @inheritdoc ILilypadPayments
    function move(address controller, address to, uint96 amount) external {
        if (to == address(0)) revert Payments_ZeroAddress();
        _takeFree(controller, msg.sender, amount);
        _credit(_accounts[controller][to], amount);
        emit Moved(controller, msg.sender, to, amount);
    }

    /// @inheritdoc ILilypadPayments
    function isNonceUsed(address controller, address account, uint32 nonce) external view returns (bool) {
        Account storage held = _accounts[controller][account];
        return held.balance.nonces().isUsed(held.words, nonce);
    }

    /// @inheritdoc ILilypadPayments
    function cancelNonce(address controller, uint32 nonce) external {
        cancelNonces(controller, nonce >> 8, 1 << (nonce & 0xff));
    }

    /// @inheritdoc ILilypadPayments
    function cancelNonces(address controller, uint256 word, uint256 mask) public {
        Account storage own = _accounts[controller][msg.sender];
        Balance balance = own.balance;
        own.balance = balance.withNonces(balance.nonces().cancel(own.words, word, mask));
        emit NoncesCancelled(controller, msg.sender, word, mask);
    }

    // ------------------------------------------------------------------ controllers, each in its own compartment

    /// @inheritdoc ILilypadPaymentsController
    function lock(Funds first, uint32 firstNonce, Funds second, uint32 secondNonce) external {
        _lock(first, firstNonce);
        _lock(second, secondNonce);
    }

    /// @inheritdoc ILilypadPaymentsController
    function bond(Funds funds) external {
        Account storage account = _accounts[msg.sender][funds.account()];
        Balance balance = account.balance;
        _requireFree(balance, msg.sender, funds.account(), funds.amount());
        account.balance = balance.lock(funds.amount());
    }

    /// @inheritdoc ILilypadPaymentsController
    function settle(Funds first, uint256 firstCredit, Funds second, uint256 secondCredit) external {
        uint256 unlocked;
        // Safe: two numbers of 96 bits.
        unchecked {
            unlocked = first.amount() + second.amount();
        }
        _requireConserved(unlocked, firstCredit + secondCredit);
        mapping(address holder => Account) storage accounts = _accounts[msg.sender];
        _settle(accounts, first, firstCredit);
        _settle(accounts, second, secondCredit);
    }

    /// @inheritdoc ILilypadPaymentsController
    function settleAll(Funds[] calldata unlocks, uint256[] calldata credits) external {
        mapping(address holder => Account) storage accounts = _accounts[msg.sender];
        uint256 unlocked;
        uint256 credited;
        for (uint256 i = 0; i < unlocks.length; ++i) {
            (Funds unlock, uint256 credit) = (unlocks[i], credits[i]);
            _settle(accounts, unlock, credit);
            credited += credit;
            // Safe: numbers of 96 bits.
            unchecked {
                unlocked += unlock.amount();
            }
        }
        _requireConserved(unlocked, credited);
    }

    /// @inheritdoc ILilypadPaymentsController
    function pay(Funds payer, uint32 nonce, Funds[] calldata payees) external {
        mapping(address holder => Account) storage accounts = _accounts[msg.sender];
        Account storage account = accounts[payer.account()];
        Balance balance = _useNonce(account, payer.account(), nonce);
        _requireFree(balance, msg.sender, payer.account(), payer.amount());
        account.balance = balance.debit(payer.amount());

        uint256 credited;
        for (uint256 i = 0; i < payees.length; ++i) {
            Funds payee = payees[i];
            if (payee.account() == address(0)) revert Payments_ZeroAddress();
            _credit(accounts[payee.account()], payee.amount());
            credited += payee.amount();
        }
        _requireConserved(payer.amount(), credited);
    }

    /// @inheritdoc ILilypadPaymentsController
    function payBatch(address payee, Funds[] calldata payers, uint32[] calldata nonces)
        external
        returns (uint256 paid, uint256 stale)
    {
        if (payers.length > LONGEST_BATCH) revert Payments_BatchTooLong(payers.length, LONGEST_BATCH);
        mapping(address holder => Account) storage accounts = _accounts[msg.sender];
        uint256 taken;
        for (uint256 i = 0; i < payers.length; ++i) {
            Funds payer = payers[i];
            if (payer.account() == address(0)) continue;
            Account storage account = accounts[payer.account()];
            Balance balance = account.balance;
            uint32 nonce = nonces[i];
            if (balance.free() < payer.amount()) {
                if (balance.nonces().isUsed(account.words, nonce)) stale |= 1 << i;
                continue;
            }
            (bool fresh, NonceSegment next) = balance.nonces().use(account.words, nonce);
            if (!fresh) {
                stale |= 1 << i;
                continue;
            }
            account.balance = balance.debit(payer.amount()).withNonces(next);
            paid |= 1 << i;
            // Safe: all of it was free, and all balances together are no more than 96 bits can count.
            unchecked {
                taken += payer.amount();
            }
        }
        _credit(accounts[payee], taken);
    }

    // ------------------------------------------------------------------ internal

    function _lock(Funds funds, uint32 nonce) private {
        Account storage account = _accounts[msg.sender][funds.account()];
        Balance balance = _useNonce(account, funds.account(), nonce);
        _requireFree(balance, msg.sender, funds.account(), funds.amount());
        account.balance = balance.lock(funds.amount());
    }

    function _settle(mapping(address holder => Account) storage accounts, Funds unlock, uint256 credit) private {
        Account storage account = accounts[unlock.account()];
        uint256 amount = unlock.amount();
        Balance balance = account.balance;
        if (balance.locked() < amount) {
            revert Payments_InsufficientLocked(msg.sender, unlock.account(), balance.locked(), amount);
        }
        account.balance = balance.release(amount).credit(credit);
    }

    function _credit(Account storage account, uint256 amount) private {
        account.balance = account.balance.credit(amount);
    }

    /// @return balance with the nonce used, for the caller to store.
    function _useNonce(Account storage account, address holder, uint32 nonce) private returns (Balance balance) {
        balance = account.balance;
        (bool fresh, NonceSegment next) = balance.nonces().use(account.words, nonce);
        if (!fresh) revert Payments_NonceUsed(msg.sender, holder, nonce);
        return balance.withNonces(next);
    }

    function _takeFree(address controller, address holder, uint256 amount) private {
        Account storage account = _accounts[controller][holder];
        Balance balance = account.balance;
        _requireFree(balance, controller, holder, amount);
        account.balance = balance.debit(amount);
    }

    /// @dev The sums are checked for overflow, so no single credit can be larger than what is unlocked.
    function _requireConserved(uint256 unlocked, uint256 credited) private view {
        if (unlocked != credited) revert Payments_NotConserved(msg.sender, unlocked, credited);
    }

    function _requireFree(Balance balance, address controller, address account, uint256 amount) private pure {
        if (balance.free() < amount) revert Payments_InsufficientFree(controller, account, balance.free(), amount);
    }
}
