// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice Where a deal stands. Every arrow is one function of the controller.
///
///     None --agree--> Agreed --submitResult--> Submitted --accept, or finalize after the judge window--> Accepted
///                      |  |  |                    |
///                      |  |  '--settle--> Accepted|
///                      |  '--decline--> Declined  '--challenge, inside the judge window--> Challenged
///                      '--late, after the submit window--> Late                               |
///                                                       verdict by the mediation --> Accepted | Rejected | Undecided
///                                                       expire, after the mediate window  --> Undecided
///
/// | arrow | who | until / from |
/// | --- | --- | --- |
/// | agree | anyone with both signatures | until the earlier expiry of the offers |
/// | decline | provider | agreed + decline window |
/// | submitResult | provider | agreed + submit window |
/// | settle | provider with the creator's signature, or anyone with both | any time in Agreed |
/// | accept | creator, or anyone with its signature | any time in Submitted |
/// | finalize | anyone | after submitted + judge window |
/// | challenge | anyone with fee and bond | submitted + judge window |
/// | verdict | the mediation contract that both offers name | any time in Challenged |
/// | late | anyone | after agreed + submit window |
/// | expire | anyone | after challenged + mediate window |
///
/// A deadline is the last second at which the early side may act; the late side acts from the next second on.
enum DealStatus {
    None,
    Agreed,
    Submitted,
    Challenged,
    Accepted,
    Rejected,
    Declined,
    Late,
    Undecided
}

/// @notice A deal on chain, as it is read: DealSlot unpacked.
/// @param status where it stands.
/// @param since block timestamp (seconds) at which it entered that status.
/// @param digest what the next step must repeat: the deal's id while agreed, declined or late; the hash of id and
/// result once there is one; the hash of id, result and challenge once challenged. Cut to 208 bits so that everything
/// fits one slot: finding two things with the same digest takes 2^104 hashes, where two accounts with the same address
/// take 2^80.
struct Deal {
    DealStatus status;
    uint40 since;
    bytes26 digest;
}

/// @notice A deal on chain, as it is stored: one word, lowest bits first: status (8), since (40), digest (208).
type DealSlot is uint256;

/// @notice Where a deal stands and what the next step must repeat, whenever it came there: a slot with zero for since.
type DealState is bytes32;

using {state, since} for DealSlot global;
using {status, digest, at} for DealState global;
using {isOpen} for DealStatus global;

uint256 constant SINCE_BITS = uint256(type(uint40).max) << 8;

function state(DealSlot slot) pure returns (DealState) {
    return DealState.wrap(bytes32(DealSlot.unwrap(slot) & ~SINCE_BITS));
}

function since(DealSlot slot) pure returns (uint256) {
    return uint40(DealSlot.unwrap(slot) >> 8);
}

function toState(DealStatus status_, bytes26 digest_) pure returns (DealState) {
    return DealState.wrap(bytes32(digest_) | bytes32(uint256(status_)));
}

function status(DealState s) pure returns (DealStatus) {
    return DealStatus(uint8(uint256(DealState.unwrap(s))));
}

function digest(DealState s) pure returns (bytes26) {
    return bytes26(DealState.unwrap(s));
}

function at(DealState s, uint256 timestamp) pure returns (DealSlot) {
    return DealSlot.wrap(uint256(DealState.unwrap(s)) | (uint256(uint40(timestamp)) << 8));
}

/// @notice Whether a deal that stands there binds anybody's money.
function isOpen(DealStatus s) pure returns (bool) {
    return s == DealStatus.Agreed || s == DealStatus.Submitted || s == DealStatus.Challenged;
}
