// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {LilypadStorage} from "../../contracts/LilypadStorage.sol";
import {Deal, DealState, DealStatus} from "../../contracts/types/Deal.sol";
import {Lane} from "../../contracts/types/Lane.sol";
import {Proof} from "./Proof.sol";

/// @notice Whatever a controller calls, and whatever is on record before: a deal goes along the arrows of its states, an
/// end is left by a new deal only, and no deal in another lane or of another controller changes.
contract StorageProof is Proof {
    LilypadStorage private immutable RECORD = new LilypadStorage();

    /// @dev Any deal of any controller, so that what is proven of it is proven of all.
    struct Place {
        address controller;
        address creator;
        uint64 number;
    }

    constructor() {
        anyStorage(address(RECORD));
    }

    function check_advance__goes_along_an_arrow(Lane lane, DealState from, DealState to, Place memory p) external {
        Deal memory deal = _dealThere(p);

        try RECORD.advance(lane, from, to) {}
        catch {
            return;
        }

        if (_isLane(p, lane)) {
            assert(deal.status == from.status() && deal.digest == from.digest());
            _assertArrow(deal.status, to.status());
            _assertIs(p, to.status(), to.digest(), _timeIn(to));
        } else {
            _assertSame(p, deal);
        }
    }

    function check_advanceBatch__goes_along_arrows(
        Lane[2] calldata lanes,
        DealState[2] calldata from,
        DealState[2] calldata to,
        Place memory p
    ) external {
        Deal memory deal = _dealThere(p);
        (Lane[] memory l, DealState[] memory f, DealState[] memory t) =
            (new Lane[](2), new DealState[](2), new DealState[](2));
        for (uint256 i = 0; i < 2; ++i) {
            (l[i], f[i], t[i]) = (lanes[i], from[i], to[i]);
        }

        uint256 advanced = RECORD.advanceBatch(l, f, t);

        assert(advanced < 4);
        bool hasMoved;
        uint40 time;
        (DealStatus status, bytes26 digest) = (deal.status, deal.digest);
        for (uint256 i = 0; i < 2; ++i) {
            if (advanced >> i & 1 == 0 || !_isLane(p, lanes[i])) continue;
            assert(status == from[i].status() && digest == from[i].digest());
            _assertArrow(status, to[i].status());
            (status, digest, hasMoved, time) = (to[i].status(), to[i].digest(), true, _timeIn(to[i]));
        }
        if (hasMoved) _assertIs(p, status, digest, time);
        else _assertSame(p, deal);
    }

    function check_open__a_lane_that_binds_no_money(Lane lane, bytes26 digest, Place memory p) external {
        Deal memory deal = _dealThere(p);

        try RECORD.open(lane, digest) {}
        catch {
            assert(!_isLane(p, lane) || _isOpen(deal.status));
            return;
        }

        if (_isLane(p, lane)) {
            assert(!_isOpen(deal.status));
            _assertIs(p, DealStatus.Agreed, digest, 0);
        } else {
            _assertSame(p, deal);
        }
    }

    /// @dev The diagram of DealStatus, once more.
    function _assertArrow(DealStatus from, DealStatus to) private pure {
        if (from == DealStatus.Agreed) {
            assert(to == DealStatus.Submitted || _isEndOfAgreed(to));
        } else if (from == DealStatus.Submitted) {
            assert(to == DealStatus.Accepted || to == DealStatus.Challenged);
        } else {
            assert(from == DealStatus.Challenged);
            assert(to == DealStatus.Accepted || to == DealStatus.Rejected || to == DealStatus.Undecided);
        }
    }

    function _isEndOfAgreed(DealStatus s) private pure returns (bool) {
        return s == DealStatus.Accepted || s == DealStatus.Declined || s == DealStatus.Late;
    }

    function _isOpen(DealStatus s) private pure returns (bool) {
        return s == DealStatus.Agreed || s == DealStatus.Submitted || s == DealStatus.Challenged;
    }

    /// @dev Reverts, and so fails, if what came on record is no status.
    function _assertIs(Place memory p, DealStatus status, bytes26 digest, uint40 time) private view {
        Deal memory next = RECORD.dealOf(p.controller, p.creator, p.number);
        assert(next.status == status && next.digest == digest && next.since == uint40(block.timestamp) | time);
    }

    /// @dev Zero, unless a controller writes where the time goes, and so cheats those who chose it.
    function _timeIn(DealState state) private pure returns (uint40) {
        return uint40(uint256(DealState.unwrap(state)) >> 8);
    }

    function _assertSame(Place memory p, Deal memory deal) private view {
        Deal memory next = RECORD.dealOf(p.controller, p.creator, p.number);
        assert(next.status == deal.status && next.since == deal.since && next.digest == deal.digest);
    }

    /// @dev Only what can be read is a deal; that nothing else comes on record is what the checks show.
    function _dealThere(Place memory p) private view returns (Deal memory deal) {
        try RECORD.dealOf(p.controller, p.creator, p.number) returns (Deal memory found) {
            deal = found;
        } catch {
            assume(false);
        }
    }

    function _isLane(Place memory p, Lane lane) private view returns (bool) {
        uint256 own = uint256(uint160(p.creator)) | (uint256(p.number) << 160);
        return p.controller == address(this) && uint256(Lane.unwrap(lane)) == own;
    }
}
