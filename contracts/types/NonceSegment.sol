// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice An account's nonces are bits, used in any order, 256 to a word of storage. The 32 around the highest one used
/// lie beside the account's balance instead, since whatever uses a nonce changes the balance as well: so a nonce costs
/// nothing in the ordinary case, and one word in the others. Lowest bits first: number of the segment, which is
/// nonce / 32 (32), its bits (32).
type NonceSegment is uint64;

using {number, bits, use, cancel, isUsed} for NonceSegment global;

function number(NonceSegment s) pure returns (uint256) {
    return uint32(NonceSegment.unwrap(s));
}

function bits(NonceSegment s) pure returns (uint256) {
    return NonceSegment.unwrap(s) >> 32;
}

/// @notice Uses a nonce up. The segment moves on with the highest nonce, and leaves its bits in their word.
/// @param words the account's other segments, 8 to a word.
/// @return fresh false if the nonce was used or cancelled before; then the call that asked must not go on, and every nonce
/// is as it was.
/// @return next what lies beside the balance from now on.
function use(NonceSegment s, mapping(uint256 word => uint256) storage words, uint32 nonce)
    returns (bool fresh, NonceSegment next)
{
    uint256 segment = nonce >> 5;
    if (segment < s.number()) {
        uint256 word = words[nonce >> 8];
        uint256 bit = 1 << (nonce & 0xff);
        words[nonce >> 8] = word | bit;
        return (word & bit == 0, s);
    }
    uint256 used = s.bits();
    if (segment > s.number()) {
        words[s.number() >> 3] |= used << _offset(s.number());
        used = uint32(words[segment >> 3] >> _offset(segment));
    }
    uint256 mark = 1 << (nonce & 0x1f);
    return (used & mark == 0, NonceSegment.wrap(uint64(segment | ((used | mark) << 32))));
}

/// @notice Makes the nonces word * 256 + i unusable for every bit i of `mask`.
function cancel(NonceSegment s, mapping(uint256 word => uint256) storage words, uint256 word, uint256 mask)
    returns (NonceSegment next)
{
    next = s;
    if (s.number() >> 3 == word) {
        uint256 here = uint32(mask >> _offset(s.number()));
        mask ^= here << _offset(s.number());
        next = NonceSegment.wrap(uint64(NonceSegment.unwrap(s) | (here << 32)));
    }
    if (mask != 0) words[word] |= mask;
}

function isUsed(NonceSegment s, mapping(uint256 word => uint256) storage words, uint32 nonce) view returns (bool) {
    bool isHere = nonce >> 5 == s.number();
    return (isHere ? s.bits() >> (nonce & 0x1f) : words[nonce >> 8] >> (nonce & 0xff)) & 1 != 0;
}

/// @dev Where a segment begins in its word.
function _offset(uint256 segment) pure returns (uint256) {
    return (segment & 7) << 5;
}
