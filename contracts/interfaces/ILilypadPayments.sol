// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Funds} from "../types/Funds.sol";

interface IPaymentsErrors {
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
    /// @notice The zero address owns nothing and controls nothing: what it were paid would be lost. Name the controller
    /// and the account that you mean; who signs a share or a payment names who has it.
    /// @dev Seen by whoever deposits, moves, or brings an instant deal or a netting.
    error Payments_ZeroAddress();
    /// @notice The vault would hold more of its token than 96 bits can count: 79 billion tokens of 18 decimals. Deposit
    /// less.
    /// @dev Seen by whoever deposits.
    error Payments_VaultFull(uint256 tokens, uint256 limit);
    /// @notice This nonce was used or cancelled by its maker. The maker signs again with a nonce that isNonceUsed
    /// does not know.
    /// @dev Seen by whoever brings two offers, an instant deal or a netting.
    error Payments_NonceUsed(address controller, address account, uint256 nonce);
    /// @notice More payments than one call can report on. Bring them in several batches.
    /// @dev Seen by whoever sends a batch of instant deals.
    error Payments_BatchTooLong(uint256 count, uint256 most);
}

interface IPaymentsEvents {
    /// @param account whose free balance grew by `amount`.
    /// @param from who paid the tokens.
    event Deposited(address indexed controller, address indexed account, address from, uint96 amount);
    event Withdrawn(address indexed controller, address indexed account, uint96 amount);
    event Moved(address indexed controller, address indexed account, address to, uint96 amount);
    event NoncesCancelled(address indexed controller, address indexed account, uint256 word, uint256 mask);
}

/// @notice What account holders and readers see of the vault.
///
/// The vault has no owner and no list of trusted contracts. Every balance lives in the compartment of one
/// controller, chosen by whoever deposits, and that controller is the only one that can lock or settle it. A new
/// version of the controller starts with an empty compartment: nobody, governance included, can point it at funds
/// that were entrusted to another.
///
/// Whatever an account signs to have its money bound or paid carries a nonce, and the vault takes each nonce once.
/// Nonces are bits, 256 to a word, in any order: cancelling one or a whole word is one slot (Uniswap's Permit2 has
/// them so).
interface ILilypadPayments is IPaymentsErrors, IPaymentsEvents {
    /// @notice The ERC-20 that this vault holds.
    function TOKEN() external view returns (IERC20);

    /// @param controller whose compartment is meant.
    /// @return free what the account may withdraw or bind in a deal.
    /// @return locked what is bound in deals.
    function balanceOf(address controller, address account) external view returns (uint96 free, uint96 locked);

    /// @notice Pays `amount` tokens of the caller into the free balance of `account`.
    /// @dev Reverts with Payments_WrongAmountReceived when the token takes a fee or lies.
    function deposit(address controller, address account, uint96 amount) external;

    /// @notice As `deposit` for the caller itself, with an ERC-2612 permit in place of an earlier approval.
    /// A permit that was used by somebody else already does no harm as long as the allowance is there.
    function depositWithPermit(address controller, uint96 amount, uint256 deadline, uint8 v, bytes32 r, bytes32 s)
        external;

    /// @notice Pays `amount` of the caller's free balance out to the caller, and to nobody else.
    function withdraw(address controller, uint96 amount) external;

    /// @notice Moves `amount` of the caller's free balance to the free balance of `to` in the same compartment.
    function move(address controller, address to, uint96 amount) external;

    /// @return whether what `account` signs with this nonce can no longer be used.
    function isNonceUsed(address controller, address account, uint32 nonce) external view returns (bool);

    /// @notice The caller makes one of its nonces unusable.
    function cancelNonce(address controller, uint32 nonce) external;

    /// @notice The caller makes the nonces word * 256 + i unusable for every bit i of `mask`.
    function cancelNonces(address controller, uint256 word, uint256 mask) external;
}

/// @notice What a controller sees: its own compartment.
interface ILilypadPaymentsController {
    /// @notice Moves both amounts from free to locked, and uses both nonces up.
    function lock(Funds first, uint32 firstNonce, Funds second, uint32 secondNonce) external;

    /// @notice Moves an amount from free to locked for an account that calls for it itself.
    function bond(Funds funds) external;

    /// @notice Unlocks both amounts and credits the same accounts; as much must be credited as unlocked.
    function settle(Funds first, uint256 firstCredit, Funds second, uint256 secondCredit) external;

    /// @notice As `settle` for any number of accounts, each with its entry in both lists.
    function settleAll(Funds[] calldata unlocks, uint256[] calldata credits) external;

    /// @notice Pays out of what the payer has free, and uses its nonce up; the payees receive all of it.
    function pay(Funds payer, uint32 nonce, Funds[] calldata payees) external;

    /// @notice As `pay` for many payers and one payee. A payer whose nonce was used before, or who has too little free
    /// when its turn comes, is left as it was; so is the zero address, which stands for nobody.
    /// @param payee who receives what all of them paid, after the last one did.
    /// @param payers at most 256, each with its entry in `nonces`.
    /// @return paid bit i for payers[i].
    /// @return stale bit i for payers[i] whose nonce was used before; who is in neither had too little.
    function payBatch(address payee, Funds[] calldata payers, uint32[] calldata nonces)
        external
        returns (uint256 paid, uint256 stale);
}
