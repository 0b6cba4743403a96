// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IMediation} from "../interfaces/IMediation.sol";
import {DealId} from "../types/DealId.sol";
import {DealTerms} from "../types/DealTerms.sol";
import {Challenge, Result} from "../types/Result.sol";
import {Verification} from "../types/Verification.sol";

/// @dev Makes several calls in one transaction, for anybody; as a mediation, also while a case is being opened.
contract MockCaller is IMediation {
    bytes[] private _onOpen;

    event Called(bool ok, bytes answer);

    function run(address[] calldata targets, bytes[] calldata calls) external {
        for (uint256 i = 0; i < calls.length; ++i) {
            _do(targets[i], calls[i]);
        }
    }

    function whenOpened(bytes[] calldata calls) external {
        delete _onOpen;
        for (uint256 i = 0; i < calls.length; ++i) {
            _onOpen.push(calls[i]);
        }
    }

    function quote(Verification) external pure returns (uint96 fee, uint96 bond) {
        return (3 ether, 1 ether);
    }

    function open(DealId, DealTerms calldata, Verification, Result calldata, Challenge calldata) external {
        for (uint256 i = 0; i < _onOpen.length; ++i) {
            _do(msg.sender, _onOpen[i]);
        }
    }

    function _do(address target, bytes memory data) private {
        (bool ok, bytes memory answer) = target.call(data);
        emit Called(ok, answer);
    }
}
