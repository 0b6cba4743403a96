// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {LilypadStorage} from "../../contracts/LilypadStorage.sol";
import {Deal, DealState, DealStatus} from "../../contracts/types/Deal.sol";
import {Lane} from "../../contracts/types/Lane.sol";
import {Proof} from "./Proof.sol";

/// @notice Whatever a controller calls, and whatever is on record before: a deal goes along the arrows of its states, an
/// end is left by a new deal only, and no other lane changes.
contract StorageProof is Proof {
    LilypadStorage private immutable RECORD = new LilypadStorage();

    constructor() {
        anyStorage(address(RECORD));
    }

    function check_advance__goes_along_an_arrow(address creator, uint64 number, Lane lane, DealState from, DealState to)
        external
    {
        Deal memory deal = _dealOf(creator, number);
        RECORD.advance(lane, from, to);
        // Reverts, and so fails, if what came on record is no status.
        Deal memory next = RECORD.dealOf(address(this), creator, number);
        _assertStep(deal, next, _isLane(lane, creator, number));
        if (_isLane(lane, creator, number)) assert(deal.status != next.status);
    }

    function check_open__a_lane_that_binds_no_money(address creator, uint64 number, Lane lane, bytes26 digest)
        external
    {
        Deal memory deal = _dealOf(creator, number);
        RECORD.open(lane, digest);
        Deal memory next = RECORD.dealOf(address(this), creator, number);
        if (_isLane(lane, creator, number)) {
            assert(!_isOpen(deal.status) && next.status == DealStatus.Agreed && next.digest == digest);
            assert(next.since == block.timestamp);
        } else {
            _assertSame(deal, next);
        }
    }

    function _assertStep(Deal memory deal, Deal memory next, bool isMeant) private pure {
        if (!isMeant) {
            _assertSame(deal, next);
            return;
        }
        DealStatus to = next.status;
        if (deal.status == DealStatus.Agreed) {
            assert(
                to == DealStatus.Submitted || to == DealStatus.Accepted || to == DealStatus.Declined
                    || to == DealStatus.Late
            );
        } else if (deal.status == DealStatus.Submitted) {
            assert(to == DealStatus.Accepted || to == DealStatus.Challenged);
        } else {
            assert(deal.status == DealStatus.Challenged);
            assert(to == DealStatus.Accepted || to == DealStatus.Rejected || to == DealStatus.Undecided);
        }
    }

    function _assertSame(Deal memory deal, Deal memory next) private pure {
        assert(deal.status == next.status && deal.since == next.since && deal.digest == next.digest);
    }

    /// @dev Only what can be read is a deal; that nothing else comes on record is what the checks show.
    function _dealOf(address creator, uint64 number) private returns (Deal memory deal) {
        try RECORD.dealOf(address(this), creator, number) returns (Deal memory found) {
            deal = found;
        } catch {
            assume(false);
        }
    }

    function _isOpen(DealStatus s) private pure returns (bool) {
        return s == DealStatus.Agreed || s == DealStatus.Submitted || s == DealStatus.Challenged;
    }

    function _isLane(Lane lane, address creator, uint64 number) private pure returns (bool) {
        return uint256(Lane.unwrap(lane)) == uint256(uint160(creator)) | (uint256(number) << 160);
    }
}
