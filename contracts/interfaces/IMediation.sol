// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {DealId} from "../types/DealId.sol";
import {DealTerms} from "../types/DealTerms.sol";
import {Challenge, Result} from "../types/Result.sol";
import {Verification} from "../types/Verification.sol";

/// @notice Who judges a challenged result. Both offers name the contract, so no list of approved ones is needed: a
/// bad one can only harm the two who signed for it, and only until the mediate window ends.
interface IMediation {
    /// @return fee what a challenge costs at this verification: the mediators' pay.
    /// @return bond what the challenger risks on top.
    function quote(Verification verification) external view returns (uint96 fee, uint96 bond);

    /// @notice Called by the controller, once per deal, when a challenge is locked and recorded. The verdict comes
    /// back through `ILilypadController.verdict`, in this call or any later one.
    function open(
        DealId id,
        DealTerms calldata terms,
        Verification verification,
        Result calldata result,
        Challenge calldata challenge
    ) external;
}
