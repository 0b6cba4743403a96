// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";
import {ILilypadModules, Module} from "./interfaces/ILilypadModules.sol";
import {Listing, ModuleStatus, toListing} from "./types/Listing.sol";
import {ModuleId, toModuleId} from "./types/ModuleId.sol";

/// @title The registry of modules: immutable versions, their authors and royalties, and what the curators think.
/// @notice The owner curates. It can stop new deals with a version; it cannot change one, nor touch a running deal.
contract LilypadModules is ILilypadModules, Ownable2Step {
    /// @notice No author takes more than a fifth of a job's cost.
    uint16 public constant MAX_ROYALTY_BPS = 2_000;

    mapping(ModuleId id => Listing) private _listings;

    constructor(address curator) Ownable(curator) {}

    /// @inheritdoc ILilypadModules
    function moduleOf(ModuleId id) external view returns (Module memory) {
        Listing found = _listings[id];
        return Module(found.author(), uint16(found.royaltyBps()), found.status(), uint40(found.publishedAt()));
    }

    /// @inheritdoc ILilypadModules
    function getListing(ModuleId id) external view returns (Listing) {
        return _listings[id];
    }

    /// @inheritdoc ILilypadModules
    function moduleId(address author, uint16 royaltyBps, bytes32 manifest) external pure returns (ModuleId) {
        return toModuleId(author, royaltyBps, manifest);
    }

    /// @inheritdoc ILilypadModules
    function publish(bytes32 manifest, string calldata name, string calldata version, uint16 royaltyBps)
        external
        returns (ModuleId id)
    {
        if (manifest == 0) revert Modules_EmptyManifest();
        if (royaltyBps > MAX_ROYALTY_BPS) revert Modules_RoyaltyTooHigh(royaltyBps, MAX_ROYALTY_BPS);
        id = toModuleId(msg.sender, royaltyBps, manifest);
        if (_listings[id].status() != ModuleStatus.None) revert Modules_AlreadyPublished(id);

        _listings[id] = toListing(msg.sender, royaltyBps, ModuleStatus.Published, block.timestamp);
        emit ModulePublished(id, msg.sender, manifest, name, version, royaltyBps);
    }

    /// @inheritdoc ILilypadModules
    function deprecate(ModuleId id) external {
        Listing listing = _listings[id];
        if (listing.author() != msg.sender) revert Modules_NotAuthor(id, listing.author(), msg.sender);
        _setStatus(id, listing, ModuleStatus.Deprecated);
    }

    /// @inheritdoc ILilypadModules
    function curate(ModuleId id, ModuleStatus status) external onlyOwner {
        Listing listing = _listings[id];
        if (listing.status() == ModuleStatus.None || status == ModuleStatus.None) revert Modules_NotPublished(id);
        _setStatus(id, listing, status);
    }

    function _setStatus(ModuleId id, Listing listing, ModuleStatus status) private {
        if (listing.status() == ModuleStatus.Revoked) revert Modules_Revoked(id);
        _listings[id] = listing.withStatus(status);
        emit ModuleStatusChanged(id, status);
    }
}
