// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice What a creator owes a provider for many deals that the two made and finished between themselves.
/// @param creator who pays, and signs this.
/// @param provider who is paid.
/// @param amount in the token's smallest unit, for all of them.
/// @param deals how many.
/// @param root of whatever the two keep as their record of the deals.
/// @param expiry last second (unix time) at which it may be brought.
/// @param nonce used once; shared with the creator's offers.
struct Netting {
    address creator;
    address provider;
    uint128 amount;
    uint64 deals;
    bytes32 root;
    uint40 expiry;
    uint256 nonce;
}

bytes32 constant NETTING_TYPEHASH = keccak256(
    "Netting(address creator,address provider,uint128 amount,uint64 deals,bytes32 root,uint40 expiry,uint256 nonce)"
);

/// @return EIP-712 struct hash.
function hashNetting(Netting calldata netting) pure returns (bytes32) {
    return keccak256(abi.encode(NETTING_TYPEHASH, netting));
}
