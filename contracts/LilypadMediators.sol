// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ILilypadMediators} from "./interfaces/ILilypadMediators.sol";
import {ILilypadPayments} from "./interfaces/ILilypadPayments.sol";
import {Settlement} from "./libraries/Settlement.sol";
import {SumTree} from "./libraries/SumTree.sol";
import {Tally} from "./libraries/Tally.sol";
import {Stakes} from "./mediation/Stakes.sol";
import {Call, Dismissal} from "./types/Dismissal.sol";
import {Funds, toFunds} from "./types/Funds.sol";
import {Legs, newLegs} from "./types/Leg.sol";
import {UNIT} from "./types/MediationSettings.sol";
import {Mediator} from "./types/Mediator.sol";

/// @title The mediators of one court: what they have at stake, who is drawn, and what they win and lose.
/// @notice Made by the court, which alone draws and dismisses. Knows nothing of deals; decides nothing. The tokens are in
/// the vault, in this contract's compartment.
contract LilypadMediators is Stakes {
    /// @dev Mediators that are out, by where their leaves lie.
    struct Gaps {
        uint256 count;
        uint256[] starts;
        uint256[] weights;
    }

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
        SumTree storage tree = _trees[call.set];
        uint256 epoch = _epoch();
        uint256 weightLeft = tree.total(epoch);
        uint256 most = call.wanted * 2 + 16;
        Gaps memory gaps = Gaps(0, new uint256[](most), new uint256[](most));
        seats = new address[](call.wanted);
        uint256 found;
        for (uint256 i = 0; i < most && found < call.wanted && weightLeft != 0; ++i) {
            uint256 target = _over(gaps, uint256(keccak256(abi.encode(call.seed, i))) % weightLeft);
            (address account, uint256 start, uint256 weight) = tree.find(target, epoch);
            _widen(gaps, start, weight);
            weightLeft -= weight;
            if (_mayServe(call, account)) seats[found++] = account;
        }
        // Safe: it becomes no longer.
        assembly ("memory-safe") {
            mstore(seats, found)
        }
    }

    function _mayServe(Call calldata call, address account) private view returns (bool) {
        for (uint256 i = 0; i < call.barred.length; ++i) {
            if (call.barred[i] == account) return false;
        }
        return _mediators[account].unbound() >= call.penalty;
    }

    /// @dev The target among those that are left, as a place among all.
    function _over(Gaps memory gaps, uint256 target) private pure returns (uint256) {
        // Safe: all weights together have 40 bits.
        unchecked {
            for (uint256 i = 0; i < gaps.count && gaps.starts[i] <= target; ++i) {
                target += gaps.weights[i];
            }
        }
        return target;
    }

    /// @dev Keeps them in the order of their starts.
    function _widen(Gaps memory gaps, uint256 start, uint256 weight) private pure {
        uint256 i = gaps.count++;
        for (; i > 0 && gaps.starts[i - 1] > start; --i) {
            (gaps.starts[i], gaps.weights[i]) = (gaps.starts[i - 1], gaps.weights[i - 1]);
        }
        (gaps.starts[i], gaps.weights[i]) = (start, weight);
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
        (uint256 lost, uint256 earners) = _weighUp(round);
        uint256 burned = lost * round.settings.burnPercent() / 100;
        uint256 pot = round.pot + lost - burned;
        uint256 toHeir = round.refund < pot ? round.refund : pot;
        pot -= toHeir;
        if (earners == 0) (toHeir, pot, unearned) = (toHeir + pot, 0, round.fee);
        uint256 reward = earners == 0 ? 0 : pot / earners;
        burned += pot - reward * earners;
        if (round.heir == address(0)) (toHeir, burned) = (0, burned + toHeir);

        Legs memory legs = newLegs(round.seats.length + 3);
        if (round.appellant.amount() != 0) {
            legs.unlock(round.appellant, round.returned);
            burned += round.appellant.amount() - round.returned - round.pot;
        }
        // What division leaves of the fee goes to the first of those who earn.
        uint256 fee = earners == 0 ? 0 : round.fee / earners;
        uint256 dust = earners == 0 ? 0 : round.fee - fee * earners;
        if (fee + reward != 0) emit MediatorsPaid(round.id, fee, reward, dust);
        for (uint256 i = 0; i < round.votes.length; ++i) {
            if (_isEarner(round, i)) {
                _pay(round, i, fee + dust, reward, legs);
                dust = 0;
            } else {
                _slash(round, i, legs);
            }
        }
        legs.credit(round.heir, toHeir);
        legs.credit(Settlement.BURNED, burned);
        if (legs.count == 0) return unearned;
        legs.finish();
        _vault().settleAll(legs.unlocks, legs.credits);
    }

    /// @return lost what all who lose something lose together.
    /// @return earners how many share what there is.
    function _weighUp(Dismissal calldata round) private pure returns (uint256 lost, uint256 earners) {
        for (uint256 i = 0; i < round.votes.length; ++i) {
            if (_isEarner(round, i)) ++earners;
            else lost += _loss(round, i);
        }
        lost *= UNIT;
    }

    /// @dev What it risked is bound no longer.
    function _pay(Dismissal calldata round, uint256 i, uint256 fee, uint256 reward, Legs memory legs) private {
        address account = round.seats[i];
        Mediator mediator = _mediators[account];
        _mediators[account] = mediator.withRisk(mediator.atRisk() - round.settings.penalty()).earn(fee);
        legs.credit(account, reward);
    }

    function _slash(Dismissal calldata round, uint256 i, Legs memory legs) private {
        address account = round.seats[i];
        Mediator mediator = _mediators[account];
        uint256 lost = _loss(round, i);
        uint256 rest = mediator.stake() - lost;
        if (mediator.leaving() > rest) mediator = mediator.withLeaving(rest, mediator.leavesAt());
        _put(account, mediator.withRisk(mediator.atRisk() - round.settings.penalty()).withStake(rest));
        emit MediatorSlashed(round.id, account, lost);
        legs.unlock(toFunds(account, lost * UNIT), 0);
    }

    /// @dev Of a seat that earns nothing: all of the penalty for a vote against the winner, part of it for silence. In units.
    function _loss(Dismissal calldata round, uint256 i) private pure returns (uint256) {
        uint256 penalty = round.settings.penalty();
        return round.votes[i] == Tally.SILENT ? penalty * round.settings.silentPercent() / 100 : penalty;
    }

    /// @dev Without a winner, whoever voted.
    function _isEarner(Dismissal calldata round, uint256 i) private pure returns (bool) {
        bytes32 vote = round.votes[i];
        return vote != Tally.SILENT && (round.winner == Tally.SILENT || vote == round.winner);
    }
}
