// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {DealId} from "./DealId.sol";
import {Funds} from "./Funds.sol";
import {MediationSettings} from "./MediationSettings.sol";

/// @notice Whom to draw.
/// @param seed mixed with the case and the round already.
/// @param barred who must not be drawn: the parties, whoever appealed, and who has sat in this case before.
struct Call {
    uint256 set;
    bytes32 seed;
    uint256 wanted;
    uint256 penalty;
    address[] barred;
}

/// @notice How a round's mediators are let go. Amounts are in the token's smallest unit.
/// @param votes the class of each seat's vote; winner the class that is paid, SILENT when nobody lost but the silent.
/// @param fee for those who are paid, out of the controller's compartment.
/// @param pot for them too, out of what the appellant locked.
/// @param appellant who asked for the round, and what it locked for it, of which it has `returned` back, `pot` goes to the
/// mediators, and the rest is burned.
/// @param heir who appealed the round's own ruling: it has what nobody earned; burned without one.
/// @param refund what the heir has before the mediators, out of what they lose: its fee, when it was right.
struct Dismissal {
    DealId id;
    MediationSettings settings;
    address[] seats;
    bytes32[] votes;
    bytes32 winner;
    uint256 fee;
    uint256 pot;
    Funds appellant;
    uint256 returned;
    address heir;
    uint256 refund;
}
