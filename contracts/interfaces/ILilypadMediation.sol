// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {DealId} from "../types/DealId.sol";
import {DealTerms} from "../types/DealTerms.sol";
import {Ballot, CasePhase, Docket, SealedVote} from "../types/Docket.sol";
import {Funds} from "../types/Funds.sol";
import {MediationSettings} from "../types/MediationSettings.sol";
import {Result, Verdict} from "../types/Result.sol";
import {Verification} from "../types/Verification.sol";
import {IMediation} from "./IMediation.sol";

interface IMediationErrors {
    /// @notice Only the controller opens cases. Challenge the result there.
    /// @dev Seen by whoever calls `open` directly.
    error Mediation_NotController(address caller, address controller);
    /// @notice The offers name a number of mediators that is even, zero or too large. Sign offers with 1, 3, 5 or 7.
    /// @dev Seen by challengers.
    error Mediation_BadNumber(uint256 mediators, uint256 most);
    /// @notice The set that the offers name has fewer mediators than are to be drawn, so no dispute can be decided.
    /// Sign offers that name a larger set, or fewer mediators.
    /// @dev Seen by challengers.
    error Mediation_TooFewMediators(uint256 set, uint256 members, uint256 needed);
    /// @notice The mediate window that the offers name ends before a first round can: a challenge would undo the deal
    /// without a verdict. Sign offers with a longer window.
    /// @dev Seen by challengers.
    error Mediation_WindowTooShort(DealId id, uint256 window, uint256 needed);
    /// @notice The case is not where this call would take it on from. Read the log: somebody was faster, or it has ended.
    /// @dev Seen by whoever moves a case on.
    error Mediation_WrongPhase(DealId id, CasePhase actual, CasePhase expected);
    /// @notice What was passed is not what is on record of the case. Rebuild it from the log.
    /// @dev Seen by whoever moves a case on.
    error Mediation_WrongDocket(DealId id);
    /// @notice The time for this has passed. What comes next can be done by anyone: see the table of CasePhase.
    /// @dev Seen by mediators, appellants and whoever draws.
    error Mediation_TooLate(DealId id, uint256 deadline, uint256 nowAt);
    /// @notice The time for this has not come. Wait until after the deadline.
    /// @dev Seen by whoever moves a case on.
    error Mediation_TooEarly(DealId id, uint256 deadline, uint256 nowAt);
    /// @notice The randomness became known in an earlier epoch than the one of the draw. Arm the case again.
    /// @dev Seen by whoever draws.
    error Mediation_StaleSeed(DealId id, uint256 knownAt, uint256 epochStart);
    /// @notice The mediators can still be drawn with the randomness that the case waits for. Draw them.
    /// @dev Seen by whoever arms a case again.
    error Mediation_NotMissed(DealId id, uint256 ticket);
    /// @notice This account has no such seat in this round. Look at the CaseDrawn event.
    /// @dev Seen by mediators.
    error Mediation_NotSeated(DealId id, address account, uint256 seat);
    /// @notice The signature is not that of the seat's mediator over this message. Sign the message of this very round.
    /// @dev Seen by whoever brings mediators' signatures.
    error Mediation_BadSignature(address mediator, bytes32 digest);
    /// @notice The seat has committed to a vote already, and a vote cannot be changed. Keep its salt
    /// and reveal that one.
    /// @dev Seen by mediators.
    error Mediation_AlreadyCommitted(DealId id, uint256 seat);
    /// @notice The ballot is not the one that was committed to, or revealed, for this seat. Bring that one, with its salt.
    /// @dev Seen by mediators and whoever tallies.
    error Mediation_WrongBallot(DealId id, uint256 seat);
    /// @notice There must be one ballot, and one signature if any, for each seat. Bring as many as there are seats; a silent
    /// one has a ballot that is not cast.
    /// @dev Seen by whoever tallies.
    error Mediation_WrongCount(DealId id, uint256 given, uint256 seats);
    /// @notice The settings lie outside the bounds that are in the code. Propose some within them: see MediationSettings.
    /// @dev Seen by governance.
    error Mediation_BadSettings(MediationSettings settings);
}

interface IMediationEvents {
    /// @param deadline end of the deal's mediate window.
    /// @param ticket of the randomness that its draw waits for.
    event CaseOpened(
        DealId indexed id, Verification verification, MediationSettings settings, uint40 deadline, uint40 ticket
    );
    /// @notice It waits for other randomness. round and redrawn say which draw this will be.
    event CaseArmed(DealId indexed id, uint256 round, uint256 redrawn, uint40 ticket);
    /// @param seats the mediators in the order of their seats.
    event CaseDrawn(DealId indexed id, uint256 round, uint256 redrawn, address[] seats);
    event VoteCommitted(DealId indexed id, address indexed mediator, bytes32 hash);
    /// @param seals of all seats, that came with the draw.
    event VotesSealed(DealId indexed id, bytes32[] seals);
    event VoteRevealed(
        DealId indexed id, address indexed mediator, bytes32 commitment, uint64 instructionCount, bool isFetched
    );
    /// @param votes the class of each seat's vote: see Tally.
    /// @param bills the instruction count (64) of each, and from bit 64 on whether the output could be fetched.
    /// @param winner the class with more than half of the seats; zero without one.
    event RoundTallied(DealId indexed id, uint256 round, bytes32 winner, Verdict verdict, bytes32[] votes, uint256[] bills);
    /// @param appellant who asked for the next round, and what it locked.
    event CaseAppealed(DealId indexed id, uint256 round, Funds appellant);
    event CaseDecided(DealId indexed id, Verdict verdict, bytes32 winner);
    event RoundSettled(DealId indexed id, uint256 round);

    event FeesCollected(address indexed mediator, uint256 amount);
    event SettingsChanged(MediationSettings settings);
}

/// @notice A court of drawn, staked mediators. See CasePhase for the life of a case, MediationSettings for the numbers, and
/// docs/mediation.md for why.
interface ILilypadMediation is IMediation, IMediationErrors, IMediationEvents {
    /// @notice Moves what a mediator has earned to its free balance in the controller's compartment. Anyone may call it.
    function collect(address mediator) external;

    /// @notice Draws the mediators of the round.
    /// @param proof what the source of randomness needs.
    function draw(Docket calldata docket, DealTerms calldata terms, bytes calldata proof) external;

    /// @notice Waits for other randomness, where the chance to use the last was missed.
    /// @param proof as for `draw`, where it is not the source that misses it.
    function rearm(Docket calldata docket, bytes calldata proof) external;

    /// @notice Records sealed votes, any number of them at once.
    function commit(Docket calldata docket, SealedVote[] calldata votes) external;

    /// @notice As `draw` and `commit` in one. With the seals of all seats, in their order, the case is Sealed.
    function drawAndCommit(
        Docket calldata docket,
        DealTerms calldata terms,
        bytes calldata proof,
        SealedVote[] calldata votes
    ) external;

    /// @notice Opens sealed votes, any number of them at once. Their salts prove whose they are.
    /// @param seals as in VotesSealed when the case is Sealed; none otherwise.
    function reveal(
        Docket calldata docket,
        bytes32[] calldata seals,
        uint256[] calldata seats,
        Ballot[] calldata ballots
    ) external;

    /// @notice Counts the round, and carries its ruling out where it cannot be appealed.
    /// @param seals as for `reveal`.
    /// @param ballots one for each seat: those that were revealed, and, while there is time, those that only now are.
    /// @param signatures none; or each mediator's over Ballots(round, root), where root hashes all the sealed votes: then
    /// nothing needs to have been committed or revealed before. Who signs has seen everybody's seal and opened its own to
    /// nobody, so nobody can have copied.
    function tally(
        Docket calldata docket,
        DealTerms calldata terms,
        bytes32[] calldata seals,
        Ballot[] calldata ballots,
        bytes[] calldata signatures
    ) external;

    /// @notice As `draw` and `tally` with signatures in one.
    function drawAndTally(
        Docket calldata docket,
        DealTerms calldata terms,
        bytes calldata proof,
        Ballot[] calldata ballots,
        bytes[] calldata signatures
    ) external;

    /// @notice Anyone asks for a round of twice as many mediators and one more, locking their fee and a bond from its free
    /// balance in the compartment of MEDIATORS.
    /// @param votes, verdict as in RoundTallied.
    function appeal(Docket calldata docket, bytes32[] calldata votes, Verdict verdict) external;

    /// @notice Carries out a ruling that nobody appealed in time.
    function execute(Docket calldata docket, DealTerms calldata terms, bytes32[] calldata votes, Verdict verdict)
        external;

    /// @notice Pays and slashes the mediators of a round that was appealed, by the final ruling.
    /// @param docket, votes, verdict of that round; next who appealed it; finalVerdict, winner as in CaseDecided.
    function settleRound(
        Docket calldata docket,
        bytes32[] calldata votes,
        Verdict verdict,
        Funds next,
        Verdict finalVerdict,
        bytes32 winner
    ) external;

    /// @notice Ends a case whose deal's mediate window has passed, and the deal with it where that has not been done.
    /// @param votes as in RoundTallied when the case is Ruled, as in VotesSealed when it is Sealed; none otherwise.
    /// @param verdict as in RoundTallied when the case is Ruled; not looked at otherwise.
    function abandon(Docket calldata docket, DealTerms calldata terms, bytes32[] calldata votes, Verdict verdict)
        external;
}
