// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ILilypadController} from "../interfaces/ILilypadController.sol";
import {IMediation} from "../interfaces/IMediation.sol";
import {DealId} from "../types/DealId.sol";
import {DealTerms} from "../types/DealTerms.sol";
import {Challenge, Result, Verdict} from "../types/Result.sol";
import {Verification} from "../types/Verification.sol";

/// @dev A judge that asks what it likes, decides while the case is being opened, and then tries to do it again.
contract MockRogueMediation is IMediation {
    uint96 public fee;
    uint96 public bond;
    Verdict[] public decisions;
    bool public refuses;

    function set(uint96 fee_, uint96 bond_, Verdict[] calldata decisions_, bool refuses_) external {
        (fee, bond, refuses) = (fee_, bond_, refuses_);
        decisions = decisions_;
    }

    function quote(Verification) external view returns (uint96, uint96) {
        return (fee, bond);
    }

    function open(DealId, DealTerms calldata terms, Verification, Result calldata result, Challenge calldata dispute) external {
        require(!refuses, "refused");
        for (uint256 i = 0; i < decisions.length; ++i) {
            ILilypadController(msg.sender).verdict(terms, result, dispute, decisions[i]);
        }
    }
}
