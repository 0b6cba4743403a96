// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {DealId} from "../types/DealId.sol";
import {DealTerms} from "../types/DealTerms.sol";
import {Result, Verdict} from "../types/Result.sol";

/// @notice The door for verdicts that need no mediator's word: a step of the disputed execution re-executed on chain, or
/// a proof of the result.
///
/// No deal that is accepted, and none that mediators decide, comes near it. A level above `mediated` is one more contract
/// that implements IMediation: it opens the case here or in a court of its own, asks a verifier, and says the verdict to
/// the controller. The word that both offers sign names that contract, so nothing changes for anybody who did not sign
/// for it.
interface IVerifier {
    /// @param proof as the verifier defines it.
    /// @return isDecided whether the proof settles what the result is.
    /// @return verdict Right or Wrong, when it does.
    function verify(DealId id, DealTerms calldata terms, Result calldata result, bytes calldata proof)
        external
        view
        returns (bool isDecided, Verdict verdict);
}
