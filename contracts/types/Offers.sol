// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Funds} from "./Funds.sol";
import {JobTicket} from "./JobTicket.sol";
import {ModuleId} from "./ModuleId.sol";
import {Requirements} from "./Requirements.sol";
import {ResourceTicket} from "./ResourceTicket.sol";
import {Resources} from "./Resources.sol";
import {Verification} from "./Verification.sol";
import {Windows} from "./Windows.sol";

/// @notice What a job creator signs, as it travels: packed, since a byte of calldata costs as much as an instruction.
/// What is signed has each number by its own name: see JOB_OFFER_TYPEHASH. Amounts are in the token's smallest unit.
/// @param creator who pays, and the payment ceiling: the most it can be charged, which fixes the instruction limit.
/// @param target the only provider that may take it, zero for any; and the least collateral that it must risk.
/// @param solver who receives the solver's share, zero when that is; and the most that an instruction may cost.
/// Whoever brings the offer to the chain, the share goes here, so there is nothing to win by front-running.
/// @param module the module version in the registry.
/// @param inputs content digest of the inputs' root directory.
/// @param needs what the job needs, and the windows of the deal.
/// @param ticket expiry: last second (unix time) at which it may be agreed. nonce: used once; shared by all that this
/// account signs, in any order. solverBps. lane: where the deal is recorded.
struct JobOffer {
    Funds creator;
    Funds target;
    Funds solver;
    ModuleId module;
    bytes32 inputs;
    Requirements needs;
    JobTicket ticket;
}

/// @notice What a resource provider signs, as it travels. Amounts are in the token's smallest unit.
/// @param provider who runs and is paid, and the collateral: all of it is lost for a wrong result.
/// @param prices what it charges for one instruction, and the least for a finished job.
/// @param modules Merkle root of the module versions it runs; zero for any curated one.
/// @param has what it has; the least time to decline, to submit and to have a dispute decided, the most to be judged.
/// @param ticket expiry and nonce as of a job offer. sharesBps: the most of the cost that solver, author and protocol
/// may take together. latePenaltyBps, declineFeeBps: what it pays, of the collateral, for no result in time and for
/// not taking the deal after all.
struct ResourceOffer {
    Funds provider;
    Prices prices;
    bytes32 modules;
    Requirements has;
    ResourceTicket ticket;
}

/// @notice One entry of a batch of agreements: as the arguments of `agree`.
struct OfferPair {
    JobOffer job;
    ResourceOffer resource;
    Verification verification;
    bytes32[] moduleProof;
    bytes jobSignature;
    bytes resourceSignature;
}

/// @notice A provider's two prices in one word, lowest bits first: per instruction (96), minimum payment (96).
type Prices is bytes32;

using {perInstruction, minimum} for Prices global;

function perInstruction(Prices p) pure returns (uint256) {
    return uint96(uint256(Prices.unwrap(p)));
}

function minimum(Prices p) pure returns (uint256) {
    return uint96(uint256(Prices.unwrap(p)) >> 96);
}

bytes32 constant JOB_OFFER_TYPEHASH = keccak256(
    "JobOffer(address creator,address target,address solver,uint16 solverBps,uint40 expiry,uint32 nonce,uint64 lane,"
    "bytes32 module,bytes32 inputs,uint160 resources,uint96 pricePerInstruction,uint96 paymentCeiling,"
    "uint96 collateral,uint96 windows,uint256 verification)"
);

bytes32 constant RESOURCE_OFFER_TYPEHASH = keccak256(
    "ResourceOffer(address provider,uint16 sharesBps,uint40 expiry,uint32 nonce,bytes32 modules,uint160 resources,"
    "uint96 pricePerInstruction,uint96 minimumPayment,uint96 collateral,uint16 latePenaltyBps,uint16 declineFeeBps,"
    "uint96 windows,uint256 verification)"
);

/// @return EIP-712 struct hash.
/// @dev Bits of a word that belong to no field are not signed, and mean nothing to anybody.
function hashJobOffer(JobOffer calldata offer, Verification verification) pure returns (bytes32) {
    JobTicket ticket = offer.ticket;
    return keccak256(
        abi.encode(
            JOB_OFFER_TYPEHASH,
            offer.creator.account(),
            offer.target.account(),
            offer.solver.account(),
            ticket.solverBps(),
            ticket.expiry(),
            ticket.nonce(),
            ticket.laneNumber(),
            offer.module,
            offer.inputs,
            offer.needs.resources(),
            offer.solver.amount(),
            offer.creator.amount(),
            offer.target.amount(),
            offer.needs.windows(),
            verification
        )
    );
}

/// @return EIP-712 struct hash.
function hashResourceOffer(ResourceOffer calldata offer, Verification verification) pure returns (bytes32) {
    ResourceTicket ticket = offer.ticket;
    return keccak256(
        abi.encode(
            RESOURCE_OFFER_TYPEHASH,
            offer.provider.account(),
            ticket.sharesBps(),
            ticket.expiry(),
            ticket.nonce(),
            offer.modules,
            offer.has.resources(),
            offer.prices.perInstruction(),
            offer.prices.minimum(),
            offer.provider.amount(),
            ticket.latePenaltyBps(),
            ticket.declineFeeBps(),
            offer.has.windows(),
            verification
        )
    );
}
