// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";
import {DealSteps} from "./controller/DealSteps.sol";
import {InstantBatch} from "./controller/InstantBatch.sol";
import {SettlementBatch} from "./controller/SettlementBatch.sol";
import {ILilypadController} from "./interfaces/ILilypadController.sol";
import {ILilypadModules} from "./interfaces/ILilypadModules.sol";
import {ILilypadPaymentsController} from "./interfaces/ILilypadPayments.sol";
import {ILilypadStorage} from "./interfaces/ILilypadStorage.sol";
import {IMediation} from "./interfaces/IMediation.sol";
import {Matching} from "./libraries/Matching.sol";
import {Settlement} from "./libraries/Settlement.sol";
import {DealState, DealStatus, toState} from "./types/Deal.sol";
import {DealId} from "./types/DealId.sol";
import {Agreement, DealTerms, Settling, dealId, laneOf} from "./types/DealTerms.sol";
import {toConditions} from "./types/Conditions.sol";
import {Funds, toFunds} from "./types/Funds.sol";
import {InstantDeal, SignedInstantDeal} from "./types/InstantDeal.sol";
import {Lane, toLane} from "./types/Lane.sol";
import {Legs, newLegs} from "./types/Leg.sol";
import {Listing} from "./types/Listing.sol";
import {ModuleId} from "./types/ModuleId.sol";
import {Netting, hashNetting} from "./types/Netting.sol";
import {JobOffer, OfferPair, ResourceOffer, hashJobOffer, hashResourceOffer} from "./types/Offers.sol";
import {Challenge, Result, Verdict} from "./types/Result.sol";
import {BPS, Shares, toShares} from "./types/Shares.sol";
import {Verification} from "./types/Verification.sol";

/// @title The only door to a deal: checks who may do what until when, then has storage record it and the vault pay.
/// @notice Holds no funds and no deals. Its owner sets two parameters within bounds, for deals agreed afterwards.
contract LilypadController is ILilypadController, SettlementBatch, InstantBatch, Ownable2Step {
    /// @dev What one entry of a batch may use, so that a signer's contract cannot burn the gas of the others.
    uint256 private constant ENTRY_GAS = 500_000;
    /// @dev What must be left before each entry, so that it is given as much: 63/64 of what is left can be passed on,
    /// after the entry was copied.
    uint256 private constant GAS_BEFORE_ENTRY = ENTRY_GAS + ENTRY_GAS / 16;

    uint16 public constant MAX_PROTOCOL_BPS = 1_000;
    uint16 public constant MIN_COLLATERAL_FLOOR_BPS = 1_000;
    uint16 public constant MAX_COLLATERAL_FLOOR_BPS = 50_000;

    ILilypadModules public immutable MODULES;

    /// @notice The protocol's share of each cost agreed from now on.
    uint16 public protocolBps;
    /// @notice The least collateral, as a share of the payment ceiling, for deals agreed from now on.
    uint16 public collateralFloorBps = MIN_COLLATERAL_FLOOR_BPS;

    constructor(
        ILilypadPaymentsController payments,
        ILilypadStorage storage_,
        ILilypadModules modules,
        address treasury,
        address governor
    ) DealSteps(payments, storage_, treasury) Ownable(governor) {
        MODULES = modules;
    }

    // ------------------------------------------------------------------ agreement

    /// @inheritdoc ILilypadController
    function agree(
        JobOffer calldata job,
        ResourceOffer calldata resource,
        Verification verification,
        bytes32[] calldata moduleProof,
        bytes calldata jobSignature,
        bytes calldata resourceSignature
    ) external returns (DealId id) {
        // Check
        (DealTerms memory terms, Agreement memory agreement) = _match(job, resource, verification, moduleProof);
        _requireConsent(terms.creator.account(), agreement.jobDigest, jobSignature);
        _requireConsent(terms.provider.account(), agreement.resourceDigest, resourceSignature);

        // Effect
        id = terms.dealIdOf();
        STORAGE.open(toLane(terms.creator.account(), terms.conditions.laneNumber()), _idDigest(id));
        _emitAgreed(id, job, resource, terms, agreement);

        // Interaction
        PAYMENTS.lock(terms.creator, job.ticket.nonce(), terms.provider, resource.ticket.nonce());
    }

    /// @inheritdoc ILilypadController
    function instant(InstantDeal calldata deal, bytes calldata creatorSignature, bytes calldata providerSignature)
        external
    {
        // Check
        address creator = deal.creator.account();
        ModuleId module = deal.module();
        Shares shares = deal.numbers.shares();
        uint16 share = _protocolShare(shares.protocolBps());
        _requireUnexpired(creator, deal.numbers.expiry());
        if (shares.totalBps() > BPS) revert Controller_SharesTooHigh(shares.totalBps(), BPS);
        bytes32 digest = _hashTypedDataV4(deal.hash(module));
        _requireConsent(creator, digest, creatorSignature);
        _requireConsent(deal.provider, digest, providerSignature);

        // Effect
        uint256 cost = deal.creator.amount();
        emit DealInstant(
            creator,
            deal.provider,
            module,
            deal.inputs,
            deal.commitment,
            toFunds(deal.author, cost),
            deal.solver,
            deal.numbers.withProtocolBps(share)
        );

        // Interaction
        shares = toShares(shares.solverBps(), shares.royaltyBps(), share);
        Funds[] memory payees = Settlement.direct(cost, shares, deal.provider, deal.solver, deal.author, TREASURY);
        PAYMENTS.pay(deal.creator, deal.numbers.nonce(), payees);
    }

    /// @inheritdoc ILilypadController
    function net(Netting calldata netting, bytes calldata creatorSignature) external {
        // Check
        address creator = netting.creator.account();
        uint256 amount = netting.creator.amount();
        uint16 share = _protocolShare(netting.protocolBps);
        _requireUnexpired(creator, netting.expiry);
        _requireConsent(creator, _hashTypedDataV4(hashNetting(netting)), creatorSignature);

        // Effect
        emit DealsNetted(creator, netting.provider, netting.deals, netting.root, uint96(amount), share, netting.nonce);

        // Interaction
        Shares shares = toShares(0, 0, share);
        Funds[] memory payees =
            Settlement.direct(amount, shares, netting.provider, address(0), address(0), TREASURY);
        PAYMENTS.pay(netting.creator, netting.nonce, payees);
    }

    // ------------------------------------------------------------------ batches

    /// @inheritdoc ILilypadController
    function agreeBatch(OfferPair[] calldata pairs) external inBatch {
        for (uint256 i = 0; i < pairs.length; ++i) {
            _requireEntryGas(i);
            OfferPair calldata pair = pairs[i];
            try this.agree{gas: ENTRY_GAS}(
                pair.job,
                pair.resource,
                pair.verification,
                pair.moduleProof,
                pair.jobSignature,
                pair.resourceSignature
            ) {} catch (bytes memory reason) {
                emit EntrySkipped(i, bytes4(reason));
            }
        }
    }

    /// @inheritdoc ILilypadController
    function settleBatch(Settling[] calldata entries) external {
        _settleBatch(entries);
    }

    /// @inheritdoc ILilypadController
    function instantBatch(SignedInstantDeal[] calldata entries) external {
        _instantBatch(entries, protocolBps);
    }

    // ------------------------------------------------------------------ the provider's side

    /// @inheritdoc ILilypadController
    function decline(DealTerms calldata terms) external {
        DealId id = dealId(terms);
        _requireSender(id, terms.provider.account());
        uint256 since = _leaveAgreed(id, terms, DealStatus.Declined, _idDigest(id));
        _requireUntil(id, since + terms.conditions.windows().decline());
        emit DealDeclined(id);
        _goHome(terms, terms.conditions.declineFeeBps());
    }

    /// @inheritdoc ILilypadController
    function submitResult(DealTerms calldata terms, Result calldata result) external {
        DealId id = dealId(terms);
        _requireSender(id, terms.provider.account());
        uint256 since = _leaveAgreed(id, terms, DealStatus.Submitted, result.digestOf(id));
        _requireUntil(id, since + terms.conditions.windows().submit());
        emit ResultSubmitted(id, result.commitment, result.instructionCount);
    }

    /// @inheritdoc ILilypadController
    function settle(
        DealTerms calldata terms,
        Result calldata result,
        bytes calldata creatorSignature,
        bytes calldata providerSignature
    ) external {
        DealId id = dealId(terms);
        _requireAcceptance(terms.creator.account(), id, result, creatorSignature);
        _requireSubmission(terms.provider.account(), id, result, providerSignature);
        _leaveAgreed(id, terms, DealStatus.Accepted, result.digestOf(id));
        emit DealSettled(id, result.commitment, result.instructionCount);
        _pay(terms, result);
    }

    // ------------------------------------------------------------------ the creator's side

    /// @inheritdoc ILilypadController
    function accept(DealTerms calldata terms, Result calldata result) external {
        DealId id = dealId(terms);
        _requireSender(id, terms.creator.account());
        _accept(id, terms, result);
        _pay(terms, result);
    }

    /// @inheritdoc ILilypadController
    function acceptSigned(DealTerms calldata terms, Result calldata result, bytes calldata creatorSignature) external {
        DealId id = dealId(terms);
        _requireAcceptance(terms.creator.account(), id, result, creatorSignature);
        _accept(id, terms, result);
        _pay(terms, result);
    }

    /// @inheritdoc ILilypadController
    function finalize(DealTerms calldata terms, Result calldata result) external {
        DealId id = dealId(terms);
        uint256 since = _accept(id, terms, result);
        _requireAfter(id, since + terms.conditions.windows().judge());
        _pay(terms, result);
    }

    /// @inheritdoc ILilypadController
    function late(DealTerms calldata terms) external {
        DealId id = dealId(terms);
        uint256 since = _leaveAgreed(id, terms, DealStatus.Late, _idDigest(id));
        _requireAfter(id, since + terms.conditions.windows().submit());
        emit DealLate(id);
        _goHome(terms, terms.conditions.latePenaltyBps());
    }

    // ------------------------------------------------------------------ disputes

    /// @inheritdoc ILilypadController
    function challenge(
        DealTerms calldata terms,
        Agreement calldata agreement,
        Result calldata result,
        uint96 maxLocked
    ) external {
        // Check
        DealId id = dealId(terms);
        if (agreement.hash() != terms.agreement) revert Controller_WrongAgreement(id);
        IMediation mediation = IMediation(agreement.verification.mediation());
        (uint96 fee, uint96 bond) = mediation.quote(agreement.verification);
        uint256 locked = uint256(fee) + bond;
        if (locked > maxLocked) revert Controller_MediationTooDear(id, locked, maxLocked);
        Challenge memory dispute = Challenge(toFunds(msg.sender, bond), toFunds(address(mediation), fee));

        // Effect
        uint256 since =
            _leaveSubmitted(terms, result.digestOf(id), DealStatus.Challenged, dispute.digestWith(id, result));
        _requireUntil(id, since + terms.conditions.windows().judge());
        emit DealChallenged(
            id, msg.sender, address(mediation), result.commitment, result.instructionCount, bond, fee
        );

        // Interaction
        PAYMENTS.bond(toFunds(msg.sender, locked));
        mediation.open(id, terms, agreement.verification, result, dispute);
    }

    /// @inheritdoc ILilypadController
    function verdict(DealTerms calldata terms, Result calldata result, Challenge calldata dispute, Verdict decision)
        external
    {
        DealId id = dealId(terms);
        _requireSender(id, dispute.mediation.account());
        if (decision == Verdict.Undecided) {
            _end(id, terms, result, dispute);
            return;
        }
        bool isWrong = decision == Verdict.Wrong;
        _leaveChallenged(id, terms, result, dispute, isWrong ? DealStatus.Rejected : DealStatus.Accepted);
        emit DealDecided(id, decision);

        if (isWrong) _settle(Settlement.wrong(terms, dispute));
        else if (decision == Verdict.Right) _settle(Settlement.right(terms, dispute, _cost(terms, result), TREASURY));
        else _settle(Settlement.withheld(terms, dispute, _cost(terms, result), TREASURY));
    }

    /// @inheritdoc ILilypadController
    function expire(DealTerms calldata terms, Result calldata result, Challenge calldata dispute) external {
        DealId id = dealId(terms);
        uint256 since = _end(id, terms, result, dispute);
        _requireAfter(id, since + terms.conditions.windows().mediate());
    }

    // ------------------------------------------------------------------ governance

    /// @notice Sets the parameters for deals agreed from now on; a deal in flight keeps its own.
    function setParameters(uint16 protocolBps_, uint16 collateralFloorBps_) external onlyOwner {
        _requireBetween(protocolBps_, 0, MAX_PROTOCOL_BPS);
        _requireBetween(collateralFloorBps_, MIN_COLLATERAL_FLOOR_BPS, MAX_COLLATERAL_FLOOR_BPS);
        protocolBps = protocolBps_;
        collateralFloorBps = collateralFloorBps_;
        emit ParametersChanged(protocolBps_, collateralFloorBps_);
    }

    // ------------------------------------------------------------------ internal: what several doors share

    /// @dev The terms of two offers that fit, and what their makers sign.
    function _match(
        JobOffer calldata job,
        ResourceOffer calldata resource,
        Verification verification,
        bytes32[] calldata moduleProof
    ) private view returns (DealTerms memory terms, Agreement memory agreement) {
        Listing module = MODULES.getListing(job.module);
        Shares shares = toShares(job.ticket.solverBps(), module.royaltyBps(), protocolBps);
        Matching.requireCompatible(job, resource, shares, Settlement.share(job.creator.amount(), collateralFloorBps));
        if (!verification.valid()) revert Controller_VerificationInvalid(verification);
        Matching.requireModule(job.module, module, resource.modules, moduleProof);

        agreement = Agreement({
            verification: verification,
            jobDigest: _hashTypedDataV4(hashJobOffer(job, verification)),
            resourceDigest: _hashTypedDataV4(hashResourceOffer(resource, verification))
        });
        terms = DealTerms({
            creator: job.creator,
            provider: resource.provider,
            author: toFunds(module.author(), resource.prices.perInstruction()),
            solver: toFunds(job.solver.account(), resource.prices.minimum()),
            conditions: toConditions(
                shares,
                resource.ticket.latePenaltyBps(),
                resource.ticket.declineFeeBps(),
                job.needs.windows(),
                job.ticket.laneNumber()
            ),
            agreement: agreement.hash()
        });
    }

    function _emitAgreed(
        DealId id,
        JobOffer calldata job,
        ResourceOffer calldata resource,
        DealTerms memory terms,
        Agreement memory agreement
    ) private {
        uint256 locks = terms.creator.amount() | (terms.provider.amount() << 96)
            | (uint256(job.ticket.nonce()) << 192) | (uint256(resource.ticket.nonce()) << 224);
        emit DealAgreed(
            id,
            terms.creator.account(),
            terms.provider.account(),
            locks,
            terms.author,
            terms.solver,
            terms.conditions,
            agreement.verification,
            agreement.jobDigest,
            agreement.resourceDigest,
            job.module,
            job.inputs,
            job.needs
        );
    }

    function _end(DealId id, DealTerms calldata terms, Result calldata result, Challenge calldata dispute)
        private
        returns (uint256 since)
    {
        since = _leaveChallenged(id, terms, result, dispute, DealStatus.Undecided);
        emit DealDecided(id, Verdict.Undecided);
        _settle(Settlement.undecided(terms, dispute));
    }

    function _requireUnexpired(address signer, uint256 expiry) private view {
        if (block.timestamp > expiry) revert Controller_OfferExpired(signer, expiry, block.timestamp);
    }

    /// @return the protocol's share as it is, if it is no more than what was signed.
    function _protocolShare(uint256 signed) private view returns (uint16) {
        uint16 share = protocolBps;
        if (share > signed) revert Controller_SharesTooHigh(share, signed);
        return share;
    }

    /// @dev A batch that is sent with too little gas fails as a whole: no entry is skipped for its sender's thrift, and an
    /// estimate finds out how much it takes.
    function _requireEntryGas(uint256 index) private view {
        if (gasleft() < GAS_BEFORE_ENTRY) revert Controller_TooLittleGas(index, GAS_BEFORE_ENTRY);
    }

    function _requireBetween(uint256 value, uint256 low, uint256 high) private pure {
        if (value < low || value > high) revert Controller_ParameterOutOfBounds(value, low, high);
    }
}
