// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";
import {IControllerErrors as E} from "../interfaces/ILilypadController.sol";
import {Module, ModuleStatus} from "../interfaces/ILilypadModules.sol";
import {JobOffer, OfferPair, ResourceOffer} from "../types/Offers.sol";
import {BPS, Shares} from "../types/Shares.sol";
import {Verification} from "../types/Verification.sol";

/// @notice Whether two offers make a deal: each check is one sentence of the protocol and one error.
/// The same rules, in the same order, are in offchain/lilypad/protocol/matching.py.
library Matching {
    /// @param collateralFloor least collateral that governance asks for at this ceiling.
    function requireCompatible(
        OfferPair calldata pair,
        Module memory module,
        Shares shares,
        uint256 collateralFloor
    ) internal view {
        JobOffer calldata job = pair.job;
        ResourceOffer calldata resource = pair.resource;
        _requireTime(job, resource);
        _requireParties(job, resource, shares);
        _requireMoney(job, resource, collateralFloor);
        _requireConditions(job, resource);
        _requireModule(job.module, module, resource.modules, pair.moduleProof);
    }

    function _requireTime(JobOffer calldata job, ResourceOffer calldata resource) private view {
        if (block.timestamp > job.expiry) {
            revert E.Controller_OfferExpired(job.creator, job.expiry, block.timestamp);
        }
        if (block.timestamp > resource.expiry) {
            revert E.Controller_OfferExpired(resource.provider, resource.expiry, block.timestamp);
        }
    }

    function _requireParties(JobOffer calldata job, ResourceOffer calldata resource, Shares shares) private pure {
        if (job.creator == resource.provider) revert E.Controller_SelfDeal(job.creator);
        if (job.target != address(0) && job.target != resource.provider) {
            revert E.Controller_NotTarget(resource.provider, job.target);
        }
        if (job.solver == address(0) && job.solverBps != 0) revert E.Controller_SolverMissing(job.solverBps);
        // Never more than the whole cost, whatever was signed: such a deal could not be paid out, nor end.
        uint256 limit = resource.sharesBps < BPS ? resource.sharesBps : BPS;
        if (shares.totalBps() > limit) revert E.Controller_SharesTooHigh(shares.totalBps(), limit);
    }

    function _requireMoney(JobOffer calldata job, ResourceOffer calldata resource, uint256 floor) private pure {
        if (resource.pricePerInstruction > job.pricePerInstruction) {
            revert E.Controller_PriceTooHigh(resource.pricePerInstruction, job.pricePerInstruction);
        }
        if (resource.minimumPayment > job.paymentCeiling) {
            revert E.Controller_MinimumAboveCeiling(resource.minimumPayment, job.paymentCeiling);
        }
        uint256 needed = job.collateral > floor ? job.collateral : floor;
        if (resource.collateral < needed) revert E.Controller_CollateralTooLow(resource.collateral, needed);
        if (resource.latePenalty > resource.collateral) {
            revert E.Controller_PenaltyAboveCollateral(resource.latePenalty, resource.collateral);
        }
    }

    function _requireConditions(JobOffer calldata job, ResourceOffer calldata resource) private pure {
        if (!job.resources.fitsIn(resource.resources)) {
            revert E.Controller_ResourcesTooSmall(resource.resources, job.resources);
        }
        if (!job.windows.valid()) revert E.Controller_WindowsInvalid(job.windows);
        if (!resource.windows.accepts(job.windows)) {
            revert E.Controller_WindowsRefused(job.windows, resource.windows);
        }
        Verification asked = job.verification;
        if (Verification.unwrap(asked) != Verification.unwrap(resource.verification)) {
            revert E.Controller_VerificationDiffers(asked, resource.verification);
        }
        if (!asked.valid()) revert E.Controller_VerificationInvalid(asked);
    }

    function _requireModule(bytes32 id, Module memory module, bytes32 allowed, bytes32[] calldata proof) private pure {
        if (module.status == ModuleStatus.Revoked) revert E.Controller_ModuleRevoked(id);
        if (allowed == 0) {
            if (module.status != ModuleStatus.Curated) revert E.Controller_ModuleNotCurated(id);
            return;
        }
        // Hashed twice, so that an inner node of the tree can never pass for a leaf.
        bytes32 leaf = keccak256(bytes.concat(keccak256(abi.encode(id))));
        if (!MerkleProof.verifyCalldata(proof, allowed, leaf)) revert E.Controller_ModuleNotAllowed(id);
    }
}
