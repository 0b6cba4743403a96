// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {DealTerms} from "../types/DealTerms.sol";
import {Leg, Legs} from "../types/Leg.sol";
import {Netting} from "../types/Netting.sol";
import {Challenge} from "../types/Result.sol";
import {BPS, Shares, toShares} from "../types/Shares.sol";

/// @notice Who gets what at each end of a deal: pure arithmetic, mirrored in offchain/lilypad/protocol/settlement.py.
/// Every function returns legs in which as much is credited as unlocked; the vault checks it again.
/// Rounding is down for every share, and what rounding leaves belongs to whoever bears the cost of the split.
library Settlement {
    /// @dev Credited with what is burned. Nobody holds its key, so what it has can never move again.
    address internal constant BURNED = 0x000000000000000000000000000000000000dEaD;
    /// @dev Of a losing bond, and of what is left of a slashed collateral when the mediators are paid.
    uint256 internal constant BURN_BPS = 5_000;
    /// @dev Of a slashed collateral's unburned rest, to the challenger; the creator has the remainder.
    uint256 internal constant CHALLENGER_BPS = 5_000;

    /// @return count x price, at least the minimum payment, at most the ceiling.
    function cost(uint128 pricePerInstruction, uint128 minimumPayment, uint128 ceiling, uint64 count)
        internal
        pure
        returns (uint128)
    {
        uint256 price = uint256(pricePerInstruction) * count;
        if (price < minimumPayment) price = minimumPayment;
        if (price > ceiling) price = ceiling;
        return uint128(price);
    }

    /// @notice The provider is paid and gets its collateral back.
    /// @param more how many empty legs to leave at the end for the caller.
    function paid(DealTerms calldata terms, uint128 price, address treasury, uint256 more)
        internal
        pure
        returns (Legs memory legs)
    {
        uint128 net;
        (net, legs.others) = _split(terms.shares, terms.solver, terms.author, treasury, price, more);
        legs.creator = Leg(terms.creator, terms.paymentCeiling, terms.paymentCeiling - price);
        legs.provider = Leg(terms.provider, terms.collateral, terms.collateral + net);
    }

    /// @notice The provider is paid from what the creator has free; nothing was ever locked.
    function direct(DealTerms memory terms, uint128 price, address treasury) internal pure returns (Legs memory legs) {
        uint128 net;
        (net, legs.others) = _split(terms.shares, terms.solver, terms.author, treasury, price, 0);
        legs.creator = Leg(terms.creator, price, 0);
        legs.provider = Leg(terms.provider, 0, net);
    }

    /// @notice As `direct`, for the sum of many deals. Of these only the protocol knows its share.
    function netted(Netting calldata netting, uint16 protocolBps, address treasury)
        internal
        pure
        returns (Legs memory legs)
    {
        uint128 net;
        Shares shares = toShares(0, 0, protocolBps);
        (net, legs.others) = _split(shares, address(0), address(0), treasury, netting.amount, 0);
        legs.creator = Leg(netting.creator, netting.amount, 0);
        legs.provider = Leg(netting.provider, 0, net);
    }

    /// @notice Nobody is paid, nobody loses anything.
    function home(DealTerms calldata terms, uint256 more) internal pure returns (Legs memory legs) {
        legs.creator = Leg(terms.creator, terms.paymentCeiling, terms.paymentCeiling);
        legs.provider = Leg(terms.provider, terms.collateral, terms.collateral);
        if (more != 0) legs.others = new Leg[](more);
    }

    /// @notice The creator is refunded and given the late penalty.
    function late(DealTerms calldata terms) internal pure returns (Legs memory legs) {
        legs = home(terms, 0);
        legs.creator.credit += terms.latePenalty;
        legs.provider.credit -= terms.latePenalty;
    }

    /// @notice The result was right: its challenger pays the mediators; its bond is part burned, the rest is the
    /// provider's for the trouble.
    function right(DealTerms calldata terms, Challenge calldata dispute, uint128 price, address treasury)
        internal
        pure
        returns (Legs memory legs)
    {
        legs = paid(terms, price, treasury, 3);
        uint128 burned = _share(dispute.bond, BURN_BPS);
        legs.provider.credit += dispute.bond - burned;
        uint256 at = legs.others.length - 3;
        legs.others[at] = Leg(dispute.challenger, dispute.fee + dispute.bond, 0);
        legs.others[at + 1] = Leg(terms.verification.mediation(), 0, dispute.fee);
        legs.others[at + 2] = Leg(BURNED, 0, burned);
    }

    /// @notice The result was right but its output could not be fetched: the provider is paid and pays the
    /// mediators, as far as its collateral goes; the challenger pays what is missing.
    function withheld(DealTerms calldata terms, Challenge calldata dispute, uint128 price, address treasury)
        internal
        pure
        returns (Legs memory legs)
    {
        legs = paid(terms, price, treasury, 2);
        uint128 fromProvider = _least(dispute.fee, terms.collateral);
        legs.provider.credit -= fromProvider;
        uint256 at = legs.others.length - 2;
        legs.others[at] = Leg(dispute.challenger, dispute.fee + dispute.bond, dispute.bond + fromProvider);
        legs.others[at + 1] = Leg(terms.verification.mediation(), 0, dispute.fee);
    }

    /// @notice The result was wrong: the creator is refunded, the whole collateral slashed. It pays the mediators
    /// first; half of the rest is burned, so that nobody gains by disputing with itself; the challenger and the
    /// creator share what is left.
    function wrong(DealTerms calldata terms, Challenge calldata dispute) internal pure returns (Legs memory legs) {
        legs = home(terms, 3);
        uint128 fromProvider = _least(dispute.fee, terms.collateral);
        uint128 rest = terms.collateral - fromProvider;
        uint128 burned = _share(rest, BURN_BPS);
        uint128 reward = _share(rest - burned, CHALLENGER_BPS);
        legs.creator.credit += rest - burned - reward;
        legs.provider.credit = 0;
        legs.others[0] = Leg(dispute.challenger, dispute.fee + dispute.bond, dispute.bond + fromProvider + reward);
        legs.others[1] = Leg(terms.verification.mediation(), 0, dispute.fee);
        legs.others[2] = Leg(BURNED, 0, burned);
    }

    /// @notice No verdict: everybody goes home whole.
    function undecided(DealTerms calldata terms, Challenge calldata dispute) internal pure returns (Legs memory legs) {
        legs = home(terms, 1);
        uint128 locked = dispute.fee + dispute.bond;
        legs.others[0] = Leg(dispute.challenger, locked, locked);
    }

    /// @return net what is left of the price for the provider.
    /// @return legs those whose share is not zero, and `more` empty ones.
    function _split(
        Shares shares,
        address solver,
        address author,
        address treasury,
        uint128 price,
        uint256 more
    ) private pure returns (uint128 net, Leg[] memory legs) {
        uint128 toSolver = _share(price, shares.solverBps());
        uint128 toAuthor = _share(price, shares.royaltyBps());
        uint128 toTreasury = _share(price, shares.protocolBps());
        net = price - toSolver - toAuthor - toTreasury;
        uint256 used = _one(toSolver) + _one(toAuthor) + _one(toTreasury);
        if (used + more == 0) return (net, legs);

        legs = new Leg[](used + more);
        used = 0;
        if (toSolver != 0) legs[used++] = Leg(solver, 0, toSolver);
        if (toAuthor != 0) legs[used++] = Leg(author, 0, toAuthor);
        if (toTreasury != 0) legs[used++] = Leg(treasury, 0, toTreasury);
    }

    function _one(uint128 amount) private pure returns (uint256) {
        return amount == 0 ? 0 : 1;
    }

    function _share(uint128 amount, uint256 bps) private pure returns (uint128) {
        return uint128(uint256(amount) * bps / BPS);
    }

    function _least(uint128 a, uint128 b) private pure returns (uint128) {
        return a < b ? a : b;
    }
}
