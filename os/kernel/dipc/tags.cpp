// SPDX-License-Identifier: Apache-2.0
//
// Tags: given out in order, and when there are no fresh ones those of domains that are gone. A gone domain's
// tag may still stand in capabilities, as the origin whose rights they lend; they would lend the new owner's.
// So before a tag comes back everything that can hold a capability is swept: the registers of every thread,
// its domain capability stacks, what proxies and signal handlers have put aside, and all capability storage.
// Other CPUs stand still meanwhile, or a capability could move from what is to be swept to what has been.
#include "os/kernel/base/boot_info.h"
#include "os/kernel/dipc/shared_table.h"
#include "os/kernel/dipc/thread.h"
#include "os/kernel/mm/shootdown.h"
#include "os/kernel/mm/vm.h"
#include "os/kernel/task/thread.h"

namespace stile::os {
namespace {

constexpr unsigned all_tags = 1u << 16;
struct TagSet {
    uint64_t words[all_tags / 64];
    bool has(unsigned tag) const { return words[tag / 64] >> (tag % 64) & 1; }
    void add(unsigned tag) { words[tag / 64] |= 1ull << (tag % 64); }
    void remove(unsigned tag) { words[tag / 64] &= ~(1ull << (tag % 64)); }
};
constinit TagSet swept{};      // free to be given out
constinit TagSet gone{};       // of the sweep under way
constinit unsigned fresh = 1;  // 0 is that of all pages outside dIPC
constinit unsigned swept_count = 0;

unsigned limit() {
    return boot_info.tag_limit && boot_info.tag_limit < all_tags ? boot_info.tag_limit : all_tags;
}

// A return capability stays one, so that entries keep their places: it names nobody's domain now, and nobody
// returns there. Likewise a thread that came out of such a domain.
void sweep(stile_cap& c) {
    const unsigned type = STILE_CAP_TYPE(c.word);
    if (type == STILE_CAP_EMPTY || !gone.has(STILE_CAP_ORIGIN(c.word))) return;
    if (type == STILE_CAP_RETURN)
        c.word &= ~0xffffu;
    else
        c = {};
}

void sweep(stile_cd_state& s) {
    if (gone.has(s.latch & 0xffff)) s.latch &= ~0xffffull;
    for (stile_cap& c : s.caps) sweep(c);
}

void sweep_page(Page* p) {
    auto* caps = static_cast<stile_cap*>(page_address(p));
    for (unsigned i = 0; i < page_size / sizeof(stile_cap); i++) sweep(caps[i]);
}

void sweep_thread(DipcThread& t) {
    sweep(*t.state);
    for (unsigned i = 0; i < t.interruptions; i++) sweep(t.interrupted[i].state);
    sweep_page(address_page(t.caps));
    sweep_page(address_page(t.caps) + 1);
    for (const Dcs* d : t.dcs)
        for (unsigned n = 0; d && n < d->count; n++) sweep_page(d->pages[n]);
}

// Four revocation counters in the place of a capability read as an empty one: they never exceed 32 bits.
void sweep_storage() {
    for (AddressSpace* s = next_shared_space(nullptr); s; s = next_shared_space(s))
        for (const VmArea& a : s->areas) {
            if (!a.holds_capabilities()) continue;
            uint64_t v = a.start;
            for (; const uint64_t* e = s->table->next_entry(v, a.end); v += page_size)
                if (*e & pte_address) sweep_page(phys_page(*e & pte_address));
        }
}

// Those in whose name the kernel has yet to do something.
void keep_promised() {
    for (Process* p = next_process(nullptr); p; p = next_process(p)) {
        if (!p->handlers) continue;
        for (const SignalAction& a : p->handlers->action) gone.remove(a.domain);
        for (const Thread* t = p->first_thread; t; t = t->sibling) {
            gone.remove(t->clear_child_tid_domain);
            gone.remove(t->robust_list_domain);
            gone.remove(t->alt_stack.domain);
        }
    }
    if (!dipc_threads) return;
    for (const DipcThread& t : *dipc_threads)
        for (unsigned i = 0; i < t.interruptions; i++) gone.remove(t.interrupted[i].handler_domain);
}

// Tags that no living domain has, no page carries and nothing waits for.
bool find_gone() {
    unsigned found = 0;
    gone = {};
    for (unsigned tag = 1; tag < fresh; tag++) {
        if (domain_of_tag(static_cast<uint16_t>(tag)) || swept.has(tag)) continue;
        gone.add(tag);
        found++;
    }
    for (AddressSpace* s = next_shared_space(nullptr); s; s = next_shared_space(s)) {
        gone.remove(s->default_tag);
        for (const VmArea& a : s->areas) gone.remove(a.tag);
    }
    keep_promised();
    return found != 0;
}

}  // namespace

void tags_sweep_registers() {
    stile_cd_aplinv(~0ull);
    if (!cpu().domain_state_used) return;
    alignas(64) stile_cd_state s;
    stile_cd_save(&s);
    sweep(s);
    stile_cd_restore(&s);
}

int tag_allocate() {
    if (fresh < limit()) return static_cast<int>(fresh++);
    if (!swept_count) {
        if (!find_gone()) return -1;
        if (domains_checked() && checked(STILE_OS_CHECK_tag_sweep)) {
            stop_others(tags_sweep_registers);
            tags_sweep_registers();
            if (dipc_threads)
                for (DipcThread& t : *dipc_threads) sweep_thread(t);
            sweep_storage();
            resume_others();
        }
        for (unsigned tag = 1; tag < fresh; tag++)
            if (gone.has(tag)) {
                swept.add(tag);
                swept_count++;
            }
    }
    for (unsigned tag = 1; tag < fresh; tag++)
        if (swept.has(tag)) {
            swept.remove(tag);
            swept_count--;
            return static_cast<int>(tag);
        }
    return -1;
}

}  // namespace stile::os
