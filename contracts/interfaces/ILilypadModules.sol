// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Listing, ModuleStatus} from "../types/Listing.sol";
import {ModuleId} from "../types/ModuleId.sol";

/// @notice One immutable module version, as it is read: Listing unpacked.
struct Module {
    address author;
    uint16 royaltyBps;
    ModuleStatus status;
    uint40 publishedAt;
}

interface ILilypadModules {
    /// @notice This author published this manifest before, and a version never changes. Use the one that is there,
    /// or publish another manifest.
    /// @dev Seen by authors.
    error Modules_AlreadyPublished(ModuleId id);
    /// @notice Nobody published this id, or the status is None, to which no version returns. Publish first, and
    /// name a status that exists.
    /// @dev Seen by curators.
    error Modules_NotPublished(ModuleId id);
    /// @notice Only the author deprecates a version, and the caller is somebody else. Send it from the author's
    /// account.
    /// @dev Seen by authors.
    error Modules_NotAuthor(ModuleId id, address author, address caller);
    /// @notice A revoked version stays revoked. Publish a corrected version.
    /// @dev Seen by authors and curators.
    error Modules_Revoked(ModuleId id);
    /// @notice No author takes more than a fifth of a job's cost. Publish with at most `limit`.
    /// @dev Seen by authors.
    error Modules_RoyaltyTooHigh(uint16 royaltyBps, uint16 limit);
    /// @notice A version is known by the digest of its manifest, and this digest is zero. Pass the SHA-256 of the
    /// canonical manifest.
    /// @dev Seen by authors.
    error Modules_EmptyManifest();

    event ModulePublished(
        ModuleId indexed id, address indexed author, bytes32 manifest, string name, string version, uint16 royaltyBps
    );
    event ModuleStatusChanged(ModuleId indexed id, ModuleStatus status);

    /// @return a zero module for an unknown id.
    function moduleOf(ModuleId id) external view returns (Module memory);

    /// @return the same in one word, for contracts.
    function getListing(ModuleId id) external view returns (Listing);

    /// @notice The id of a version: author, royalty and manifest digest, so that nobody can take another's.
    function moduleId(address author, uint16 royaltyBps, bytes32 manifest) external pure returns (ModuleId);

    /// @param manifest SHA-256 of the canonical manifest, which pins everything that decides a result.
    /// @param name, version for people; not unique.
    /// @param royaltyBps the author's share of each paid run, for ever.
    function publish(bytes32 manifest, string calldata name, string calldata version, uint16 royaltyBps)
        external
        returns (ModuleId id);

    /// @notice The author advises against new use of a version.
    function deprecate(ModuleId id) external;

    /// @notice The curators set a version's status; a revoked version stays revoked.
    function curate(ModuleId id, ModuleStatus status) external;
}
