// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice What an account says of itself; nothing here is checked or trusted by any other contract.
/// @param roles bits: 1 creator, 2 provider, 4 solver, 8 mediator, 16 module author.
/// @param endpoint base URL at which the account serves content or a market.
/// @param metadata content digest of anything else it wants to say.
struct User {
    uint8 roles;
    string endpoint;
    bytes32 metadata;
}

interface ILilypadUsers {
    /// @notice The endpoint is longer than an address on the net needs to be. Register a shorter URL of at most
    /// `limit` bytes.
    /// @dev Seen by whoever registers.
    error Users_EndpointTooLong(uint256 length, uint256 limit);

    event UserChanged(address indexed account, uint8 roles, string endpoint, bytes32 metadata);

    function userOf(address account) external view returns (User memory);

    /// @notice Replaces the caller's own entry.
    function register(uint8 roles, string calldata endpoint, bytes32 metadata) external;
}
