// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";
import {IControllerErrors as E} from "../interfaces/ILilypadController.sol";
import {Listing, ModuleStatus} from "../types/Listing.sol";
import {ModuleId} from "../types/ModuleId.sol";
import {JobOffer, ResourceOffer} from "../types/Offers.sol";
import {BPS, Shares} from "../types/Shares.sol";
import {Windows} from "../types/Windows.sol";

/// @notice Whether two offers make a deal: each check is one sentence of the protocol and one error.
/// The same rules, in the same order, are in offchain/lilypad/protocol/matching.py.
library Matching {
    /// @param collateralFloor least collateral that governance asks for at this ceiling.
    function requireCompatible(
        JobOffer calldata job,
        ResourceOffer calldata resource,
        Shares shares,
        uint256 collateralFloor
    ) internal view {
        _requireTime(job, resource);
        _requireParties(job, resource, shares);
        _requireMoney(job, resource, collateralFloor);
        _requireConditions(job, resource);
    }

    function _requireTime(JobOffer calldata job, ResourceOffer calldata resource) private view {
        if (block.timestamp > job.ticket.expiry()) {
            revert E.Controller_OfferExpired(job.creator.account(), job.ticket.expiry(), block.timestamp);
        }
        if (block.timestamp > resource.ticket.expiry()) {
            revert E.Controller_OfferExpired(resource.provider.account(), resource.ticket.expiry(), block.timestamp);
        }
    }

    function _requireParties(JobOffer calldata job, ResourceOffer calldata resource, Shares shares) private pure {
        address provider = resource.provider.account();
        address target = job.target.account();
        if (job.creator.account() == provider) revert E.Controller_SelfDeal(provider);
        if (target != address(0) && target != provider) revert E.Controller_NotTarget(provider, target);
        if (job.solver.account() == address(0) && shares.solverBps() != 0) {
            revert E.Controller_SolverMissing(shares.solverBps());
        }
        // Never more than the whole cost, whatever was signed: such a deal could not be paid out, nor end.
        uint256 signed = resource.ticket.sharesBps();
        uint256 limit = signed < BPS ? signed : BPS;
        if (shares.totalBps() > limit) revert E.Controller_SharesTooHigh(shares.totalBps(), limit);
    }

    function _requireMoney(JobOffer calldata job, ResourceOffer calldata resource, uint256 floor) private pure {
        uint256 price = resource.prices.perInstruction();
        if (price > job.solver.amount()) revert E.Controller_PriceTooHigh(price, job.solver.amount());
        uint256 minimum = resource.prices.minimum();
        if (minimum > job.creator.amount()) revert E.Controller_MinimumAboveCeiling(minimum, job.creator.amount());
        uint256 collateral = resource.provider.amount();
        uint256 needed = job.target.amount() > floor ? job.target.amount() : floor;
        if (collateral < needed) revert E.Controller_CollateralTooLow(collateral, needed);
        uint256 late = resource.ticket.latePenaltyBps();
        if (late > BPS) revert E.Controller_PenaltyAboveCollateral(late);
        uint256 decline = resource.ticket.declineFeeBps();
        if (decline > BPS) revert E.Controller_PenaltyAboveCollateral(decline);
    }

    function _requireConditions(JobOffer calldata job, ResourceOffer calldata resource) private pure {
        if (!job.needs.resources().fitsIn(resource.has.resources())) {
            revert E.Controller_ResourcesTooSmall(resource.has.resources(), job.needs.resources());
        }
        Windows asked = job.needs.windows();
        if (!asked.valid()) revert E.Controller_WindowsInvalid(asked);
        Windows limits = resource.has.windows();
        if (!limits.accepts(asked)) revert E.Controller_WindowsRefused(asked, limits);
    }

    /// @param allowed Merkle root of the provider's allow-list; zero for any curated module.
    function requireModule(ModuleId id, Listing module, bytes32 allowed, bytes32[] calldata proof) internal pure {
        if (module.status() == ModuleStatus.Revoked) revert E.Controller_ModuleRevoked(id);
        if (allowed == 0) {
            if (module.status() != ModuleStatus.Curated) revert E.Controller_ModuleNotCurated(id);
            return;
        }
        // Hashed twice, so that an inner node of the tree can never pass for a leaf.
        bytes32 leaf = keccak256(bytes.concat(keccak256(abi.encode(id))));
        if (!MerkleProof.verifyCalldata(proof, allowed, leaf)) revert E.Controller_ModuleNotAllowed(id);
    }
}
