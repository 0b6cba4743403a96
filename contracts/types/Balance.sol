// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {NonceSegment} from "./NonceSegment.sol";

/// @notice One account in one compartment of the vault, in one word, lowest bits first: free (96: what it may withdraw or
/// bind in a deal), locked (96: what is bound in deals), and the segment of its nonces that is in use (64).
/// @dev The callers check that there is as much as they take. A lane cannot run over into the next: the vault never holds
/// more tokens than 96 bits can count, and all balances together are no more than that. So nothing here is checked twice.
type Balance is uint256;

using {free, locked, nonces, credit, debit, lock, release, withNonces} for Balance global;

function free(Balance b) pure returns (uint256) {
    return uint96(Balance.unwrap(b));
}

function locked(Balance b) pure returns (uint256) {
    return uint96(Balance.unwrap(b) >> 96);
}

function nonces(Balance b) pure returns (NonceSegment) {
    return NonceSegment.wrap(uint64(Balance.unwrap(b) >> 192));
}

function credit(Balance b, uint256 amount) pure returns (Balance) {
    unchecked {
        return Balance.wrap(Balance.unwrap(b) + amount);
    }
}

function debit(Balance b, uint256 amount) pure returns (Balance) {
    unchecked {
        return Balance.wrap(Balance.unwrap(b) - amount);
    }
}

/// @notice From free to locked.
function lock(Balance b, uint256 amount) pure returns (Balance) {
    unchecked {
        return Balance.wrap(Balance.unwrap(b) - amount + (amount << 96));
    }
}

/// @notice Out of locked, wherever it goes from there.
function release(Balance b, uint256 amount) pure returns (Balance) {
    unchecked {
        return Balance.wrap(Balance.unwrap(b) - (amount << 96));
    }
}

function withNonces(Balance b, NonceSegment n) pure returns (Balance) {
    return Balance.wrap(uint192(Balance.unwrap(b)) | (uint256(NonceSegment.unwrap(n)) << 192));
}
