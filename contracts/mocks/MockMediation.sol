// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ILilypadController} from "../interfaces/ILilypadController.sol";
import {IMediation} from "../interfaces/IMediation.sol";
import {DealId} from "../types/DealId.sol";
import {DealTerms} from "../types/DealTerms.sol";
import {Challenge, Result, Verdict} from "../types/Result.sol";
import {Verification} from "../types/Verification.sol";

/// @dev A judge whose verdict one account simply says. Stands in where a real draw of mediators is not the subject.
contract MockMediation is IMediation {
    address public immutable JUDGE;

    event CaseOpened(DealId indexed id, address controller);

    constructor(address judge) {
        JUDGE = judge;
    }

    function quote(Verification) external pure returns (uint96 fee, uint96 bond) {
        return (3 ether, 1 ether);
    }

    function open(DealId id, DealTerms calldata, Verification, Result calldata, Challenge calldata) external {
        emit CaseOpened(id, msg.sender);
    }

    function decide(
        ILilypadController controller,
        DealTerms calldata terms,
        Result calldata result,
        Challenge calldata dispute,
        Verdict decision
    ) external {
        require(msg.sender == JUDGE, "not the judge");
        controller.verdict(terms, result, dispute, decision);
    }
}
