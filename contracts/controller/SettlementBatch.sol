// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";
import {ILilypadStorage} from "../interfaces/ILilypadStorage.sol";
import {Settlement} from "../libraries/Settlement.sol";
import {DealState, DealStatus, toState} from "../types/Deal.sol";
import {DealId} from "../types/DealId.sol";
import {DealTerms, Settling, dealId, laneOf} from "../types/DealTerms.sol";
import {toFunds} from "../types/Funds.sol";
import {Lane} from "../types/Lane.sol";
import {Legs, newLegs} from "../types/Leg.sol";
import {Result} from "../types/Result.sol";
import {Shares} from "../types/Shares.sol";
import {Consent} from "./Consent.sol";
import {DealSteps} from "./DealSteps.sol";

/// @notice Many cooperative settlements of one provider at once: one call to storage, one to the vault, and nobody
/// else's code in between.
abstract contract SettlementBatch is DealSteps, Consent {
    /// @dev What a batch has to record; an entry that is refused before stays empty, which no deal's record matches.
    struct Record {
        DealId[] ids;
        Lane[] lanes;
        DealState[] from;
        DealState[] to;
    }

    function _settleBatch(Settling[] calldata entries) internal {
        uint256 count = entries.length;
        Record memory batch =
            Record(new DealId[](count), new Lane[](count), new DealState[](count), new DealState[](count));
        bytes32 domain = _domainSeparatorV4();
        for (uint256 i = 0; i < count; ++i) {
            _prepare(i, entries[i], domain, batch);
        }
        _payBatch(entries, batch, STORAGE.advanceBatch(batch.lanes, batch.from, batch.to));
    }

    function _prepare(uint256 i, Settling calldata entry, bytes32 domain, Record memory batch) private {
        (address creator, address provider) = (entry.terms.creator.account(), entry.terms.provider.account());
        DealId id = dealId(entry.terms);
        bytes32 accepted = MessageHashUtils.toTypedDataHash(domain, _acceptanceHash(id, entry.result));
        if (provider != msg.sender) {
            emit EntrySkipped(i, Controller_NotParty.selector);
        } else if (!_isSignedCompactly(creator, accepted, entry.r, entry.vs)) {
            emit EntrySkipped(i, Controller_BadSignature.selector);
        } else {
            batch.ids[i] = id;
            batch.lanes[i] = laneOf(entry.terms);
            batch.from[i] = _agreed(id);
            batch.to[i] = toState(DealStatus.Accepted, entry.result.digestOf(id));
        }
    }

    /// @dev The provider's legs are one and the treasury's, the others' are one each.
    function _payBatch(Settling[] calldata entries, Record memory batch, uint256 recorded) private {
        Legs memory legs = newLegs(entries.length * 3 + 2);
        uint256 collateral;
        uint256 earned;
        uint256 forTreasury;
        for (uint256 i = 0; i < entries.length; ++i) {
            Settling calldata entry = entries[i];
            (DealTerms calldata terms, Result calldata result) = (entry.terms, entry.result);
            if (recorded >> i & 1 == 0) {
                // The deal does not stand, in its lane, where a settlement begins.
                if (Lane.unwrap(batch.lanes[i]) != 0) emit EntrySkipped(i, ILilypadStorage.Storage_WrongDigest.selector);
                continue;
            }
            uint64 instructionCount = result.instructionCount;
            emit DealSettled(batch.ids[i], result.commitment, instructionCount);
            uint256 price = Settlement.cost(terms, instructionCount);
            // Safe: no more than 256 numbers of 96 bits each, and the price is no more than the ceiling.
            unchecked {
                legs.unlock(terms.creator, terms.creator.amount() - price);
                collateral += terms.provider.amount();
                Shares shares = terms.conditions.shares();
                if (!shares.isNone()) {
                    uint256 toTreasury;
                    (price, toTreasury) =
                        Settlement.split(legs, price, shares, terms.solver.account(), terms.author.account());
                    forTreasury += toTreasury;
                }
                earned += price;
            }
        }
        legs.credit(TREASURY, forTreasury);
        legs.unlock(toFunds(msg.sender, collateral), collateral + earned);
        _settle(legs);
    }
}
