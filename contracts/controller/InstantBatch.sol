// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";
import {IPaymentsErrors} from "../interfaces/ILilypadPayments.sol";
import {Settlement} from "../libraries/Settlement.sol";
import {Funds, toFunds} from "../types/Funds.sol";
import {InstantDeal, InstantNumbers, SignedInstantDeal} from "../types/InstantDeal.sol";
import {Legs, newLegs} from "../types/Leg.sol";
import {ModuleId} from "../types/ModuleId.sol";
import {BPS, Shares} from "../types/Shares.sol";
import {Consent} from "./Consent.sol";
import {DealSteps} from "./DealSteps.sol";

/// @notice Many instant deals of one provider at once: the creators pay in one call to the vault, solvers, authors and
/// treasury have their shares in a second one if there are any, and nobody else's code runs in between.
abstract contract InstantBatch is DealSteps, Consent {
    /// @param protocolBps the protocol's share as it is.
    function _instantBatch(SignedInstantDeal[] calldata entries, uint16 protocolBps) internal {
        // An entry that is refused stays empty in all three, and nobody pays for it.
        Funds[] memory payers = new Funds[](entries.length);
        uint32[] memory nonces = new uint32[](entries.length);
        ModuleId[] memory modules = new ModuleId[](entries.length);
        bytes32 domain = _domainSeparatorV4();
        for (uint256 i = 0; i < entries.length; ++i) {
            SignedInstantDeal calldata entry = entries[i];
            ModuleId module = entry.deal.module();
            bytes4 refusal = _refusal(entry, module, domain, protocolBps);
            if (refusal != 0) {
                emit EntrySkipped(i, refusal);
                continue;
            }
            payers[i] = entry.deal.creator;
            nonces[i] = entry.deal.numbers.nonce();
            modules[i] = module;
        }

        (uint256 paid, uint256 stale) = PAYMENTS.payBatch(msg.sender, payers, nonces);

        bool anyShares;
        for (uint256 i = 0; i < entries.length; ++i) {
            if (paid >> i & 1 != 0) {
                if (_emitInstant(entries[i].deal, modules[i], protocolBps)) anyShares = true;
            } else if (payers[i].account() != address(0)) {
                emit EntrySkipped(i, _refusalToPay(stale >> i & 1 != 0));
            }
        }
        if (anyShares) _payShares(entries, paid, protocolBps);
    }

    /// @dev In the order in which `instant` checks the same.
    /// @return refusal selector of the error, zero if there is nothing against the entry.
    function _refusal(SignedInstantDeal calldata entry, ModuleId module, bytes32 domain, uint256 protocolBps)
        private
        view
        returns (bytes4 refusal)
    {
        InstantDeal calldata deal = entry.deal;
        InstantNumbers numbers = deal.numbers;
        Shares shares = numbers.shares();
        if (deal.provider != msg.sender) {
            refusal = Controller_NotParty.selector;
        } else if (protocolBps > shares.protocolBps()) {
            refusal = Controller_SharesTooHigh.selector;
        } else if (block.timestamp > numbers.expiry()) {
            refusal = Controller_OfferExpired.selector;
        } else {
            bytes32 digest = MessageHashUtils.toTypedDataHash(domain, deal.hash(module));
            bool isSigned = _isSignedCompactly(deal.creator.account(), digest, entry.r, entry.vs);
            if (!isSigned) refusal = Controller_BadSignature.selector;
            else if (!shares.isNone()) refusal = _refusalOfShares(deal, shares);
        }
    }

    function _refusalOfShares(InstantDeal calldata deal, Shares shares) private pure returns (bytes4) {
        if (shares.totalBps() > BPS) return Controller_SharesTooHigh.selector;
        bool isForNobody = (deal.solver == address(0) && shares.solverBps() != 0)
            || (deal.author == address(0) && shares.royaltyBps() != 0);
        return isForNobody ? IPaymentsErrors.Payments_ZeroAddress.selector : bytes4(0);
    }

    function _refusalToPay(bool isStale) private pure returns (bytes4) {
        return isStale
            ? IPaymentsErrors.Payments_NonceUsed.selector
            : IPaymentsErrors.Payments_InsufficientFree.selector;
    }

    /// @return whether others than the provider have a share.
    function _emitInstant(InstantDeal calldata deal, ModuleId module, uint16 protocolBps) private returns (bool) {
        InstantNumbers taken = deal.numbers.withProtocolBps(protocolBps);
        emit DealInstant(
            deal.creator.account(),
            msg.sender,
            module,
            deal.inputs,
            deal.commitment,
            toFunds(deal.author, deal.creator.amount()),
            deal.solver,
            taken
        );
        return !taken.shares().isNone();
    }

    /// @dev Out of what the provider was just paid: the parts of the others are locked, and come free in their accounts.
    function _payShares(SignedInstantDeal[] calldata entries, uint256 paid, uint16 protocolBps) private {
        Legs memory legs = newLegs(entries.length * 2 + 2);
        uint256 shared;
        uint256 forTreasury;
        for (uint256 i = 0; i < entries.length; ++i) {
            if (paid >> i & 1 == 0) continue;
            InstantDeal calldata deal = entries[i].deal;
            uint256 cost = deal.creator.amount();
            Shares shares = deal.numbers.withProtocolBps(protocolBps).shares();
            (uint256 rest, uint256 toTreasury) = Settlement.split(legs, cost, shares, deal.solver, deal.author);
            // Safe: parts of what was paid, and all of that was in the vault, which counts with 96 bits.
            unchecked {
                shared += cost - rest;
                forTreasury += toTreasury;
            }
        }
        legs.credit(TREASURY, forTreasury);
        legs.unlock(toFunds(msg.sender, shared), 0);
        PAYMENTS.bond(toFunds(msg.sender, shared));
        _settle(legs);
    }
}
