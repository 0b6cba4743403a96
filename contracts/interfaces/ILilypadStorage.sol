// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Deal, DealSlot, DealStatus} from "../types/Deal.sol";
import {DealId} from "../types/DealId.sol";

/// @notice The record of all deals. Every writer has a space of its own, so a deal stays with the controller that
/// opened it, and no list of allowed writers is needed.
interface ILilypadStorage {
    /// @notice These two offers made this deal already. Nothing is left to do: read where it stands with dealOf.
    /// @dev Seen by whoever brings two offers.
    error Storage_DealExists(DealId id);
    /// @notice The deal stands elsewhere than this call starts from: somebody was faster, it has ended, or (status
    /// None) the terms hash to no deal. Read dealOf and take the next step from there.
    /// @dev Seen by whoever acts on a deal.
    error Storage_WrongStatus(DealId id, DealStatus actual, DealStatus expected);
    /// @notice No arrow of DealStatus leads from the one to the other. Check the controller if it is your own; ours
    /// takes no such step.
    /// @dev Seen by controllers.
    error Storage_NotForward(DealId id, DealStatus from, DealStatus to);

    /// @notice The slot of one deal; status None for an unknown id.
    function dealOf(address controller, DealId id) external view returns (Deal memory);

    /// @notice Opens a deal of the calling controller in status Agreed.
    function open(DealId id) external;

    /// @notice Moves a deal of the calling controller from `from` to `to`, with `digest` as its new digest.
    /// @return before the slot as it was, for the caller to check deadlines and digest against.
    function advance(DealId id, DealStatus from, DealStatus to, bytes26 digest) external returns (DealSlot before);
}
