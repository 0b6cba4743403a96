// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice What governance decides about mediation, in one word, lowest bits first:
/// fee, bond, least stake, penalty (40 each, in units of UNIT), commit, reveal and appeal windows (24 each, seconds),
/// silentPercent and burnPercent (8 each), redraws and appeals (4 each).
///
/// fee: what one mediator earns. bond: what a challenger risks; it doubles with each appeal. penalty: what a seat puts at
/// risk, lost for a vote against the majority. silentPercent: how much of the penalty silence costs. burnPercent: how much
/// of whatever is lost is burned. redraws: how often a round without a majority is drawn again. appeals: how many there
/// may be.
///
/// A case carries the word it was opened with to its end.
type MediationSettings is bytes32;

using {
    fee,
    bond,
    minStake,
    penalty,
    commitWindow,
    revealWindow,
    appealWindow,
    silentPercent,
    burnPercent,
    redraws,
    appeals,
    votingTime,
    valid
} for MediationSettings global;

/// @dev Stakes, penalties and fees are whole multiples of a thousandth of a token of 18 decimals. So 40 bits count more
/// than a billion tokens, all the settings fit one word, and so do five weights of the sum tree.
uint256 constant UNIT = 1e15;

/// @dev The most who are drawn at first; each of at most two appeals draws twice as many and one more.
uint256 constant MOST_MEDIATORS = 7;

uint256 constant SHORTEST_VOTING_WINDOW = 5 minutes;
uint256 constant LONGEST_VOTING_WINDOW = 7 days;

function fee(MediationSettings s) pure returns (uint256) {
    return uint40(uint256(MediationSettings.unwrap(s)));
}

function bond(MediationSettings s) pure returns (uint256) {
    return uint40(uint256(MediationSettings.unwrap(s)) >> 40);
}

function minStake(MediationSettings s) pure returns (uint256) {
    return uint40(uint256(MediationSettings.unwrap(s)) >> 80);
}

function penalty(MediationSettings s) pure returns (uint256) {
    return uint40(uint256(MediationSettings.unwrap(s)) >> 120);
}

function commitWindow(MediationSettings s) pure returns (uint256) {
    return uint24(uint256(MediationSettings.unwrap(s)) >> 160);
}

function revealWindow(MediationSettings s) pure returns (uint256) {
    return uint24(uint256(MediationSettings.unwrap(s)) >> 184);
}

function appealWindow(MediationSettings s) pure returns (uint256) {
    return uint24(uint256(MediationSettings.unwrap(s)) >> 208);
}

function silentPercent(MediationSettings s) pure returns (uint256) {
    return uint8(uint256(MediationSettings.unwrap(s)) >> 232);
}

function burnPercent(MediationSettings s) pure returns (uint256) {
    return uint8(uint256(MediationSettings.unwrap(s)) >> 240);
}

function redraws(MediationSettings s) pure returns (uint256) {
    return (uint256(MediationSettings.unwrap(s)) >> 248) & 0xf;
}

function appeals(MediationSettings s) pure returns (uint256) {
    return uint256(MediationSettings.unwrap(s)) >> 252;
}

/// @return seconds from the draw until the ruling of that round can be carried out.
function votingTime(MediationSettings s) pure returns (uint256) {
    return s.commitWindow() + s.revealWindow() + s.appealWindow();
}

/// @notice The bounds within which governance may choose.
/// @dev A penalty of at least twice the fee: else a vote at random against two honest ones would pay. A stake of at least
/// one penalty, or nobody could be drawn. Something is always burned, so that playing both sides costs.
function valid(MediationSettings s) pure returns (bool) {
    bool money = s.fee() != 0 && s.bond() >= s.fee() && s.penalty() >= 2 * s.fee() && s.minStake() >= s.penalty();
    bool percents =
        s.silentPercent() >= 10 && s.silentPercent() <= 100 && s.burnPercent() >= 10 && s.burnPercent() <= 90;
    bool counts = s.redraws() <= 5 && s.appeals() <= 2 && (s.appeals() == 0) == (s.appealWindow() == 0);
    return money && percents && counts && _isWindow(s.commitWindow()) && _isWindow(s.revealWindow())
        && (s.appeals() == 0 || _isWindow(s.appealWindow()));
}

function _isWindow(uint256 length) pure returns (bool) {
    return length >= SHORTEST_VOTING_WINDOW && length <= LONGEST_VOTING_WINDOW;
}
