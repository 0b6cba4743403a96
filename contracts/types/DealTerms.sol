// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Conditions} from "./Conditions.sol";
import {DealId} from "./DealId.sol";
import {Funds} from "./Funds.sol";
import {Lane, toLane} from "./Lane.sol";
import {Result} from "./Result.sol";
import {Verification} from "./Verification.sol";

using {dealIdOf} for DealTerms global;
using {hash} for Agreement global;

/// @notice The six words of a deal that money and deadlines depend on. They are never stored: whoever acts on a deal
/// passes them in calldata, and their hash is what is on record, so false terms find nothing.
/// @param creator who pays, and the payment ceiling that it locked: the most the deal can cost.
/// @param provider who runs and is paid, and the collateral that it locked.
/// @param author who receives the royalty, and the price of one instruction.
/// @param solver who receives the solver's share, and the minimum payment.
/// @param conditions shares, penalty, fee, windows and lane.
/// @param agreement hash of what only a dispute needs: see Agreement.
struct DealTerms {
    Funds creator;
    Funds provider;
    Funds author;
    Funds solver;
    Conditions conditions;
    bytes32 agreement;
}

/// @notice What the two sides signed, in three words: binds the terms to their offers, on this chain.
/// @param verification who decides a dispute, and how.
/// @param jobDigest, resourceDigest EIP-712 digests of the offers.
struct Agreement {
    Verification verification;
    bytes32 jobDigest;
    bytes32 resourceDigest;
}

/// @notice One entry of a batch of cooperative settlements, brought by the provider of them all.
/// @param r, vs the signature of the creator's key over Acceptance(deal, commitment, instructionCount) in the 64 bytes of
/// ERC-2098.
struct Settling {
    DealTerms terms;
    Result result;
    bytes32 r;
    bytes32 vs;
}

/// @dev How many bytes the terms are, in calldata and in memory alike: nothing dynamic among them.
uint256 constant DEAL_TERMS_BYTES = 6 * 32;

/// @return id keccak256(abi.encode(terms)).
/// @dev The words of a struct without dynamic members lie in calldata as abi.encode would write them, so they are
/// hashed as they lie.
function dealId(DealTerms calldata terms) pure returns (DealId id) {
    assembly ("memory-safe") {
        let free := mload(0x40)
        calldatacopy(free, terms, DEAL_TERMS_BYTES)
        id := keccak256(free, DEAL_TERMS_BYTES)
    }
}

/// @return id as `dealId`, of terms that were put together in memory.
function dealIdOf(DealTerms memory terms) pure returns (DealId id) {
    assembly ("memory-safe") {
        id := keccak256(terms, DEAL_TERMS_BYTES)
    }
}

/// @return where the deal is recorded.
function laneOf(DealTerms calldata terms) pure returns (Lane) {
    return toLane(terms.creator.account(), terms.conditions.laneNumber());
}

function hash(Agreement memory agreement) pure returns (bytes32) {
    return keccak256(abi.encode(agreement));
}
