// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ILilypadStorage} from "./interfaces/ILilypadStorage.sol";
import {Deal, DealSlot, DealState, DealStatus, toState} from "./types/Deal.sol";
import {Lane, toLane} from "./types/Lane.sol";

/// @title The record: where each deal stands, since when, and the digest of what it is about. One slot a deal.
/// @notice Knows the arrows of the state machine, and nothing of money, signatures or deadlines.
contract LilypadStorage is ILilypadStorage {
    /// @dev As many as one word can say of whether they were advanced.
    uint256 private constant LONGEST_BATCH = 256;

    /// @dev A struct of one, so that a step finds its place once, for reading and for writing.
    struct Record {
        DealSlot slot;
    }

    mapping(address controller => mapping(Lane lane => Record)) private _deals;

    /// @dev The arrows of DealStatus: bit 16 * from + to.
    uint256 private constant ARROWS = (1 << (uint256(DealStatus.Agreed) * 16 + uint256(DealStatus.Submitted)))
        | (1 << (uint256(DealStatus.Agreed) * 16 + uint256(DealStatus.Accepted)))
        | (1 << (uint256(DealStatus.Agreed) * 16 + uint256(DealStatus.Declined)))
        | (1 << (uint256(DealStatus.Agreed) * 16 + uint256(DealStatus.Late)))
        | (1 << (uint256(DealStatus.Submitted) * 16 + uint256(DealStatus.Accepted)))
        | (1 << (uint256(DealStatus.Submitted) * 16 + uint256(DealStatus.Challenged)))
        | (1 << (uint256(DealStatus.Challenged) * 16 + uint256(DealStatus.Accepted)))
        | (1 << (uint256(DealStatus.Challenged) * 16 + uint256(DealStatus.Rejected)))
        | (1 << (uint256(DealStatus.Challenged) * 16 + uint256(DealStatus.Undecided)));

    /// @inheritdoc ILilypadStorage
    function dealOf(address controller, address creator, uint64 number) external view returns (Deal memory) {
        DealSlot slot = _deals[controller][toLane(creator, number)].slot;
        return Deal(slot.state().status(), uint40(slot.since()), slot.state().digest());
    }

    /// @inheritdoc ILilypadStorage
    function open(Lane lane, bytes26 digest) external {
        Record storage deal = _deals[msg.sender][lane];
        DealStatus status = deal.slot.state().status();
        if (status.isOpen()) revert Storage_LaneBusy(lane, status);
        deal.slot = toState(DealStatus.Agreed, digest).at(block.timestamp);
    }

    /// @inheritdoc ILilypadStorage
    function advance(Lane lane, DealState from, DealState to) external returns (uint256 since) {
        Record storage deal = _deals[msg.sender][lane];
        DealSlot slot = deal.slot;
        if (!_is(slot, from)) _revertElsewhere(lane, slot.state(), from);
        if (!_isArrow(from, to)) revert Storage_NotForward(lane, from.status(), to.status());
        deal.slot = to.at(block.timestamp);
        return slot.since();
    }

    /// @inheritdoc ILilypadStorage
    function advanceBatch(Lane[] calldata lanes, DealState[] calldata from, DealState[] calldata to)
        external
        returns (uint256 advanced)
    {
        if (lanes.length > LONGEST_BATCH) revert Storage_BatchTooLong(lanes.length, LONGEST_BATCH);
        mapping(Lane lane => Record) storage deals = _deals[msg.sender];
        for (uint256 i = 0; i < lanes.length; ++i) {
            (Record storage deal, DealState start, DealState end) = (deals[lanes[i]], from[i], to[i]);
            if (!_is(deal.slot, start) || !_isArrow(start, end)) continue;
            deal.slot = end.at(block.timestamp);
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

    /// @dev Whatever a controller does, a deal cannot go back nor leave an end. `from` is what is on record; `to` may be
    /// any byte, and must not reach into another status' bits.
    function _isArrow(DealState from, DealState to) private pure returns (bool) {
        uint256 start = uint8(uint256(DealState.unwrap(from)));
        uint256 end = uint8(uint256(DealState.unwrap(to)));
        return end < 16 && ARROWS >> (start << 4 | end) & 1 != 0;
    }
}
