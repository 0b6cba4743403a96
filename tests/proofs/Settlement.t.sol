// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Settlement} from "../../contracts/libraries/Settlement.sol";
import {DealTerms} from "../../contracts/types/DealTerms.sol";
import {Leg, Legs} from "../../contracts/types/Leg.sol";
import {Challenge} from "../../contracts/types/Result.sol";
import {BPS} from "../../contracts/types/Shares.sol";
import {Proof} from "./Proof.sol";

/// @notice At each end of a deal as much is credited as was locked, and nothing reverts, for all terms that agree admits.
contract SettlementProof is Proof {
    function check_cost__is_within_its_bounds(uint128 price, uint128 least, uint128 ceiling, uint64 count)
        external
        pure
    {
        assume(least <= ceiling);
        uint128 cost = Settlement.cost(price, least, ceiling, count);
        assert(least <= cost && cost <= ceiling);
    }

    function check_home(DealTerms calldata terms) external pure {
        _assumeValid(terms, 0);
        _assertConserved(Settlement.home(terms, 0));
    }

    function check_late(DealTerms calldata terms) external pure {
        _assumeValid(terms, 0);
        _assertConserved(Settlement.late(terms));
    }

    function check_undecided(DealTerms calldata terms, Challenge calldata dispute) external pure {
        _assumeValid(terms, uint256(dispute.fee) + dispute.bond);
        _assertConserved(Settlement.undecided(terms, dispute));
    }

    /// @dev What `agree` admits, of two locks that the vault could give.
    function _assumeValid(DealTerms calldata terms, uint256 disputed) private pure {
        assume(terms.shares.totalBps() <= BPS);
        assume(terms.latePenalty <= terms.collateral);
        assume(terms.minimumPayment <= terms.paymentCeiling);
        assume(uint256(terms.paymentCeiling) + terms.collateral + disputed <= type(uint128).max);
    }

    function _assertConserved(Legs memory legs) private pure {
        uint256 unlocked = uint256(legs.creator.unlock) + legs.provider.unlock;
        uint256 credited = uint256(legs.creator.credit) + legs.provider.credit;
        for (uint256 i = 0; i < legs.others.length; ++i) {
            unlocked += legs.others[i].unlock;
            credited += legs.others[i].credit;
        }
        assert(unlocked == credited);
    }
}
