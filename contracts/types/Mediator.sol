// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice A mediator in one word, lowest bits first: stake (40), of it at risk in open cases (40), of it leaving (40), when
/// that may leave (40, unix time), all amounts in UNITs; and what it has earned and not collected (96, the token's
/// smallest unit).
/// @dev stake >= atRisk and stake >= leaving, always; what leaves stays at risk until it has left.
type Mediator is uint256;

using {stake, atRisk, leaving, leavesAt, owed, unbound, weight, with, withStake, withLeaving, withRisk, earn, collected}
    for Mediator global;

uint256 constant LANE = type(uint40).max;

function stake(Mediator m) pure returns (uint256) {
    return uint40(Mediator.unwrap(m));
}

function atRisk(Mediator m) pure returns (uint256) {
    return uint40(Mediator.unwrap(m) >> 40);
}

function leaving(Mediator m) pure returns (uint256) {
    return uint40(Mediator.unwrap(m) >> 80);
}

function leavesAt(Mediator m) pure returns (uint256) {
    return uint40(Mediator.unwrap(m) >> 120);
}

function owed(Mediator m) pure returns (uint256) {
    return Mediator.unwrap(m) >> 160;
}

/// @return what no open case can take.
function unbound(Mediator m) pure returns (uint256) {
    return m.stake() - m.atRisk();
}

/// @return what it counts in the next epoch's draws.
function weight(Mediator m, uint256 minStake) pure returns (uint256) {
    uint256 staying = m.stake() - m.leaving();
    return staying < minStake ? 0 : staying;
}

function with(Mediator m, uint256 shift, uint256 value) pure returns (Mediator) {
    return Mediator.wrap((Mediator.unwrap(m) & ~(LANE << shift)) | (value << shift));
}

function withStake(Mediator m, uint256 amount) pure returns (Mediator) {
    return m.with(0, amount);
}

function withRisk(Mediator m, uint256 amount) pure returns (Mediator) {
    return m.with(40, amount);
}

function withLeaving(Mediator m, uint256 amount, uint256 from) pure returns (Mediator) {
    return m.with(80, amount).with(120, from);
}

function earn(Mediator m, uint256 amount) pure returns (Mediator) {
    return Mediator.wrap(Mediator.unwrap(m) + (amount << 160));
}

function collected(Mediator m) pure returns (Mediator) {
    return Mediator.wrap(uint160(Mediator.unwrap(m)));
}
