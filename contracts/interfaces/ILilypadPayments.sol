// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Legs} from "../types/Leg.sol";

/// @notice What account holders and readers see of the vault.
///
/// The vault has no owner and no list of trusted contracts. Every balance lives in the compartment of one
/// controller, chosen by whoever deposits, and that controller is the only one that can lock or settle it. A new
/// version of the controller starts with an empty compartment: nobody, governance included, can point it at funds
/// that were entrusted to another.
interface ILilypadPayments {
    /// @notice The account has less free in this controller's compartment than the call needs. Deposit more, or
    /// wait until an open deal ends and frees what it locked.
    /// @dev Seen by whoever withdraws, moves, agrees, settles instantly or challenges.
    error Payments_InsufficientFree(address controller, address account, uint256 free, uint256 needed);
    /// @notice A controller settles more than it locked, which ours never does. Check the controller if it is your
    /// own; report it if it is not.
    /// @dev Seen by controllers.
    error Payments_InsufficientLocked(address controller, address account, uint256 locked, uint256 needed);
    /// @notice A settlement credits another sum than it takes, which ours never does. Check the controller if it is
    /// your own; report it if it is not.
    /// @dev Seen by controllers.
    error Payments_NotConserved(address controller, uint256 unlocked, uint256 credited);
    /// @notice The token moved another amount than was asked for: it takes a fee, or a second deposit ran inside
    /// this one. Use the token that the vault is made for, one deposit at a time.
    /// @dev Seen by whoever deposits.
    error Payments_WrongAmountReceived(address from, uint256 received, uint256 expected);
    /// @notice The zero address owns nothing and controls nothing. Name the controller and the account that you
    /// mean.
    /// @dev Seen by whoever deposits or moves.
    error Payments_ZeroAddress();

    /// @param account whose free balance grew by `amount`.
    /// @param from who paid the tokens.
    event Deposited(address indexed controller, address indexed account, address from, uint128 amount);
    event Withdrawn(address indexed controller, address indexed account, uint128 amount);
    event Moved(address indexed controller, address indexed account, address to, uint128 amount);

    /// @notice The ERC-20 that this vault holds.
    function TOKEN() external view returns (IERC20);

    /// @param controller whose compartment is meant.
    /// @return free what the account may withdraw or bind in a deal.
    /// @return locked what is bound in deals.
    function balanceOf(address controller, address account) external view returns (uint128 free, uint128 locked);

    /// @notice Pays `amount` tokens of the caller into the free balance of `account`.
    /// @dev Reverts with Payments_WrongAmountReceived when the token takes a fee or lies.
    function deposit(address controller, address account, uint128 amount) external;

    /// @notice As `deposit` for the caller itself, with an ERC-2612 permit in place of an earlier approval.
    /// A permit that was used by somebody else already does no harm as long as the allowance is there.
    function depositWithPermit(address controller, uint128 amount, uint256 deadline, uint8 v, bytes32 r, bytes32 s)
        external;

    /// @notice Pays `amount` of the caller's free balance out to the caller, and to nobody else.
    function withdraw(address controller, uint128 amount) external;

    /// @notice Moves `amount` of the caller's free balance to the free balance of `to` in the same compartment.
    function move(address controller, address to, uint128 amount) external;
}

/// @notice What a controller sees: its own compartment.
interface ILilypadPaymentsController {
    /// @notice Moves from free to locked; an amount of zero leaves its account untouched.
    function lock(address first, uint128 firstAmount, address second, uint128 secondAmount) external;

    /// @notice Unlocks and credits, leg by leg; what is unlocked in total must be credited in total.
    function settle(Legs calldata legs) external;

    /// @notice As `settle`, with `unlock` taken from the free balances.
    function pay(Legs calldata legs) external;
}
