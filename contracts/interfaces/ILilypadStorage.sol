// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Deal, DealState, DealStatus} from "../types/Deal.sol";
import {Lane} from "../types/Lane.sol";

/// @notice The record of all deals. Every writer has a space of its own, so a deal stays with the controller that
/// opened it, and no list of allowed writers is needed.
interface ILilypadStorage {
    /// @notice Another deal of this creator is still open in this lane. Wait until it has ended, or sign an offer for
    /// another lane.
    /// @dev Seen by whoever brings two offers.
    error Storage_LaneBusy(Lane lane, DealStatus status);
    /// @notice The deal stands elsewhere than this call starts from: somebody was faster, it has ended, or (status
    /// None) there never was one in this lane. Read dealOf and take the next step from there.
    /// @dev Seen by whoever acts on a deal.
    error Storage_WrongStatus(Lane lane, DealStatus actual, DealStatus expected);
    /// @notice The lane's record is of other terms, another result or another challenge than the call repeats. Take
    /// them from the log: DealAgreed, ResultSubmitted, DealChallenged.
    /// @dev Seen by whoever acts on a deal.
    error Storage_WrongDigest(Lane lane, bytes26 actual, bytes26 expected);
    /// @notice No arrow of DealStatus leads from the one to the other. Check the controller if it is your own; ours
    /// takes no such step.
    /// @dev Seen by controllers.
    error Storage_NotForward(Lane lane, DealStatus from, DealStatus to);
    /// @notice More deals than one call can report on. Settle them in several batches.
    /// @dev Seen by whoever sends a batch.
    error Storage_BatchTooLong(uint256 count, uint256 most);

    /// @notice The deal that a lane holds or held last; status None for a lane that was never used.
    /// @param number of the creator's lane.
    function dealOf(address controller, address creator, uint64 number) external view returns (Deal memory);

    /// @notice Opens a deal of the calling controller in status Agreed, in a lane where none is open.
    function open(Lane lane, bytes26 digest) external;

    /// @notice Moves a deal of the calling controller on, if it stands exactly where the caller says.
    /// @return since when it stood there: block timestamp in seconds.
    function advance(Lane lane, DealState from, DealState to) external returns (uint256 since);

    /// @notice As `advance` for many; whichever does not stand where the caller says is left alone.
    /// @param lanes at most 256.
    /// @return advanced bit i for lanes[i].
    function advanceBatch(Lane[] calldata lanes, DealState[] calldata from, DealState[] calldata to)
        external
        returns (uint256 advanced);
}
