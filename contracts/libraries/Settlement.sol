// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {DealTerms} from "../types/DealTerms.sol";
import {Funds, toFunds} from "../types/Funds.sol";
import {Legs, newLegs} from "../types/Leg.sol";
import {Challenge} from "../types/Result.sol";
import {BPS, Shares} from "../types/Shares.sol";

/// @notice Who gets what at each end of a deal: pure arithmetic, mirrored in offchain/lilypad/protocol/settlement.py.
/// Every function returns legs in which as much is credited as unlocked; the vault checks it again. The creator's leg is
/// the first, the provider's the second.
/// Rounding is down for every share, and what rounding leaves belongs to whoever bears the cost of the split.
library Settlement {
    /// @dev Credited with what is burned. Nobody holds its key, so what it has can never move again.
    address internal constant BURNED = 0x000000000000000000000000000000000000dEaD;
    /// @dev Of a losing bond, and of what is left of a slashed collateral when the mediators are paid.
    uint256 internal constant BURN_BPS = 5_000;
    /// @dev Of a slashed collateral's unburned rest, to the challenger; the creator has the remainder.
    uint256 internal constant CHALLENGER_BPS = 5_000;
    /// @dev Two parties, three shares, challenger, mediation, burned.
    uint256 private constant MOST_LEGS = 8;

    /// @return count x price, at least the minimum payment, at most the ceiling.
    function cost(DealTerms calldata terms, uint64 count) internal pure returns (uint256) {
        uint256 price;
        // Safe: 96 bits times 64.
        unchecked {
            price = terms.author.amount() * count;
        }
        if (price < terms.solver.amount()) price = terms.solver.amount();
        uint256 ceiling = terms.creator.amount();
        return price > ceiling ? ceiling : price;
    }

    /// @return share of `amount`, rounded down.
    function share(uint256 amount, uint256 bps) internal pure returns (uint256) {
        // Safe: amounts have 96 bits.
        unchecked {
            return amount * bps / BPS;
        }
    }

    /// @notice The provider is paid and gets its collateral back.
    function paid(DealTerms calldata terms, uint256 price, address treasury) internal pure returns (Legs memory legs) {
        legs = newLegs(MOST_LEGS);
        legs.unlock(terms.creator, terms.creator.amount() - price);
        legs.unlock(terms.provider, terms.provider.amount());
        (uint256 rest, uint256 toTreasury) =
            split(legs, price, terms.conditions.shares(), terms.solver.account(), terms.author.account());
        legs.credits[1] += rest;
        legs.credit(treasury, toTreasury);
    }

    /// @notice Credits solver and author with their shares of a deal's price.
    /// @return rest what is left of it for the provider.
    /// @return toTreasury the protocol's share, which is for the caller to credit: a batch does so once.
    function split(Legs memory legs, uint256 price, Shares shares, address solver, address author)
        internal
        pure
        returns (uint256 rest, uint256 toTreasury)
    {
        uint256 toSolver = share(price, shares.solverBps());
        uint256 toAuthor = share(price, shares.royaltyBps());
        toTreasury = share(price, shares.protocolBps());
        legs.credit(solver, toSolver);
        legs.credit(author, toAuthor);
        rest = price - toSolver - toAuthor - toTreasury;
    }

    /// @notice What is paid out of the creator's free balance, where nothing was ever locked.
    /// @return payees those whose part is not zero, the provider first; together they have all of `price`.
    function direct(
        uint256 price,
        Shares shares,
        address provider,
        address solver,
        address author,
        address treasury
    ) internal pure returns (Funds[] memory payees) {
        if (shares.isNone()) {
            payees = new Funds[](1);
            payees[0] = toFunds(provider, price);
            return payees;
        }
        uint256 toSolver = share(price, shares.solverBps());
        uint256 toAuthor = share(price, shares.royaltyBps());
        uint256 toTreasury = share(price, shares.protocolBps());

        payees = new Funds[](1 + _one(toSolver) + _one(toAuthor) + _one(toTreasury));
        payees[0] = toFunds(provider, price - toSolver - toAuthor - toTreasury);
        uint256 at = 1;
        if (toSolver != 0) payees[at++] = toFunds(solver, toSolver);
        if (toAuthor != 0) payees[at++] = toFunds(author, toAuthor);
        if (toTreasury != 0) payees[at] = toFunds(treasury, toTreasury);
    }

    /// @notice The result was right: its challenger pays the mediators; its bond is part burned, the rest is the
    /// provider's for the trouble.
    function right(DealTerms calldata terms, Challenge calldata dispute, uint256 price, address treasury)
        internal
        pure
        returns (Legs memory legs)
    {
        legs = paid(terms, price, treasury);
        uint256 bond = dispute.challenger.amount();
        uint256 burned = share(bond, BURN_BPS);
        legs.credits[1] += bond - burned;
        _unbond(legs, dispute, 0);
        legs.credit(dispute.mediation.account(), dispute.mediation.amount());
        legs.credit(BURNED, burned);
    }

    /// @notice The result was right but its output could not be fetched: the provider is paid and pays the
    /// mediators, as far as its collateral goes; the challenger pays what is missing.
    function withheld(DealTerms calldata terms, Challenge calldata dispute, uint256 price, address treasury)
        internal
        pure
        returns (Legs memory legs)
    {
        legs = paid(terms, price, treasury);
        uint256 fee = dispute.mediation.amount();
        uint256 fromProvider = _least(fee, terms.provider.amount());
        legs.credits[1] -= fromProvider;
        _unbond(legs, dispute, dispute.challenger.amount() + fromProvider);
        legs.credit(dispute.mediation.account(), fee);
    }

    /// @notice The result was wrong: the creator is refunded, the whole collateral slashed. It pays the mediators
    /// first; half of the rest is burned, so that nobody gains by disputing with itself; the challenger and the
    /// creator share what is left.
    function wrong(DealTerms calldata terms, Challenge calldata dispute) internal pure returns (Legs memory legs) {
        uint256 fee = dispute.mediation.amount();
        uint256 fromProvider = _least(fee, terms.provider.amount());
        uint256 rest = terms.provider.amount() - fromProvider;
        uint256 burned = share(rest, BURN_BPS);
        uint256 reward = share(rest - burned, CHALLENGER_BPS);

        legs = newLegs(MOST_LEGS);
        legs.unlock(terms.creator, terms.creator.amount() + rest - burned - reward);
        legs.unlock(terms.provider, 0);
        _unbond(legs, dispute, dispute.challenger.amount() + fromProvider + reward);
        legs.credit(dispute.mediation.account(), fee);
        legs.credit(BURNED, burned);
    }

    /// @notice No verdict: everybody goes home whole.
    function undecided(DealTerms calldata terms, Challenge calldata dispute) internal pure returns (Legs memory legs) {
        legs = newLegs(MOST_LEGS);
        legs.unlock(terms.creator, terms.creator.amount());
        legs.unlock(terms.provider, terms.provider.amount());
        _unbond(legs, dispute, dispute.challenger.amount() + dispute.mediation.amount());
    }

    function _unbond(Legs memory legs, Challenge calldata dispute, uint256 credit) private pure {
        uint256 locked = dispute.challenger.amount() + dispute.mediation.amount();
        legs.unlock(toFunds(dispute.challenger.account(), locked), credit);
    }

    function _one(uint256 amount) private pure returns (uint256) {
        return amount == 0 ? 0 : 1;
    }

    function _least(uint256 a, uint256 b) private pure returns (uint256) {
        return a < b ? a : b;
    }
}
