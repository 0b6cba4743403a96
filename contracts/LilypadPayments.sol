// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ILilypadPayments, ILilypadPaymentsController} from "./interfaces/ILilypadPayments.sol";
import {Leg, Legs} from "./types/Leg.sol";

/// @title The vault: all tokens of the network, in compartments that one controller each can lock and settle.
/// @notice Tokens held here are always at least the sum of all free and locked balances. No owner, no pause, no upgrade.
contract LilypadPayments is ILilypadPayments, ILilypadPaymentsController {
    using SafeERC20 for IERC20;

    /// @dev One slot. An account's amounts can never add up to more than the token's supply, which must fit 128 bits.
    struct Balance {
        uint128 free;
        uint128 locked;
    }

    /// @inheritdoc ILilypadPayments
    IERC20 public immutable TOKEN;

    mapping(address controller => mapping(address account => Balance)) private _balances;

    constructor(IERC20 token) {
        TOKEN = token;
    }

    // ------------------------------------------------------------------ account holders

    /// @inheritdoc ILilypadPayments
    function balanceOf(address controller, address account) external view returns (uint128 free, uint128 locked) {
        Balance memory balance = _balances[controller][account];
        return (balance.free, balance.locked);
    }

    /// @inheritdoc ILilypadPayments
    function deposit(address controller, address account, uint128 amount) public {
        // Check
        if (controller == address(0) || account == address(0)) revert Payments_ZeroAddress();
        uint256 before = TOKEN.balanceOf(address(this));

        // Interaction first: only what arrived is credited. A token that calls back can open other deposits in
        // between; then more than `amount` has arrived and the outer one reverts.
        TOKEN.safeTransferFrom(msg.sender, address(this), amount);
        uint256 received = TOKEN.balanceOf(address(this)) - before;
        if (received != amount) revert Payments_WrongAmountReceived(msg.sender, received, amount);

        // Effect
        _balances[controller][account].free += amount;
        emit Deposited(controller, account, msg.sender, amount);
    }

    /// @inheritdoc ILilypadPayments
    function depositWithPermit(address controller, uint128 amount, uint256 deadline, uint8 v, bytes32 r, bytes32 s)
        external
    {
        // Whoever sees the permit in the mempool can use it first; the allowance is there all the same.
        try IERC20Permit(address(TOKEN)).permit(msg.sender, address(this), amount, deadline, v, r, s) {} catch {}
        deposit(controller, msg.sender, amount);
    }

    /// @inheritdoc ILilypadPayments
    function withdraw(address controller, uint128 amount) external {
        _takeFree(controller, msg.sender, amount);
        emit Withdrawn(controller, msg.sender, amount);
        TOKEN.safeTransfer(msg.sender, amount);
    }

    /// @inheritdoc ILilypadPayments
    function move(address controller, address to, uint128 amount) external {
        if (to == address(0)) revert Payments_ZeroAddress();
        _takeFree(controller, msg.sender, amount);
        _balances[controller][to].free += amount;
        emit Moved(controller, msg.sender, to, amount);
    }

    // ------------------------------------------------------------------ controllers, each in its own compartment

    /// @inheritdoc ILilypadPaymentsController
    function lock(address first, uint128 firstAmount, address second, uint128 secondAmount) external {
        if (firstAmount != 0) _lock(first, firstAmount);
        if (secondAmount != 0) _lock(second, secondAmount);
    }

    /// @inheritdoc ILilypadPaymentsController
    function settle(Legs calldata legs) external {
        _applyAll(legs, _settle);
    }

    /// @inheritdoc ILilypadPaymentsController
    function pay(Legs calldata legs) external {
        _applyAll(legs, _pay);
    }

    // ------------------------------------------------------------------ internal

    function _lock(address account, uint128 amount) private {
        Balance memory balance = _balances[msg.sender][account];
        if (balance.free < amount) revert Payments_InsufficientFree(msg.sender, account, balance.free, amount);
        balance.free -= amount;
        balance.locked += amount;
        _balances[msg.sender][account] = balance;
    }

    /// @dev Leg by leg, then the sums: nothing comes out of nothing and nothing is lost.
    function _applyAll(Legs calldata legs, function(Leg calldata) _apply) private {
        _apply(legs.creator);
        _apply(legs.provider);
        uint256 taken = uint256(legs.creator.unlock) + legs.provider.unlock;
        uint256 credited = uint256(legs.creator.credit) + legs.provider.credit;
        for (uint256 i = 0; i < legs.others.length; ++i) {
            Leg calldata leg = legs.others[i];
            _apply(leg);
            taken += leg.unlock;
            credited += leg.credit;
        }
        if (taken != credited) revert Payments_NotConserved(msg.sender, taken, credited);
    }

    function _settle(Leg calldata leg) private {
        Balance memory balance = _balances[msg.sender][leg.account];
        if (balance.locked < leg.unlock) {
            revert Payments_InsufficientLocked(msg.sender, leg.account, balance.locked, leg.unlock);
        }
        balance.locked -= leg.unlock;
        balance.free += leg.credit;
        _balances[msg.sender][leg.account] = balance;
    }

    function _pay(Leg calldata leg) private {
        Balance memory balance = _balances[msg.sender][leg.account];
        if (balance.free < leg.unlock) {
            revert Payments_InsufficientFree(msg.sender, leg.account, balance.free, leg.unlock);
        }
        balance.free = balance.free - leg.unlock + leg.credit;
        _balances[msg.sender][leg.account] = balance;
    }

    function _takeFree(address controller, address account, uint128 amount) private {
        uint128 free = _balances[controller][account].free;
        if (free < amount) revert Payments_InsufficientFree(controller, account, free, amount);
        _balances[controller][account].free = free - amount;
    }
}
