// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Blockhash} from "@openzeppelin/contracts/utils/Blockhash.sol";
import {IRandomness} from "../interfaces/IRandomness.sol";

/// @title The beacon chain's randomness (EIP-4399) of one block to come, read from that block's header.
/// @notice A ticket is a block number. Whoever draws brings the RLP header of that block; its hash is what the chain
/// remembers of 256 blocks (of 8,191 where EIP-2935 is active), and prevRandao is one of its fields. So it does not matter
/// in which later block, or by whom, the draw is made.
///
/// Bias. A validator that proposes the last slots before the ticket can leave its block out and so choose between two
/// values for each such slot: with r of them in a row, among 2^r. It forgoes a block reward for each. It cannot choose
/// more finely: unlike a block's hash, the mix contains nothing that a proposer can grind. DELAY blocks of at least two
/// epochs (64 slots) lie further ahead than proposers are known, so that nobody can time a challenge for slots it has.
///
/// Not for chains whose blocks are one operator's word (most rollups repeat a constant, or their base chain's value): there,
/// put a source behind IRandomness that verifies a threshold beacon such as drand, or a verifiable random function.
contract Randao is IRandomness {
    /// @notice Blocks from arming to the ticket, at least.
    uint256 public immutable DELAY;
    /// @notice Seconds between two blocks, where none is missed.
    uint256 public immutable BLOCK_TIME;
    /// @dev A block's prevRandao is the mix as its parent left it, so the parent's proposer knows it first. That the slots
    /// between the two are no more than this is taken for granted.
    uint256 private constant SLACK_BLOCKS = 8;

    /// @dev Where the numbers begin in the RLP list: behind its own prefix (3), five hashes (33 each), the coinbase (21) and
    /// the logs' bloom filter (259). That it is a header, and no forgery, its hash has shown.
    uint256 private constant NUMBERS_AT = 3 + 5 * 33 + 21 + 259;

    constructor(uint256 delay_, uint256 blockTime) {
        DELAY = delay_;
        BLOCK_TIME = blockTime;
    }

    /// @inheritdoc IRandomness
    function delay() external view returns (uint256) {
        return DELAY * BLOCK_TIME;
    }

    /// @inheritdoc IRandomness
    function arm(uint256 earliest) external view returns (uint256 ticket) {
        uint256 wait = earliest > block.timestamp ? (earliest - block.timestamp + BLOCK_TIME - 1) / BLOCK_TIME : 0;
        return block.number + (wait > DELAY ? wait : DELAY) + SLACK_BLOCKS;
    }

    /// @inheritdoc IRandomness
    function seed(uint256 ticket, bytes calldata proof) external view returns (bytes32 value, uint256 knownAt) {
        if (ticket >= block.number) revert Randomness_NotYet(ticket, block.number);
        bytes32 hash = Blockhash.blockHash(ticket);
        if (hash == bytes32(0)) revert Randomness_Missed(ticket, block.number);
        if (keccak256(proof) != hash) revert Randomness_BadProof(ticket);
        uint256 item = NUMBERS_AT;
        for (uint256 i = 0; i < 4; ++i) {
            item = _after(proof, item); // difficulty, number, gas limit, gas used
        }
        uint256 next = _after(proof, item);
        uint256 timestamp = uint256(bytes32(proof[item + 1:next])) >> (8 * (33 + item - next));
        next = _after(proof, next); // extra data
        return (bytes32(proof[next + 1:next + 33]), timestamp - SLACK_BLOCKS * BLOCK_TIME);
    }

    /// @dev Where the item after the one at `item` begins. None that is passed over here has more than 55 bytes.
    function _after(bytes calldata header, uint256 item) private pure returns (uint256) {
        uint256 prefix = uint8(header[item]);
        return item + 1 + (prefix < 0x80 ? 0 : prefix - 0x80);
    }

    /// @inheritdoc IRandomness
    function isMissed(uint256 ticket) external view returns (bool) {
        return ticket < block.number && Blockhash.blockHash(ticket) == bytes32(0);
    }
}
