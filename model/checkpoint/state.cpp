// SPDX-License-Identifier: Apache-2.0
#include "model/checkpoint/state.h"

#include <algorithm>

namespace stile::model {

void archive(StateArchive& a, stile_cap& c) {
    auto& [base, length, counter, value, word] = c;
    a(base, length, counter, value, word);
}

void archive(StateArchive& a, Xmm& x) {
    auto& [lo, hi] = x;
    a(lo, hi);
}

void archive(StateArchive& a, X87Register& r) {
    auto& [significand, sign_exponent] = r;
    a(significand, sign_exponent);
}

void archive(StateArchive& a, SegmentBase& s) {
    auto& [base, selector] = s;
    a(base, selector);
}

void archive(StateArchive& a, TableRegister& t) {
    auto& [base, limit] = t;
    a(base, limit);
}

void archive(StateArchive& a, TransferLatch& l) {
    auto& [tag, kind, return_address] = l;
    a(tag, kind, return_address);
}

void archive(StateArchive& a, CodomsState& s) {
    auto& [control, latch, saved_latch, dcs_ptr, dcs_base, dcs_limit, kcs, apl_root, depth, caps, fault_from,
           fault_to, fault_right, fault_rip] = s;
    a(control, latch, saved_latch, dcs_ptr, dcs_base, dcs_limit, kcs, apl_root, depth, caps, fault_from,
      fault_to, fault_right, fault_rip);
}

namespace {

// The first `n`; the others are temporaries of the execution engine.
template <class List>
void first(StateArchive& a, List& list, size_t n) {
    for (size_t i = 0; i < n; ++i) a(list[i]);
    if (a.loading())
        std::fill(list.begin() + static_cast<std::ptrdiff_t>(n), list.end(), typename List::value_type{});
}

}  // namespace

void archive(StateArchive& a, X87State& x) {
    auto& [st, control, status, top, tag] = x;
    first(a, st, 8);
    a(control, status, top, tag);
    if (top > 7) StateArchive::refuse("an x87 stack has no such top");
}

void archive(StateArchive& a, CpuState& s) {
    auto& [r, rip, rflags_system, xmm, mxcsr, x87, cpl, cr0, cr2, cr3, cr4, efer, fs, gs, kernel_gs_base, cs,
           ss, ds, es, tr, ldtr, segment_ring, tss_base, gdt, idt, star, lstar, sfmask, cstar, pat, tsc_aux,
           pkru, cd, halted] = s;
    first(a, r, isa::R15 + 1);
    a(rip, rflags_system);
    first(a, xmm, 16);
    a(mxcsr, x87, cpl, cr0, cr2, cr3, cr4, efer, fs, gs, kernel_gs_base, cs, ss, ds, es, tr, ldtr,
      segment_ring, tss_base, gdt, idt, star, lstar, sfmask, cstar, pat, tsc_aux, pkru, cd, halted);
    if (cpl != 0 && cpl != 3) StateArchive::refuse("a core is in a ring that there is not");
}

void archive(StateArchive& a, Counters& c) {
#define STILE_ARCHIVE(name, help) a(c.name);
    STILE_COUNTERS(STILE_ARCHIVE)
#undef STILE_ARCHIVE
    a(c.phase);
}

}  // namespace stile::model
