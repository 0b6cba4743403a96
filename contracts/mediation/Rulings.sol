// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ILilypadController} from "../interfaces/ILilypadController.sol";
import {ILilypadMediators} from "../interfaces/ILilypadMediators.sol";
import {ILilypadPayments} from "../interfaces/ILilypadPayments.sol";
import {IRandomness} from "../interfaces/IRandomness.sol";
import {Tally} from "../libraries/Tally.sol";
import {DealId} from "../types/DealId.sol";
import {DealTerms} from "../types/DealTerms.sol";
import {Call, Dismissal} from "../types/Dismissal.sol";
import {Ballot, CasePhase, CaseSlot, Docket, toCase, toStage} from "../types/Docket.sol";
import {Funds, toFunds} from "../types/Funds.sol";
import {UNIT} from "../types/MediationSettings.sol";
import {Verdict} from "../types/Result.sol";
import {Votes} from "./Votes.sol";

/// @notice What follows from a round: another one, a ruling, an appeal, the end.
abstract contract Rulings is Votes {
    /// @dev Rounds that were appealed, by case and number, until they are settled.
    mapping(DealId id => mapping(uint256 round => bytes32 digest)) private _former;

    ILilypadPayments public immutable PAYMENTS;
    /// @notice The only one that opens cases, and in whose compartment fees arrive.
    ILilypadController public immutable CONTROLLER;
    /// @notice Who may be drawn, and what they have at stake.
    ILilypadMediators public immutable MEDIATORS;

    constructor(
        ILilypadPayments payments,
        ILilypadController controller,
        ILilypadMediators mediators,
        IRandomness randomness,
        uint256 epoch
    ) Votes(randomness, epoch) {
        PAYMENTS = payments;
        CONTROLLER = controller;
        MEDIATORS = mediators;
    }

    // ------------------------------------------------------------------ the draw

    /// @return isDrawn false when there were not enough to be drawn; then what follows from that has been done.
    function _draw(Docket memory docket, DealTerms calldata terms, bytes calldata proof)
        internal
        returns (bool isDrawn)
    {
        uint256 ticket = _require(docket, CasePhase.Armed, docket.hash());
        _requireTerms(docket, terms);
        (bytes32 seed, uint256 knownAt) = RANDOMNESS.seed(ticket, proof);
        if (knownAt < _epochStart()) revert Mediation_StaleSeed(docket.id, knownAt, _epochStart());
        _requireUntil(docket.id, docket.stage.deadline() - docket.settings.votingTime());

        uint256 round = docket.stage.round();
        uint256 wanted = _seatsIn(docket, round);
        docket.seats = MEDIATORS.seat(
            Call(
                docket.verification.mediatorSet(),
                keccak256(abi.encode(seed, docket.id, docket.stage)),
                wanted,
                docket.settings.penalty(),
                _barred(docket, terms)
            )
        );
        emit CaseDrawn(docket.id, round, docket.stage.redrawn(), docket.seats);
        if (docket.seats.length == wanted) return true;
        _again(docket, terms);
    }

    function _barred(Docket memory docket, DealTerms calldata terms) private pure returns (address[] memory barred) {
        barred = new address[](4 + docket.former.length);
        barred[0] = terms.creator.account();
        barred[1] = terms.provider.account();
        barred[2] = docket.dispute.challenger.account();
        barred[3] = docket.appellant.account();
        for (uint256 i = 0; i < docket.former.length; ++i) {
            barred[4 + i] = docket.former[i];
        }
    }

    /// @dev k, 2k + 1, 2(2k + 1) + 1.
    function _seatsIn(Docket memory docket, uint256 round) internal pure returns (uint256) {
        return ((uint256(docket.verification.mediators()) + 1) << round) - 1;
    }

    // ------------------------------------------------------------------ after the votes

    function _rule(Docket memory docket, DealTerms calldata terms, Ballot[] calldata ballots, bytes32[] memory votes)
        internal
    {
        bytes32 winner = Tally.winnerOf(votes);
        Verdict verdict = _verdictOf(ballots, votes, winner);
        emit RoundTallied(docket.id, docket.stage.round(), winner, verdict, votes, _billsOf(ballots));
        if (winner == Tally.SILENT) {
            MEDIATORS.dismiss(_dismissal(docket, votes, winner));
            _again(docket, terms);
        } else if (_isAppealable(docket, verdict)) {
            _record(docket, CasePhase.Ruled, block.timestamp, _ruling(docket, votes, verdict));
        } else {
            _conclude(docket, terms, votes, winner, verdict);
        }
    }

    function _billsOf(Ballot[] calldata ballots) private pure returns (uint256[] memory bills) {
        bills = new uint256[](ballots.length);
        for (uint256 i = 0; i < bills.length; ++i) {
            bills[i] = ballots[i].instructionCount | (ballots[i].isFetched ? 1 << 64 : 0);
        }
    }

    function _verdictOf(Ballot[] calldata ballots, bytes32[] memory votes, bytes32 winner)
        private
        pure
        returns (Verdict)
    {
        uint256 upholding;
        uint256 unfetched;
        for (uint256 i = 0; i < votes.length; ++i) {
            if (votes[i] != Tally.UPHOLDS) continue;
            ++upholding;
            if (!ballots[i].isFetched) ++unfetched;
        }
        return Tally.verdictOf(winner, upholding, unfetched);
    }

    /// @dev Where the deal's window leaves no time for another round, there is no waiting for an appeal either.
    function _isAppealable(Docket memory docket, Verdict verdict) private view returns (bool) {
        return verdict != Verdict.Undecided && docket.stage.round() < docket.settings.appeals()
            && _fits(docket, docket.settings.appealWindow());
    }

    /// @return whether another round that begins so much later still ends within the deal's window.
    function _fits(Docket memory docket, uint256 later) private view returns (bool) {
        return block.timestamp + later + _roundTime(docket.settings) <= docket.stage.deadline();
    }

    /// @dev The round brought no ruling: it is drawn again, or what stood before it stands.
    function _again(Docket memory docket, DealTerms calldata terms) private {
        docket.seats = new address[](0);
        if (docket.stage.redrawn() < docket.settings.redraws() && _fits(docket, 0)) {
            docket.stage = docket.stage.redrawnOnce();
            _arm(docket);
            return;
        }
        if (docket.appellant.amount() != 0) MEDIATORS.refund(docket.appellant);
        _end(docket, docket.standing, docket.stage.standingVerdict());
        _decide(docket, terms, docket.stage.standingVerdict());
    }

    // ------------------------------------------------------------------ the end

    /// @return digest of a round that was ruled.
    function _ruling(Docket memory docket, bytes32[] memory votes, Verdict verdict) internal pure returns (bytes32) {
        return keccak256(abi.encode(docket.hash(), verdict, votes));
    }

    function _conclude(
        Docket memory docket,
        DealTerms calldata terms,
        bytes32[] memory votes,
        bytes32 winner,
        Verdict verdict
    ) internal {
        if (verdict == Verdict.Undecided) winner = Tally.SILENT;
        _end(docket, winner, verdict);
        _settleSeats(docket, votes, winner, verdict, toFunds(address(0), 0), verdict);
        _decide(docket, terms, verdict);
    }

    /// @dev An appealed case stays on record for its earlier rounds.
    function _end(Docket memory docket, bytes32 winner, Verdict verdict) private {
        if (docket.stage.round() == 0) _cases[docket.id] = CaseSlot.wrap(0);
        else _record(docket, CasePhase.Closed, 0, keccak256(abi.encode(verdict, winner)));
        emit CaseDecided(docket.id, verdict, winner);
    }

    function _decide(Docket memory docket, DealTerms calldata terms, Verdict verdict) private {
        CONTROLLER.verdict(terms, docket.result, docket.dispute, verdict);
    }

    /// @dev The money of one round, when the final ruling is known.
    /// @param next who appealed this round's own ruling, which was `verdict`.
    function _settleSeats(
        Docket memory docket,
        bytes32[] memory votes,
        bytes32 winner,
        Verdict finalVerdict,
        Funds next,
        Verdict verdict
    ) private {
        Dismissal memory dismissal = _dismissal(docket, votes, winner);
        uint256 round = docket.stage.round();
        if (round != 0) dismissal.appellant = docket.appellant;
        if (finalVerdict == Verdict.Undecided) {
            dismissal.returned = docket.appellant.amount();
        } else {
            dismissal.heir = next.account();
            if (verdict != finalVerdict) dismissal.refund = _appealFee(docket, round + 1);
            if (round == 0) dismissal.fee = docket.dispute.mediation.amount();
            else _settleAppellant(docket, finalVerdict, dismissal);
        }
        uint256 unearned = MEDIATORS.dismiss(dismissal);
        if (unearned != 0) PAYMENTS.move(address(CONTROLLER), next.account(), uint96(unearned));
    }

    /// @dev Who asked for this round pays it. Its bond it has back if it was right; else part is burned, and part goes to
    /// those it made work.
    function _settleAppellant(Docket memory docket, Verdict finalVerdict, Dismissal memory dismissal) private pure {
        uint256 fee = _appealFee(docket, docket.stage.round());
        uint256 bond = docket.appellant.amount() - fee;
        dismissal.pot = fee;
        if (finalVerdict != docket.stage.standingVerdict()) dismissal.returned = bond;
        else dismissal.pot += bond - bond * docket.settings.burnPercent() / 100;
    }

    function _dismissal(Docket memory docket, bytes32[] memory votes, bytes32 winner)
        private
        pure
        returns (Dismissal memory dismissal)
    {
        dismissal.id = docket.id;
        dismissal.settings = docket.settings;
        dismissal.seats = docket.seats;
        dismissal.votes = votes;
        dismissal.winner = winner;
    }

    // ------------------------------------------------------------------ appeals

    function _appeal(Docket memory docket, bytes32[] memory votes, Verdict verdict) internal {
        uint256 round = docket.stage.round();
        uint256 bond = (docket.settings.bond() * UNIT) << (round + 1);
        Funds appellant = toFunds(msg.sender, _appealFee(docket, round + 1) + bond);
        _former[docket.id][round] = keccak256(abi.encode(_ruling(docket, votes, verdict), appellant));
        emit CaseAppealed(docket.id, round + 1, appellant);

        docket.stage = toStage(round + 1, 0, verdict, docket.stage.deadline());
        docket.standing = Tally.winnerOf(votes);
        docket.appellant = appellant;
        docket.former = _join(docket.former, docket.seats);
        docket.seats = new address[](0);
        _arm(docket);
        MEDIATORS.bond(appellant);
    }

    function _settleFormer(
        Docket memory docket,
        bytes32[] memory votes,
        Verdict verdict,
        Funds next,
        Verdict finalVerdict,
        bytes32 winner
    ) internal {
        DealId id = docket.id;
        uint256 round = docket.stage.round();
        CaseSlot end = toCase(CasePhase.Closed, 0, keccak256(abi.encode(finalVerdict, winner)));
        if (CaseSlot.unwrap(_cases[id]) != CaseSlot.unwrap(end)) {
            revert Mediation_WrongPhase(id, _cases[id].phase(), CasePhase.Closed);
        }
        if (_former[id][round] != keccak256(abi.encode(_ruling(docket, votes, verdict), next))) {
            revert Mediation_WrongDocket(id);
        }
        delete _former[id][round];
        emit RoundSettled(id, round);
        _settleSeats(docket, votes, winner, finalVerdict, next, verdict);
    }

    /// @return of all mediators of that round.
    function _appealFee(Docket memory docket, uint256 round) private pure returns (uint256) {
        return docket.settings.fee() * _seatsIn(docket, round) * UNIT;
    }

    function _join(address[] memory first, address[] memory second) private pure returns (address[] memory both) {
        both = new address[](first.length + second.length);
        for (uint256 i = 0; i < both.length; ++i) {
            both[i] = i < first.length ? first[i] : second[i - first.length];
        }
    }

    // ------------------------------------------------------------------ when nobody did what was due

    function _abandon(Docket memory docket, DealTerms calldata terms, bytes32[] memory votes, Verdict verdict) internal {
        bytes32 round = docket.hash();
        CasePhase phase = _cases[docket.id].phase();
        if (phase == CasePhase.Ruled) {
            _require(docket, phase, _ruling(docket, votes, verdict));
        } else if (phase == CasePhase.Voting || phase == CasePhase.Sealed) {
            votes = _whoVoted(docket, round, votes, _requireVoting(docket, round, votes));
        } else {
            _require(docket, CasePhase.Armed, round);
            votes = new bytes32[](0);
        }
        _end(docket, Tally.SILENT, Verdict.Undecided);
        _settleSeats(docket, votes, Tally.SILENT, Verdict.Undecided, toFunds(address(0), 0), Verdict.Undecided);
        // If it was done already, all the better.
        try CONTROLLER.expire(terms, docket.result, docket.dispute) {} catch {}
    }

    /// @dev Silent is who did not do in time what it should have done.
    function _whoVoted(Docket memory docket, bytes32 round, bytes32[] memory seals, uint256 drawnAt)
        private
        view
        returns (bytes32[] memory votes)
    {
        uint256 until = drawnAt + docket.settings.commitWindow();
        bool hadToCommit = block.timestamp > until;
        bool hadToReveal = block.timestamp > until + docket.settings.revealWindow();
        votes = new bytes32[](docket.seats.length);
        for (uint256 i = 0; i < votes.length; ++i) {
            bytes32 kept = _keptOf(round, seals, i);
            bool isSilent = kept == 0 ? hadToCommit : hadToReveal && uint256(kept) & 1 == 0;
            if (!isSilent) votes[i] = Tally.CANNOT_RUN;
        }
    }
}
