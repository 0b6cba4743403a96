// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice The four windows of a deal in seconds, 32 bits each, lowest bits first:
/// decline, submit (both from the agreement), judge (from the submission), mediate (from the challenge).
type Windows is uint256;

using {decline, submit, judge, mediate, accepts, valid} for Windows global;

/// @dev No window is longer, so that no collateral is locked for years by a slip of the pen.
uint256 constant LONGEST_WINDOW = 30 days;

function decline(Windows w) pure returns (uint256) {
    return uint32(Windows.unwrap(w));
}

function submit(Windows w) pure returns (uint256) {
    return uint32(Windows.unwrap(w) >> 32);
}

function judge(Windows w) pure returns (uint256) {
    return uint32(Windows.unwrap(w) >> 64);
}

function mediate(Windows w) pure returns (uint256) {
    return uint32(Windows.unwrap(w) >> 96);
}

/// @notice Whether a provider that signed `limits` takes a job with windows `asked`:
/// at least its own time to decline, to submit and to have a dispute decided, at most its own time to be judged.
/// @dev A mediate window shorter than the mediation needs would be free compute: challenge, let it pass, expire.
function accepts(Windows limits, Windows asked) pure returns (bool) {
    return Windows.unwrap(limits) >> 128 == 0 && asked.decline() >= limits.decline()
        && asked.submit() >= limits.submit() && asked.judge() <= limits.judge() && asked.mediate() >= limits.mediate();
}

/// @notice Whether every window has a sane length: none beyond LONGEST_WINDOW, and time to submit and to judge.
function valid(Windows w) pure returns (bool) {
    return Windows.unwrap(w) >> 128 == 0 && w.submit() != 0 && w.judge() != 0 && w.mediate() != 0
        && w.decline() <= w.submit() && w.submit() <= LONGEST_WINDOW && w.judge() <= LONGEST_WINDOW
        && w.mediate() <= LONGEST_WINDOW;
}
