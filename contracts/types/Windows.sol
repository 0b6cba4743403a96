// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice The four windows of a deal in seconds, 24 bits each, lowest bits first:
/// decline, submit (both from the agreement), judge (from the submission), mediate (from the challenge).
type Windows is uint96;

using {decline, submit, judge, mediate, accepts, valid} for Windows global;

/// @dev No window is longer, so that no collateral is locked for years by a slip of the pen.
uint256 constant LONGEST_WINDOW = 30 days;

function decline(Windows w) pure returns (uint256) {
    return uint24(Windows.unwrap(w));
}

function submit(Windows w) pure returns (uint256) {
    return uint24(Windows.unwrap(w) >> 24);
}

function judge(Windows w) pure returns (uint256) {
    return uint24(Windows.unwrap(w) >> 48);
}

function mediate(Windows w) pure returns (uint256) {
    return uint24(Windows.unwrap(w) >> 72);
}

/// @notice Whether a provider that signed `limits` takes a job with windows `asked`:
/// at least its own time to decline, to submit and to have a dispute decided, at most its own time to be judged.
/// @dev A mediate window shorter than the mediation needs would be free compute: challenge, let it pass, expire.
function accepts(Windows limits, Windows asked) pure returns (bool) {
    uint256 wanted = Windows.unwrap(asked);
    uint256 mine = Windows.unwrap(limits);
    // With the judge windows exchanged, each lane of the one is to be no less than that of the other.
    uint256 exchange = (wanted ^ mine) & JUDGE_LANE;
    return _areNoLess(wanted ^ exchange, mine ^ exchange);
}

/// @notice Whether every window has a sane length: none beyond LONGEST_WINDOW, and time to submit, judge and mediate.
function valid(Windows w) pure returns (bool) {
    uint256 word = Windows.unwrap(w);
    return _areNoLess(LONGEST_WINDOWS, word) && _areNoLess(word, SHORTEST_WINDOWS) && w.decline() <= w.submit();
}

uint256 constant JUDGE_LANE = 0xffffff << 48;
/// @dev LONGEST_WINDOW in every lane.
uint256 constant LONGEST_WINDOWS = LONGEST_WINDOW * 0x000001000001000001000001;
/// @dev One second to submit, to judge and to mediate.
uint256 constant SHORTEST_WINDOWS = 0x000001000001000001000000;
/// @dev The highest bit of each lane.
uint256 constant WINDOW_GUARDS = 0x800000800000800000800000;

/// @dev Whether each lane of `a` is no less than that of `b`, all at once: see Resources.fitsIn. Never where a lane has
/// its highest bit set, which no valid window has.
function _areNoLess(uint256 a, uint256 b) pure returns (bool) {
    if ((a | b) & WINDOW_GUARDS != 0) return false;
    unchecked {
        return ((a | WINDOW_GUARDS) - b) & WINDOW_GUARDS == WINDOW_GUARDS;
    }
}
