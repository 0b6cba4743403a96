// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice As much of an ERC-20 as the vault uses, and that moves what it is asked to move.
/// @dev It asks for no allowance: the vault only ever takes from its caller.
contract HonestToken {
    mapping(address account => uint256) public balanceOf;

    function transfer(address to, uint256 amount) external returns (bool) {
        return transferFrom(msg.sender, to, amount);
    }

    function transferFrom(address from, address to, uint256 amount) public returns (bool) {
        if (balanceOf[from] < amount) revert();
        unchecked {
            balanceOf[from] -= amount;
            balanceOf[to] += amount;
        }
        return true;
    }
}
