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

    /// @inheritdoc ILilypadPayments
    IERC20 public immutable TOKEN;

    mapping(address controller => mapping(address account => Balance)) private _balances;
    /// @dev Used nonces outside the segment that lies in the balance.
    mapping(address controller => mapping(address account => mapping(uint256 word => uint256 bits))) private _nonces;

    constructor(IERC20 token) {
        TOKEN = token;
    }

    // ------------------------------------------------------------------ account holders

    /// @inheritdoc ILilypadPayments
    function balanceOf(address controller, address account) external view returns (uint96 free, uint96 locked) {
        Balance balance = _balances[controller][account];
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
        _balances[controller][account] = _balances[controller][account].credit(amount);
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
        _balances[controller][to] = _balances[controller][to].credit(amount);
        emit Moved(controller, msg.sender, to, amount);
    }

    /// @inheritdoc ILilypadPayments
    function isNonceUsed(address controller, address account, uint32 nonce) external view returns (bool) {
        return _balances[controller][account].nonces().isUsed(_nonces[controller][account], nonce);
    }

    /// @inheritdoc ILilypadPayments
    function cancelNonce(address controller, uint32 nonce) external {
        cancelNonces(controller, nonce >> 8, 1 << (nonce & 0xff));
    }

    /// @inheritdoc ILilypadPayments
    function cancelNonces(address controller, uint256 word, uint256 mask) public {
        Balance balance = _balances[controller][msg.sender];
        NonceSegment next = balance.nonces().cancel(_nonces[controller][msg.sender], word, mask);
        _balances[controller][msg.sender] = balance.withNonces(next);
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
        Balance balance = _balances[msg.sender][funds.account()];
        _requireFree(balance, msg.sender, funds.account(), funds.amount());
        _balances[msg.sender][funds.account()] = balance.lock(funds.amount());
    }

    /// @inheritdoc ILilypadPaymentsController
    function settle(Funds first, uint256 firstCredit, Funds second, uint256 secondCredit) external {
        uint256 unlocked;
        // Safe: two numbers of 96 bits.
        unchecked {
            unlocked = first.amount() + second.amount();
        }
        _requireConserved(unlocked, firstCredit + secondCredit);
        mapping(address account => Balance) storage balances = _balances[msg.sender];
        _settle(balances, first, firstCredit);
        _settle(balances, second, secondCredit);
    }

    /// @inheritdoc ILilypadPaymentsController
    function settleAll(Funds[] calldata unlocks, uint256[] calldata credits) external {
        mapping(address account => Balance) storage balances = _balances[msg.sender];
        uint256 unlocked;
        uint256 credited;
        for (uint256 i = 0; i < unlocks.length; ++i) {
            _settle(balances, unlocks[i], credits[i]);
            unlocked += unlocks[i].amount();
            credited += credits[i];
        }
        _requireConserved(unlocked, credited);
    }

    /// @inheritdoc ILilypadPaymentsController
    function pay(Funds payer, uint32 nonce, Funds[] calldata payees) external {
        mapping(address account => Balance) storage balances = _balances[msg.sender];
        address account = payer.account();
        Balance balance = _useNonce(balances[account], account, nonce);
        _requireFree(balance, msg.sender, account, payer.amount());
        balances[account] = balance.debit(payer.amount());

        uint256 credited;
        for (uint256 i = 0; i < payees.length; ++i) {
            address payee = payees[i].account();
            if (payee == address(0)) revert Payments_ZeroAddress();
            balances[payee] = balances[payee].credit(payees[i].amount());
            credited += payees[i].amount();
        }
        _requireConserved(payer.amount(), credited);
    }

    // ------------------------------------------------------------------ internal

    function _lock(Funds funds, uint32 nonce) private {
        address account = funds.account();
        Balance balance = _useNonce(_balances[msg.sender][account], account, nonce);
        _requireFree(balance, msg.sender, account, funds.amount());
        _balances[msg.sender][account] = balance.lock(funds.amount());
    }

    function _settle(mapping(address account => Balance) storage balances, Funds unlock, uint256 credit) private {
        address account = unlock.account();
        uint256 amount = unlock.amount();
        Balance balance = balances[account];
        if (balance.locked() < amount) {
            revert Payments_InsufficientLocked(msg.sender, account, balance.locked(), amount);
        }
        balances[account] = balance.release(amount).credit(credit);
    }

    function _useNonce(Balance balance, address account, uint32 nonce) private returns (Balance) {
        (bool fresh, NonceSegment next) = balance.nonces().use(_nonces[msg.sender][account], nonce);
        if (!fresh) revert Payments_NonceUsed(msg.sender, account, nonce);
        return balance.withNonces(next);
    }

    function _takeFree(address controller, address account, uint256 amount) private {
        Balance balance = _balances[controller][account];
        _requireFree(balance, controller, account, amount);
        _balances[controller][account] = balance.debit(amount);
    }

    /// @dev The sums are checked for overflow, so no single credit can be larger than what is unlocked.
    function _requireConserved(uint256 unlocked, uint256 credited) private view {
        if (unlocked != credited) revert Payments_NotConserved(msg.sender, unlocked, credited);
    }

    function _requireFree(Balance balance, address controller, address account, uint256 amount) private pure {
        if (balance.free() < amount) revert Payments_InsufficientFree(controller, account, balance.free(), amount);
    }
}
