// SPDX-License-Identifier: Apache-2.0
#include "os/kernel/mm/shootdown.h"

#include "os/kernel/arch/apic.h"
#include "os/kernel/arch/trap.h"
#include "os/kernel/base/phase.h"
#include "os/kernel/dipc/domain.h"
#include "os/kernel/mm/page_table.h"

namespace stile::os {

constinit bool shootdown_pending = false;

namespace {

constexpr uint32_t cpu_stopped = 2;  // answer to Wish::stop
constexpr unsigned most_pages = 32;  // more are cheaper to flush whole; Linux's limit is 33

enum class Wish : uint8_t { flush, evict, barrier, stop };

// What is asked of the CPUs in `whom`; read by them while Cpu::request is set.
struct Request {
    Wish wish = Wish::flush;
    uint64_t whom = 0;
    PageTable* table = nullptr;
    unsigned pages = 0;  // most_pages + 1: all
    uint64_t at[most_pages];
    unsigned tags = 0;  // 2: all
    uint16_t tag = 0;
    void (*before_stop)() = nullptr;
};
constinit Request noted{};
constinit List<Page, &Page::free_link> unmapped;

// Those that run on it, apart from this one. Those that do not will have to flush before they do.
PHASE(pt_switch) uint64_t users_of(PageTable& t) {
    const uint64_t others = t.active & ~cpu().bit;
    uint64_t awake = 0;
    for (uint64_t left = others; left; left &= left - 1) {
        const Cpu& c = *cpus[__builtin_ctzll(left)];
        if (!c.waiting) awake |= c.bit;
    }
    t.flush_at_load |= ~(awake | cpu().bit);
    return awake;
}

PHASE(pt_switch) bool note_table(PageTable& t) {
    const uint64_t whom = users_of(t);
    if (!whom) return false;
    if (noted.pages && noted.table != &t) shootdown_flush();
    noted.table = &t;
    noted.whom |= whom;
    shootdown_pending = true;
    return true;
}

}  // namespace

// Alone, so that a test can take the interrupts away and show what they are for.
extern "C" [[gnu::noinline]] PHASE(pt_switch) void shootdown_ask_and_wait(uint64_t whom) {
    for (uint64_t left = whom; left; left &= left - 1) {
        Cpu& c = *cpus[__builtin_ctzll(left)];
        __atomic_store_n(&c.request, 1, __ATOMIC_RELEASE);
        apic_send(c.id, vec_shootdown);
    }
    for (uint64_t left = whom; left; left &= left - 1) {
        Cpu& c = *cpus[__builtin_ctzll(left)];
        while (__atomic_load_n(&c.request, __ATOMIC_ACQUIRE)) asm volatile("pause");
    }
}

PHASE(pt_switch) void shootdown_note(PageTable& t, uint64_t vaddr) {
    if (!note_table(t)) return;
    if (noted.pages < most_pages)
        noted.at[noted.pages++] = vaddr;
    else
        noted.pages = most_pages + 1;
}

PHASE(pt_switch) void shootdown_note_all(PageTable& t) {
    if (note_table(t)) noted.pages = most_pages + 1;
}

PHASE(pt_switch) void shootdown_note_apl(uint16_t tag) {
    for (unsigned i = 0; i < cpu_count; i++) {
        Cpu& c = *cpus[i];
        if (&c == &cpu() || !c.domains_on) continue;
        if (c.waiting || !c.domain_state_used) {
            c.apl_stale = true;
            continue;
        }
        noted.whom |= c.bit;
        noted.tags = noted.tags && noted.tag != tag ? 2 : max(noted.tags, 1u);
        noted.tag = tag;
        shootdown_pending = true;
    }
}

PHASE(pt_switch) void shootdown_flush() {
    if (!shootdown_pending) return;
    noted.wish = Wish::flush;
    shootdown_ask_and_wait(noted.whom);
    noted.whom = 0;
    noted.pages = noted.tags = 0;
    noted.table = nullptr;
    shootdown_pending = false;
    while (Page* p = unmapped.pop_front()) free_pages(p, 0);
}

PHASE(pt_switch) void shootdown_free(Page* p) {
    if (shootdown_pending)
        unmapped.push_back(p);
    else
        free_pages(p, 0);
}

void shootdown_evict(PageTable& t) {
    const uint64_t whom = t.active & ~cpu().bit;
    if (!whom) return;
    shootdown_flush();
    noted.wish = Wish::evict;
    shootdown_ask_and_wait(whom);
    t.active &= ~whom;
}

void stop_others(void (*first)()) {
    shootdown_flush();
    noted.wish = Wish::stop;
    noted.before_stop = first;
    noted.whom = 0;
    for (unsigned i = 0; i < cpu_count; i++) {
        Cpu& c = *cpus[i];
        if (&c == &cpu()) continue;
        c.apl_stale = true;
        if (c.waiting) continue;
        noted.whom |= c.bit;
        __atomic_store_n(&c.request, 1, __ATOMIC_RELEASE);
        apic_send(c.id, vec_shootdown);
    }
    for (uint64_t left = noted.whom; left; left &= left - 1)
        while (__atomic_load_n(&cpus[__builtin_ctzll(left)]->request, __ATOMIC_ACQUIRE) != cpu_stopped)
            asm volatile("pause");
}

void resume_others() {
    for (uint64_t left = noted.whom; left; left &= left - 1)
        __atomic_store_n(&cpus[__builtin_ctzll(left)]->request, 0, __ATOMIC_RELEASE);
    noted.whom = 0;
}

void barrier_on_others(const PageTable* t) {
    uint64_t whom = 0;
    for (unsigned i = 0; i < cpu_count; i++) {
        const Cpu& c = *cpus[i];
        if (&c != &cpu() && !c.waiting && (!t || c.page_table == t)) whom |= c.bit;
    }
    if (!whom) return;
    shootdown_flush();
    noted.wish = Wish::barrier;
    shootdown_ask_and_wait(whom);
}

PHASE(pt_switch) void shootdown_answer() {
    Cpu& c = cpu();
    if (!__atomic_load_n(&c.request, __ATOMIC_ACQUIRE)) return;
    const Request& r = noted;
    switch (r.wish) {
        case Wish::evict:
            page_table_leave();
            break;
        case Wish::flush:
            if (r.pages && c.page_table == r.table) {
                if (r.pages > most_pages)
                    c.page_table->flush_here();
                else
                    for (unsigned i = 0; i < r.pages; i++) invlpg(r.at[i]);
            }
            if (r.tags) stile_cd_aplinv(r.tags == 1 ? r.tag : ~0ull);
            break;
        case Wish::stop:
            r.before_stop();
            __atomic_store_n(&c.request, cpu_stopped, __ATOMIC_RELEASE);
            while (__atomic_load_n(&c.request, __ATOMIC_ACQUIRE)) asm volatile("pause");
            return;
        case Wish::barrier:  // an interrupt is one, and so is what this CPU executed to wait for the lock
            break;
    }
    asm volatile("mfence" : : : "memory");
    __atomic_store_n(&c.request, 0, __ATOMIC_RELEASE);
}

}  // namespace stile::os
