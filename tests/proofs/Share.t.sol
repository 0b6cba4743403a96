// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Settlement} from "../../contracts/libraries/Settlement.sol";
import {BPS, Shares} from "../../contracts/types/Shares.sol";
import {Lemmas} from "./Lemmas.sol";

/// @notice The steps of Lemmas, and where they lead.
contract ShareProof is Lemmas {
    // Wrapping around is excluded by the lengths of the numbers, and checks of it would be further products.

    function check_step1__products_add_up(uint96 p, uint16 a, uint16 b, uint16 c) external pure {
        unchecked {
            assert(uint256(p) * a + uint256(p) * b + uint256(p) * c == uint256(p) * (uint256(a) + b + c));
        }
    }

    function check_step2__a_product_grows_with_the_share(uint96 p, uint256 bps) external pure {
        assume(bps <= BPS);
        unchecked {
            assert(p * bps <= p * BPS);
        }
    }

    function check_step3__rounding_down_adds_nothing(uint112 x) external pure {
        unchecked {
            assert(x / BPS * BPS <= x);
        }
    }

    function check_shares__are_no_more_than_the_amount(uint96 amount, Shares shares) external pure {
        assume(shares.totalBps() <= BPS);
        (uint256 p, uint256 a, uint256 b, uint256 c) =
            (amount, shares.solverBps(), shares.royaltyBps(), shares.protocolBps());
        unchecked {
            assume(p * a + p * b + p * c == p * (a + b + c));
            assume(p * (a + b + c) <= p * BPS);
            assume(p * a <= p * BPS && p * b <= p * BPS && p * c <= p * BPS);
            assume(p * a / BPS * BPS <= p * a);
            assume(p * b / BPS * BPS <= p * b);
            assume(p * c / BPS * BPS <= p * c);
        }
        assert(sharesOf(amount, shares) <= amount);
    }

    function check_share__is_no_more_than_the_amount(uint96 amount, uint256 bps) external pure {
        assume(bps <= BPS);
        assert(Settlement.share(amount, bps) <= amount);
    }
}
