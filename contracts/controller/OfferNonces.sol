// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IOfferNonces} from "../interfaces/IOfferNonces.sol";

/// @notice Implements the nonces; the controller uses them up.
abstract contract OfferNonces is IOfferNonces {
    mapping(address account => mapping(uint256 word => uint256 bits)) private _used;

    /// @inheritdoc IOfferNonces
    function isNonceUsed(address account, uint256 nonce) external view returns (bool) {
        return _used[account][nonce >> 8] & _bit(nonce) != 0;
    }

    /// @inheritdoc IOfferNonces
    function cancelNonce(uint256 nonce) external {
        cancelNonces(nonce >> 8, _bit(nonce));
    }

    /// @inheritdoc IOfferNonces
    function cancelNonces(uint256 word, uint256 mask) public {
        _used[msg.sender][word] |= mask;
        emit NoncesCancelled(msg.sender, word, mask);
    }

    function _useNonce(address account, uint256 nonce) internal {
        uint256 bits = _used[account][nonce >> 8];
        if (bits & _bit(nonce) != 0) revert Controller_NonceUsed(account, nonce);
        _used[account][nonce >> 8] = bits | _bit(nonce);
    }

    function _bit(uint256 nonce) private pure returns (uint256) {
        return 1 << (nonce & 0xff);
    }
}
