// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ILilypadController} from "../interfaces/ILilypadController.sol";
import {ILilypadPayments} from "../interfaces/ILilypadPayments.sol";
import {ILilypadStorage} from "../interfaces/ILilypadStorage.sol";
import {Deal, DealStatus} from "../types/Deal.sol";
import {DealId} from "../types/DealId.sol";
import {OfferPair} from "../types/Offers.sol";
import {Result} from "../types/Result.sol";

/// @notice A contract as a job creator: it pays out of its own escrow, and believes a result that is final.
contract MockClient {
    ILilypadController public immutable CONTROLLER;
    ILilypadPayments public immutable PAYMENTS;
    ILilypadStorage public immutable STORAGE;
    address public immutable OWNER = msg.sender;

    /// @notice What the modules returned, by deal.
    mapping(DealId id => bytes) public answers;
    /// @notice Which of this contract's lanes holds a deal: not to be named again before the answer was delivered.
    mapping(DealId id => uint64) public laneOf;

    constructor(ILilypadController controller, ILilypadPayments payments, ILilypadStorage storage_) {
        (CONTROLLER, PAYMENTS, STORAGE) = (controller, payments, storage_);
    }

    /// @notice Puts tokens that this contract has into its escrow.
    function fund(uint96 amount) external {
        PAYMENTS.TOKEN().approve(address(PAYMENTS), amount);
        PAYMENTS.deposit(address(CONTROLLER), address(this), amount);
    }

    /// @notice Makes a deal: the job's creator is this contract, and as it calls itself, the job needs no signature.
    function ask(OfferPair calldata pair) external returns (DealId id) {
        require(msg.sender == OWNER, "not the owner");
        id = CONTROLLER.agree(
            pair.job, pair.resource, pair.verification, pair.moduleProof, pair.jobSignature, pair.resourceSignature
        );
        laneOf[id] = uint64(pair.job.ticket.laneNumber());
    }

    /// @notice Anyone delivers what the module returned, once the deal is final; false words prove nothing.
    /// @param output, exitStatus, stdout, stderr the other parts of the commitment.
    /// @param returned the bytes of outputs/return.
    function deliver(
        DealId id,
        Result calldata result,
        bytes32 output,
        bytes calldata returned,
        uint32 exitStatus,
        bytes32 stdout,
        bytes32 stderr
    ) external {
        Deal memory deal = STORAGE.dealOf(address(CONTROLLER), address(this), laneOf[id]);
        require(deal.status == DealStatus.Accepted, "no final result");
        require(deal.digest == result.digestOf(id), "not the result on record");
        bytes32 commitment = keccak256(abi.encode(output, sha256(returned), exitStatus, stdout, stderr));
        require(commitment == result.commitment, "not what was committed to");
        require(exitStatus == 0, "the module failed");
        answers[id] = returned;
    }

    /// @notice Takes back what no deal has locked.
    function withdraw(uint96 amount) external {
        require(msg.sender == OWNER, "not the owner");
        PAYMENTS.withdraw(address(CONTROLLER), amount);
        PAYMENTS.TOKEN().transfer(OWNER, amount);
    }
}
