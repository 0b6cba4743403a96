// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice Whose and how much, in one word, lowest bits first: account (160), amount (96).
/// @dev 96 bits hold 79 billion tokens of 18 decimals; the vault takes no token with a larger supply. Elsewhere the
/// same word says what an account is paid for: an author with the price, a solver with the minimum payment.
type Funds is bytes32;

using {account, amount} for Funds global;

function toFunds(address account_, uint256 amount_) pure returns (Funds) {
    return Funds.wrap(bytes32(uint256(uint160(account_)) | (amount_ << 160)));
}

function account(Funds f) pure returns (address) {
    return address(uint160(uint256(Funds.unwrap(f))));
}

function amount(Funds f) pure returns (uint256) {
    return uint256(Funds.unwrap(f)) >> 160;
}
