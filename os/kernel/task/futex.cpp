// SPDX-License-Identifier: Apache-2.0
//
// futex(2): sleep while a word of user memory has a value. Waiters are found by the word's physical address,
// so private and shared futexes need no telling apart: the waiter keeps a reference to the page, which
// therefore stays that page's for as long as anybody waits.
#include <linux/futex.h>
#include <linux/time.h>

#include "os/kernel/arch/usercopy.h"
#include "os/kernel/sys/syscalls.h"
#include "os/kernel/task/futex.h"
#include "os/kernel/task/sched.h"

namespace stile::os {
namespace {

struct FutexWaiter {
    Link link;
    uint64_t phys;
    uint32_t bits;
    Thread* thread;
    bool woken;
};
constexpr unsigned buckets = 64;
constinit ListArray<List<FutexWaiter, &FutexWaiter::link>, buckets> table;

auto& bucket_of(uint64_t phys) { return table[(phys >> 2 ^ phys >> 12) % buckets]; }

// Physical address of a user word; faults it in. A copy-on-write page is made the process's own first, so
// that waiter and waker agree on the address.
Status physical(UserAddr addr, uint64_t& out) {
    if (addr % 4 || !user_range_ok(addr, 4)) return addr % 4 ? -EINVAL : -EFAULT;
    AddressSpace* space = space_for(current_process()->space, addr);
    for (int attempt = 0; attempt < 2; attempt++) {
        const uint64_t* e = space->table->entry(addr, false);
        const VmArea* a = space->find(addr);
        if (e && (*e & pte_present) && a && ((*e & pte_write) || !(a->prot & PROT_WRITE))) {
            out = (*e & pte_address) | (addr & (page_size - 1));
            return 0;
        }
        if (!a || !space->fault(addr, a->prot & PROT_WRITE, false)) return -EFAULT;
    }
    return -EFAULT;
}

Status futex_wait(UserAddr addr, uint32_t expected, uint32_t bits, uint64_t deadline) {
    if (!bits) return -EINVAL;
    uint32_t value;
    uint64_t phys;
    if (get_user(value, addr) < 0) return -EFAULT;
    if (value != expected) return -EAGAIN;
    if (const Status s = physical(addr, phys); s < 0) return s;
    Page* page = phys_page(phys);
    page_get(page);
    FutexWaiter w{{}, phys, bits, current(), false};
    bucket_of(phys).push_back(&w);
    Status s = 0;
    while (!w.woken && s == 0) s = sleep(true, deadline);
    if (w.link.linked()) w.link.unlink();
    page_put(page);
    return w.woken ? 0 : s;
}

int wake_at(uint64_t phys, unsigned n, uint32_t bits) {
    auto& bucket = bucket_of(phys);
    int woken = 0;
    for (FutexWaiter* w = bucket.front(); w && n;) {
        FutexWaiter* next = bucket.next(w);
        if (w->phys == phys && (w->bits & bits)) {
            w->link.unlink();
            w->woken = true;
            wake(w->thread);
            woken++;
            n--;
        }
        w = next;
    }
    return woken;
}

Status requeue(UserAddr from, unsigned wake_n, UserAddr to, unsigned move_n) {
    uint64_t a, b;
    if (Status s = physical(from, a); s < 0) return s;
    if (Status s = physical(to, b); s < 0) return s;
    int done = wake_at(a, wake_n, ~0u);
    auto& bucket = bucket_of(a);
    for (FutexWaiter* w = bucket.front(); w && move_n;) {
        FutexWaiter* next = bucket.next(w);
        // The page reference taken by the waiter stays with the first page: the process shares both.
        if (w->phys == a) {
            w->link.unlink();
            w->phys = b;
            bucket_of(b).push_back(w);
            move_n--;
            done++;
        }
        w = next;
    }
    return done;
}

}  // namespace

int futex_wake(UserAddr addr, unsigned n, uint32_t bits) {
    uint64_t phys;
    return physical(addr, phys) < 0 ? 0 : wake_at(phys, n, bits);
}

// A dying thread's robust mutexes (Linux Documentation/locking/robust-futexes.rst): each one it still owns is
// marked and one waiter woken, so that the next owner learns of the death.
void release_robust_list(Thread* t) {
    struct {
        UserAddr next;
        int64_t futex_offset;
        UserAddr pending;
    } head;
    if (!t->robust_list || get_user(head, t->robust_list) < 0) return;
    const auto release = [&](UserAddr entry) {
        const UserAddr at = entry + static_cast<uint64_t>(head.futex_offset);
        uint32_t word;
        if (get_user(word, at) < 0 || (word & FUTEX_TID_MASK) != static_cast<uint32_t>(t->tid)) return;
        const uint32_t marked = (word & FUTEX_WAITERS) | FUTEX_OWNER_DIED;
        if (put_user(at, marked) == 0 && (word & FUTEX_WAITERS)) futex_wake(at, 1, ~0u);
    };
    constexpr unsigned longest = 2048;  // as Linux: a list may be a loop
    UserAddr entry = head.next;
    for (unsigned i = 0; i < longest && entry != t->robust_list; i++) {
        UserAddr next;
        if (get_user(next, entry) < 0) return;
        if (entry != head.pending) release(entry);
        entry = next;
    }
    if (head.pending) release(head.pending);
}

extern "C" long sys_futex(UserAddr addr, int op, uint32_t value, UserAddr timeout, UserAddr addr2,
                          uint32_t value3) {
    const int command = op & FUTEX_CMD_MASK;
    uint64_t deadline = 0;
    if (timeout && (command == FUTEX_WAIT || command == FUTEX_WAIT_BITSET)) {
        KernelTimespec ts;
        if (get_user(ts, timeout) < 0) return -EFAULT;
        if (!ts.valid()) return -EINVAL;
        if (const Status s =
                deadline_from(ts, command == FUTEX_WAIT_BITSET, op & FUTEX_CLOCK_REALTIME, deadline);
            s < 0)
            return s;
    }
    switch (command) {
        case FUTEX_WAIT:
            return futex_wait(addr, value, ~0u, deadline);
        case FUTEX_WAIT_BITSET:
            return futex_wait(addr, value, value3, deadline);
        case FUTEX_WAKE:
            value3 = ~0u;
            [[fallthrough]];
        case FUTEX_WAKE_BITSET: {
            uint64_t phys;
            if (!value3) return -EINVAL;
            if (const Status s = physical(addr, phys); s < 0) return s;
            return wake_at(phys, value, value3);
        }
        case FUTEX_REQUEUE:
            return requeue(addr, value, addr2, static_cast<unsigned>(timeout));
        case FUTEX_CMP_REQUEUE: {
            uint32_t now;
            if (get_user(now, addr) < 0) return -EFAULT;
            return now == value3 ? requeue(addr, value, addr2, static_cast<unsigned>(timeout)) : -EAGAIN;
        }
        default:
            return -ENOSYS;  // priority inheritance, FUTEX_WAKE_OP: not in this version
    }
}

}  // namespace stile::os
