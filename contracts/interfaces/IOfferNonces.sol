// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice Each offer is used once. Nonces are bits, 256 to a word, in any order: cancelling one or a whole word is
/// one slot (Uniswap's Permit2 has them so).
interface IOfferNonces {
    /// @notice This nonce was used or cancelled by its maker. The maker signs a new offer with a nonce that
    /// isNonceUsed does not know.
    /// @dev Seen by whoever brings two offers or a netting.
    error Controller_NonceUsed(address signer, uint256 nonce);

    event NoncesCancelled(address indexed account, uint256 word, uint256 mask);

    /// @return whether an offer of `account` with this nonce can no longer be used.
    function isNonceUsed(address account, uint256 nonce) external view returns (bool);

    /// @notice The caller makes one of its nonces unusable.
    function cancelNonce(uint256 nonce) external;

    /// @notice The caller makes the nonces word * 256 + i unusable for every bit i of `mask`.
    function cancelNonces(uint256 word, uint256 mask) external;
}
