// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IControllerErrors, IControllerEvents} from "../interfaces/ILilypadController.sol";
import {ILilypadPaymentsController} from "../interfaces/ILilypadPayments.sol";
import {ILilypadStorage} from "../interfaces/ILilypadStorage.sol";
import {Settlement} from "../libraries/Settlement.sol";
import {DealState, DealStatus, toState} from "../types/Deal.sol";
import {DealId} from "../types/DealId.sol";
import {DealTerms, laneOf} from "../types/DealTerms.sol";
import {Legs} from "../types/Leg.sol";
import {Challenge, Result} from "../types/Result.sol";

/// @notice What several doors of the controller share: having storage record a step, and the vault pay for it.
abstract contract DealSteps is IControllerErrors, IControllerEvents {
    ILilypadPaymentsController public immutable PAYMENTS;
    ILilypadStorage public immutable STORAGE;
    /// @notice Credited with the protocol's share.
    address public immutable TREASURY;

    constructor(ILilypadPaymentsController payments, ILilypadStorage storage_, address treasury) {
        if (treasury == address(0)) revert Controller_NoTreasury();
        PAYMENTS = payments;
        STORAGE = storage_;
        TREASURY = treasury;
    }

    /// @dev What is on record of a deal that has no result.
    function _idDigest(DealId id) internal pure returns (bytes26) {
        return bytes26(DealId.unwrap(id));
    }

    function _agreed(DealId id) internal pure returns (DealState) {
        return toState(DealStatus.Agreed, _idDigest(id));
    }

    function _leaveAgreed(DealId id, DealTerms calldata terms, DealStatus to, bytes26 digest)
        internal
        returns (uint256 since)
    {
        return STORAGE.advance(laneOf(terms), _agreed(id), toState(to, digest));
    }

    function _leaveSubmitted(DealTerms calldata terms, bytes26 result, DealStatus to, bytes26 digest)
        internal
        returns (uint256 since)
    {
        return STORAGE.advance(laneOf(terms), toState(DealStatus.Submitted, result), toState(to, digest));
    }

    function _leaveChallenged(
        DealId id,
        DealTerms calldata terms,
        Result calldata result,
        Challenge calldata dispute,
        DealStatus to
    ) internal returns (uint256 since) {
        DealState from = toState(DealStatus.Challenged, dispute.digestWith(id, result));
        return STORAGE.advance(laneOf(terms), from, toState(to, result.digestOf(id)));
    }

    function _accept(DealId id, DealTerms calldata terms, Result calldata result) internal returns (uint256 since) {
        bytes26 digest = result.digestOf(id);
        since = _leaveSubmitted(terms, digest, DealStatus.Accepted, digest);
        emit DealAccepted(id);
    }

    function _cost(DealTerms calldata terms, Result calldata result) internal pure returns (uint256) {
        return Settlement.cost(terms, result.instructionCount);
    }

    function _pay(DealTerms calldata terms, Result calldata result) internal {
        uint256 price = _cost(terms, result);
        if (!terms.conditions.shares().isNone()) {
            _settle(Settlement.paid(terms, price, TREASURY));
            return;
        }
        // Safe: the price is no more than the ceiling, and amounts have 96 bits.
        unchecked {
            uint256 refund = terms.creator.amount() - price;
            PAYMENTS.settle(terms.creator, refund, terms.provider, terms.provider.amount() + price);
        }
    }

    /// @dev Nobody is paid; the provider gives the creator a part of its collateral.
    function _goHome(DealTerms calldata terms, uint256 penaltyBps) internal {
        uint256 collateral = terms.provider.amount();
        uint256 penalty = Settlement.share(collateral, penaltyBps);
        PAYMENTS.settle(terms.creator, terms.creator.amount() + penalty, terms.provider, collateral - penalty);
    }

    function _settle(Legs memory legs) internal {
        legs.finish();
        PAYMENTS.settleAll(legs.unlocks, legs.credits);
    }

    function _requireSender(DealId id, address party) internal view {
        if (msg.sender != party) revert Controller_NotParty(id, msg.sender, party);
    }

    function _requireUntil(DealId id, uint256 deadline) internal view {
        if (block.timestamp > deadline) revert Controller_TooLate(id, deadline, block.timestamp);
    }

    function _requireAfter(DealId id, uint256 deadline) internal view {
        if (block.timestamp <= deadline) revert Controller_TooEarly(id, deadline, block.timestamp);
    }
}
