// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice One account's part in a settlement: what leaves its locked balance and what enters its free balance.
struct Leg {
    address account;
    uint128 unlock;
    uint128 credit;
}

/// @notice A whole settlement. The two parties are always there and stand in the head, so that the ordinary case
/// carries no array; whoever else takes part follows.
struct Legs {
    Leg creator;
    Leg provider;
    Leg[] others;
}
