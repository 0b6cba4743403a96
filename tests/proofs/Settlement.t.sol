// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Settlement} from "../../contracts/libraries/Settlement.sol";
import {DealTerms} from "../../contracts/types/DealTerms.sol";
import {Funds} from "../../contracts/types/Funds.sol";
import {Legs} from "../../contracts/types/Leg.sol";
import {Challenge} from "../../contracts/types/Result.sol";
import {BPS, Shares} from "../../contracts/types/Shares.sol";
import {Lemmas} from "./Lemmas.sol";

/// @notice At each end of a deal as much is credited as was locked, nobody has more of it than the protocol gives, and
/// nothing reverts, for all terms that `agree` admits.
contract SettlementProof is Lemmas {
    function check_cost__is_within_its_bounds(DealTerms calldata terms, uint64 count) external pure {
        assume(terms.solver.amount() <= terms.creator.amount());
        uint256 cost = Settlement.cost(terms, count);
        assert(terms.solver.amount() <= cost && cost <= terms.creator.amount());
    }

    function check_paid(DealTerms calldata terms, uint96 price, address treasury) external pure {
        _assumePayable(terms, price, 0);
        Legs memory legs = Settlement.paid(terms, price, treasury);
        _assertConserved(legs);
        _assertPaid(terms, legs, price, terms.provider.amount(), 0);
    }

    function check_right(DealTerms calldata terms, Challenge calldata dispute, uint96 price, address treasury)
        external
        pure
    {
        _assumePayable(terms, price, _locked(dispute));
        uint256 bond = dispute.challenger.amount();
        assumeShare(bond, Settlement.BURN_BPS);
        Legs memory legs = Settlement.right(terms, dispute, price, treasury);
        _assertConserved(legs);
        _assertPaid(terms, legs, price, terms.provider.amount(), bond);
    }

    function check_withheld(DealTerms calldata terms, Challenge calldata dispute, uint96 price, address treasury)
        external
        pure
    {
        _assumePayable(terms, price, _locked(dispute));
        Legs memory legs = Settlement.withheld(terms, dispute, price, treasury);
        _assertConserved(legs);
        uint256 fee = dispute.mediation.amount();
        uint256 collateral = terms.provider.amount();
        _assertPaid(terms, legs, price, fee < collateral ? collateral - fee : 0, 0);
    }

    function check_wrong__the_whole_collateral_leaves_the_provider(DealTerms calldata terms, Challenge calldata dispute)
        external
        pure
    {
        uint256 bond = dispute.challenger.amount();
        uint256 fee = dispute.mediation.amount();
        uint256 collateral = terms.provider.amount();
        _assumeLockable(terms, bond + fee);
        uint256 rest = fee < collateral ? collateral - fee : 0;
        uint256 unburned;
        unchecked {
            unburned = rest - Settlement.share(rest, Settlement.BURN_BPS);
        }
        assumeShare(rest, Settlement.BURN_BPS);
        assumeShare(unburned, Settlement.CHALLENGER_BPS);

        Legs memory legs = Settlement.wrong(terms, dispute);
        _assertConserved(legs);
        assert(_same(legs.unlocks[0], terms.creator) && _same(legs.unlocks[1], terms.provider));
        assert(legs.credits[1] == 0);
        assert(legs.unlocks[2].account() == dispute.challenger.account());
        unchecked {
            uint256 refund = legs.credits[0] - terms.creator.amount();
            uint256 reward = legs.credits[2] - bond - (collateral - rest);
            assert(refund <= unburned && reward <= unburned && refund + reward == unburned && unburned <= collateral);
        }
    }

    function check_undecided__everybody_has_what_it_locked(DealTerms calldata terms, Challenge calldata dispute)
        external
        pure
    {
        _assumeLockable(terms, _locked(dispute));
        Legs memory legs = Settlement.undecided(terms, dispute);
        _assertConserved(legs);
        for (uint256 i = 0; i < legs.count; ++i) {
            assert(legs.credits[i] == legs.unlocks[i].amount());
        }
    }

    function check_direct__payees_have_all_of_the_price(
        uint96 price,
        Shares shares,
        address provider,
        address solver,
        address author,
        address treasury
    ) external pure {
        assume(shares.totalBps() <= BPS);
        assumeShares(price, shares);
        Funds[] memory payees = Settlement.direct(price, shares, provider, solver, author, treasury);
        uint256 sum;
        for (uint256 i = 0; i < payees.length; ++i) {
            unchecked {
                sum += payees[i].amount();
            }
        }
        assert(sum == price);
        assert(payees[0].account() == provider && payees[0].amount() == price - sharesOf(price, shares));
    }

    /// @dev What the vault can have locked for one deal: it never holds more than 96 bits can count.
    function _assumeLockable(DealTerms calldata terms, uint256 disputed) private pure {
        assume(terms.creator.amount() + terms.provider.amount() + disputed <= type(uint96).max);
    }

    /// @dev And what `agree` admits, for a price that `cost` can name.
    function _assumePayable(DealTerms calldata terms, uint256 price, uint256 disputed) private pure {
        _assumeLockable(terms, disputed);
        assume(price <= terms.creator.amount());
        assume(terms.conditions.shares().totalBps() <= BPS);
        assumeShares(price, terms.conditions.shares());
    }

    /// @dev Sums of at most eight numbers that are checked to be short: none can wrap around.
    function _assertConserved(Legs memory legs) private pure {
        legs.finish();
        assert(legs.unlocks.length == legs.credits.length);
        uint256 unlocked;
        uint256 credited;
        bool areShort = true;
        unchecked {
            for (uint256 i = 0; i < legs.unlocks.length; ++i) {
                unlocked += legs.unlocks[i].amount();
                credited += legs.credits[i];
                areShort = areShort && legs.credits[i] <= type(uint128).max;
            }
        }
        assert(areShort && unlocked == credited);
    }

    /// @param kept what the provider has of its collateral.
    /// @param most what it may have beside that and its part of the price.
    function _assertPaid(DealTerms calldata terms, Legs memory legs, uint256 price, uint256 kept, uint256 most)
        private
        pure
    {
        assert(_same(legs.unlocks[0], terms.creator) && _same(legs.unlocks[1], terms.provider));
        unchecked {
            assert(legs.credits[0] == terms.creator.amount() - price);
            uint256 least = kept + price - sharesOf(price, terms.conditions.shares());
            assert(least <= legs.credits[1] && legs.credits[1] <= least + most);
        }
    }

    function _locked(Challenge calldata dispute) private pure returns (uint256) {
        return dispute.challenger.amount() + dispute.mediation.amount();
    }

    function _same(Funds a, Funds b) private pure returns (bool) {
        return Funds.unwrap(a) == Funds.unwrap(b);
    }
}
