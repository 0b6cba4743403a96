// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// @dev A token without permit that misbehaves in one way, set by anybody.
contract MockToken is ERC20 {
    enum Trick {
        None,
        Fee, //         keeps a hundredth of what `transferFrom` moves
        Lie, //         says that it moved something
        ReturnFalse, // moves nothing and says so
        CallBack //     calls the sender back before it moves anything, as ERC-777 does
    }

    Trick public trick;

    constructor(address holder) ERC20("Mock", "MOCK") {
        _mint(holder, 1_000_000 ether);
    }

    function play(Trick trick_) external {
        trick = trick_;
    }

    function transferFrom(address from, address to, uint256 amount) public override returns (bool) {
        if (trick == Trick.ReturnFalse) return false;
        if (trick == Trick.Lie) return true;
        if (trick == Trick.CallBack) MockHook(from).tokensToSend();
        super.transferFrom(from, to, amount);
        if (trick == Trick.Fee) _burn(to, amount / 100);
        return true;
    }
}

/// @dev Calls the vault again from within its own deposit.
contract MockHook {
    address private _target;
    bytes[] private _calls;

    /// @notice Sends what to do now; `calls` are made once, when the token calls back.
    function run(address target, bytes calldata first, bytes[] calldata calls) external {
        _target = target;
        for (uint256 i = 0; i < calls.length; ++i) {
            _calls.push(calls[i]);
        }
        _call(target, first);
    }

    function approve(ERC20 token, address spender) external {
        token.approve(spender, type(uint256).max);
    }

    function tokensToSend() external {
        bytes[] memory calls = _calls;
        delete _calls;
        for (uint256 i = 0; i < calls.length; ++i) {
            _call(_target, calls[i]);
        }
    }

    function _call(address target, bytes memory data) private {
        (bool ok, bytes memory answer) = target.call(data);
        // Passes the reason on as it came.
        if (!ok) assembly ("memory-safe") { revert(add(answer, 0x20), mload(answer)) }
    }
}
