// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Funds} from "./Funds.sol";
import {ModuleId, toModuleId} from "./ModuleId.sol";
import {Shares} from "./Shares.sol";

/// @notice A whole deal after the fact: both sides' offers, the result and its acceptance, in one text that both sign;
/// see INSTANT_DEAL_TYPEHASH. Nothing is locked, waited for or disputed, so it needs none of the words that only those
/// depend on.
/// @param creator who pays, and the cost.
/// @param provider who is paid.
/// @param solver who receives the solver's share; zero when that is.
/// @param author, manifest, and the royalty in `numbers`: together they are the module's id, so that nobody can name a
/// module and pay another's author.
/// @param inputs content digest of the inputs' root directory.
/// @param commitment the result: see Result.
/// @param numbers the small ones.
struct InstantDeal {
    Funds creator;
    address provider;
    address solver;
    address author;
    bytes32 manifest;
    bytes32 inputs;
    bytes32 commitment;
    InstantNumbers numbers;
}

/// @notice The small numbers of an instant deal in one word, lowest bits first: instruction count (64), expiry (40: last
/// second, unix time, at which it may be brought), nonce (32: of the creator, used once, shared with its offers), shares
/// of the cost (48; the protocol's is what the two reckoned with: if governance asks for more by now, they sign anew).
type InstantNumbers is bytes32;

using {instructionCount, expiry, nonce, shares, withProtocolBps} for InstantNumbers global;
using {module, hash} for InstantDeal global;

function instructionCount(InstantNumbers n) pure returns (uint64) {
    return uint64(uint256(InstantNumbers.unwrap(n)));
}

function expiry(InstantNumbers n) pure returns (uint256) {
    return uint40(uint256(InstantNumbers.unwrap(n)) >> 64);
}

function nonce(InstantNumbers n) pure returns (uint32) {
    return uint32(uint256(InstantNumbers.unwrap(n)) >> 104);
}

function shares(InstantNumbers n) pure returns (Shares) {
    return Shares.wrap(uint48(uint256(InstantNumbers.unwrap(n)) >> 136));
}

bytes32 constant INSTANT_DEAL_TYPEHASH = keccak256(
    "InstantDeal(address creator,address provider,address solver,bytes32 module,bytes32 inputs,bytes32 commitment,"
    "uint64 instructionCount,uint96 cost,uint16 solverBps,uint16 royaltyBps,uint16 protocolBps,uint40 expiry,"
    "uint32 nonce)"
);

function module(InstantDeal calldata deal) pure returns (ModuleId) {
    return toModuleId(deal.author, uint16(deal.numbers.shares().royaltyBps()), deal.manifest);
}

/// @return EIP-712 struct hash.
function hash(InstantDeal calldata deal, ModuleId module_) pure returns (bytes32) {
    InstantNumbers numbers = deal.numbers;
    Shares split = numbers.shares();
    return keccak256(
        abi.encode(
            INSTANT_DEAL_TYPEHASH,
            deal.creator.account(),
            deal.provider,
            deal.solver,
            module_,
            deal.inputs,
            deal.commitment,
            numbers.instructionCount(),
            deal.creator.amount(),
            split.solverBps(),
            split.royaltyBps(),
            split.protocolBps(),
            numbers.expiry(),
            numbers.nonce()
        )
    );
}

/// @return the same numbers with the protocol's share that is taken in place of the one that was reckoned with.
function withProtocolBps(InstantNumbers n, uint16 protocolBps) pure returns (InstantNumbers) {
    uint256 lane = uint256(type(uint16).max) << 168;
    return InstantNumbers.wrap(bytes32((uint256(InstantNumbers.unwrap(n)) & ~lane) | (uint256(protocolBps) << 168)));
}
