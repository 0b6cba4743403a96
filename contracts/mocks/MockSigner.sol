// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";

/// @dev A contract as a maker whose answer, when its signature is checked, is one of these; set by anybody.
contract MockSigner {
    enum Trick {
        Agree,
        Refuse,
        Burn, //       uses up all gas
        Bomb, //       agrees, with 200 kB behind the answer
        RevertBomb, // the same as the reason of a revert
        CallBack //    calls its caller's function again; agrees only if that was impossible
    }

    Trick public trick;
    bytes private _call;
    bytes32 private _expected;

    function play(Trick trick_, bytes calldata call_) external {
        (trick, _call) = (trick_, call_);
    }

    /// @notice From now on agrees to this very question only.
    function expect(bytes32 hash, bytes calldata signature) external {
        _expected = keccak256(abi.encode(hash, signature));
    }

    /// @notice Makes a call for anybody: it has no other way to act.
    function execute(address target, bytes calldata data) external {
        (bool ok, bytes memory answer) = target.call(data);
        // Passes the reason on as it came.
        if (!ok) assembly ("memory-safe") { revert(add(answer, 0x20), mload(answer)) }
    }

    /// @dev Not a view, to try what a view cannot even compile.
    function isValidSignature(bytes32 hash, bytes calldata signature) external returns (bytes4) {
        if (trick == Trick.Refuse) return 0xffffffff;
        if (trick == Trick.Burn) _burn();
        if (trick == Trick.Bomb) _explode(true);
        if (trick == Trick.RevertBomb) _explode(false);
        if (trick == Trick.CallBack) {
            (bool ok,) = msg.sender.call{gas: 150_000}(_call); // what is forbidden uses up all that it is given
            if (ok) return 0xffffffff;
        }
        bool right = _expected == 0 || _expected == keccak256(abi.encode(hash, signature));
        return right ? IERC1271.isValidSignature.selector : bytes4(0xffffffff);
    }

    function _burn() private pure {
        // Takes all that is left at once: no test has to wait for a loop.
        assembly ("memory-safe") { invalid() }
    }

    function _explode(bool asAnswer) private pure {
        bytes4 magic = IERC1271.isValidSignature.selector;
        // High-level code cannot answer with more than its type.
        assembly {
            mstore(0, magic)
            if asAnswer { return(0, 200000) }
            revert(0, 200000)
        }
    }
}
