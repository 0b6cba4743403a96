// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

interface Halmos {
    function assume(bool condition) external pure;
}

interface HalmosSymbols {
    function enableSymbolicStorage(address account) external;
}

/// @notice What proofs need: to say for which inputs they hold, and that a contract may hold anything before.
abstract contract Proof {
    Halmos private constant HALMOS = Halmos(address(uint160(uint256(keccak256("hevm cheat code")))));
    HalmosSymbols private constant SYMBOLS = HalmosSymbols(address(uint160(uint256(keccak256("svm cheat code")))));

    function assume(bool condition) internal pure {
        HALMOS.assume(condition);
    }

    /// @dev From now on every slot of the account that nobody wrote holds any word.
    function anyStorage(address account) internal {
        SYMBOLS.enableSymbolicStorage(account);
    }
}
