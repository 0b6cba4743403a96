// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Funds} from "./Funds.sol";

/// @notice What a creator owes a provider for many deals that the two made and finished between themselves.
/// Signed by the creator; see NETTING_TYPEHASH.
/// @param creator who pays, and how much for all of them.
/// @param provider who is paid.
/// @param deals how many.
/// @param root of whatever the two keep as their record of the deals.
/// @param protocolBps the protocol's share that they reckoned with: if governance asks for more by now, they settle anew.
/// @param expiry last second (unix time) at which it may be brought.
/// @param nonce used once; shared with the creator's offers.
struct Netting {
    Funds creator;
    address provider;
    uint64 deals;
    bytes32 root;
    uint16 protocolBps;
    uint40 expiry;
    uint32 nonce;
}

bytes32 constant NETTING_TYPEHASH = keccak256(
    "Netting(address creator,address provider,uint96 amount,uint64 deals,bytes32 root,uint16 protocolBps,"
    "uint40 expiry,uint32 nonce)"
);

/// @return EIP-712 struct hash.
function hashNetting(Netting calldata netting) pure returns (bytes32) {
    return keccak256(
        abi.encode(
            NETTING_TYPEHASH,
            netting.creator.account(),
            netting.provider,
            netting.creator.amount(),
            netting.deals,
            netting.root,
            netting.protocolBps,
            netting.expiry,
            netting.nonce
        )
    );
}
