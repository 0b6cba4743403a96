// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice Names one deal: the hash of its terms, which contain the hashes of both signed offers.
/// Nobody can register an id for other terms than those that hash to it.
type DealId is bytes32;
