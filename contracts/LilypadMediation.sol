// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";
import {LilypadMediators} from "./LilypadMediators.sol";
import {ILilypadController} from "./interfaces/ILilypadController.sol";
import {ILilypadMediation} from "./interfaces/ILilypadMediation.sol";
import {ILilypadPayments} from "./interfaces/ILilypadPayments.sol";
import {IMediation} from "./interfaces/IMediation.sol";
import {IRandomness} from "./interfaces/IRandomness.sol";
import {Tally} from "./libraries/Tally.sol";
import {Rulings} from "./mediation/Rulings.sol";
import {DealId} from "./types/DealId.sol";
import {DealTerms} from "./types/DealTerms.sol";
import {Ballot, CasePhase, CaseSlot, Docket, SealedVote, Stage, toStage} from "./types/Docket.sol";
import {Funds} from "./types/Funds.sol";
import {MOST_MEDIATORS, MediationSettings, UNIT} from "./types/MediationSettings.sol";
import {Challenge, Result, Verdict} from "./types/Result.sol";
import {Verification} from "./types/Verification.sol";

/// @title A court of drawn, staked mediators: who re-runs a challenged job, and what the majority of them found.
/// @notice Touches no tokens: stakes are locked in the compartment of MEDIATORS in the vault, fees arrive in the
/// controller's. Its owner chooses settings within bounds, for cases opened afterwards.
contract LilypadMediation is Rulings, ILilypadMediation, Ownable2Step {
    /// @notice For cases opened from now on.
    MediationSettings public settings;

    constructor(
        ILilypadPayments payments,
        ILilypadController controller,
        IRandomness randomness,
        uint256 epoch,
        MediationSettings settings_,
        address governor
    )
        Rulings(payments, controller, new LilypadMediators(payments, epoch), randomness, epoch)
        Ownable(governor)
    {
        _setSettings(settings_);
    }

    // ------------------------------------------------------------------ what the controller calls

    /// @inheritdoc IMediation
    function quote(Verification verification) external view returns (uint96 fee, uint96 bond) {
        uint256 wanted = verification.mediators();
        if (wanted % 2 == 0 || wanted > MOST_MEDIATORS) revert Mediation_BadNumber(wanted, MOST_MEDIATORS);
        uint256 members = MEDIATORS.membersOf(verification.mediatorSet());
        if (members < wanted) revert Mediation_TooFewMediators(verification.mediatorSet(), members, wanted);
        MediationSettings now_ = settings;
        return (uint96(now_.fee() * wanted * UNIT), uint96(now_.bond() * UNIT));
    }

    /// @inheritdoc IMediation
    function open(
        DealId id,
        DealTerms calldata terms,
        Verification verification,
        Result calldata result,
        Challenge calldata challenge
    ) external {
        if (msg.sender != address(CONTROLLER)) revert Mediation_NotController(msg.sender, address(CONTROLLER));
        MediationSettings now_ = settings;
        uint256 window = terms.conditions.windows().mediate();
        if (window < _roundTime(now_)) revert Mediation_WindowTooShort(id, window, _roundTime(now_));
        uint256 deadline = block.timestamp + window;

        Docket memory docket;
        docket.id = id;
        docket.verification = verification;
        docket.settings = now_;
        docket.result = result;
        docket.dispute = challenge;
        docket.stage = toStage(0, 0, Verdict.Undecided, deadline);
        uint256 ticket = _await(docket);
        emit CaseOpened(id, verification, now_, uint40(deadline), uint40(ticket));
    }

    // ------------------------------------------------------------------ the draw

    /// @inheritdoc ILilypadMediation
    function draw(Docket memory docket, DealTerms calldata terms, bytes calldata proof) external {
        if (_draw(docket, terms, proof)) _record(docket, CasePhase.Voting, block.timestamp, docket.hash());
    }

    /// @inheritdoc ILilypadMediation
    function rearm(Docket memory docket, bytes calldata proof) external {
        uint256 ticket = _require(docket, CasePhase.Armed, docket.hash());
        if (!RANDOMNESS.isMissed(ticket)) {
            (, uint256 knownAt) = RANDOMNESS.seed(ticket, proof);
            if (knownAt >= _epochStart()) revert Mediation_NotMissed(docket.id, ticket);
        }
        _arm(docket);
    }

    /// @inheritdoc ILilypadMediation
    function drawAndCommit(
        Docket memory docket,
        DealTerms calldata terms,
        bytes calldata proof,
        SealedVote[] calldata votes
    ) external {
        if (!_draw(docket, terms, proof)) return;
        bytes32 round = docket.hash();
        if (votes.length == docket.seats.length) {
            bytes32[] memory seals = _sealAll(docket, round, votes);
            _record(docket, CasePhase.Sealed, block.timestamp, _sealedDigest(round, seals));
        } else {
            _record(docket, CasePhase.Voting, block.timestamp, round);
            _commit(docket, round, votes);
        }
    }

    // ------------------------------------------------------------------ votes

    /// @inheritdoc ILilypadMediation
    function commit(Docket memory docket, SealedVote[] calldata votes) external {
        bytes32 round = docket.hash();
        uint256 drawnAt = _require(docket, CasePhase.Voting, round);
        _requireUntil(docket.id, drawnAt + docket.settings.commitWindow());
        _commit(docket, round, votes);
    }

    /// @inheritdoc ILilypadMediation
    function reveal(
        Docket memory docket,
        bytes32[] calldata seals,
        uint256[] calldata seats,
        Ballot[] calldata ballots
    ) external {
        bytes32 round = docket.hash();
        uint256 until = _requireVoting(docket, round, seals) + docket.settings.commitWindow();
        if (seats.length != ballots.length) revert Mediation_WrongCount(docket.id, ballots.length, seats.length);
        _requireUntil(docket.id, until + docket.settings.revealWindow());
        if (block.timestamp <= until && !_haveAllCommitted(docket, round, seals)) {
            revert Mediation_TooEarly(docket.id, until, block.timestamp);
        }
        for (uint256 i = 0; i < seats.length; ++i) {
            _reveal(docket, round, seals, seats[i], ballots[i]);
        }
    }

    /// @inheritdoc ILilypadMediation
    function tally(
        Docket memory docket,
        DealTerms calldata terms,
        bytes32[] calldata seals,
        Ballot[] calldata ballots,
        bytes[] calldata signatures
    ) external {
        bytes32 round = docket.hash();
        uint256 until = _requireVoting(docket, round, seals) + docket.settings.commitWindow()
            + docket.settings.revealWindow();
        _requireTerms(docket, terms);
        if (signatures.length == 0) {
            _rule(docket, terms, ballots, _countRevealed(docket, round, seals, until, ballots));
        } else {
            _requireUntil(docket.id, until);
            _rule(docket, terms, ballots, _countSigned(docket, round, ballots, signatures));
        }
    }

    /// @inheritdoc ILilypadMediation
    function drawAndTally(
        Docket memory docket,
        DealTerms calldata terms,
        bytes calldata proof,
        Ballot[] calldata ballots,
        bytes[] calldata signatures
    ) external {
        if (!_draw(docket, terms, proof)) return;
        _rule(docket, terms, ballots, _countSigned(docket, docket.hash(), ballots, signatures));
    }

    // ------------------------------------------------------------------ rulings

    /// @inheritdoc ILilypadMediation
    function appeal(Docket memory docket, bytes32[] calldata votes, Verdict verdict) external {
        uint256 ruledAt = _require(docket, CasePhase.Ruled, _ruling(docket, votes, verdict));
        _requireUntil(docket.id, ruledAt + docket.settings.appealWindow());
        _appeal(docket, votes, verdict);
    }

    /// @inheritdoc ILilypadMediation
    function execute(Docket memory docket, DealTerms calldata terms, bytes32[] calldata votes, Verdict verdict)
        external
    {
        uint256 ruledAt = _require(docket, CasePhase.Ruled, _ruling(docket, votes, verdict));
        _requireTerms(docket, terms);
        _requireAfter(docket.id, ruledAt + docket.settings.appealWindow());
        _conclude(docket, terms, votes, Tally.winnerOf(votes), verdict);
    }

    /// @inheritdoc ILilypadMediation
    function settleRound(
        Docket memory docket,
        bytes32[] calldata votes,
        Verdict verdict,
        Funds next,
        Verdict finalVerdict,
        bytes32 winner
    ) external {
        _settleFormer(docket, votes, verdict, next, finalVerdict, winner);
    }

    /// @inheritdoc ILilypadMediation
    function abandon(Docket memory docket, DealTerms calldata terms, bytes32[] calldata votes, Verdict verdict)
        external
    {
        _requireAfter(docket.id, docket.stage.deadline());
        _requireTerms(docket, terms);
        _abandon(docket, terms, votes, verdict);
    }

    /// @inheritdoc ILilypadMediation
    function collect(address mediator) external {
        uint256 amount = MEDIATORS.takeOwed(mediator);
        emit FeesCollected(mediator, amount);
        PAYMENTS.move(address(CONTROLLER), mediator, uint96(amount));
    }

    // ------------------------------------------------------------------ what anyone may read

    /// @return phase where the case stands; None also once it has ended without an appeal.
    /// @return time what randomness it waits for while Armed; when it was drawn or ruled afterwards.
    function caseOf(DealId id) external view returns (CasePhase phase, uint256 time, bytes26 digest) {
        CaseSlot slot = _cases[id];
        return (slot.phase(), slot.time(), slot.digest());
    }

    // ------------------------------------------------------------------ governance

    /// @notice For stakes as they are weighed from now on, and for cases opened from now on; no running case is touched.
    function setSettings(MediationSettings settings_) external onlyOwner {
        _setSettings(settings_);
    }

    function _setSettings(MediationSettings settings_) private {
        if (!settings_.valid()) revert Mediation_BadSettings(settings_);
        settings = settings_;
        MEDIATORS.setMinStake(settings_.minStake());
        emit SettingsChanged(settings_);
    }
}
