// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice Where a module version stands. Published: anybody may run it, by naming it. Curated: checked to be
/// deterministic, run by providers that name no modules. Deprecated: as published, with a warning. Revoked: no new deals.
enum ModuleStatus {
    None,
    Published,
    Curated,
    Deprecated,
    Revoked
}

/// @notice One immutable module version: one slot.
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
    error Modules_AlreadyPublished(bytes32 id);
    /// @notice Nobody published this id, or the status is None, to which no version returns. Publish first, and
    /// name a status that exists.
    /// @dev Seen by curators.
    error Modules_NotPublished(bytes32 id);
    /// @notice Only the author deprecates a version, and the caller is somebody else. Send it from the author's
    /// account.
    /// @dev Seen by authors.
    error Modules_NotAuthor(bytes32 id, address author, address caller);
    /// @notice A revoked version stays revoked. Publish a corrected version.
    /// @dev Seen by authors and curators.
    error Modules_Revoked(bytes32 id);
    /// @notice No author takes more than a fifth of a job's cost. Publish with at most `limit`.
    /// @dev Seen by authors.
    error Modules_RoyaltyTooHigh(uint16 royaltyBps, uint16 limit);
    /// @notice A version is known by the digest of its manifest, and this digest is zero. Pass the SHA-256 of the
    /// canonical manifest.
    /// @dev Seen by authors.
    error Modules_EmptyManifest();

    event ModulePublished(
        bytes32 indexed id, address indexed author, bytes32 manifest, string name, string version, uint16 royaltyBps
    );
    event ModuleStatusChanged(bytes32 indexed id, ModuleStatus status);

    /// @return a zero module for an unknown id.
    function moduleOf(bytes32 id) external view returns (Module memory);

    /// @notice The id of a version: author and manifest digest, so that nobody can take another's.
    function moduleId(address author, bytes32 manifest) external pure returns (bytes32);

    /// @param manifest SHA-256 of the canonical manifest, which pins everything that decides a result.
    /// @param name, version for people; not unique.
    /// @param royaltyBps the author's share of each paid run, for ever.
    function publish(bytes32 manifest, string calldata name, string calldata version, uint16 royaltyBps)
        external
        returns (bytes32 id);

    /// @notice The author advises against new use of a version.
    function deprecate(bytes32 id) external;

    /// @notice The curators set a version's status; a revoked version stays revoked.
    function curate(bytes32 id, ModuleStatus status) external;
}
