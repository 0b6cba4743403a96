// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {DealId} from "../types/DealId.sol";
import {Agreement, DealTerms, Settling} from "../types/DealTerms.sol";
import {InstantDeal, InstantNumbers, SignedInstantDeal} from "../types/InstantDeal.sol";
import {ModuleId} from "../types/ModuleId.sol";
import {Netting} from "../types/Netting.sol";
import {JobOffer, OfferPair, ResourceOffer} from "../types/Offers.sol";
import {Requirements} from "../types/Requirements.sol";
import {Challenge, Result, Verdict} from "../types/Result.sol";
import {Resources} from "../types/Resources.sol";
import {Conditions} from "../types/Conditions.sol";
import {Funds} from "../types/Funds.sol";
import {Verification} from "../types/Verification.sol";
import {Windows} from "../types/Windows.sol";

/// @notice Why two offers do not make a deal, or an action on a deal is refused.
interface IControllerErrors {
    /// @notice The signature is not this account's over this digest: another key, another chain or controller, or a
    /// field that was changed after signing. Sign the same message again; a contract must answer to ERC-1271.
    /// @dev Seen by whoever brings a signature: with an offer, a result or a netting.
    error Controller_BadSignature(address signer, bytes32 digest);
    /// @notice The time until which the maker stands by its word has passed. Ask the maker for a fresh one.
    /// @dev Seen by whoever brings two offers or a netting.
    error Controller_OfferExpired(address signer, uint256 expiry, uint256 nowAt);

    /// @notice The job is offered to one provider alone, and this is another. Bring that provider's offer, or leave
    /// the target empty.
    /// @dev Seen by whoever brings two offers.
    error Controller_NotTarget(address provider, address target);
    /// @notice Creator and provider are one account. Use two accounts: a deal with oneself proves nothing.
    /// @dev Seen by whoever brings two offers.
    error Controller_SelfDeal(address account);
    /// @notice The provider charges more for an instruction than the creator pays. Find a cheaper provider, or sign
    /// a higher price.
    /// @dev Seen by whoever brings two offers.
    error Controller_PriceTooHigh(uint256 price, uint256 limit);
    /// @notice The least that the provider charges is more than the most that the creator can be charged. Raise the
    /// payment ceiling, or find another provider.
    /// @dev Seen by whoever brings two offers.
    error Controller_MinimumAboveCeiling(uint256 minimumPayment, uint256 paymentCeiling);
    /// @notice The provider risks less than the creator or governance asks for. Sign an offer with at least
    /// `needed`, or lower the payment ceiling, of which governance's floor is a share.
    /// @dev Seen by whoever brings two offers.
    error Controller_CollateralTooLow(uint256 collateral, uint256 needed);
    /// @notice The penalty for lateness or the fee for declining is more than all of the collateral. The provider signs
    /// at most 10,000 basis points for each.
    /// @dev Seen by whoever brings two offers.
    error Controller_PenaltyAboveCollateral(uint256 bps);
    /// @notice The machine has less than the job needs of at least one resource. Find a larger machine, or ask for less.
    /// @dev Seen by whoever brings two offers.
    error Controller_ResourcesTooSmall(Resources available, Resources needed);
    /// @notice The job leaves no time to submit, judge or mediate, more than 30 days, or more to decline than to submit.
    /// The creator signs other windows.
    /// @dev Seen by whoever brings two offers.
    error Controller_WindowsInvalid(Windows windows);
    /// @notice The job leaves the provider less time than it needs to decline, submit or have a dispute decided, or
    /// more time to be judged than it waits. Take its windows, or another provider.
    /// @dev Seen by whoever brings two offers.
    error Controller_WindowsRefused(Windows asked, Windows limits);
    /// @notice The way to decide a dispute names no mediation, an unknown level, or has stray bits. Both sides sign
    /// a valid one.
    /// @dev Seen by whoever brings two offers.
    error Controller_VerificationInvalid(Verification verification);
    /// @notice The job gives a solver a share but names no solver. The creator names one, or signs a share of zero.
    /// @dev Seen by whoever brings two offers.
    error Controller_SolverMissing(uint256 solverBps);
    /// @notice Solver, author and protocol would take more of the cost than the provider signed for, or more than
    /// all of it. Lower the solver's share, or find a provider with a higher limit.
    /// @dev Seen by whoever brings two offers.
    error Controller_SharesTooHigh(uint256 totalBps, uint256 limitBps);
    /// @notice The module is not in the provider's allow-list, or the Merkle proof is not for its root. Build the
    /// proof from the list that the provider published.
    /// @dev Seen by whoever brings two offers.
    error Controller_ModuleNotAllowed(ModuleId module);
    /// @notice The curators revoked this version, so it makes no new deals. Use another version.
    /// @dev Seen by whoever brings two offers.
    error Controller_ModuleRevoked(ModuleId module);
    /// @notice The provider runs any curated module, and this one is not. Find a provider that lists it, or have it
    /// curated.
    /// @dev Seen by whoever brings two offers.
    error Controller_ModuleNotCurated(ModuleId module);

    /// @notice The call is another's: the provider's or the mediation's. The expected account sends
    /// it; if it is yours, the terms are those of another deal.
    /// @dev Seen by whoever acts on a deal.
    error Controller_NotParty(DealId id, address caller, address expected);
    /// @notice The window in which this could be done is over. Nothing brings it back; the deal goes on by late,
    /// finalize or settle.
    /// @dev Seen by a provider or a challenger.
    error Controller_TooLate(DealId id, uint256 deadline, uint256 nowAt);
    /// @notice The other side's window is still open. Call again after `deadline`, the last second that is its own.
    /// @dev Seen by whoever ends an overdue deal.
    error Controller_TooEarly(DealId id, uint256 deadline, uint256 nowAt);
    /// @notice What the call says was agreed is not what the terms contain the hash of. Take it from the DealAgreed event.
    /// @dev Seen by challengers.
    error Controller_WrongAgreement(DealId id);
    /// @notice The mediation asks for more than the challenger allowed. Look at its quote, or leave the result alone.
    /// @dev Seen by a challenger.
    error Controller_MediationTooDear(DealId id, uint256 locked, uint256 maxLocked);

    /// @notice Before entry `index` less gas was left than one entry may use, so the whole batch is undone. Send it
    /// with more gas, or fewer entries.
    /// @dev Seen by whoever sends a batch.
    error Controller_TooLittleGas(uint256 index, uint256 needed);
    /// @notice The protocol's share would be lost. Name an account that is credited with it.
    /// @dev Seen by whoever creates a controller.
    error Controller_NoTreasury();
    /// @notice The value lies outside the bounds that the controller was created with. Propose one within them; the
    /// bounds never change.
    /// @dev Seen by governance.
    error Controller_ParameterOutOfBounds(uint256 value, uint256 low, uint256 high);
}

interface IControllerEvents {
    /// @notice All of the terms, and what provider and mediators need to run the job.
    /// @param locks payment ceiling (96), collateral (96), nonce of the job offer (32) and of the resource offer (32),
    /// lowest bits first.
    /// @param author, solver, conditions as in DealTerms, whose first two words are `creator` and `provider` with the
    /// amounts of `locks`, and whose last is the hash of the three words that follow here.
    /// @param needs what the job needs, and the windows again.
    event DealAgreed(
        DealId indexed id,
        address indexed creator,
        address indexed provider,
        uint256 locks,
        Funds author,
        Funds solver,
        Conditions conditions,
        Verification verification,
        bytes32 jobDigest,
        bytes32 resourceDigest,
        ModuleId module,
        bytes32 inputs,
        Requirements needs
    );
    event DealDeclined(DealId indexed id);
    event ResultSubmitted(DealId indexed id, bytes32 commitment, uint64 instructionCount);
    /// @notice The submitted result is final. The cost follows from the terms and the count.
    event DealAccepted(DealId indexed id);
    /// @notice This result is final, and was not submitted before.
    event DealSettled(DealId indexed id, bytes32 commitment, uint64 instructionCount);
    /// @param bond, fee what the challenger locked for the two.
    event DealChallenged(
        DealId indexed id,
        address indexed challenger,
        address indexed mediation,
        bytes32 commitment,
        uint64 instructionCount,
        uint96 bond,
        uint96 fee
    );
    event DealDecided(DealId indexed id, Verdict verdict);
    event DealLate(DealId indexed id);
    /// @notice A deal that was done before it reached the chain.
    /// @param author who receives the royalty, and the whole cost.
    /// @param numbers as both sides signed them, with the protocol's share as it was taken.
    event DealInstant(
        address indexed creator,
        address indexed provider,
        ModuleId indexed module,
        bytes32 inputs,
        bytes32 commitment,
        Funds author,
        address solver,
        InstantNumbers numbers
    );
    /// @param deals how many, made and finished off chain.
    event DealsNetted(
        address indexed creator,
        address indexed provider,
        uint64 deals,
        bytes32 root,
        uint96 amount,
        uint16 protocolBps,
        uint32 nonce
    );
    /// @notice An entry of a batch could not be carried out; the others were.
    /// @param reason selector of its error; zero when it used more gas than an entry may.
    event EntrySkipped(uint256 index, bytes4 reason);
    event ParametersChanged(uint16 protocolBps, uint16 collateralFloorBps);
}

/// @notice The only door to a deal. See DealStatus for the life of a deal, who may do what, and until when.
interface ILilypadController is IControllerErrors, IControllerEvents {
    /// @notice Makes a deal of two compatible offers and locks both sides' funds. Anyone may bring them.
    /// @param verification how a dispute is decided. Both sides sign it with their offer.
    /// @param moduleProof Merkle proof of the module in the provider's allow-list; empty without such a list.
    /// @param jobSignature, resourceSignature of a key (64 or 65 bytes) or a contract (ERC-1271); empty when the caller
    /// is the maker.
    function agree(
        JobOffer calldata job,
        ResourceOffer calldata resource,
        Verification verification,
        bytes32[] calldata moduleProof,
        bytes calldata jobSignature,
        bytes calldata resourceSignature
    ) external returns (DealId id);

    /// @notice Pays for a job that was done before it reached the chain: offers, result and acceptance in one. Nothing is
    /// locked and nothing opened.
    /// @param creatorSignature, providerSignature over the InstantDeal; empty for the caller.
    function instant(InstantDeal calldata deal, bytes calldata creatorSignature, bytes calldata providerSignature)
        external;

    /// @notice Pays for many deals of the same two accounts at once, with the creator's consent. Anyone may bring it.
    function net(Netting calldata netting, bytes calldata creatorSignature) external;

    /// @notice As `agree` for each pair; one that fails is skipped with an event.
    function agreeBatch(OfferPair[] calldata pairs) external;

    /// @notice As `settle` for each entry, brought by the provider of all of them with the signatures of their creators'
    /// keys; an entry that fails is skipped with an event. Creators that are contracts settle one by one, so that nobody
    /// else's code runs inside a batch.
    /// @param entries at most 256.
    function settleBatch(Settling[] calldata entries) external;

    /// @notice As `instant` for each entry, brought by the provider of all of them with the signatures of their creators'
    /// keys; an entry that fails is skipped with an event. Creators that are contracts pay one by one, so that nobody
    /// else's code runs inside a batch. The provider has its part of all of them when the last one is paid.
    /// @param entries at most 256.
    function instantBatch(SignedInstantDeal[] calldata entries) external;

    /// @notice The provider does not take the deal after all, inside its decline window; everybody goes home, and the
    /// creator has the fee that the provider signed for that.
    function decline(DealTerms calldata terms) external;

    /// @notice The provider commits to a result.
    function submitResult(DealTerms calldata terms, Result calldata result) external;

    /// @notice From Agreed straight to Accepted, with both sides' consent to this very result.
    /// @param creatorSignature over Acceptance(deal, commitment, instructionCount); empty when the caller is the creator.
    /// @param providerSignature over Submission(deal, commitment, instructionCount); empty when the caller is the provider.
    function settle(
        DealTerms calldata terms,
        Result calldata result,
        bytes calldata creatorSignature,
        bytes calldata providerSignature
    ) external;

    /// @notice The creator accepts a submitted result.
    function accept(DealTerms calldata terms, Result calldata result) external;

    /// @notice Anyone brings the creator's acceptance of a submitted result.
    /// @param creatorSignature over Acceptance(deal, commitment, instructionCount).
    function acceptSigned(DealTerms calldata terms, Result calldata result, bytes calldata creatorSignature) external;

    /// @notice Anyone accepts for a creator that let the judge window pass.
    function finalize(DealTerms calldata terms, Result calldata result) external;

    /// @notice Anyone ends a deal whose provider let the submit window pass.
    function late(DealTerms calldata terms) external;

    /// @notice Anyone disputes a result, locking the mediation's fee and bond from its free balance.
    /// @param agreement from the DealAgreed event.
    /// @param maxLocked the most that fee and bond may be together: the two parties chose the mediation, not the
    /// challenger, and it names its price in this very transaction.
    function challenge(
        DealTerms calldata terms,
        Agreement calldata agreement,
        Result calldata result,
        uint96 maxLocked
    ) external;

    /// @notice The mediation that the deal names decides a dispute.
    function verdict(DealTerms calldata terms, Result calldata result, Challenge calldata dispute, Verdict decision)
        external;

    /// @notice Anyone ends a dispute whose mediation let the mediate window pass; everybody goes home whole.
    function expire(DealTerms calldata terms, Result calldata result, Challenge calldata dispute) external;
}
