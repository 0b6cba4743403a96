// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Funds, toFunds} from "../../contracts/types/Funds.sol";
import {Place, VaultProof} from "./Vault.sol";

/// @notice A call that spends a nonce goes through once, and no call makes a used nonce good again: see VaultProof. What
/// becomes of the other nonces of the same account exactly is proven in Nonces.t.sol.
contract SpentProof is VaultProof {
    function check_lock__two_accounts__spends_a_nonce_of_each(Funds a, uint32 m, Funds b, uint32 n) external {
        assume(a.account() != b.account());
        assume(both(sumOf(held(_at(a, m))) <= MOST, sumOf(held(_at(b, n))) <= MOST));
        (bool wasUsed, bool wasOtherUsed) = (isUsed(_at(a, m)), isUsed(_at(b, n)));

        VAULT.lock(a, m, b, n);

        assert(both(!wasUsed, !wasOtherUsed));
        assert(both(isUsed(_at(a, m)), isUsed(_at(b, n))));
    }

    function check_lock__one_account_twice__spends_two_nonces(Funds a, uint32 m, uint32 n) external {
        assume(sumOf(held(_at(a, m))) <= MOST);
        VAULT.lock(a, m, toFunds(a.account(), 0), n);
        assert(m != n);
        assert(both(isUsed(_at(a, m)), isUsed(_at(a, n))));
    }

    function check_lock__no_used_nonce_becomes_good(Funds a, uint32 m, Funds b, uint32 n, uint32 other) external {
        assume(a.account() != b.account());
        assume(both(sumOf(held(_at(a, m))) <= MOST, isUsed(_at(a, other))));
        VAULT.lock(a, m, b, n);
        assert(isUsed(_at(a, other)));
    }

    function check_pay__spends_its_nonce(Funds a, uint32 n, Funds b) external {
        assume(a.account() != b.account());
        assume(sumOf(held(_at(a, n))) <= MOST);
        bool wasUsed = isUsed(_at(a, n));
        Funds[] memory payees = new Funds[](1);
        payees[0] = b;

        try VAULT.pay(a, n, payees) {}
        catch {
            return;
        }

        assert(both(!wasUsed, isUsed(_at(a, n))));
    }

    function check_payBatch__spends_the_nonce_of_who_paid(address payee, Funds a, uint32 n) external {
        assume(a.account() != payee);
        assume(sumOf(held(_at(a, n))) <= MOST);
        bool wasUsed = isUsed(_at(a, n));
        (Funds[] memory payers, uint32[] memory nonces) = (new Funds[](1), new uint32[](1));
        (payers[0], nonces[0]) = (a, n);

        (uint256 paid, uint256 stale) = VAULT.payBatch(payee, payers, nonces);

        assert(!both(paid == 1, wasUsed));
        assert(!both(stale == 1, !wasUsed));
        assert(isUsed(_at(a, n)) == (wasUsed || paid == 1));
    }

    function _at(Funds funds, uint32 nonce) private view returns (Place memory) {
        return Place(address(this), funds.account(), nonce);
    }
}
