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

/// @notice What the registry keeps of a module version, in one word, lowest bits first: author (160), royalty in basis
/// points (16), status (8), time of publication (40).
type Listing is bytes32;

using {author, royaltyBps, status, publishedAt, withStatus} for Listing global;

function toListing(address author_, uint16 royaltyBps_, ModuleStatus status_, uint256 publishedAt_) pure returns (Listing) {
    return Listing.wrap(
        bytes32(
            uint256(uint160(author_)) | (uint256(royaltyBps_) << 160) | (uint256(status_) << 176) | (publishedAt_ << 184)
        )
    );
}

function author(Listing l) pure returns (address) {
    return address(uint160(uint256(Listing.unwrap(l))));
}

function royaltyBps(Listing l) pure returns (uint256) {
    return uint16(uint256(Listing.unwrap(l)) >> 160);
}

function status(Listing l) pure returns (ModuleStatus) {
    return ModuleStatus(uint8(uint256(Listing.unwrap(l)) >> 176));
}

function publishedAt(Listing l) pure returns (uint256) {
    return uint40(uint256(Listing.unwrap(l)) >> 184);
}

function withStatus(Listing l, ModuleStatus status_) pure returns (Listing) {
    return toListing(l.author(), uint16(l.royaltyBps()), status_, l.publishedAt());
}
