// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice Where a deal stands. Every arrow is one function of the controller.
///
///     None --agree--> Agreed --submitResult--> Submitted --accept, or finalize after the judge window--> Accepted
///                      |  |  |                    |
///                      |  |  '---------settle-----+--> Accepted
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
/// | settle | provider with the creator's signature, or anyone with both | any time in Agreed or Submitted |
/// | accept | creator | any time in Submitted |
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
/// @param digest what the next step must repeat: nothing while agreed, the hash of the result once
/// submitted, the hash of result and challenge once challenged. Cut to 208 bits so that everything fits one
/// slot: finding two results with the same digest takes 2^104 hashes, and would only let a provider change
/// its own answer.
struct Deal {
    DealStatus status;
    uint40 since;
    bytes26 digest;
}

/// @notice A deal on chain, as it is stored: one word, lowest bits first: status (8), since (40), digest (208).
type DealSlot is uint256;

using {status, since, digest} for DealSlot global;

function toSlot(DealStatus status_, uint256 since_, bytes26 digest_) pure returns (DealSlot) {
    return DealSlot.wrap(uint256(bytes32(digest_)) | (uint256(uint40(since_)) << 8) | uint256(status_));
}

function status(DealSlot slot) pure returns (DealStatus) {
    return DealStatus(uint8(DealSlot.unwrap(slot)));
}

function since(DealSlot slot) pure returns (uint256) {
    return uint40(DealSlot.unwrap(slot) >> 8);
}

function digest(DealSlot slot) pure returns (bytes26) {
    return bytes26(bytes32(DealSlot.unwrap(slot)));
}
