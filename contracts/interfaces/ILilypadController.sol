// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IOfferNonces} from "./IOfferNonces.sol";
import {DealId} from "../types/DealId.sol";
import {DealTerms, Settling} from "../types/DealTerms.sol";
import {Netting} from "../types/Netting.sol";
import {JobOffer, OfferPair, ResourceOffer} from "../types/Offers.sol";
import {Challenge, Result, Verdict} from "../types/Result.sol";
import {Resources} from "../types/Resources.sol";
import {Shares} from "../types/Shares.sol";
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
    /// @notice The penalty for lateness could not be taken out of the collateral. The provider signs a smaller
    /// penalty or a larger collateral.
    /// @dev Seen by whoever brings two offers.
    error Controller_PenaltyAboveCollateral(uint256 latePenalty, uint256 collateral);
    /// @notice The machine has less than the job needs in at least one lane, or a word has bits above the five
    /// lanes. Find a larger machine, or ask for less.
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
    /// @notice The offers name different ways to decide a dispute. Both must carry the same word, bit for bit.
    /// @dev Seen by whoever brings two offers.
    error Controller_VerificationDiffers(Verification asked, Verification offered);
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
    error Controller_ModuleNotAllowed(bytes32 module);
    /// @notice The curators revoked this version, so it makes no new deals. Use another version.
    /// @dev Seen by whoever brings two offers.
    error Controller_ModuleRevoked(bytes32 module);
    /// @notice The provider runs any curated module, and this one is not. Find a provider that lists it, or have it
    /// curated.
    /// @dev Seen by whoever brings two offers.
    error Controller_ModuleNotCurated(bytes32 module);

    /// @notice The call is another's: the provider's, the creator's or the mediation's. The expected account sends
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
    /// @notice The result or the challenge in the call is not the one on record. Take them from the log:
    /// ResultSubmitted, DealChallenged.
    /// @dev Seen by whoever acts on a submitted or challenged deal.
    error Controller_WrongResult(DealId id, bytes26 actual, bytes26 expected);
    /// @notice The mediation asks for more than the challenger allowed. Look at its quote, or leave the result alone.
    /// @dev Seen by a challenger.
    error Controller_MediationTooDear(DealId id, uint256 locked, uint256 maxLocked);

    /// @notice Before entry `index` less gas was left than one entry may use, so the whole batch is undone. Send it
    /// with more gas, or fewer entries.
    /// @dev Seen by whoever sends a batch.
    error Controller_TooLittleGas(uint256 index, uint256 needed);
    /// @notice The value lies outside the bounds that the controller was created with. Propose one within them; the
    /// bounds never change.
    /// @dev Seen by governance.
    error Controller_ParameterOutOfBounds(uint256 value, uint256 low, uint256 high);
}

interface IControllerEvents {
    /// @notice Both offers in full, and the two things that the chain added to them: enough to derive the terms.
    /// @param author who receives the royalty.
    /// @param shares of solver, author and protocol, as they stay for this deal.
    event DealAgreed(
        DealId indexed id,
        address indexed creator,
        address indexed provider,
        JobOffer job,
        ResourceOffer resource,
        address author,
        Shares shares
    );
    event DealDeclined(DealId indexed id);
    event ResultSubmitted(DealId indexed id, bytes32 commitment, uint64 instructionCount);
    event DealAccepted(DealId indexed id, bytes32 commitment, uint64 instructionCount, uint128 cost);
    event DealChallenged(DealId indexed id, address indexed challenger, Result result, uint128 fee, uint128 bond);
    event DealDecided(DealId indexed id, Verdict verdict, uint128 cost);
    event DealLate(DealId indexed id);
    /// @param deals how many, made and finished off chain.
    event DealsNetted(
        address indexed creator,
        address indexed provider,
        uint64 deals,
        bytes32 root,
        uint128 amount,
        uint16 protocolBps
    );
    /// @notice An entry of a batch could not be carried out; the others were.
    /// @param reason selector of its error; zero when it used more gas than an entry may.
    event EntrySkipped(uint256 index, bytes4 reason);
    event ParametersChanged(uint16 protocolBps, uint16 collateralFloorBps);
}

/// @notice The only door to a deal. See DealStatus for the life of a deal, who may do what, and until when.
interface ILilypadController is IControllerErrors, IControllerEvents, IOfferNonces {
    /// @notice Makes a deal of two compatible offers and locks both sides' funds. Anyone may bring them.
    function agree(OfferPair calldata pair) external returns (DealId id);

    /// @notice Offers, result and payment in one transaction: for a job that was done before it reached the chain.
    /// Nothing is locked and nothing opened.
    /// @dev Both sides consent to the result of this very deal, whose id has both offers in it, so they need not sign
    /// the offers as well.
    /// @param pair with the creator's signature over Acceptance(deal, commitment, instructionCount) in place of that
    /// over its offer, and the provider's over Submission(deal, commitment, instructionCount); empty for the caller.
    function instant(OfferPair calldata pair, Result calldata result) external returns (DealId id);

    /// @notice Pays for many deals of the same two accounts at once, with the creator's consent. Anyone may bring it.
    function net(Netting calldata netting, bytes calldata creatorSignature) external;

    /// @notice As `agree` for each pair; one that fails is skipped with an event.
    function agreeBatch(OfferPair[] calldata pairs) external;

    /// @notice As `settle` for each entry; one that fails is skipped with an event.
    function settleBatch(Settling[] calldata entries) external;

    /// @notice The provider does not take the deal after all, inside its decline window; everybody goes home.
    function decline(DealTerms calldata terms) external;

    /// @notice The provider commits to a result.
    function submitResult(DealTerms calldata terms, Result calldata result) external;

    /// @notice From Agreed or Submitted straight to Accepted, with both sides' consent to this very result.
    /// @param creatorSignature over Acceptance(deal, commitment, instructionCount); empty when the caller is the creator.
    /// @param providerSignature over Submission(deal, commitment, instructionCount); empty when the caller is the
    /// provider, or when this result was submitted already.
    function settle(
        DealTerms calldata terms,
        Result calldata result,
        bytes calldata creatorSignature,
        bytes calldata providerSignature
    ) external;

    /// @notice The creator accepts a submitted result.
    function accept(DealTerms calldata terms, Result calldata result) external;

    /// @notice Anyone accepts for a creator that let the judge window pass.
    function finalize(DealTerms calldata terms, Result calldata result) external;

    /// @notice Anyone ends a deal whose provider let the submit window pass.
    function late(DealTerms calldata terms) external;

    /// @notice Anyone disputes a result, locking the mediation's fee and bond from its free balance.
    /// @param maxLocked the most that fee and bond may be together: the two parties chose the mediation, not the
    /// challenger, and it names its price in this very transaction.
    function challenge(DealTerms calldata terms, Result calldata result, uint128 maxLocked) external;

    /// @notice The mediation named in the terms decides a dispute.
    function verdict(DealTerms calldata terms, Result calldata result, Challenge calldata dispute, Verdict decision)
        external;

    /// @notice Anyone ends a dispute whose mediation let the mediate window pass; everybody goes home whole.
    function expire(DealTerms calldata terms, Result calldata result, Challenge calldata dispute) external;
}
