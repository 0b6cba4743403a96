// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {IControllerErrors} from "../interfaces/ILilypadController.sol";
import {DealId} from "../types/DealId.sol";
import {hashOf} from "../types/Hash.sol";
import {Result} from "../types/Result.sol";

/// @notice Whether an account agrees to something: it sends the transaction, or has signed, with a key or as a contract.
///
/// A key's signature is 64 bytes (ERC-2098: r, then s with the parity of v in its highest bit) or 65 (r, s, v). A key
/// may sign many messages at once, as the root of a Merkle tree of their digests: Bulk(bytes32 root). Such a signature
/// is followed by the proof's nodes, 32 bytes each.
abstract contract Consent is EIP712, IControllerErrors {
    bytes32 private constant ACCEPTANCE_TYPEHASH =
        keccak256("Acceptance(bytes32 deal,bytes32 commitment,uint64 instructionCount)");
    bytes32 private constant SUBMISSION_TYPEHASH =
        keccak256("Submission(bytes32 deal,bytes32 commitment,uint64 instructionCount)");
    bytes32 private constant BULK_TYPEHASH = keccak256("Bulk(bytes32 root)");

    /// @dev Of secp256k1: half the order of the curve.
    uint256 private constant HALF_ORDER = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0;

    /// @dev Who began a batch, while the controller calls itself for its entries.
    address private transient _batchSender;

    constructor() EIP712("Lilypad", "1") {}

    modifier inBatch() {
        _batchSender = msg.sender;
        _;
        _batchSender = address(0);
    }

    /// @dev Who sends, also inside a batch.
    function _sender() internal view returns (address) {
        return msg.sender == address(this) ? _batchSender : msg.sender;
    }

    /// @return EIP-712 struct hash.
    function _acceptanceHash(DealId id, Result calldata result) internal pure returns (bytes32) {
        return _resultHash(ACCEPTANCE_TYPEHASH, id, result);
    }

    function _requireAcceptance(address creator, DealId id, Result calldata result, bytes calldata signature)
        internal
        view
    {
        if (!_isSender(creator, signature)) _requireSigned(creator, _resultDigest(ACCEPTANCE_TYPEHASH, id, result), signature);
    }

    function _requireSubmission(address provider, DealId id, Result calldata result, bytes calldata signature)
        internal
        view
    {
        if (_isSender(provider, signature)) return;
        _requireSigned(provider, _resultDigest(SUBMISSION_TYPEHASH, id, result), signature);
    }

    function _requireConsent(address maker, bytes32 digest, bytes calldata signature) internal view {
        if (!_isSender(maker, signature)) _requireSigned(maker, digest, signature);
    }

    /// @dev By a key, in the 64 bytes of ERC-2098.
    function _isSignedCompactly(address maker, bytes32 digest, bytes32 r, bytes32 vs) internal pure returns (bool) {
        bytes32 s = (vs << 1) >> 1;
        uint8 v;
        // Safe: one bit more than 27.
        unchecked {
            v = uint8(uint256(vs >> 255)) + 27;
        }
        address signer = ecrecover(digest, v, r, s);
        // In the other half of the order lies a second signature of the same key under the same.
        return signer == maker && maker != address(0) && uint256(s) <= HALF_ORDER;
    }

    function _requireSigned(address maker, bytes32 digest, bytes calldata signature) private view {
        // A key first: most makers have one, and asking whether an account has code costs 2,600.
        if (_isSignedByKey(maker, digest, signature)) return;
        if (!SignatureChecker.isValidERC1271SignatureNowCalldata(maker, digest, signature)) {
            revert Controller_BadSignature(maker, digest);
        }
    }

    /// @dev Sending is consent, where no signature is given.
    function _isSender(address maker, bytes calldata signature) private view returns (bool) {
        return signature.length == 0 && maker == _sender();
    }

    function _isSignedByKey(address maker, bytes32 digest, bytes calldata signature) private view returns (bool) {
        uint256 keyBytes = signature.length % 32 == 0 ? 64 : 65;
        if (signature.length < keyBytes || (signature.length - keyBytes) % 32 != 0) return false;
        if (signature.length > keyBytes) {
            bytes32 root = _rootOf(digest, signature[keyBytes:]);
            digest = _hashTypedDataV4(keccak256(abi.encode(BULK_TYPEHASH, root)));
        }
        if (keyBytes == 64) {
            return _isSignedCompactly(maker, digest, bytes32(signature[:32]), bytes32(signature[32:64]));
        }
        (address signer,,) = ECDSA.tryRecoverCalldata(digest, signature[:keyBytes]);
        return signer == maker && maker != address(0);
    }

    /// @dev The leaf is hashed once more, so that an inner node can never pass for an offer's digest.
    function _rootOf(bytes32 digest, bytes calldata proof) private pure returns (bytes32) {
        bytes32[] memory nodes = new bytes32[](proof.length / 32);
        for (uint256 i = 0; i < nodes.length; ++i) {
            nodes[i] = bytes32(proof[i * 32:]);
        }
        return MerkleProof.processProof(nodes, keccak256(abi.encode(digest)));
    }

    function _resultHash(bytes32 typehash, DealId id, Result calldata result) private pure returns (bytes32) {
        return hashOf(typehash, DealId.unwrap(id), result.commitment, bytes32(uint256(result.instructionCount)));
    }

    function _resultDigest(bytes32 typehash, DealId id, Result calldata result) private view returns (bytes32) {
        return _hashTypedDataV4(_resultHash(typehash, id, result));
    }
}
