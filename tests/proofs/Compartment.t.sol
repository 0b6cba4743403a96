// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Funds, toFunds} from "../../contracts/types/Funds.sol";
import {Held, Place, VaultProof} from "./Vault.sol";

/// @notice What a controller does to the balances of its compartment of the vault, whatever it passes: see VaultProof. This
/// contract is the controller.
/// @dev One corner is left to a hostile controller: if its compartment holds all that 96 bits can count, it can destroy
/// some of it. So for settlements the sums are assumed to be less than that.
contract CompartmentProof is VaultProof {
    // ------------------------------------------------------------------ lock, bond

    function check_lock__two_accounts(Funds a, uint32 m, Funds b, uint32 n) external {
        assume(a.account() != b.account());
        (Held memory x, Held memory y) = (_held(a), _held(b));
        assume(both(sumOf(x) <= MOST, sumOf(y) <= MOST));

        VAULT.lock(a, m, b, n);

        unchecked {
            assertHolds(_at(a), x.free - a.amount(), x.locked + a.amount());
            assertHolds(_at(b), y.free - b.amount(), y.locked + b.amount());
        }
    }

    function check_lock__one_account_twice(Funds a, uint32 m, uint96 more, uint32 n) external {
        Held memory x = _held(a);
        assume(sumOf(x) <= MOST);

        VAULT.lock(a, m, toFunds(a.account(), more), n);

        unchecked {
            uint256 bound = a.amount() + more;
            assertHolds(_at(a), x.free - bound, x.locked + bound);
        }
    }

    function check_lock__nobody_else(Funds a, uint32 m, Funds b, uint32 n, Place memory p) external {
        Held memory before = _other(p, a, b);
        VAULT.lock(a, m, b, n);
        assertHolds(p, before.free, before.locked);
    }

    function check_bond(Funds funds, Place memory p) external {
        Held memory before = held(p);
        assume(sumOf(before) <= MOST);

        VAULT.bond(funds);

        uint256 bound = when(_isOf(p, funds), funds.amount());
        unchecked {
            assertHolds(p, before.free - bound, before.locked + bound);
        }
    }

    // ------------------------------------------------------------------ settle

    function check_settle__two_accounts(Funds a, uint256 toA, Funds b, uint256 toB) external {
        assume(a.account() != b.account());
        (Held memory x, Held memory y) = (_held(a), _held(b));
        assume(sumOf(x) + sumOf(y) < MOST);

        try VAULT.settle(a, toA, b, toB) {}
        catch {
            return;
        }

        unchecked {
            assert(a.amount() + b.amount() == toA + toB);
            assertHolds(_at(a), x.free + toA, x.locked - a.amount());
            assertHolds(_at(b), y.free + toB, y.locked - b.amount());
        }
    }

    function check_settle__one_account_twice(Funds a, uint256 toA, uint96 more, uint256 toB) external {
        Held memory x = _held(a);
        assume(sumOf(x) < MOST);

        try VAULT.settle(a, toA, toFunds(a.account(), more), toB) {}
        catch {
            return;
        }

        unchecked {
            assertHolds(_at(a), x.free + toA + toB, x.locked - a.amount() - more);
        }
    }

    function check_settle__nobody_else(Funds a, uint256 toA, Funds b, uint256 toB, Place memory p) external {
        Held memory before = _other(p, a, b);
        try VAULT.settle(a, toA, b, toB) {}
        catch {
            return;
        }
        assertHolds(p, before.free, before.locked);
    }

    function check_settleAll__two_accounts(Funds a, uint256 toA, Funds b, uint256 toB) external {
        assume(a.account() != b.account());
        (Held memory x, Held memory y) = (_held(a), _held(b));
        assume(sumOf(x) + sumOf(y) < MOST);

        if (!_settleAll(a, toA, b, toB)) return;

        unchecked {
            assert(a.amount() + b.amount() == toA + toB);
            assertHolds(_at(a), x.free + toA, x.locked - a.amount());
            assertHolds(_at(b), y.free + toB, y.locked - b.amount());
        }
    }

    /// @dev With credits of 64 bits, since longer ones take minutes; balances and unlocks are as long as anywhere.
    function check_settleAll__one_account_twice__short_credits(Funds a, uint64 toA, uint96 more, uint64 toB) external {
        Held memory x = _held(a);
        assume(sumOf(x) < MOST);

        if (!_settleAll(a, toA, toFunds(a.account(), more), toB)) return;

        unchecked {
            assertHolds(_at(a), x.free + toA + toB, x.locked - a.amount() - more);
        }
    }

    function check_settleAll__nobody_else(Funds a, uint256 toA, Funds b, uint256 toB, Place memory p) external {
        Held memory before = _other(p, a, b);
        if (!_settleAll(a, toA, b, toB)) return;
        assertHolds(p, before.free, before.locked);
    }

    // ------------------------------------------------------------------ pay

    function check_pay__another(Funds a, uint32 n, Funds b) external {
        assume(a.account() != b.account());
        (Held memory x, Held memory y) = (_held(a), _held(b));
        assume(sumOf(x) + sumOf(y) <= MOST);

        if (!_pay(a, n, b)) return;

        unchecked {
            assert(a.amount() == b.amount());
            assertHolds(_at(a), x.free - a.amount(), x.locked);
            assertHolds(_at(b), y.free + a.amount(), y.locked);
        }
    }

    function check_pay__itself(Funds a, uint32 n, uint96 amount) external {
        Held memory x = _held(a);
        assume(sumOf(x) <= MOST);
        if (!_pay(a, n, toFunds(a.account(), amount))) return;
        assertHolds(_at(a), x.free, x.locked);
    }

    function check_pay__nobody_else(Funds a, uint32 n, Funds b, Place memory p) external {
        Held memory before = _other(p, a, b);
        if (!_pay(a, n, b)) return;
        assertHolds(p, before.free, before.locked);
    }

    function check_payBatch__of_one(address payee, Funds a, uint32 n) external {
        assume(a.account() != payee);
        (Held memory x, Held memory y) = (_held(a), _held(toFunds(payee, 0)));
        assume(sumOf(x) + sumOf(y) <= MOST);

        (uint256 paid, uint256 stale) = _payBatch(payee, a, n);

        unchecked {
            assert(both(paid & stale == 0, both(paid < 2, stale < 2)));
            uint256 moved = when(paid == 1, a.amount());
            assertHolds(_at(a), x.free - moved, x.locked);
            assertHolds(_at(toFunds(payee, 0)), y.free + moved, y.locked);
        }
    }

    function check_payBatch__of_the_payee_itself(Funds a, uint32 n) external {
        Held memory x = _held(a);
        assume(sumOf(x) <= MOST);
        _payBatch(a.account(), a, n);
        assertHolds(_at(a), x.free, x.locked);
    }

    function check_payBatch__of_two(address payee, Funds a, uint32 m, Funds b, uint32 n) external {
        assume(both(a.account() != b.account(), both(a.account() != payee, b.account() != payee)));
        (Held memory x, Held memory y, Held memory z) = (_held(a), _held(b), _held(toFunds(payee, 0)));
        assume(sumOf(x) + sumOf(y) + sumOf(z) <= MOST);
        (Funds[] memory payers, uint32[] memory nonces) = (new Funds[](2), new uint32[](2));
        (payers[0], payers[1], nonces[0], nonces[1]) = (a, b, m, n);

        (uint256 paid,) = VAULT.payBatch(payee, payers, nonces);

        unchecked {
            (uint256 first, uint256 second) = (when(paid & 1 != 0, a.amount()), when(paid & 2 != 0, b.amount()));
            assertHolds(_at(a), x.free - first, x.locked);
            assertHolds(_at(b), y.free - second, y.locked);
            assertHolds(_at(toFunds(payee, 0)), z.free + first + second, z.locked);
        }
    }

    function check_payBatch__nobody_else(address payee, Funds a, uint32 n, Place memory p) external {
        Held memory before = _other(p, a, toFunds(payee, 0));
        _payBatch(payee, a, n);
        assertHolds(p, before.free, before.locked);
    }

    // ------------------------------------------------------------------ what they share

    function _settleAll(Funds a, uint256 toA, Funds b, uint256 toB) private returns (bool) {
        (Funds[] memory unlocks, uint256[] memory credits) = (new Funds[](2), new uint256[](2));
        (unlocks[0], unlocks[1], credits[0], credits[1]) = (a, b, toA, toB);
        try VAULT.settleAll(unlocks, credits) {
            return true;
        } catch {
            return false;
        }
    }

    function _pay(Funds a, uint32 n, Funds b) private returns (bool) {
        Funds[] memory payees = new Funds[](1);
        payees[0] = b;
        try VAULT.pay(a, n, payees) {
            return true;
        } catch {
            return false;
        }
    }

    function _payBatch(address payee, Funds a, uint32 n) private returns (uint256 paid, uint256 stale) {
        (Funds[] memory payers, uint32[] memory nonces) = (new Funds[](1), new uint32[](1));
        (payers[0], nonces[0]) = (a, n);
        return VAULT.payBatch(payee, payers, nonces);
    }

    /// @return what lies at a place that is neither's.
    function _other(Place memory p, Funds a, Funds b) private view returns (Held memory) {
        assume(both(!_isOf(p, a), !_isOf(p, b)));
        return held(p);
    }

    function _at(Funds funds) private view returns (Place memory) {
        return Place(address(this), funds.account(), 0);
    }

    function _held(Funds funds) private view returns (Held memory) {
        return held(_at(funds));
    }

    function _isOf(Place memory p, Funds funds) private view returns (bool) {
        return isOf(p, address(this), funds.account());
    }
}
