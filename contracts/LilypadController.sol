// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";
import {Consent} from "./controller/Consent.sol";
import {OfferNonces} from "./controller/OfferNonces.sol";
import {ILilypadController} from "./interfaces/ILilypadController.sol";
import {ILilypadModules, Module} from "./interfaces/ILilypadModules.sol";
import {ILilypadPaymentsController} from "./interfaces/ILilypadPayments.sol";
import {ILilypadStorage} from "./interfaces/ILilypadStorage.sol";
import {IMediation} from "./interfaces/IMediation.sol";
import {Matching} from "./libraries/Matching.sol";
import {Settlement} from "./libraries/Settlement.sol";
import {DealSlot, DealStatus} from "./types/Deal.sol";
import {DealId} from "./types/DealId.sol";
import {DealTerms, Settling, dealId} from "./types/DealTerms.sol";
import {Netting, hashNetting} from "./types/Netting.sol";
import {JobOffer, OfferPair, ResourceOffer, hashJobOffer, hashResourceOffer} from "./types/Offers.sol";
import {Challenge, Result, Verdict} from "./types/Result.sol";
import {BPS, Shares, toShares} from "./types/Shares.sol";

/// @title The only door to a deal: checks who may do what until when, then has storage record it and the vault pay.
/// @notice Holds no funds and no deals. Its owner sets two parameters within bounds, for deals agreed afterwards.
contract LilypadController is ILilypadController, OfferNonces, Consent, Ownable2Step {
    /// @dev What one entry of a batch may use, so that a signer's contract cannot burn the gas of the others.
    uint256 private constant ENTRY_GAS = 500_000;
    /// @dev What must be left before each entry, so that it is given as much: 63/64 of what is left can be passed on,
    /// after the entry was copied.
    uint256 private constant GAS_BEFORE_ENTRY = ENTRY_GAS + ENTRY_GAS / 16;

    uint16 public constant MAX_PROTOCOL_BPS = 1_000;
    uint16 public constant MIN_COLLATERAL_FLOOR_BPS = 1_000;
    uint16 public constant MAX_COLLATERAL_FLOOR_BPS = 50_000;

    ILilypadPaymentsController public immutable PAYMENTS;
    ILilypadStorage public immutable STORAGE;
    ILilypadModules public immutable MODULES;
    /// @notice Credited with the protocol's share.
    address public immutable TREASURY;

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
    ) Ownable(governor) {
        PAYMENTS = payments;
        STORAGE = storage_;
        MODULES = modules;
        TREASURY = treasury;
    }

    // ------------------------------------------------------------------ agreement

    /// @inheritdoc ILilypadController
    function agree(OfferPair calldata pair) external returns (DealId id) {
        // Check
        (DealTerms memory terms, bytes32 jobDigest, bytes32 resourceDigest) = _match(pair);
        _requireConsent(terms.creator, jobDigest, pair.jobSignature);
        _requireConsent(terms.provider, resourceDigest, pair.resourceSignature);

        // Effect
        id = _take(pair, terms);
        STORAGE.open(id);

        // Interaction
        PAYMENTS.lock(terms.creator, terms.paymentCeiling, terms.provider, terms.collateral);
    }

    /// @inheritdoc ILilypadController
    function instant(OfferPair calldata pair, Result calldata result) external returns (DealId id) {
        // Check
        (DealTerms memory terms,,) = _match(pair);
        id = terms.dealIdOf();
        _requireAcceptance(terms.creator, id, result, pair.jobSignature);
        _requireSubmission(terms.provider, id, result, pair.resourceSignature);

        // Effect
        _take(pair, terms);
        uint128 cost = Settlement.cost(
            terms.pricePerInstruction, terms.minimumPayment, terms.paymentCeiling, result.instructionCount
        );
        emit DealAccepted(id, result.commitment, result.instructionCount, cost);

        // Interaction
        PAYMENTS.pay(Settlement.direct(terms, cost, TREASURY));
    }

    /// @inheritdoc ILilypadController
    function net(Netting calldata netting, bytes calldata creatorSignature) external {
        // Check
        if (block.timestamp > netting.expiry) {
            revert Controller_OfferExpired(netting.creator, netting.expiry, block.timestamp);
        }
        _requireConsent(netting.creator, _hashTypedDataV4(hashNetting(netting)), creatorSignature);

        // Effect
        _useNonce(netting.creator, netting.nonce);
        emit DealsNetted(netting.creator, netting.provider, netting.deals, netting.root, netting.amount, protocolBps);

        // Interaction
        PAYMENTS.pay(Settlement.netted(netting, protocolBps, TREASURY));
    }

    // ------------------------------------------------------------------ batches

    /// @inheritdoc ILilypadController
    function agreeBatch(OfferPair[] calldata pairs) external inBatch {
        for (uint256 i = 0; i < pairs.length; ++i) {
            _requireEntryGas(i);
            try this.agree{gas: ENTRY_GAS}(pairs[i]) {}
            catch (bytes memory reason) {
                emit EntrySkipped(i, bytes4(reason));
            }
        }
    }

    /// @inheritdoc ILilypadController
    function settleBatch(Settling[] calldata entries) external inBatch {
        for (uint256 i = 0; i < entries.length; ++i) {
            _requireEntryGas(i);
            Settling calldata entry = entries[i];
            try this.settle{gas: ENTRY_GAS}(entry.terms, entry.result, entry.creatorSignature, entry.providerSignature) {}
            catch (bytes memory reason) {
                emit EntrySkipped(i, bytes4(reason));
            }
        }
    }

    // ------------------------------------------------------------------ the provider's side

    /// @inheritdoc ILilypadController
    function decline(DealTerms calldata terms) external {
        DealId id = _onlyParty(terms, terms.provider);
        DealSlot deal = STORAGE.advance(id, DealStatus.Agreed, DealStatus.Declined, 0);
        _requireUntil(id, deal.since() + terms.windows.decline());
        emit DealDeclined(id);
        PAYMENTS.settle(Settlement.home(terms, 0));
    }

    /// @inheritdoc ILilypadController
    function submitResult(DealTerms calldata terms, Result calldata result) external {
        DealId id = _onlyParty(terms, terms.provider);
        DealSlot deal = STORAGE.advance(id, DealStatus.Agreed, DealStatus.Submitted, result.digestOf());
        _requireUntil(id, deal.since() + terms.windows.submit());
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
        _requireAcceptance(terms.creator, id, result, creatorSignature);
        bool submitted = STORAGE.dealOf(address(this), id).status == DealStatus.Submitted;
        if (!submitted) _requireSubmission(terms.provider, id, result, providerSignature);

        DealSlot deal =
            STORAGE.advance(id, submitted ? DealStatus.Submitted : DealStatus.Agreed, DealStatus.Accepted, result.digestOf());
        if (submitted) _requireDigest(id, deal, result.digestOf());
        _pay(id, terms, result);
    }

    // ------------------------------------------------------------------ the creator's side

    /// @inheritdoc ILilypadController
    function accept(DealTerms calldata terms, Result calldata result) external {
        DealId id = _onlyParty(terms, terms.creator);
        _advanceSubmitted(id, DealStatus.Accepted, result);
        _pay(id, terms, result);
    }

    /// @inheritdoc ILilypadController
    function finalize(DealTerms calldata terms, Result calldata result) external {
        DealId id = dealId(terms);
        DealSlot deal = _advanceSubmitted(id, DealStatus.Accepted, result);
        _requireAfter(id, deal.since() + terms.windows.judge());
        _pay(id, terms, result);
    }

    /// @inheritdoc ILilypadController
    function late(DealTerms calldata terms) external {
        DealId id = dealId(terms);
        DealSlot deal = STORAGE.advance(id, DealStatus.Agreed, DealStatus.Late, 0);
        _requireAfter(id, deal.since() + terms.windows.submit());
        emit DealLate(id);
        PAYMENTS.settle(Settlement.late(terms));
    }

    // ------------------------------------------------------------------ disputes

    /// @inheritdoc ILilypadController
    function challenge(DealTerms calldata terms, Result calldata result, uint128 maxLocked) external {
        // Check
        DealId id = dealId(terms);
        IMediation mediation = IMediation(terms.verification.mediation());
        Challenge memory dispute = Challenge(msg.sender, 0, 0);
        (dispute.fee, dispute.bond) = mediation.quote(terms.verification);
        uint128 locked = dispute.fee + dispute.bond;
        if (locked > maxLocked) revert Controller_MediationTooDear(id, locked, maxLocked);

        // Effect
        DealSlot deal = STORAGE.advance(id, DealStatus.Submitted, DealStatus.Challenged, dispute.digestWith(result));
        _requireDigest(id, deal, result.digestOf());
        _requireUntil(id, deal.since() + terms.windows.judge());
        emit DealChallenged(id, msg.sender, result, dispute.fee, dispute.bond);

        // Interaction
        PAYMENTS.lock(msg.sender, locked, address(0), 0);
        mediation.open(id, terms, result, dispute);
    }

    /// @inheritdoc ILilypadController
    function verdict(DealTerms calldata terms, Result calldata result, Challenge calldata dispute, Verdict decision)
        external
    {
        DealId id = _onlyParty(terms, terms.verification.mediation());
        if (decision == Verdict.Undecided) return _end(id, terms, result, dispute);

        bool isWrong = decision == Verdict.Wrong;
        _advanceChallenged(id, isWrong ? DealStatus.Rejected : DealStatus.Accepted, result, dispute);
        uint128 cost = isWrong ? 0 : _cost(terms, result);
        emit DealDecided(id, decision, cost);

        if (isWrong) PAYMENTS.settle(Settlement.wrong(terms, dispute));
        else if (decision == Verdict.Right) PAYMENTS.settle(Settlement.right(terms, dispute, cost, TREASURY));
        else PAYMENTS.settle(Settlement.withheld(terms, dispute, cost, TREASURY));
    }

    /// @inheritdoc ILilypadController
    function expire(DealTerms calldata terms, Result calldata result, Challenge calldata dispute) external {
        DealId id = dealId(terms);
        uint40 since = STORAGE.dealOf(address(this), id).since;
        _requireAfter(id, since + terms.windows.mediate());
        _end(id, terms, result, dispute);
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

    /// @dev The terms of two offers that fit, and the digests that their makers sign.
    function _match(OfferPair calldata pair)
        private
        view
        returns (DealTerms memory terms, bytes32 jobDigest, bytes32 resourceDigest)
    {
        JobOffer calldata job = pair.job;
        ResourceOffer calldata resource = pair.resource;
        Module memory module = MODULES.moduleOf(job.module);
        Shares shares = toShares(job.solverBps, module.royaltyBps, protocolBps);
        uint256 floor = uint256(job.paymentCeiling) * collateralFloorBps / BPS;
        Matching.requireCompatible(pair, module, shares, floor);

        jobDigest = _hashTypedDataV4(hashJobOffer(job));
        resourceDigest = _hashTypedDataV4(hashResourceOffer(resource));
        terms = DealTerms({
            offers: keccak256(abi.encode(jobDigest, resourceDigest)),
            creator: job.creator,
            provider: resource.provider,
            author: module.author,
            solver: job.solver,
            shares: shares,
            pricePerInstruction: resource.pricePerInstruction,
            paymentCeiling: job.paymentCeiling,
            minimumPayment: resource.minimumPayment,
            collateral: resource.collateral,
            latePenalty: resource.latePenalty,
            windows: job.windows,
            verification: job.verification
        });
    }

    /// @dev Uses both offers up and tells everybody the terms.
    function _take(OfferPair calldata pair, DealTerms memory terms) private returns (DealId id) {
        id = terms.dealIdOf();
        _useNonce(terms.creator, pair.job.nonce);
        _useNonce(terms.provider, pair.resource.nonce);
        emit DealAgreed(id, terms.creator, terms.provider, pair.job, pair.resource, terms.author, terms.shares);
    }

    function _cost(DealTerms calldata terms, Result calldata result) private pure returns (uint128) {
        return Settlement.cost(
            terms.pricePerInstruction, terms.minimumPayment, terms.paymentCeiling, result.instructionCount
        );
    }

    function _pay(DealId id, DealTerms calldata terms, Result calldata result) private {
        uint128 cost = _cost(terms, result);
        emit DealAccepted(id, result.commitment, result.instructionCount, cost);
        PAYMENTS.settle(Settlement.paid(terms, cost, TREASURY, 0));
    }

    function _end(DealId id, DealTerms calldata terms, Result calldata result, Challenge calldata dispute) private {
        _advanceChallenged(id, DealStatus.Undecided, result, dispute);
        emit DealDecided(id, Verdict.Undecided, 0);
        PAYMENTS.settle(Settlement.undecided(terms, dispute));
    }

    function _advanceSubmitted(DealId id, DealStatus to, Result calldata result) private returns (DealSlot deal) {
        bytes26 digest = result.digestOf();
        deal = STORAGE.advance(id, DealStatus.Submitted, to, digest);
        _requireDigest(id, deal, digest);
    }

    function _advanceChallenged(DealId id, DealStatus to, Result calldata result, Challenge calldata dispute) private {
        DealSlot deal = STORAGE.advance(id, DealStatus.Challenged, to, result.digestOf());
        _requireDigest(id, deal, dispute.digestWith(result));
    }

    function _onlyParty(DealTerms calldata terms, address party) private view returns (DealId id) {
        id = dealId(terms);
        if (msg.sender != party) revert Controller_NotParty(id, msg.sender, party);
    }

    function _requireDigest(DealId id, DealSlot deal, bytes26 digest) private pure {
        if (deal.digest() != digest) revert Controller_WrongResult(id, deal.digest(), digest);
    }

    function _requireUntil(DealId id, uint256 deadline) private view {
        if (block.timestamp > deadline) revert Controller_TooLate(id, deadline, block.timestamp);
    }

    function _requireAfter(DealId id, uint256 deadline) private view {
        if (block.timestamp <= deadline) revert Controller_TooEarly(id, deadline, block.timestamp);
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
