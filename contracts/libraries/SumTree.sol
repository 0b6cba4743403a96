// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IMediatorsErrors} from "../interfaces/ILilypadMediators.sol";

/// @notice Weights as the leaves of a tree of sums, so that drawing one in proportion to its weight costs the logarithm of
/// how many there are.
///
/// A word holds a group: the five entries of one node's children, 40 bits each, lowest first, and in the highest 56 bits
/// the epoch from which they hold. Five to a group, because that is what one word holds with its epoch: a draw reads one
/// word a level.
///
/// Two versions. A change in epoch e holds from e + 1 on; until then the group as it was before lies beside it. So the
/// tree that is drawn from in an epoch was fixed before that epoch began, and before any randomness of that epoch
/// existed: neither joining nor leaving can steer a draw.
struct SumTree {
    uint32 count;
    uint8 depth;
    mapping(uint256 key => uint256 group) groups;
    mapping(uint256 key => uint256 group) earlier;
    mapping(uint256 leaf => address account) accounts;
}

using {add, set, total, find} for SumTree global;

uint256 constant FANOUT = 5;
uint256 constant ENTRY_BITS = 40;
uint256 constant ENTRIES_BITS = FANOUT * ENTRY_BITS;
uint256 constant ENTRY_MASK = (1 << ENTRY_BITS) - 1;

/// @notice A new leaf of weight zero.
function add(SumTree storage tree, address account, uint256 epoch) returns (uint256 leaf) {
    leaf = tree.count;
    uint256 depth = tree.depth;
    if (depth == 0 || leaf == FANOUT ** depth) {
        // One level more. Its first entry is what the tree weighed so far, in both versions.
        if (depth != 0) {
            uint256 below = _key(depth - 1, 0);
            uint256 next = _sum(tree.groups[below]);
            tree.earlier[_key(depth, 0)] = _sum(_groupAt(tree, below, epoch));
            tree.groups[_key(depth, 0)] = next | ((epoch + 1) << ENTRIES_BITS);
        }
        tree.depth = uint8(depth + 1);
    }
    tree.accounts[leaf] = account;
    tree.count = uint32(leaf + 1);
}

/// @notice Gives a leaf its weight from the next epoch on.
function set(SumTree storage tree, uint256 leaf, uint256 weight, uint256 epoch) {
    uint256 depth = tree.depth;
    uint256 entry = leaf;
    uint256 old;
    for (uint256 level = 0; level < depth; ++level) {
        uint256 key = _key(level, entry / FANOUT);
        uint256 shift = (entry % FANOUT) * ENTRY_BITS;
        uint256 group = tree.groups[key];
        if (level == 0) {
            old = (group >> shift) & ENTRY_MASK;
            if (old == weight) return;
        }
        if (group >> ENTRIES_BITS <= epoch) tree.earlier[key] = group;
        uint256 sum = ((group >> shift) & ENTRY_MASK) + weight - old;
        if (sum > ENTRY_MASK) revert IMediatorsErrors.Mediators_TreeFull(sum, ENTRY_MASK);
        uint256 entries = (group & ((1 << ENTRIES_BITS) - 1) & ~(ENTRY_MASK << shift)) | (sum << shift);
        tree.groups[key] = entries | ((epoch + 1) << ENTRIES_BITS);
        entry /= FANOUT;
    }
}

/// @return what all leaves weigh together in this epoch.
function total(SumTree storage tree, uint256 epoch) view returns (uint256) {
    uint256 depth = tree.depth;
    return depth == 0 ? 0 : _sum(_groupAt(tree, _key(depth - 1, 0), epoch));
}

/// @param target less than the total.
/// @return account whose leaf it falls on.
/// @return start what the leaves before it weigh.
/// @return weight of the leaf.
function find(SumTree storage tree, uint256 target, uint256 epoch)
    view
    returns (address account, uint256 start, uint256 weight)
{
    uint256 entry;
    uint256 rest = target;
    // Safe: entries are counted in 32 bits, weights in 40, and what is subtracted is compared before.
    unchecked {
        for (uint256 level = tree.depth; level > 0;) {
            uint256 group = _groupAt(tree, _key(--level, entry), epoch);
            entry *= FANOUT;
            weight = group & ENTRY_MASK;
            while (rest >= weight) {
                rest -= weight;
                group >>= ENTRY_BITS;
                weight = group & ENTRY_MASK;
                ++entry;
            }
        }
    }
    return (tree.accounts[entry], target - rest, weight);
}

function _groupAt(SumTree storage tree, uint256 key, uint256 epoch) view returns (uint256 group) {
    group = tree.groups[key];
    if (group >> ENTRIES_BITS > epoch) group = tree.earlier[key];
}

function _sum(uint256 group) pure returns (uint256 sum) {
    for (uint256 i = 0; i < FANOUT; ++i) {
        sum += group & ENTRY_MASK;
        group >>= ENTRY_BITS;
    }
}

function _key(uint256 level, uint256 group) pure returns (uint256) {
    return (level << 32) | group;
}
