// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";

/// @dev The least of a smart wallet: signs by ERC-1271 with its owner's key, and calls what its owner says.
contract MockWallet is IERC1271 {
    address public immutable OWNER;

    constructor(address owner) {
        OWNER = owner;
    }

    function isValidSignature(bytes32 hash, bytes calldata signature) external view returns (bytes4) {
        (address signer,,) = ECDSA.tryRecoverCalldata(hash, signature);
        return signer == OWNER ? IERC1271.isValidSignature.selector : bytes4(0xffffffff);
    }

    function execute(address target, bytes calldata data) external {
        require(msg.sender == OWNER, "not the owner");
        (bool ok, bytes memory answer) = target.call(data);
        // Passes the reason on as it came.
        if (!ok) assembly ("memory-safe") { revert(add(answer, 0x20), mload(answer)) }
    }
}
