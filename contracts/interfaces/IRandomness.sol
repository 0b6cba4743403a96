// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

interface IRandomnessErrors {
    /// @notice What was asked for does not exist yet. Ask again once that block is behind the head of the chain.
    /// @dev Seen by whoever draws mediators.
    error Randomness_NotYet(uint256 ticket, uint256 nowAt);
    /// @notice What was asked for can no longer be shown to a contract. Arm the case again: it waits for a later one.
    /// @dev Seen by whoever draws mediators.
    error Randomness_Missed(uint256 ticket, uint256 nowAt);
    /// @notice What was brought does not prove the randomness of that moment. Bring the RLP header of exactly that block.
    /// @dev Seen by whoever draws mediators.
    error Randomness_BadProof(uint256 ticket);
}

/// @notice Randomness that does not exist yet when it is asked for, and that nobody can choose once it does.
///
/// Which source is good depends on the chain; the mediation is made with one and keeps it. Whatever stands behind this
/// interface: a ticket names one moment, its seed is the same for whoever asks, and who asks has no influence on it.
interface IRandomness is IRandomnessErrors {
    /// @return seconds from arming to when the seed is known, at least. Never changes.
    function delay() external view returns (uint256);

    /// @param earliest unix time before which the seed must not be known.
    /// @return ticket names a moment to come, in 40 bits.
    function arm(uint256 earliest) external view returns (uint256 ticket);

    /// @param proof whatever the source needs to show it.
    /// @return value the randomness of that moment.
    /// @return knownAt unix time at which anybody could know it first.
    function seed(uint256 ticket, bytes calldata proof) external view returns (bytes32 value, uint256 knownAt);

    /// @return whether `seed` will never answer for this ticket again.
    function isMissed(uint256 ticket) external view returns (bool);
}
