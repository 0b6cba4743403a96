// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ILilypadStorage} from "./interfaces/ILilypadStorage.sol";
import {Deal, DealSlot, DealStatus, toSlot} from "./types/Deal.sol";
import {DealId} from "./types/DealId.sol";

/// @title The record: where each deal stands, since when, and the digest of its result. One slot a deal.
/// @notice Knows the arrows of the state machine, and nothing of money, signatures or deadlines.
contract LilypadStorage is ILilypadStorage {
    mapping(address controller => mapping(DealId id => DealSlot)) private _deals;

    /// @inheritdoc ILilypadStorage
    function dealOf(address controller, DealId id) external view returns (Deal memory) {
        DealSlot slot = _deals[controller][id];
        return Deal(slot.status(), uint40(slot.since()), slot.digest());
    }

    /// @inheritdoc ILilypadStorage
    function open(DealId id) external {
        if (_deals[msg.sender][id].status() != DealStatus.None) revert Storage_DealExists(id);
        _deals[msg.sender][id] = toSlot(DealStatus.Agreed, block.timestamp, 0);
    }

    /// @inheritdoc ILilypadStorage
    function advance(DealId id, DealStatus from, DealStatus to, bytes26 digest) external returns (DealSlot before) {
        before = _deals[msg.sender][id];
        if (before.status() != from) revert Storage_WrongStatus(id, before.status(), from);
        if (!_isArrow(from, to)) revert Storage_NotForward(id, from, to);
        _deals[msg.sender][id] = toSlot(to, block.timestamp, digest);
    }

    /// @dev The arrows of DealStatus. Whatever a controller does, a deal cannot go back nor leave an end.
    function _isArrow(DealStatus from, DealStatus to) private pure returns (bool) {
        if (from == DealStatus.Agreed) {
            return to == DealStatus.Submitted || to == DealStatus.Accepted || to == DealStatus.Declined
                || to == DealStatus.Late;
        }
        if (from == DealStatus.Submitted) return to == DealStatus.Accepted || to == DealStatus.Challenged;
        if (from == DealStatus.Challenged) {
            return to == DealStatus.Accepted || to == DealStatus.Rejected || to == DealStatus.Undecided;
        }
        return false;
    }
}
