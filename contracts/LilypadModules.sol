// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";
import {ILilypadModules, Module, ModuleStatus} from "./interfaces/ILilypadModules.sol";

/// @title The registry of modules: immutable versions, their authors and royalties, and what the curators think.
/// @notice The owner curates. It can stop new deals with a version; it cannot change one, nor touch a running deal.
contract LilypadModules is ILilypadModules, Ownable2Step {
    /// @notice No author takes more than a fifth of a job's cost.
    uint16 public constant MAX_ROYALTY_BPS = 2_000;

    mapping(bytes32 id => Module) private _modules;

    constructor(address curator) Ownable(curator) {}

    /// @inheritdoc ILilypadModules
    function moduleOf(bytes32 id) external view returns (Module memory) {
        return _modules[id];
    }

    /// @inheritdoc ILilypadModules
    function moduleId(address author, bytes32 manifest) public pure returns (bytes32) {
        return keccak256(abi.encode(author, manifest));
    }

    /// @inheritdoc ILilypadModules
    function publish(bytes32 manifest, string calldata name, string calldata version, uint16 royaltyBps)
        external
        returns (bytes32 id)
    {
        if (manifest == 0) revert Modules_EmptyManifest();
        if (royaltyBps > MAX_ROYALTY_BPS) revert Modules_RoyaltyTooHigh(royaltyBps, MAX_ROYALTY_BPS);
        id = moduleId(msg.sender, manifest);
        if (_modules[id].status != ModuleStatus.None) revert Modules_AlreadyPublished(id);

        _modules[id] = Module(msg.sender, royaltyBps, ModuleStatus.Published, uint40(block.timestamp));
        emit ModulePublished(id, msg.sender, manifest, name, version, royaltyBps);
    }

    /// @inheritdoc ILilypadModules
    function deprecate(bytes32 id) external {
        Module memory module = _modules[id];
        if (module.author != msg.sender) revert Modules_NotAuthor(id, module.author, msg.sender);
        _setStatus(id, module, ModuleStatus.Deprecated);
    }

    /// @inheritdoc ILilypadModules
    function curate(bytes32 id, ModuleStatus status) external onlyOwner {
        Module memory module = _modules[id];
        if (module.status == ModuleStatus.None || status == ModuleStatus.None) revert Modules_NotPublished(id);
        _setStatus(id, module, status);
    }

    function _setStatus(bytes32 id, Module memory module, ModuleStatus status) private {
        if (module.status == ModuleStatus.Revoked) revert Modules_Revoked(id);
        _modules[id].status = status;
        emit ModuleStatusChanged(id, status);
    }
}
