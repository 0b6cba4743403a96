// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ILilypadMediators} from "./interfaces/ILilypadMediators.sol";
import {ILilypadPayments} from "./interfaces/ILilypadPayments.sol";
import {Settlement} from "./libraries/Settlement.sol";
import {SumTree} from "./libraries/SumTree.sol";
import {Tally} from "./libraries/Tally.sol";
import {Stakes} from "./mediation/Stakes.sol";
import {DealId} from "./types/DealId.sol";
import {Call, Dismissal} from "./types/Dismissal.sol";
import {Funds, toFunds} from "./types/Funds.sol";
import {Legs, newLegs} from "./types/Leg.sol";
import {MediationSettings, UNIT} from "./types/MediationSettings.sol";
import {Mediator} from "./types/Mediator.sol";

/// @title The mediators of one court: what they have at stake, who is drawn, and what they win and lose.
/// @notice Made by the court, which alone draws and dismisses. Knows nothing of deals; decides nothing. The tokens are in
/// the vault, in this contract's compartment.
contract LilypadMediators is Stakes {
    constructor(ILilypadPayments payments, uint256 epoch) Stakes(payments, epoch) {}

    // ------------------------------------------------------------------ the draw

    /// @inheritdoc ILilypadMediators
    function seat(Call calldata call) external onlyCourt returns (address[] memory seats) {
        seats = _find(call);
        if (seats.length != call.wanted) return seats;
        for (uint256 i = 0; i < seats.length; ++i) {
            Mediator mediator = _mediators[seats[i]];
            _mediators[seats[i]] = mediator.withRisk(mediator.atRisk() + call.penalty);
        }
    }

    /// @dev Exact: who is out is passed over as if it were not in the tree. So nobody is drawn twice, each draw puts one
    /// more out, and the chances of the others stay as their weights are.
    function _find(Call calldata call) private view returns (address[] memory seats) {
        (uint256 wanted, uint256 epoch, address[] calldata barred) = (call.wanted, _epoch(), call.barred);
        SumTree storage tree = _trees[call.set];
        uint256 weightLeft = tree.total(epoch);
        uint256 most = wanted * 2 + 16;
        uint256[] memory gaps = new uint256[](most);
        seats = new address[](wanted);
        uint256 found;
        for (uint256 i = 0; i < most && found < wanted && weightLeft != 0; ++i) {
            uint256 target = _over(gaps, i, uint256(keccak256(abi.encode(call.seed, i))) % weightLeft);
            (address account, uint256 start, uint256 weight) = tree.find(target, epoch);
            _widen(gaps, i, (start << 128) | weight);
            weightLeft -= weight;
            if (!_isAmong(barred, account) && _mediators[account].unbound() >= call.penalty) seats[found++] = account;
        }
        // Safe: it becomes no longer.
        assembly ("memory-safe") {
            mstore(seats, found)
        }
    }

    function _isAmong(address[] calldata accounts, address account) private pure returns (bool) {
        for (uint256 i = 0; i < accounts.length; ++i) {
            if (accounts[i] == account) return true;
        }
        return false;
    }

    /// @param gaps whose leaves are out: where each begins (from bit 128 on) and how wide it is, in ascending order.
    /// @return the target among those that are left, as a place among all.
    function _over(uint256[] memory gaps, uint256 count, uint256 target) private pure returns (uint256) {
        // Safe: all weights together have 40 bits.
        unchecked {
            for (uint256 i = 0; i < count && gaps[i] >> 128 <= target; ++i) {
                target += uint128(gaps[i]);
            }
        }
        return target;
    }

    /// @dev Puts one more in its place.
    function _widen(uint256[] memory gaps, uint256 count, uint256 gap) private pure {
        for (; count > 0 && gaps[count - 1] > gap; --count) {
            gaps[count] = gaps[count - 1];
        }
        gaps[count] = gap;
    }

    // ------------------------------------------------------------------ the money

    /// @inheritdoc ILilypadMediators
    function bond(Funds funds) external onlyCourt {
        _vault().bond(funds);
    }

    /// @inheritdoc ILilypadMediators
    function refund(Funds funds) external onlyCourt {
        Legs memory legs = newLegs(1);
        legs.unlock(funds, funds.amount());
        _vault().settleAll(legs.unlocks, legs.credits);
    }

    /// @inheritdoc ILilypadMediators
    function takeOwed(address account) external onlyCourt returns (uint256 amount) {
        Mediator mediator = _mediators[account];
        amount = mediator.owed();
        _mediators[account] = mediator.collected();
    }

    /// @inheritdoc ILilypadMediators
    function setMinStake(uint256 units) external onlyCourt {
        minStake = units;
    }

    /// @inheritdoc ILilypadMediators
    function dismiss(Dismissal calldata round) external onlyCourt returns (uint256 unearned) {
        bytes32[] calldata votes = round.votes;
        (uint256 lost, uint256 earners) = _weighUp(votes, round.winner, round.settings);
        uint256 burned = lost * round.settings.burnPercent() / 100;
        uint256 pot = round.pot + lost - burned;
        uint256 toHeir = round.refund < pot ? round.refund : pot;
        pot -= toHeir;
        if (earners == 0) (toHeir, pot, unearned) = (toHeir + pot, 0, round.fee);
        uint256 reward = earners == 0 ? 0 : pot / earners;
        burned += pot - reward * earners;
        if (round.heir == address(0)) (toHeir, burned) = (0, burned + toHeir);

        Legs memory legs = newLegs(votes.length + 3);
        if (round.appellant.amount() != 0) {
            legs.unlock(round.appellant, round.returned);
            burned += round.appellant.amount() - round.returned - round.pot;
        }
        _letGo(round, votes, earners, reward, legs);
        legs.credit(round.heir, toHeir);
        legs.credit(Settlement.BURNED, burned);
        if (legs.count == 0) return unearned;
        legs.finish();
        _vault().settleAll(legs.unlocks, legs.credits);
    }

    /// @return lost what all who lose something lose together.
    /// @return earners how many share what there is.
    function _weighUp(bytes32[] calldata votes, bytes32 winner, MediationSettings settings)
        private
        pure
        returns (uint256 lost, uint256 earners)
    {
        for (uint256 i = 0; i < votes.length; ++i) {
            if (_isEarner(votes[i], winner)) ++earners;
            else lost += _loss(votes[i], settings);
        }
        lost *= UNIT;
    }

    /// @dev What each seat risked is bound no longer. Who earns is owed its share of the fee, and has the reward at once.
    function _letGo(
        Dismissal calldata round,
        bytes32[] calldata votes,
        uint256 earners,
        uint256 reward,
        Legs memory legs
    ) private {
        // What division leaves of the fee goes to the first of those who earn.
        uint256 fee = earners == 0 ? 0 : round.fee / earners;
        uint256 dust = earners == 0 ? 0 : round.fee - fee * earners;
        if (fee + reward != 0) emit MediatorsPaid(round.id, fee, reward, dust);
        address[] calldata seats = round.seats;
        for (uint256 i = 0; i < votes.length; ++i) {
            Mediator mediator = _mediators[seats[i]];
            mediator = mediator.withRisk(mediator.atRisk() - round.settings.penalty());
            if (_isEarner(votes[i], round.winner)) {
                _mediators[seats[i]] = mediator.earn(fee + dust);
                legs.credit(seats[i], reward);
                dust = 0;
            } else {
                _slash(round.id, seats[i], mediator, _loss(votes[i], round.settings), legs);
            }
        }
    }

    function _slash(DealId id, address account, Mediator mediator, uint256 lost, Legs memory legs) private {
        uint256 rest = mediator.stake() - lost;
        if (mediator.leaving() > rest) mediator = mediator.withLeaving(rest, mediator.leavesAt());
        _put(account, mediator.withStake(rest));
        emit MediatorSlashed(id, account, lost);
        legs.unlock(toFunds(account, lost * UNIT), 0);
    }

    /// @dev Of a seat that earns nothing: all of the penalty for a vote against the winner, part of it for silence. In units.
    function _loss(bytes32 vote, MediationSettings settings) private pure returns (uint256) {
        uint256 penalty = settings.penalty();
        return vote == Tally.SILENT ? penalty * settings.silentPercent() / 100 : penalty;
    }

    /// @dev Without a winner, whoever voted.
    function _isEarner(bytes32 vote, bytes32 winner) private pure returns (bool) {
        return vote != Tally.SILENT && (winner == Tally.SILENT || vote == winner);
    }
}
