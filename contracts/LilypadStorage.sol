// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ILilypadStorage} from "./interfaces/ILilypadStorage.sol";
import {Deal, DealSlot, DealState, DealStatus, toState} from "./types/Deal.sol";
import {Lane, toLane} from "./types/Lane.sol";

/// @title The record: where each deal stands, since when, and the digest of what it is about. One slot a deal.
/// @notice Knows the arrows of the state machine, and nothing of money, signatures or deadlines.
contract LilypadStorage is ILilypadStorage {
    mapping(address controller => mapping(Lane lane => DealSlot)) private _deals;

    /// @inheritdoc ILilypadStorage
    function dealOf(address controller, address creator, uint64 number) external view returns (Deal memory) {
        DealSlot slot = _deals[controller][toLane(creator, number)];
        return Deal(slot.state().status(), uint40(slot.since()), slot.state().digest());
    }

    /// @inheritdoc ILilypadStorage
    function open(Lane lane, bytes26 digest) external {
        DealStatus status = _deals[msg.sender][lane].state().status();
        if (status.isOpen()) revert Storage_LaneBusy(lane, status);
        _deals[msg.sender][lane] = toState(DealStatus.Agreed, digest).at(block.timestamp);
    }

    /// @inheritdoc ILilypadStorage
    function advance(Lane lane, DealState from, DealState to) external returns (uint256 since) {
        DealSlot slot = _deals[msg.sender][lane];
        if (!_is(slot, from)) _revertElsewhere(lane, slot.state(), from);
        if (!_isArrow(from.status(), to.status())) revert Storage_NotForward(lane, from.status(), to.status());
        _deals[msg.sender][lane] = to.at(block.timestamp);
        return slot.since();
    }

    /// @inheritdoc ILilypadStorage
    function advanceBatch(Lane[] calldata lanes, DealState[] calldata from, DealState[] calldata to)
        external
        returns (uint256 advanced)
    {
        mapping(Lane lane => DealSlot) storage deals = _deals[msg.sender];
        // What cannot be reported as advanced must not be: the controller would never pay it.
        uint256 count = lanes.length < 256 ? lanes.length : 256;
        for (uint256 i = 0; i < count; ++i) {
            if (!_is(deals[lanes[i]], from[i]) || !_isArrow(from[i].status(), to[i].status())) continue;
            deals[lanes[i]] = to[i].at(block.timestamp);
            advanced |= 1 << i;
        }
    }

    function _is(DealSlot slot, DealState state) private pure returns (bool) {
        return uint256(DealState.unwrap(slot.state())) == uint256(DealState.unwrap(state));
    }

    function _revertElsewhere(Lane lane, DealState actual, DealState expected) private pure {
        if (actual.status() != expected.status()) {
            revert Storage_WrongStatus(lane, actual.status(), expected.status());
        }
        revert Storage_WrongDigest(lane, actual.digest(), expected.digest());
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
