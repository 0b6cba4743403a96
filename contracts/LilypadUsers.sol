// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ILilypadUsers, User} from "./interfaces/ILilypadUsers.sol";

/// @title The directory: where to reach whom. Everybody writes its own entry and nobody else's.
contract LilypadUsers is ILilypadUsers {
    uint256 public constant MAX_ENDPOINT_LENGTH = 256;

    mapping(address account => User) private _users;

    /// @inheritdoc ILilypadUsers
    function userOf(address account) external view returns (User memory) {
        return _users[account];
    }

    /// @inheritdoc ILilypadUsers
    function register(uint8 roles, string calldata endpoint, bytes32 metadata) external {
        uint256 length = bytes(endpoint).length;
        if (length > MAX_ENDPOINT_LENGTH) revert Users_EndpointTooLong(length, MAX_ENDPOINT_LENGTH);
        _users[msg.sender] = User(roles, endpoint, metadata);
        emit UserChanged(msg.sender, roles, endpoint, metadata);
    }
}
