// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {DealId} from "./DealId.sol";
import {Funds} from "./Funds.sol";
import {MediationSettings} from "./MediationSettings.sol";
import {Challenge, Result, Verdict} from "./Result.sol";
import {Verification} from "./Verification.sol";

using {hash} for Docket global;
using {round, redrawn, deadline, standingVerdict, redrawnOnce} for Stage global;
using {phase, time, digest} for CaseSlot global;

/// @notice Where a case stands. Every state has a call out of it that anybody may make.
///
///     None --open (by the controller)--> Armed --draw--> Voting --tally--> Ruled --execute, after the appeal window--> None
///                                         | ^             | |               |
///                                 rearm --' |             | '--tally, no appeal left--> None
///                                           '-- redraw ---' |               '--appeal--> Armed, with 2k + 1
///                                                           '--tally, no majority and no redraw left--> None
///     from any of them --abandon, after the deal's mediate window--> None
///
/// Sealed is Voting of which all seals came with the draw: the case's own word has their hash, and whoever moves it on passes
/// them as well.
///
/// A case that was appealed ends as Closed, so that its earlier rounds can be settled against the final ruling.
///
/// | call | who | when |
/// | --- | --- | --- |
/// | draw | anyone | once the randomness is there, within its epoch |
/// | rearm | anyone | once that chance has passed |
/// | commit | the seat's mediator, or anyone with its signature | until drawn + commit window |
/// | reveal | whoever knows the salt | once all have committed, or after the commit window; until + reveal window |
/// | tally | anyone | once all have revealed (or all signed together); or after the reveal window |
/// | appeal | anyone, with fee and bond | until ruled + appeal window |
/// | execute | anyone | after ruled + appeal window |
/// | settleRound | anyone | once the case is closed |
/// | abandon | anyone | after challenged + mediate window |
enum CasePhase {
    None,
    Armed,
    Voting,
    Sealed,
    Ruled,
    Closed
}

/// @notice All of a case that its next step depends on. It is never stored: whoever moves a case on passes it, and its
/// hash is what is on record. The log rebuilds it.
/// @param settings as they were when the case was opened.
/// @param standing the class that won the ruling which stands if this round decides nothing: see Tally.
/// @param appellant who asked for this round, and the fee and bond it locked for it; zero in the first.
/// @param seats who was drawn, in the order of the draw; none while Armed.
/// @param former who sat in an earlier round and is not drawn again.
struct Docket {
    DealId id;
    Verification verification;
    MediationSettings settings;
    Result result;
    Challenge dispute;
    Stage stage;
    bytes32 standing;
    Funds appellant;
    address[] seats;
    address[] former;
}

/// @notice What one mediator found. In calldata only.
/// @param commitment as of a result, of its own making; zero: the job cannot be run.
/// @param salt what its committed hash was salted with.
/// @param isFetched whether the output could be fetched from the provider.
/// @param isCast false stands for a seat that stayed silent; then the rest means nothing.
struct Ballot {
    bytes32 commitment;
    bytes32 salt;
    uint64 instructionCount;
    bool isFetched;
    bool isCast;
}

/// @notice A committed vote: the hash of a Ballot for a seat, with its mediator's signature; empty when it sends itself.
struct SealedVote {
    uint256 seat;
    bytes32 hash;
    bytes signature;
}

/// @notice Where in its life a case is, in one word, lowest bits first: round (8, zero is the first), redraws in this round
/// (8), the verdict that stands if this round decides nothing (8), end of the deal's mediate window (40).
type Stage is bytes32;

function toStage(uint256 round_, uint256 redrawn_, Verdict standing, uint256 deadline_) pure returns (Stage) {
    return Stage.wrap(bytes32(round_ | (redrawn_ << 8) | (uint256(standing) << 16) | (deadline_ << 24)));
}

function round(Stage s) pure returns (uint256) {
    return uint8(uint256(Stage.unwrap(s)));
}

function redrawn(Stage s) pure returns (uint256) {
    return uint8(uint256(Stage.unwrap(s)) >> 8);
}

function standingVerdict(Stage s) pure returns (Verdict) {
    return Verdict(uint8(uint256(Stage.unwrap(s)) >> 16));
}

function deadline(Stage s) pure returns (uint256) {
    return uint40(uint256(Stage.unwrap(s)) >> 24);
}

function redrawnOnce(Stage s) pure returns (Stage) {
    return Stage.wrap(bytes32(uint256(Stage.unwrap(s)) + (1 << 8)));
}

function hash(Docket memory docket) pure returns (bytes32) {
    return keccak256(abi.encode(docket));
}

/// @notice A case on chain: one word, lowest bits first: phase (8), time (40: what randomness it waits for while Armed, when
/// it was drawn or ruled afterwards), digest (208: see Deal.digest for why so many).
type CaseSlot is uint256;

function toCase(CasePhase phase_, uint256 time_, bytes32 digest_) pure returns (CaseSlot) {
    return CaseSlot.wrap((uint256(digest_) >> 48 << 48) | (uint256(uint40(time_)) << 8) | uint256(phase_));
}

function phase(CaseSlot c) pure returns (CasePhase) {
    return CasePhase(uint8(CaseSlot.unwrap(c)));
}

function time(CaseSlot c) pure returns (uint256) {
    return uint40(CaseSlot.unwrap(c) >> 8);
}

function digest(CaseSlot c) pure returns (bytes26) {
    return bytes26(bytes32(CaseSlot.unwrap(c)));
}
