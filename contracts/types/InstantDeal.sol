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

/// @notice One entry of a batch of instant deals, brought by the provider of them all.
/// @param r, vs the signature of the creator's key over the deal in the 64 bytes of ERC-2098.
struct SignedInstantDeal {
    InstantDeal deal;
    bytes32 r;
    bytes32 vs;
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

/// @return digest EIP-712 struct hash.
/// @dev What abi.encode would write, without leaving it in memory. Neighbours are copied together as they lie in calldata;
/// that they are addresses is checked wherever else the controller reads them, and it reads both of every deal that is paid.
function hash(InstantDeal calldata deal, ModuleId module_) pure returns (bytes32 digest) {
    (bytes32 typehash, InstantNumbers numbers) = (INSTANT_DEAL_TYPEHASH, deal.numbers);
    (address creator, uint256 cost) = (deal.creator.account(), deal.creator.amount());
    (uint256 count, uint256 until, uint256 nonce_) = (numbers.instructionCount(), numbers.expiry(), numbers.nonce());
    Shares split = numbers.shares();
    (uint256 solverBps, uint256 royaltyBps, uint256 protocolBps) =
        (split.solverBps(), split.royaltyBps(), split.protocolBps());
    assembly ("memory-safe") {
        let free := mload(0x40)
        mstore(free, typehash)
        mstore(add(free, 32), creator)
        calldatacopy(add(free, 64), add(deal, 32), 64) // provider, solver
        mstore(add(free, 128), module_)
        calldatacopy(add(free, 160), add(deal, 160), 64) // inputs, commitment
        mstore(add(free, 224), count)
        mstore(add(free, 256), cost)
        mstore(add(free, 288), solverBps)
        mstore(add(free, 320), royaltyBps)
        mstore(add(free, 352), protocolBps)
        mstore(add(free, 384), until)
        mstore(add(free, 416), nonce_)
        digest := keccak256(free, 448)
    }
}

/// @return the same numbers with the protocol's share that is taken in place of the one that was reckoned with.
function withProtocolBps(InstantNumbers n, uint16 protocolBps) pure returns (InstantNumbers) {
    uint256 lane = uint256(type(uint16).max) << 168;
    return InstantNumbers.wrap(bytes32((uint256(InstantNumbers.unwrap(n)) & ~lane) | (uint256(protocolBps) << 168)));
}
