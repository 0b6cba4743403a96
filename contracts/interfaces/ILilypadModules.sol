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
    error Modules_AlreadyPublished(bytes32 id);
    error Modules_NotPublished(bytes32 id);
    error Modules_NotAuthor(bytes32 id, address author, address caller);
    error Modules_Revoked(bytes32 id);
    error Modules_RoyaltyTooHigh(uint16 royaltyBps, uint16 limit);
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
