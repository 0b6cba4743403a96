// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {DealId} from "../types/DealId.sol";
import {Call, Dismissal} from "../types/Dismissal.sol";
import {Funds} from "../types/Funds.sol";

interface IMediatorsErrors {
    /// @notice Only the court draws mediators and lets them go. Call the court.
    /// @dev Seen by whoever calls in its place.
    error Mediators_NotCourt(address caller, address court);
    /// @notice Not so much of the stake is there to leave: the rest is leaving already. Ask for less.
    /// @dev Seen by mediators.
    error Mediators_StakeTooSmall(address mediator, uint256 staying, uint256 asked);
    /// @notice With this the mediator would have staked more than 40 bits of a thousandth of a token. Use a second account.
    /// @dev Seen by mediators.
    error Mediators_StakeTooLarge(address mediator, uint256 stake, uint256 most);
    /// @notice Nothing of this stake can leave now: its time has not come, or an open case may still take it. Try
    /// again later; a case that nobody moves on can be moved on by you.
    /// @dev Seen by mediators.
    error Mediators_NothingToRelease(address mediator, uint256 leavesAt, uint256 atRisk);
    /// @notice A mediator is in at most three sets besides that of all. Leave one first.
    /// @dev Seen by mediators.
    error Mediators_TooManySets(address mediator, uint256 most);
    /// @notice The mediator is in this set already. Nothing is to be done.
    /// @dev Seen by mediators.
    error Mediators_AlreadyMember(address mediator, uint256 set);
    /// @notice The mediator is not in this set, or has never staked: nobody joins or leaves the set of all by
    /// name. Stake first, or name another set.
    /// @dev Seen by mediators.
    error Mediators_NotMember(address mediator, uint256 set);
    /// @notice More is staked than the tree of sums can count. Stake less.
    /// @dev Seen by mediators.
    error Mediators_TreeFull(uint256 sum, uint256 most);
    /// @notice An epoch must be 10 minutes to 7 days. Deploy with such a one.
    /// @dev Seen by whoever deploys.
    error Mediators_BadEpoch(uint256 epoch, uint256 least, uint256 most);
}

/// @dev Fees and rewards are in the token's smallest unit, stakes in UNITs.
interface IMediatorsEvents {
    /// @param stake all of it from now on; it counts in draws from the next epoch on.
    event Staked(address indexed mediator, uint256 stake);
    /// @param leaving all that is to leave, from `leavesAt` on.
    event Unstaking(address indexed mediator, uint256 leaving, uint256 leavesAt);
    event Unstaked(address indexed mediator, uint256 units);
    event SetJoined(address indexed mediator, uint32 indexed set, uint256 leaf);
    event SetLeft(address indexed mediator, uint32 indexed set);
    /// @notice Each mediator of the round who earns has this; the first of them has `dust` of the fee as well.
    event MediatorsPaid(DealId indexed id, uint256 fee, uint256 reward, uint256 dust);
    event MediatorSlashed(DealId indexed id, address indexed mediator, uint256 units);
}

/// @notice The mediators of one court.
interface ILilypadMediators is IMediatorsErrors, IMediatorsEvents {
    // ------------------------------------------------------------------ for mediators

    /// @notice Binds `units` x UNIT of the caller's free balance in this contract's compartment of the vault as its stake.
    function stake(uint256 units) external;

    /// @notice Takes `units` of the caller's stake out of the draws of later epochs, and lets them leave after UNBONDING.
    function unstake(uint256 units) external;

    /// @notice Sets free what of a mediator's stake was to leave by now and no open case may take. Anyone may call it.
    function release(address mediator) external;

    /// @notice The caller stands for draws from this set as well.
    function joinSet(uint32 set) external;

    /// @notice The caller no longer stands for draws from this set.
    function leaveSet(uint32 set) external;

    /// @notice Weighs a mediator again, with the least stake of now. Anyone may call it.
    function weigh(address mediator) external;

    /// @notice Stake, what of it is at risk and what is leaving in UNITs, from when that may leave, and the fees that the
    /// mediator has not collected.
    function mediatorOf(address account)
        external
        view
        returns (uint256 staked, uint256 atRisk, uint256 leaving, uint256 leavesAt, uint256 owed);

    /// @return members how many leaves the set's tree has, those without weight included.
    /// @return weight of all of them, in this epoch's draws.
    function setOf(uint256 set) external view returns (uint256 members, uint256 weight);

    // ------------------------------------------------------------------ for the court

    /// @return how many leaves the set's tree has.
    function membersOf(uint256 set) external view returns (uint256);

    /// @notice Draws as many as are wanted, in proportion to their weights and none twice, whose unbound stake covers the
    /// penalty and who are not barred; binds the penalty of each. When there are not so many, binds nothing.
    function seat(Call calldata call) external returns (address[] memory seats);

    /// @notice Lets a round's mediators go, paid or slashed.
    /// @return unearned how much of the fee nobody earned, so that it is the heir's.
    function dismiss(Dismissal calldata round) external returns (uint256 unearned);

    /// @notice Locks what an appellant stakes on its appeal.
    function bond(Funds funds) external;

    /// @notice Gives it back.
    function refund(Funds funds) external;

    /// @return amount what was owed to a mediator until now.
    function takeOwed(address account) external returns (uint256 amount);

    function setMinStake(uint256 units) external;
}
