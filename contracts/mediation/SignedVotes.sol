// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {IMediationErrors} from "../interfaces/ILilypadMediation.sol";
import {Ballot} from "../types/Docket.sol";

/// @notice Sealed votes, and what mediators sign so that one transaction can carry several of them.
abstract contract SignedVotes is IMediationErrors {
    bytes32 private constant DOMAIN_TYPEHASH =
        keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)");
    /// @dev One mediator seals its vote, for whoever brings it to the chain.
    bytes32 private constant COMMIT_TYPEHASH = keccak256("Commit(bytes32 round,bytes32 hash)");
    /// @dev One mediator has seen the seals of all, and opens its own after this.
    bytes32 private constant BALLOTS_TYPEHASH = keccak256("Ballots(bytes32 round,bytes32 root)");

    /// @return sealed_ what a mediator commits to. It names the mediator and the round, so it is worth nothing to another.
    /// @dev The lowest bit tells it from a revealed vote.
    function _seal(bytes32 round, address mediator, Ballot memory ballot) internal pure returns (bytes32 sealed_) {
        bytes32 hash = keccak256(
            abi.encode(
                round, mediator, ballot.commitment, ballot.instructionCount, ballot.isFetched, ballot.salt
            )
        );
        return hash & ~bytes32(uint256(1));
    }

    /// @return mark what is on record of a revealed vote.
    function _mark(Ballot memory ballot) internal pure returns (bytes32 mark) {
        bytes32 hash = keccak256(abi.encode(ballot.commitment, ballot.instructionCount, ballot.isFetched));
        return hash | bytes32(uint256(1));
    }

    function _requireCommit(bytes32 round, address mediator, bytes32 hash, bytes calldata signature) internal view {
        _requireSigned(mediator, _hashTypedDataV4(keccak256(abi.encode(COMMIT_TYPEHASH, round, hash))), signature);
    }

    function _ballotsDigest(bytes32 round, bytes32[] memory seals) internal view returns (bytes32) {
        bytes32 root = keccak256(abi.encodePacked(seals));
        return _hashTypedDataV4(keccak256(abi.encode(BALLOTS_TYPEHASH, round, root)));
    }

    /// @dev EIP-712, as the controller has it from OpenZeppelin, without what describes the domain to wallets.
    function _hashTypedDataV4(bytes32 structHash) private view returns (bytes32) {
        bytes32 domain = keccak256(
            abi.encode(DOMAIN_TYPEHASH, keccak256("LilypadMediation"), keccak256("1"), block.chainid, address(this))
        );
        return MessageHashUtils.toTypedDataHash(domain, structHash);
    }

    /// @dev 64 bytes (ERC-2098) or 65 of a key; anything that a contract takes (ERC-1271).
    function _requireSigned(address mediator, bytes32 digest, bytes calldata signature) internal view {
        address signer;
        if (signature.length == 64) {
            (signer,,) = ECDSA.tryRecover(digest, bytes32(signature[:32]), bytes32(signature[32:]));
        } else {
            (signer,,) = ECDSA.tryRecoverCalldata(digest, signature);
        }
        if (signer == mediator && signer != address(0)) return;
        if (!SignatureChecker.isValidERC1271SignatureNowCalldata(mediator, digest, signature)) {
            revert Mediation_BadSignature(mediator, digest);
        }
    }
}
