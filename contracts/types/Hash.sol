// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @return digest keccak256(abi.encode(a, b, c)), without leaving anything in memory.
function hashOf(bytes32 a, bytes32 b, bytes32 c) pure returns (bytes32 digest) {
    assembly ("memory-safe") {
        let free := mload(0x40)
        mstore(free, a)
        mstore(add(free, 32), b)
        mstore(add(free, 64), c)
        digest := keccak256(free, 96)
    }
}

/// @return digest keccak256(abi.encode(a, b, c, d)), without leaving anything in memory.
function hashOf(bytes32 a, bytes32 b, bytes32 c, bytes32 d) pure returns (bytes32 digest) {
    assembly ("memory-safe") {
        let free := mload(0x40)
        mstore(free, a)
        mstore(add(free, 32), b)
        mstore(add(free, 64), c)
        mstore(add(free, 96), d)
        digest := keccak256(free, 128)
    }
}
