// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ILilypadMediators} from "../interfaces/ILilypadMediators.sol";
import {ILilypadPayments, ILilypadPaymentsController} from "../interfaces/ILilypadPayments.sol";
import {SumTree} from "../libraries/SumTree.sol";
import {toFunds} from "../types/Funds.sol";
import {Legs, newLegs} from "../types/Leg.sol";
import {UNIT} from "../types/MediationSettings.sol";
import {LANE, Mediator} from "../types/Mediator.sol";

/// @notice Who may be drawn, and what it has at stake. The tokens are in the vault, locked in this contract's compartment.
abstract contract Stakes is ILilypadMediators {
    /// @notice From asking to leave until the stake is free. No case lives longer: a deal's mediate window, which no case
    /// outlives, is no longer than 30 days, and who asked is drawn for one more epoch at most.
    uint256 public constant UNBONDING = 38 days;
    uint256 private constant MOST_SETS = 3;

    ILilypadPayments public immutable PAYMENTS;
    /// @notice The only one that draws mediators and lets them go.
    address public immutable COURT;
    /// @notice Seconds. What changes in one epoch holds in the draws of the next.
    uint256 public immutable EPOCH;

    /// @notice In units: who has less staying is not drawn. Of the settings of now.
    uint256 public minStake;

    mapping(address account => Mediator) internal _mediators;
    /// @dev In which sets a mediator is: up to four entries of set (32) and leaf + 1 (32); that of set 0 is the first.
    mapping(address account => uint256 places) private _places;
    mapping(uint256 set => SumTree) internal _trees;

    constructor(ILilypadPayments payments, uint256 epoch) {
        if (epoch < 10 minutes || epoch > 7 days) revert Mediators_BadEpoch(epoch, 10 minutes, 7 days);
        PAYMENTS = payments;
        COURT = msg.sender;
        EPOCH = epoch;
    }

    modifier onlyCourt() {
        if (msg.sender != COURT) revert Mediators_NotCourt(msg.sender, COURT);
        _;
    }

    // ------------------------------------------------------------------ what mediators call

    /// @inheritdoc ILilypadMediators
    function stake(uint256 units) external {
        Mediator mediator = _mediators[msg.sender];
        uint256 staked = mediator.stake() + units;
        if (staked > LANE || units > LANE) revert Mediators_StakeTooLarge(msg.sender, staked, LANE);
        if (_places[msg.sender] == 0) _places[msg.sender] = _newLeaf(0, msg.sender) << 32;
        _put(msg.sender, mediator.withStake(staked));
        emit Staked(msg.sender, staked);
        _vault().bond(toFunds(msg.sender, units * UNIT));
    }

    /// @inheritdoc ILilypadMediators
    function unstake(uint256 units) external {
        Mediator mediator = _mediators[msg.sender];
        uint256 staying = mediator.stake() - mediator.leaving();
        if (units > staying) revert Mediators_StakeTooSmall(msg.sender, staying, units);
        uint256 leaving = mediator.leaving() + units;
        uint256 leavesAt = block.timestamp + UNBONDING;
        _put(msg.sender, mediator.withLeaving(leaving, leavesAt));
        emit Unstaking(msg.sender, leaving, leavesAt);
    }

    /// @inheritdoc ILilypadMediators
    function release(address account) external {
        Mediator mediator = _mediators[account];
        (uint256 leaving, uint256 unbound) = (mediator.leaving(), mediator.unbound());
        uint256 units = leaving < unbound ? leaving : unbound;
        if (units == 0 || block.timestamp <= mediator.leavesAt()) {
            revert Mediators_NothingToRelease(account, mediator.leavesAt(), mediator.atRisk());
        }
        _mediators[account] =
            mediator.withStake(mediator.stake() - units).withLeaving(leaving - units, mediator.leavesAt());
        emit Unstaked(account, units);
        Legs memory legs = newLegs(1);
        legs.unlock(toFunds(account, units * UNIT), units * UNIT);
        _vault().settleAll(legs.unlocks, legs.credits);
    }

    /// @inheritdoc ILilypadMediators
    function joinSet(uint32 set) external {
        uint256 places = _places[msg.sender];
        if (set == 0 || places == 0) revert Mediators_NotMember(msg.sender, set);
        uint256 free;
        for (uint256 i = MOST_SETS; i > 0; --i) {
            uint256 place = uint64(places >> (64 * i));
            if (place == 0) free = 64 * i;
            else if (uint32(place) == set) revert Mediators_AlreadyMember(msg.sender, set);
        }
        if (free == 0) revert Mediators_TooManySets(msg.sender, MOST_SETS);
        uint256 leaf = _newLeaf(set, msg.sender);
        _places[msg.sender] = places | ((set | (leaf << 32)) << free);
        _trees[set].set(leaf - 1, _mediators[msg.sender].weight(minStake), _epoch());
        emit SetJoined(msg.sender, set, leaf - 1);
    }

    /// @inheritdoc ILilypadMediators
    function leaveSet(uint32 set) external {
        uint256 places = _places[msg.sender];
        for (uint256 i = 1; i <= MOST_SETS; ++i) {
            uint256 place = uint64(places >> (64 * i));
            if (set == 0 || uint32(place) != set) continue;
            _places[msg.sender] = places & ~(uint256(type(uint64).max) << (64 * i));
            _trees[set].set((place >> 32) - 1, 0, _epoch());
            emit SetLeft(msg.sender, set);
            return;
        }
        revert Mediators_NotMember(msg.sender, set);
    }

    /// @inheritdoc ILilypadMediators
    function weigh(address account) external {
        _put(account, _mediators[account]);
    }

    // ------------------------------------------------------------------ what anyone may read

    /// @inheritdoc ILilypadMediators
    function mediatorOf(address account)
        external
        view
        returns (uint256 staked, uint256 atRisk, uint256 leaving, uint256 leavesAt, uint256 owed)
    {
        Mediator mediator = _mediators[account];
        return (mediator.stake(), mediator.atRisk(), mediator.leaving(), mediator.leavesAt(), mediator.owed());
    }

    /// @inheritdoc ILilypadMediators
    function setOf(uint256 set) external view returns (uint256 members, uint256 weight) {
        return (_trees[set].count, _trees[set].total(_epoch()));
    }

    /// @inheritdoc ILilypadMediators
    function membersOf(uint256 set) external view returns (uint256) {
        return _trees[set].count;
    }

    // ------------------------------------------------------------------ internal

    function _epoch() internal view returns (uint256) {
        return block.timestamp / EPOCH;
    }

    function _vault() internal view returns (ILilypadPaymentsController) {
        return ILilypadPaymentsController(address(PAYMENTS));
    }

    /// @dev Records a mediator and what it weighs in each of its sets.
    function _put(address account, Mediator mediator) internal {
        _mediators[account] = mediator;
        uint256 weight = mediator.weight(minStake);
        uint256 epoch = _epoch();
        for (uint256 places = _places[account]; places != 0; places >>= 64) {
            if (uint64(places) != 0) _trees[uint32(places)].set(uint32(places >> 32) - 1, weight, epoch);
        }
    }

    /// @return leaf its number, and one more.
    function _newLeaf(uint256 set, address account) private returns (uint256 leaf) {
        return _trees[set].add(account, _epoch()) + 1;
    }
}
