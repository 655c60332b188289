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
constexpr bool is_code(uint64_t d) { return type(d) >= 0x18; }
constexpr bool conforming(uint64_t d) { return is_code(d) && (type(d) & 4); }
constexpr bool writable_data(uint64_t d) { return (type(d) & 0x1a) == 0x12; }
constexpr bool long_mode(uint64_t d) { return d >> 53 & 1; }
constexpr uint64_t accessed = 1ull << 40;
constexpr uint64_t base(uint64_t d) { return (d >> 16 & 0xffffff) | (d >> 56 & 0xff) << 24; }

bool refuse(Fault& fault, Vector vector, uint16_t selector) {
    fault = {vector, true, selector & 0xfffcu, 0};
    return false;
}

}  // namespace

// With supervisor rights, whatever the ring.
template <class Access>
bool Core::Impl::as_supervisor(Access access) {
    const uint8_t ring = s.cpl;
    if (ring == 0) return access();
    const TransferLatch saved = s.cd.saved_latch;
    s.cd.saved_latch = s.cd.latch;
    s.cpl = 0;
    sync();
    const bool ok = access();
    s.cpl = ring;
    s.cd.saved_latch = saved;
    sync();
    return ok;
}

bool Core::Impl::read_descriptor(uint16_t selector, uint64_t& low, Fault& fault) {
    const unsigned at = selector & index_mask;
    if (selector & 4 || at + 7u > s.gdt.limit) return refuse(fault, VEC_GP, selector);
    return as_supervisor([&] { return mmu_unit.read(s.gdt.base + at, &low, 8, fault, 0); });
}

// The accessed bit of a descriptor that a segment register is loaded from (Intel SDM vol. 3, 3.4.5.1).
bool Core::Impl::mark_accessed(uint16_t selector, uint64_t low, Fault& fault) {
    if (low & accessed) return true;
    const auto byte = static_cast<uint8_t>((low | accessed) >> 40);
    const uint64_t at = s.gdt.base + (selector & index_mask) + 5;
    return as_supervisor([&] { return mmu_unit.write(at, &byte, 1, fault, 0); });
}

bool Core::Impl::load_segment(unsigned segment, uint16_t selector, Fault& fault) {
    enum { ES, CS, SS, DS, FS, GS };
    uint64_t d = 0;
    const unsigned rpl = selector & 3;
    uint8_t outermost = 3;
    if ((selector & ~3) == 0) {
        if (segment == SS && (s.cpl == 3 || rpl != s.cpl)) return refuse(fault, VEC_GP, 0);
    } else {
        if (!read_descriptor(selector, d, fault)) return false;
        if (segment == SS) {
            if (rpl != s.cpl || dpl(d) != s.cpl || !writable_data(d)) return refuse(fault, VEC_GP, selector);
            if (!present(d)) return refuse(fault, VEC_SS, selector);
        } else {
            if (type(d) < 0x10 || (is_code(d) && !(type(d) & 2))) return refuse(fault, VEC_GP, selector);
            if (!conforming(d) && (rpl > dpl(d) || s.cpl > dpl(d))) return refuse(fault, VEC_GP, selector);
            if (!present(d)) return refuse(fault, VEC_NP, selector);
            if (!conforming(d)) outermost = static_cast<uint8_t>(dpl(d));
        }
        if (!mark_accessed(selector, d, fault)) return false;
    }
    s.segment_ring[segment] = outermost;
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

// A segment register that an outer ring could not have loaded becomes null. Bases of FS and GS stay, as
// nothing in 64-bit mode reads them through the selector.
void Core::Impl::drop_inner_segments(unsigned ring) {
    uint16_t* const registers[6] = {&s.es, nullptr, nullptr, &s.ds, &s.fs.selector, &s.gs.selector};
    for (unsigned i = 0; i < 6; ++i)
        if (registers[i] && s.segment_ring[i] < ring) {
            *registers[i] = 0;
            s.segment_ring[i] = 3;
        }
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
    if (rpl < s.cpl || !is_code(d) || !long_mode(d) || (conforming(d) ? dpl(d) > rpl : dpl(d) != rpl))
        return refuse(fault, VEC_GP, selector);
    if (!present(d)) return refuse(fault, VEC_NP, selector);
    return mark_accessed(selector, d, fault);
}

// A null selector is good enough for a 64-bit stack, except in ring 3.
bool Core::Impl::stack_segment_for_return(uint16_t selector, unsigned ring, Fault& fault) {
    if ((selector & ~3) == 0) return (ring != 3 && selector == ring) || refuse(fault, VEC_GP, 0);
    uint64_t d;
    if (!read_descriptor(selector, d, fault)) return false;
    if ((selector & 3u) != ring || !writable_data(d) || dpl(d) != ring)
        return refuse(fault, VEC_GP, selector);
    if (!present(d)) return refuse(fault, VEC_SS, selector);
    return mark_accessed(selector, d, fault);
}

// `gate`: the selector names a call gate.
bool Core::Impl::code_segment_for_jump(uint16_t selector, bool& gate, Fault& fault) {
    constexpr unsigned call_gate = 0xc;
    gate = false;
    if ((selector & ~3) == 0) return refuse(fault, VEC_GP, 0);
    uint64_t d;
    if (!read_descriptor(selector, d, fault)) return false;
    const unsigned rpl = selector & 3;
    if (type(d) == call_gate) {
        gate = dpl(d) >= s.cpl && dpl(d) >= rpl;
        return refuse(fault, VEC_GP, selector);
    }
    const bool reachable = conforming(d) ? dpl(d) <= s.cpl : rpl <= s.cpl && dpl(d) == s.cpl;
    if (!is_code(d) || !long_mode(d) || !reachable) return refuse(fault, VEC_GP, selector);
    if (!present(d)) return refuse(fault, VEC_NP, selector);
    return mark_accessed(selector, d, fault);
}

// lar, lsl, verr, verw (Intel SDM vol. 2): nothing but a fault in the GDT itself is an exception. False:
// `fault`.
bool Core::Impl::query_descriptor(Query query, uint16_t selector, bool& visible, uint32_t& answer,
                                  Fault& fault) {
    visible = false;
    const unsigned at = selector & index_mask;
    if ((selector & ~3) == 0 || selector & 4 || at + 7u > s.gdt.limit) return true;
    uint64_t d;
    if (!read_descriptor(selector, d, fault)) return false;
    constexpr unsigned ldt = 2, tss_free = 9, tss_busy = 11, call_gate = 12;
    const bool system = type(d) < 0x10;
    const bool system_visible = type(d) == ldt || type(d) == tss_free || type(d) == tss_busy ||
                                (query == Query::rights && type(d) == call_gate);
    if (system && (query > Query::limit || !system_visible)) return true;
    if (!conforming(d) && (s.cpl > dpl(d) || (selector & 3u) > dpl(d))) return true;
    if (query == Query::readable && is_code(d) && !(type(d) & 2)) return true;
    if (query == Query::writable && !writable_data(d)) return true;
    visible = true;
    const auto limit = static_cast<uint32_t>((d & 0xffff) | (d >> 32 & 0xf0000));
    const bool pages = d >> 55 & 1;
    if (query == Query::limit) answer = pages ? limit << 12 | 0xfff : limit;
    // Bits 19:16 are undefined on Intel's processors; AMD's give those of the descriptor, and so do we.
    if (query == Query::rights) answer = static_cast<uint32_t>(d >> 32) & 0x00ffff00;
    return true;
}

}  // namespace stile::model
