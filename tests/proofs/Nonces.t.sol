// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {NonceSegment} from "../../contracts/types/NonceSegment.sol";
import {Proof} from "./Proof.sol";

/// @notice A nonce is fresh once, and whatever is done to nonces leaves the others as they were: for any segment beside
/// the balance, any words of storage, any two nonces.
/// @dev Only one thing is assumed of what lies there, which every step keeps: whatever bits the segment left in its word
/// when it was there before, the segment itself has them too.
contract NonceProof is Proof {
    mapping(uint256 word => uint256) private _words;

    constructor() {
        anyStorage(address(this));
    }

    function check_use__is_fresh_once_and_changes_no_other_nonce(NonceSegment s, uint32 nonce, uint32 other) external {
        _assumeSound(s);
        bool wasUsed = s.isUsed(_words, nonce);
        bool wasOtherUsed = s.isUsed(_words, other);

        (bool fresh, NonceSegment next) = s.use(_words, nonce);

        assert(fresh == !wasUsed);
        assert(next.isUsed(_words, nonce));
        assert(other == nonce || next.isUsed(_words, other) == wasOtherUsed);
        assert(_isSound(next));
    }

    function check_cancel__uses_the_masked_nonces_and_no_other(
        NonceSegment s,
        uint256 word,
        uint256 mask,
        uint32 nonce
    ) external {
        _assumeSound(s);
        bool wasUsed = s.isUsed(_words, nonce);
        bool isMasked = nonce >> 8 == word && (mask >> (nonce & 0xff)) & 1 != 0;

        NonceSegment next = s.cancel(_words, word, mask);

        assert(next.isUsed(_words, nonce) == (wasUsed || isMasked));
        assert(_isSound(next));
    }

    function check_a_new_account__has_no_nonce_used(uint32 nonce) external {
        NonceSegment none = NonceSegment.wrap(0);
        assume(_words[nonce >> 8] == 0);
        assert(!none.isUsed(_words, nonce));
    }

    function _assumeSound(NonceSegment s) private view {
        assume(_isSound(s));
    }

    function _isSound(NonceSegment s) private view returns (bool) {
        uint256 left = uint32(_words[s.number() >> 3] >> ((s.number() & 7) << 5));
        return left & ~s.bits() == 0;
    }
}
