// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Resources} from "./Resources.sol";
import {Verification} from "./Verification.sol";
import {Windows} from "./Windows.sol";

/// @notice What a job creator signs. Amounts are in the token's smallest unit.
/// @param creator who pays.
/// @param target the only provider that may take it; zero for any.
/// @param solver who receives the solver's share; zero when `solverBps` is. Whoever brings the offer to the
/// chain, the share goes here, so there is nothing to win by front-running.
/// @param solverBps the solver's share of the cost.
/// @param expiry last second (unix time) at which it may be agreed.
/// @param nonce used once; shared by all offers of this account, in any order.
/// @param module the module version in the registry.
/// @param inputs content digest of the inputs' root directory.
/// @param resources what the job needs.
/// @param pricePerInstruction the most it pays for one instruction.
/// @param paymentCeiling the most it can be charged; also fixes the instruction limit.
/// @param collateral the least the provider must risk.
/// @param windows decline, submit, judge and mediate.
/// @param verification how a dispute is decided.
struct JobOffer {
    address creator;
    address target;
    address solver;
    uint16 solverBps;
    uint40 expiry;
    uint256 nonce;
    bytes32 module;
    bytes32 inputs;
    Resources resources;
    uint128 pricePerInstruction;
    uint128 paymentCeiling;
    uint128 collateral;
    Windows windows;
    Verification verification;
}

/// @notice What a resource provider signs. Amounts are in the token's smallest unit.
/// @param provider who runs and is paid.
/// @param sharesBps the most of the cost that solver, author and protocol may take together.
/// @param expiry last second (unix time) at which it may be agreed.
/// @param nonce used once; shared by all offers of this account, in any order.
/// @param modules Merkle root of the module versions it runs; zero for any curated one.
/// @param resources what it has.
/// @param pricePerInstruction what it charges for one instruction.
/// @param minimumPayment the least it charges for a finished job.
/// @param collateral what it risks: all of it for a wrong result.
/// @param latePenalty what it pays, out of the collateral, for no result in time.
/// @param windows the least time to decline, to submit and to have a dispute decided, and the most to be judged.
/// @param verification how a dispute is decided.
struct ResourceOffer {
    address provider;
    uint16 sharesBps;
    uint40 expiry;
    uint256 nonce;
    bytes32 modules;
    Resources resources;
    uint128 pricePerInstruction;
    uint128 minimumPayment;
    uint128 collateral;
    uint128 latePenalty;
    Windows windows;
    Verification verification;
}

/// @notice All that it takes to make a deal.
/// @param jobSignature, resourceSignature ECDSA (65 bytes) or ERC-1271; empty when the caller is the maker.
/// @param moduleProof Merkle proof of the module in the provider's allow-list; empty without such a list.
struct OfferPair {
    JobOffer job;
    ResourceOffer resource;
    bytes jobSignature;
    bytes resourceSignature;
    bytes32[] moduleProof;
}

bytes32 constant JOB_OFFER_TYPEHASH = keccak256(
    "JobOffer(address creator,address target,address solver,uint16 solverBps,uint40 expiry,uint256 nonce,bytes32 module,"
    "bytes32 inputs,uint256 resources,uint128 pricePerInstruction,uint128 paymentCeiling,uint128 collateral,"
    "uint256 windows,uint256 verification)"
);

bytes32 constant RESOURCE_OFFER_TYPEHASH = keccak256(
    "ResourceOffer(address provider,uint16 sharesBps,uint40 expiry,uint256 nonce,bytes32 modules,uint256 resources,"
    "uint128 pricePerInstruction,uint128 minimumPayment,uint128 collateral,uint128 latePenalty,uint256 windows,"
    "uint256 verification)"
);

/// @return structHash EIP-712 struct hash: keccak256(abi.encode(JOB_OFFER_TYPEHASH, offer)).
/// @dev The words are hashed as they lie in calldata: see dealId.
function hashJobOffer(JobOffer calldata offer) pure returns (bytes32 structHash) {
    bytes32 typehash = JOB_OFFER_TYPEHASH;
    assembly ("memory-safe") {
        let free := mload(0x40)
        mstore(free, typehash)
        calldatacopy(add(free, 32), offer, 448) // 14 words
        structHash := keccak256(free, 480)
    }
}

/// @return structHash EIP-712 struct hash: keccak256(abi.encode(RESOURCE_OFFER_TYPEHASH, offer)).
/// @dev The words are hashed as they lie in calldata: see dealId.
function hashResourceOffer(ResourceOffer calldata offer) pure returns (bytes32 structHash) {
    bytes32 typehash = RESOURCE_OFFER_TYPEHASH;
    assembly ("memory-safe") {
        let free := mload(0x40)
        mstore(free, typehash)
        calldatacopy(add(free, 32), offer, 384) // 12 words
        structHash := keccak256(free, 416)
    }
}
