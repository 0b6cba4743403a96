// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice What forge lets a test do to the chain; as much of it as is needed here.
interface Forge {
    function chainId(uint256 id) external;
    function envString(string calldata name) external view returns (string memory);
    function getCode(string calldata artifact) external view returns (bytes memory);
    function parseBytes(string calldata hexadecimal) external pure returns (bytes memory);
    function prank(address sender, address origin) external;
    function readLine(string calldata path) external view returns (string memory);
    function revertToState(uint256 id) external returns (bool);
    function setNonceUnsafe(address account, uint64 nonce) external;
    function snapshotState() external returns (uint256 id);
    function store(address account, bytes32 slot, bytes32 value) external;
    function warp(uint256 timestamp) external;
}

enum Kind {
    Create,
    Send,
    Read,
    Snapshot,
    Restore,
    Chain,
    Store
}

/// @dev Mirrors Step in tape.py.
/// @param number nonce of a creation; which snapshot is taken or restored; id of the chain; slot that is
/// written; nothing otherwise.
/// @param to whom is called, or whose slot is written; of a creation, where the contract must come to lie.
/// @param artifact of a creation: whose code it is; empty when the code is not ours and stands in `data` whole.
/// @param data calldata; of a creation, what follows the code.
/// @param ok whether it went well when it was recorded.
/// @param answer hash of what was returned to a read, zero for any; what is written to a slot.
struct Step {
    Kind kind;
    uint256 time;
    uint256 number;
    uint256 gas;
    address from;
    address to;
    string artifact;
    bytes data;
    bool ok;
    bytes32 answer;
}

/// @notice Sends again what the contracts' tests sent, each step from the same sender to the same address in the same
/// second, to the contracts as forge has compiled them. So one set of tests does for behaviour and for coverage.
contract ReplayTest {
    Forge private constant FORGE = Forge(address(uint160(uint256(keccak256("hevm cheat code")))));

    uint256 private constant BLOCK_GAS = 30_000_000;
    /// @dev Without the optimizer, and with all that is counted, what filled a block takes several.
    uint256 private constant ENOUGH_GAS = 10 * BLOCK_GAS;

    error Differs(uint256 step, string what, Step recorded, bool ok, bytes answer);

    function test_tape_of_the_node__ends_as_it_was_recorded() external {
        _replay(FORGE.envString("LILYPAD_TAPE"));
    }

    function test_tape_of_revm__ends_as_it_was_recorded() external {
        _replay(string.concat(FORGE.envString("LILYPAD_TAPE"), ".revm"));
    }

    function _replay(string memory path) private {
        uint256[] memory snapshots = new uint256[](100_000);
        for (uint256 nth = 1;; ++nth) {
            bytes memory line = bytes(FORGE.readLine(path));
            if (line.length == 0) return;
            Step memory step = abi.decode(FORGE.parseBytes(string(line)), (Step));
            if (step.kind == Kind.Snapshot) snapshots[step.number] = FORGE.snapshotState();
            else if (step.kind == Kind.Restore) FORGE.revertToState(snapshots[step.number]);
            else if (step.kind == Kind.Chain) FORGE.chainId(step.number);
            else if (step.kind == Kind.Store) FORGE.store(step.to, bytes32(step.number), step.answer);
            else this.play(nth, step);
        }
    }

    /// @dev A call of its own, so that the memory it takes is given back.
    function play(uint256 nth, Step calldata step) external {
        FORGE.warp(step.time);
        if (step.kind == Kind.Create) return _create(nth, step);
        // Too little on purpose. Here everything takes more gas, so it may end in another way: only what is executed
        // counts, and what went well is done once more with enough.
        if (step.gas < BLOCK_GAS) {
            _try(step, step.gas);
            if (!step.ok) return;
        }
        (bool ok, bytes memory answer) = step.kind == Kind.Read ? _try(step, ENOUGH_GAS) : _call(step, ENOUGH_GAS);
        if (ok != step.ok) revert Differs(nth, "outcome", step, ok, answer);
        if (step.answer != 0 && keccak256(answer) != step.answer) revert Differs(nth, "answer", step, ok, answer);
    }

    /// @dev A call of which nothing stays.
    function _try(Step calldata step, uint256 gas) private returns (bool ok, bytes memory answer) {
        (, bytes memory thrown) = address(this).call(abi.encodeCall(this.callAndRevert, (step, gas)));
        return abi.decode(thrown, (bool, bytes));
    }

    function callAndRevert(Step calldata step, uint256 gas) external {
        (bool ok, bytes memory answer) = _call(step, gas);
        bytes memory told = abi.encode(ok, answer);
        assembly ("memory-safe") {
            revert(add(told, 32), mload(told))
        }
    }

    function _call(Step calldata step, uint256 gas) private returns (bool ok, bytes memory answer) {
        FORGE.prank(step.from, step.from);
        return step.to.call{gas: gas}(step.data);
    }

    function _create(uint256 nth, Step calldata step) private {
        bytes memory code = bytes(step.artifact).length == 0 ? bytes("") : FORGE.getCode(step.artifact);
        code = bytes.concat(code, step.data);
        FORGE.setNonceUnsafe(step.from, uint64(step.number));
        FORGE.prank(step.from, step.from);
        address made;
        assembly ("memory-safe") {
            made := create(0, add(code, 32), mload(code))
        }
        if ((made != address(0)) != step.ok) revert Differs(nth, "outcome", step, made != address(0), "");
        if (step.ok && made != step.to) revert Differs(nth, "address", step, true, abi.encode(made));
    }
}
