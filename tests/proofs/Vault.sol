// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {LilypadPayments} from "../../contracts/LilypadPayments.sol";
import {HonestToken} from "./HonestToken.sol";
import {Proof} from "./Proof.sol";

/// @notice One nonce of one account in one compartment of the vault: any of them, so that what is proven of it is proven
/// of all.
struct Place {
    address controller;
    address account;
    uint32 nonce;
}

/// @notice What lies there.
struct Held {
    uint256 free;
    uint256 locked;
}

/// @notice A vault with any words in its storage, and a token of which everybody may have any amount.
///
/// The checks say what lies there after a call, by what lay there before: for each account that the call names, and for
/// any place that none of its parts names, where nothing changes. As much is credited as was taken, so it follows that no
/// call makes or loses a token, also where one account is named twice.
///
/// Assumed of the words before is what deposit sees to, and what every check here keeps: the accounts that a call
/// touches hold together no more than the vault's tokens, and those are no more than 96 bits can count.
abstract contract VaultProof is Proof {
    uint256 internal constant MOST = type(uint96).max;

    HonestToken internal immutable TOKEN = new HonestToken();
    LilypadPayments internal immutable VAULT = new LilypadPayments(IERC20(address(TOKEN)));

    constructor() {
        anyStorage(address(TOKEN));
        anyStorage(address(VAULT));
    }

    function held(Place memory p) internal view returns (Held memory) {
        (uint96 free, uint96 locked) = VAULT.balanceOf(p.controller, p.account);
        return Held(free, locked);
    }

    function isUsed(Place memory p) internal view returns (bool) {
        return VAULT.isNonceUsed(p.controller, p.account, p.nonce);
    }

    /// @return whether `p` is of the account in the compartment of the controller.
    function isOf(Place memory p, address controller, address account) internal pure returns (bool) {
        return both(p.controller == controller, p.account == account);
    }

    function assertHolds(Place memory p, uint256 free, uint256 locked) internal view {
        Held memory next = held(p);
        assert(both(next.free == free, next.locked == locked));
    }

    /// @return sum what these accounts hold in a compartment, each counted once.
    function together(address controller, address[] memory accounts) internal view returns (uint256 sum) {
        for (uint256 i = 0; i < accounts.length; ++i) {
            bool isNew = true;
            for (uint256 j = 0; j < i; ++j) {
                isNew = both(isNew, accounts[j] != accounts[i]);
            }
            // Safe: a few numbers of 96 bits.
            unchecked {
                sum += when(isNew, sumOf(held(Place(controller, accounts[i], 0))));
            }
        }
    }

    function sumOf(Held memory here) internal pure returns (uint256) {
        unchecked {
            return here.free + here.locked;
        }
    }

    function list(address a, address b) internal pure returns (address[] memory accounts) {
        accounts = new address[](2);
        (accounts[0], accounts[1]) = (a, b);
    }

    function list(address a, address b, address c) internal pure returns (address[] memory accounts) {
        accounts = new address[](3);
        (accounts[0], accounts[1], accounts[2]) = (a, b, c);
    }

    // No forks for the prover where a mask will do.

    function when(bool isSo, uint256 amount) internal pure returns (uint256 all) {
        assembly ("memory-safe") {
            all := and(not(sub(isSo, 1)), amount)
        }
    }

    function both(bool a, bool b) internal pure returns (bool are) {
        assembly ("memory-safe") {
            are := and(a, b)
        }
    }
}
