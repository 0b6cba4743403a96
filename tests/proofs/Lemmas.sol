// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Settlement} from "../../contracts/libraries/Settlement.sol";
import {BPS, Shares} from "../../contracts/types/Shares.sol";
import {Proof} from "./Proof.sol";

/// @notice What settlements may take for granted of shares: one is no more than its amount, three that are together no
/// more than the whole are together no more than their amount.
///
/// No solver finds the second by itself: three products of two unknowns each, and each rounded. So it is led there.
/// For an amount p and shares a, b, c of BPS:
///
/// 1. pa + pb + pc = p(a + b + c), for any numbers.
/// 2. p(a + b + c) <= p BPS, since a + b + c <= BPS; and for the same reason pa, pb and pc.
/// 3. Rounded down and multiplied again, nothing has become more: floor(x / BPS) BPS <= x, whatever x is.
/// 4. So (floor(pa / BPS) + floor(pb / BPS) + floor(pc / BPS)) BPS <= pa + pb + pc <= p BPS, and the sum is <= p.
///
/// Each step is a check of its own, and the last takes the others, about its own numbers, for granted. That is sound
/// because they were proven for all numbers: they exclude none. Whoever changes a step must keep what is assumed of it
/// in the last as it is asserted in Share.t.sol.
abstract contract Lemmas is Proof {
    function sharesOf(uint256 amount, Shares shares) internal pure returns (uint256) {
        unchecked {
            return Settlement.share(amount, shares.solverBps()) + Settlement.share(amount, shares.royaltyBps())
                + Settlement.share(amount, shares.protocolBps());
        }
    }

    /// @dev For at most 96 bits, and no more than BPS: see check_shares there.
    function assumeShares(uint256 amount, Shares shares) internal pure {
        assume(Settlement.share(amount, shares.solverBps()) <= amount);
        assume(Settlement.share(amount, shares.royaltyBps()) <= amount);
        assume(Settlement.share(amount, shares.protocolBps()) <= amount);
        assume(sharesOf(amount, shares) <= amount);
    }

    /// @dev For at most 96 bits, and no more than BPS: see check_share there.
    function assumeShare(uint256 amount, uint256 bps) internal pure {
        assume(Settlement.share(amount, bps) <= amount);
    }
}
