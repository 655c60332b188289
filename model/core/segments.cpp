// SPDX-License-Identifier: Apache-2.0
//
// Descriptors, as far as 64-bit mode still reads them. There is no compatibility mode and no LDT: a selector
// that asks for either raises #GP.
#include "model/core/core_impl.h"
#include "model/core/page_walker.h"

namespace stile::model {

namespace {

constexpr uint16_t index_mask = 0xfff8;
constexpr bool present(uint64_t d) { return d >> 47 & 1; }
constexpr unsigned dpl(uint64_t d) { return d >> 45 & 3; }
constexpr unsigned type(uint64_t d) { return d >> 40 & 0x1f; }
constexpr uint64_t base(uint64_t d) { return (d >> 16 & 0xffffff) | (d >> 56 & 0xff) << 24; }

bool refuse(Fault& fault, Vector vector, uint16_t selector) {
    fault = {vector, true, selector & 0xfffcu, 0};
    return false;
}

}  // namespace

// With supervisor rights, whatever the ring.
bool Core::Impl::read_descriptor(uint16_t selector, uint64_t& low, Fault& fault) {
    const unsigned at = selector & index_mask;
    if (selector & 4 || at + 7u > s.gdt.limit) return refuse(fault, VEC_GP, selector);
    const uint8_t ring = s.cpl;
    if (ring == 0) return mmu_unit.read(s.gdt.base + at, &low, 8, fault, 0);
    const TransferLatch saved = s.cd.saved_latch;
    s.cd.saved_latch = s.cd.latch;
    s.cpl = 0;
    sync();
    const bool ok = mmu_unit.read(s.gdt.base + at, &low, 8, fault, 0);
    s.cpl = ring;
    s.cd.saved_latch = saved;
    sync();
    return ok;
}

bool Core::Impl::load_segment(unsigned segment, uint16_t selector, Fault& fault) {
    enum { ES, CS, SS, DS, FS, GS };
    uint64_t d = 0;
    const unsigned rpl = selector & 3;
    if ((selector & ~3) == 0) {
        if (segment == SS && (s.cpl == 3 || rpl != s.cpl)) return refuse(fault, VEC_GP, 0);
    } else {
        if (!read_descriptor(selector, d, fault)) return false;
        const bool code = type(d) >= 0x18, writable_data = (type(d) & 0x1a) == 0x12;
        if (segment == SS) {
            if (rpl != s.cpl || dpl(d) != s.cpl || !writable_data) return refuse(fault, VEC_GP, selector);
            if (!present(d)) return refuse(fault, VEC_SS, selector);
        } else {
            if (type(d) < 0x10 || (code && !(type(d) & 2))) return refuse(fault, VEC_GP, selector);
            if (!(code && type(d) & 4) && (rpl > dpl(d) || s.cpl > dpl(d)))
                return refuse(fault, VEC_GP, selector);
            if (!present(d)) return refuse(fault, VEC_NP, selector);
        }
    }
    switch (segment) {
        case ES:
            s.es = selector;
            break;
        case SS:
            s.ss = selector;
            break;
        case DS:
            s.ds = selector;
            break;
        case FS:
            s.fs = {base(d), selector};
            break;
        default:
            s.gs = {base(d), selector};
            break;
    }
    return true;
}

bool Core::Impl::load_task_register(uint16_t selector, Fault& fault) {
    if ((selector & ~3) == 0) return refuse(fault, VEC_GP, 0);
    uint64_t low, high;
    if (!read_descriptor(selector, low, fault)) return false;
    if ((selector & index_mask) + 15u > s.gdt.limit) return refuse(fault, VEC_GP, selector);
    if (type(low) != 9) return refuse(fault, VEC_GP, selector);
    if (!present(low)) return refuse(fault, VEC_NP, selector);
    const uint64_t at = s.gdt.base + (selector & index_mask);
    if (!mmu_unit.read(at + 8, &high, 8, fault, 0)) return false;
    const uint64_t whole = base(low) | high << 32;
    if (!canonical(whole)) return refuse(fault, VEC_GP, selector);
    const auto busy = static_cast<uint8_t>(low >> 40 | 2);
    if (!mmu_unit.write(at + 5, &busy, 1, fault, 0)) return false;
    s.tr = selector;
    s.tss_base = whole;
    return true;
}

bool Core::Impl::code_segment_for_return(uint16_t selector, Fault& fault) {
    if ((selector & ~3) == 0) return refuse(fault, VEC_GP, 0);
    uint64_t d;
    if (!read_descriptor(selector, d, fault)) return false;
    const unsigned rpl = selector & 3;
    const bool code = type(d) >= 0x18, conforming = type(d) & 4, long_mode = d >> 53 & 1;
    if (rpl < s.cpl || !code || !long_mode || (conforming ? dpl(d) > rpl : dpl(d) != rpl))
        return refuse(fault, VEC_GP, selector);
    if (!present(d)) return refuse(fault, VEC_NP, selector);
    return true;
}

}  // namespace stile::model
