// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Funds, toFunds} from "./Funds.sol";

/// @notice A settlement as two lists of equal length. Leg i is one account's part: how much of its locked balance comes
/// free, and what enters its free balance.
struct Legs {
    Funds[] unlocks;
    uint256[] credits;
    uint256 count;
}

using {unlock, credit, finish} for Legs global;

function newLegs(uint256 most) pure returns (Legs memory legs) {
    legs.unlocks = new Funds[](most);
    legs.credits = new uint256[](most);
}

/// @notice Adds a leg that unlocks `funds` and credits their account with `credit_`.
function unlock(Legs memory legs, Funds funds, uint256 credit_) pure {
    uint256 leg = legs.count;
    legs.unlocks[leg] = funds;
    legs.credits[leg] = credit_;
    // Safe: less than the length of both.
    unchecked {
        legs.count = leg + 1;
    }
}

/// @notice Adds a leg that only credits; none where there is nothing to credit.
function credit(Legs memory legs, address account, uint256 amount) pure {
    if (amount != 0) legs.unlock(toFunds(account, 0), amount);
}

/// @notice Cuts the lists to the legs that were added.
function finish(Legs memory legs) pure {
    (Funds[] memory unlocks, uint256[] memory credits, uint256 count) = (legs.unlocks, legs.credits, legs.count);
    // Safe: `unlock` reverts beyond their length, so they only become shorter.
    assembly ("memory-safe") {
        mstore(unlocks, count)
        mstore(credits, count)
    }
}
