// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {DealId} from "./DealId.sol";
import {Result} from "./Result.sol";
import {Shares} from "./Shares.sol";
import {Verification} from "./Verification.sol";
import {Windows} from "./Windows.sol";

using {dealIdOf} for DealTerms global;

/// @notice The few words of a deal that money and deadlines depend on. They are never stored: whoever acts on a deal
/// passes them in calldata, and their hash is the id under which the deal is found, so false terms find nothing.
/// @param offers hash of the two offers' EIP-712 digests: binds the terms to what was signed, on this chain.
/// @param creator who pays.
/// @param provider who runs and is paid.
/// @param author who receives the royalty.
/// @param solver who receives the solver's share.
/// @param shares the three shares of the cost.
/// @param pricePerInstruction what one instruction costs.
/// @param paymentCeiling locked by the creator; the most the deal can cost.
/// @param minimumPayment the least it costs.
/// @param collateral locked by the provider.
/// @param latePenalty part of the collateral that lateness costs.
/// @param windows the four windows.
/// @param verification who decides a dispute, and how.
struct DealTerms {
    bytes32 offers;
    address creator;
    address provider;
    address author;
    address solver;
    Shares shares;
    uint128 pricePerInstruction;
    uint128 paymentCeiling;
    uint128 minimumPayment;
    uint128 collateral;
    uint128 latePenalty;
    Windows windows;
    Verification verification;
}

/// @notice One entry of a batch of cooperative settlements.
/// @param creatorSignature, providerSignature as for `settle`.
struct Settling {
    DealTerms terms;
    Result result;
    bytes creatorSignature;
    bytes providerSignature;
}

/// @dev How many bytes the terms are, in calldata and in memory alike: 13 words, nothing dynamic among them.
uint256 constant DEAL_TERMS_BYTES = 13 * 32;

/// @return id keccak256(abi.encode(terms)).
/// @dev The words of a struct without dynamic members lie in calldata as abi.encode would write them, so they are
/// hashed as they lie: encoding them field by field costs ten times as much. A word with bits that its type does not
/// have hashes to the id of no deal.
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
