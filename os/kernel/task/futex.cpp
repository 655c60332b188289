// SPDX-License-Identifier: Apache-2.0
//
// futex(2): sleep while a word of user memory has a value. Waiters are found by what the word is, as on
// Linux: in memory that is shared, its physical address, whose page the waiter keeps; otherwise address space
// and address, as the page behind a private word changes when it is written after a fork.
//
// Priority inheritance (FUTEX_LOCK_PI and its kin) is a hand-over here: there is one priority, so the word's
// protocol is all that is left of it.
//
// Waking a word that nobody waits for, and waiting for a value that the word has not got any more, are over
// without the big lock: see without_lock().
#include <linux/futex.h>
#include <linux/time.h>

#include "os/kernel/arch/big_lock.h"
#include "os/kernel/arch/usercopy.h"
#include "os/kernel/dipc_hooks.h"
#include "os/kernel/sys/syscalls.h"
#include "os/kernel/task/futex.h"
#include "os/kernel/task/sched.h"

namespace stile::os {
namespace {

// What a word is.
struct Key {
    uint64_t space = 0, at = 0;  // space 0: `at` is physical
    bool operator==(const Key&) const = default;
};

// How many threads wait, or are about to look whether they have to, on words with this place in their page:
// the same for all addresses of a word. Who waits counts himself before he looks at the word, who wakes
// changes the word before he looks at the count; with the full barriers in between at least one of them sees
// the other. Written with the big lock held.
constexpr unsigned places = 256;
constinit uint32_t waiting_at[places];
uint32_t& place_of(uint64_t at) { return waiting_at[at >> 2 & (places - 1)]; }

class Counted {
  public:
    explicit Counted(uint64_t at) : place_(&place_of(at)) {
        if (smp())
            __atomic_fetch_add(place_, 1, __ATOMIC_SEQ_CST);
        else
            ++*place_;
    }
    ~Counted() { --*place_; }
    Counted(const Counted&) = delete;
    void move(uint64_t at) {
        --*place_;
        ++*(place_ = &place_of(at));
    }

  private:
    uint32_t* place_;
};

struct FutexWaiter {
    Link link;
    Key key;
    Page* page;  // of a shared word, kept
    uint32_t bits;
    Thread* thread;
    bool woken;
    Counted& counted;
};
constexpr unsigned buckets = 64;
constinit ListArray<List<FutexWaiter, &FutexWaiter::link>, buckets> table;

auto& bucket_of(const Key& k) { return table[(k.at >> 2 ^ k.at >> 12 ^ k.space >> 4) % buckets]; }

// Real-time threads by priority before others, as in Linux; equals as they come.
void enlist(FutexWaiter& w) {
    auto& bucket = bucket_of(w.key);
    FutexWaiter* at = w.thread->real_time ? bucket.front() : nullptr;
    while (at && at->thread->real_time >= w.thread->real_time) at = bucket.next(at);
    at ? bucket.insert_before(at, &w) : bucket.push_back(&w);
}

// The key of a user word, and its page with a reference taken if it is shared. The word is faulted in. A word
// that is not there is an error, unless the caller calls it private and does not read it: so it is in Linux.
Status key_of(UserAddr addr, bool may_lack, Key& key, Page** page) {
    *page = nullptr;
    if (addr % 4 || !user_range_ok(addr, 4)) return addr % 4 ? -EINVAL : -EFAULT;
    AddressSpace* space = space_for(current_process()->space, addr);
    uint32_t value;
    const VmArea* a = get_user(value, addr) < 0 ? nullptr : space->find(addr);
    if (!a) {
        key = {reinterpret_cast<uint64_t>(space), addr};
        return may_lack ? 0 : -EFAULT;
    }
    if (!(a->flags & vm_shared)) {
        key = {reinterpret_cast<uint64_t>(space), addr};
        return 0;
    }
    const uint64_t* e = space->table->entry(addr, false);
    if (!e || !(*e & pte_present)) return -EFAULT;
    key = {0, (*e & pte_address) | (addr & (page_size - 1))};
    *page = phys_page(key.at);
    page_get(*page);
    return 0;
}

// A key for the time of one call.
struct HeldKey {
    Key key;
    Page* page = nullptr;
    ~HeldKey() {
        if (page) page_put(page);
    }
    Status set(UserAddr addr, bool may_lack = false) { return key_of(addr, may_lack, key, &page); }
};

Status wait_on(const HeldKey& held, Counted& counted, uint32_t bits, uint64_t deadline) {
    FutexWaiter w{{}, held.key, held.page, bits, current(), false, counted};
    if (w.page) page_get(w.page);
    enlist(w);
    Status s = 0;
    while (!w.woken && s == 0) s = sleep(true, deadline);
    if (w.link.linked()) w.link.unlink();
    if (w.page) page_put(w.page);
    return w.woken ? 0 : s;
}

Status futex_wait(UserAddr addr, uint32_t expected, uint32_t bits, uint64_t deadline) {
    if (!bits) return -EINVAL;
    uint32_t value;
    HeldKey held;
    Counted counted(addr);
    if (const Status s = held.set(addr); s < 0) return s;
    if (get_user(value, addr) < 0) return -EFAULT;
    return value == expected ? wait_on(held, counted, bits, deadline) : -EAGAIN;
}

// The next waiter on a word from `w` on.
FutexWaiter* next_on(const Key& key, FutexWaiter* w) {
    auto& bucket = bucket_of(key);
    while (w && !(w->key == key)) w = bucket.next(w);
    return w;
}
FutexWaiter* first_on(const Key& key) { return next_on(key, bucket_of(key).front()); }

void release_waiter(FutexWaiter& w) {
    w.link.unlink();
    w.woken = true;
    wake(w.thread);
}

int wake_at(const Key& key, unsigned n, uint32_t bits) {
    int woken = 0;
    for (FutexWaiter* w = first_on(key); w && n;) {
        FutexWaiter* next = next_on(key, bucket_of(key).next(w));
        if (w->bits & bits) {
            release_waiter(*w);
            woken++;
            n--;
        }
        w = next;
    }
    return woken;
}

// expected: nullptr, or the value that the word must still have.
Status requeue(UserAddr from, unsigned wake_n, UserAddr to, unsigned move_n, const uint32_t* expected,
               bool is_private) {
    HeldKey a, b;
    if (static_cast<int>(wake_n) < 0 || static_cast<int>(move_n) < 0) return -EINVAL;
    if (Status s = a.set(from, is_private); s < 0) return s;
    if (Status s = b.set(to, is_private); s < 0) return s;
    uint32_t now;
    if (expected && get_user(now, from) < 0) return -EFAULT;
    if (expected && now != *expected) return -EAGAIN;
    int done = wake_at(a.key, wake_n, ~0u);
    for (FutexWaiter* w = first_on(a.key); w && move_n && !(a.key == b.key);) {
        FutexWaiter* next = next_on(a.key, bucket_of(a.key).next(w));
        w->link.unlink();
        if (b.page) page_get(b.page);
        if (w->page) page_put(w->page);
        w->page = b.page;
        w->key = b.key;
        w->counted.move(to);
        enlist(*w);
        move_n--;
        done++;
        w = next;
    }
    return done;
}

// FUTEX_WAKE_OP: changes the second word, wakes on the first, and on the second if its old value says so.
Status wake_op(UserAddr addr, unsigned n, UserAddr addr2, unsigned n2, uint32_t code, bool is_private) {
    HeldKey a, b;
    if (Status s = a.set(addr, is_private); s < 0) return s;
    if (Status s = b.set(addr2, is_private); s < 0) return s;
    const unsigned op = code >> 28 & 7, compare = code >> 24 & 15;
    auto argument = static_cast<uint32_t>(static_cast<int32_t>(code << 8) >> 20);
    const auto limit = static_cast<int32_t>(code << 20) >> 20;
    if (code >> 31) argument = 1u << (argument & 31);
    if (op > FUTEX_OP_XOR || compare > FUTEX_OP_CMP_GE) return -ENOSYS;
    uint32_t old;
    const auto change = [&](uint32_t word) {
        return op == FUTEX_OP_SET    ? argument
               : op == FUTEX_OP_ADD  ? word + argument
               : op == FUTEX_OP_OR   ? word | argument
               : op == FUTEX_OP_ANDN ? word & ~argument
                                     : word ^ argument;
    };
    if (const Status s = update_user(addr2, old, change); s < 0) return s;
    const auto was = static_cast<int32_t>(old);
    const bool also = compare == FUTEX_OP_CMP_EQ   ? was == limit
                      : compare == FUTEX_OP_CMP_NE ? was != limit
                      : compare == FUTEX_OP_CMP_LT ? was < limit
                      : compare == FUTEX_OP_CMP_LE ? was <= limit
                      : compare == FUTEX_OP_CMP_GT ? was > limit
                                                   : was >= limit;
    int woken = wake_at(a.key, n, ~0u);
    if (also) woken += wake_at(b.key, n2, ~0u);
    return woken;
}

// The word holds its owner's tid, and FUTEX_WAITERS while somebody sleeps for it.
Status lock_pi(UserAddr addr, uint64_t deadline, bool try_only) {
    HeldKey held;
    Counted counted(addr);
    const auto self = static_cast<uint32_t>(current()->tid);
    if (const Status s = held.set(addr); s < 0) return s;
    // Free: taken. Held: marked as waited for, unless there is nobody or no patience to wait for.
    const auto owner_of = [](uint32_t word) { return word & FUTEX_TID_MASK; };
    bool waits = false;
    const auto claim = [&](uint32_t word) {
        waits = false;
        if (!owner_of(word))
            return self | (word & FUTEX_OWNER_DIED) | (first_on(held.key) ? FUTEX_WAITERS : 0);
        if (owner_of(word) == self || try_only || !find_thread(static_cast<int>(owner_of(word)))) return word;
        waits = true;
        return word | FUTEX_WAITERS;
    };
    uint32_t word;
    if (const Status s = update_user(addr, word, claim); s < 0) return s;
    if (!owner_of(word)) return 0;
    if (owner_of(word) == self) return -EDEADLK;
    if (!waits) return find_thread(static_cast<int>(owner_of(word))) ? -EAGAIN : -ESRCH;
    const Status s = wait_on(held, counted, ~0u, deadline);
    if (s == -EINTR) current()->restart = Restart::always;
    return s;  // woken: the word is ours already
}

Status unlock_pi(UserAddr addr) {
    HeldKey held;
    uint32_t word;
    if (get_user(word, addr) < 0) return -EFAULT;
    if ((word & FUTEX_TID_MASK) != static_cast<uint32_t>(current()->tid)) return -EPERM;
    if (const Status s = held.set(addr); s < 0) return s;
    FutexWaiter* heir = first_on(held.key);
    uint32_t next = 0;
    if (heir) {
        next = static_cast<uint32_t>(heir->thread->tid);
        if (next_on(held.key, bucket_of(held.key).next(heir))) next |= FUTEX_WAITERS;
    }
    const auto hand_on = [&](uint32_t) { return next; };
    if (const Status s = update_user(addr, word, hand_on); s < 0) return s;
    if (heir) release_waiter(*heir);
    return 0;
}

// Of a dying owner: the next one gets the lock and learns of the death.
void hand_on_pi(UserAddr addr) {
    HeldKey held;
    if (held.set(addr) < 0) return;
    FutexWaiter* heir = first_on(held.key);
    uint32_t next = FUTEX_OWNER_DIED;
    if (heir) {
        next |= static_cast<uint32_t>(heir->thread->tid);
        if (next_on(held.key, bucket_of(held.key).next(heir))) next |= FUTEX_WAITERS;
    }
    uint32_t word;
    const auto hand_on = [&](uint32_t) { return next; };
    if (update_user(addr, word, hand_on) == 0 && heir) release_waiter(*heir);
}

}  // namespace

int futex_wake(UserAddr addr, unsigned n, uint32_t bits) {
    HeldKey held;
    return held.set(addr) < 0 ? 0 : wake_at(held.key, n, bits);
}

// A dying thread's robust mutexes (Linux Documentation/locking/robust-futexes.rst): each one it still owns is
// marked and one waiter woken, so that the next owner learns of the death.
void release_robust_list(Thread* t) {
    struct {
        UserAddr next;
        int64_t futex_offset;
        UserAddr pending;
    } head;
    const InNameOf owner(t->robust_list_domain);
    if (!t->robust_list || get_user(head, t->robust_list) < 0) return;
    const auto release = [&](UserAddr tagged) {
        const UserAddr entry = tagged & ~1ull;  // bit 0: a priority-inheriting lock
        const UserAddr at = entry + static_cast<uint64_t>(head.futex_offset);
        uint32_t word;
        if (get_user(word, at) < 0 || (word & FUTEX_TID_MASK) != static_cast<uint32_t>(t->tid)) return;
        if (tagged & 1) return hand_on_pi(at);
        const auto mark = [](uint32_t old) { return (old & FUTEX_WAITERS) | FUTEX_OWNER_DIED; };
        if (at % 4 == 0 && update_user(at, word, mark) == 0 && (word & FUTEX_WAITERS)) futex_wake(at, 1, ~0u);
    };
    constexpr unsigned longest = 2048;  // as Linux: a list may be a loop
    UserAddr entry = head.next;
    for (unsigned i = 0; i < longest && (entry & ~1ull) != t->robust_list; i++) {
        UserAddr next;
        if (get_user(next, entry & ~1ull) < 0) return;
        if (entry != head.pending) release(entry);
        entry = next;
    }
    if (head.pending) release(head.pending);
}

// The cases that need nothing but the word, and on several CPUs only: with one the lock costs nothing.
// -EINPROGRESS: it is none of them.
static Status without_lock(UserAddr addr, int command, uint32_t value, uint32_t bits) {
    uint32_t now;
    if (addr % 4) return -EINPROGRESS;
    if (command == FUTEX_WAIT || (command == FUTEX_WAIT_BITSET && bits)) {
        if (get_user(now, addr) < 0) return -EFAULT;
        return now == value ? -EINPROGRESS : -EAGAIN;
    }
    if (command == FUTEX_WAKE) {
        if (get_user(now, addr) < 0) return -EINPROGRESS;
        asm volatile("mfence" : : : "memory");  // the caller's store of the word before the look at the count
        return __atomic_load_n(&place_of(addr), __ATOMIC_ACQUIRE) ? -EINPROGRESS : 0;
    }
    return -EINPROGRESS;
}

extern "C" long sys_unknown();

extern "C" long sys_futex(UserAddr addr, int op, uint32_t value, UserAddr timeout, UserAddr addr2,
                          uint32_t value3) {
    const int command = op & FUTEX_CMD_MASK;
    const bool is_private = op & FUTEX_PRIVATE_FLAG;
    uint64_t deadline = 0;
    const bool waits = command == FUTEX_WAIT || command == FUTEX_WAIT_BITSET || command == FUTEX_LOCK_PI ||
                       command == FUTEX_LOCK_PI2;
    if (timeout && waits) {
        KernelTimespec ts;
        if (get_user(ts, timeout) < 0) return -EFAULT;
        if (!ts.valid()) return -EINVAL;
        // FUTEX_LOCK_PI's clock has always been CLOCK_REALTIME.
        const bool realtime = command == FUTEX_LOCK_PI || (op & FUTEX_CLOCK_REALTIME);
        deadline_from(ts, command != FUTEX_WAIT, realtime, deadline);
    }
    if ((op & FUTEX_CLOCK_REALTIME) && command != FUTEX_WAIT_BITSET && command != FUTEX_LOCK_PI2)
        return -ENOSYS;
    if (smp()) {
        if (const Status s = without_lock(addr, command, value, value3); s != -EINPROGRESS) return s;
        big_lock();
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
            HeldKey held;
            if (!value3) return -EINVAL;
            if (const Status s = held.set(addr, is_private); s < 0) return s;
            return wake_at(held.key, value, value3);
        }
        case FUTEX_REQUEUE:
            return requeue(addr, value, addr2, static_cast<unsigned>(timeout), nullptr, is_private);
        case FUTEX_CMP_REQUEUE:
            return requeue(addr, value, addr2, static_cast<unsigned>(timeout), &value3, is_private);
        case FUTEX_WAKE_OP:
            return wake_op(addr, value, addr2, static_cast<unsigned>(timeout), value3, is_private);
        case FUTEX_LOCK_PI:
        case FUTEX_LOCK_PI2:
            return lock_pi(addr, deadline, false);
        case FUTEX_TRYLOCK_PI:
            return lock_pi(addr, 0, true);
        case FUTEX_UNLOCK_PI:
            return unlock_pi(addr);
        default:  // requeueing to a priority-inheriting lock: no C library does that any more
            return sys_unknown();
    }
}

}  // namespace stile::os
