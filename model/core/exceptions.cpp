// SPDX-License-Identifier: Apache-2.0
//
// Delivery through the IDT (Intel SDM vol. 3, 6.14): 64-bit interrupt and trap gates, IST, stack switch
// through the TSS, error codes, double and triple faults. Tables and frames are read and written through the
// MMU with supervisor rights.
#include <fmt/format.h>

#include "model/core/core_impl.h"
#include "model/core/page_walker.h"

namespace stile::model {

namespace {

enum class Source { fault, software, external };

// Moves the core into the handler of a vector, or says why not.
class Delivery {
  public:
    Delivery(Core::Impl& core, uint8_t ring) : c_(core), old_ring_(ring), old_rsp_(core.s.r[isa::RSP]) {}

    bool attempt(const Fault& what, Source source, Fault& nested);

  private:
    bool read(uint64_t vaddr, void* out, unsigned bytes, Fault& fault) {
        return c_.mmu_unit.read(vaddr, out, bytes, fault, 0);
    }
    bool refuse(Fault& nested, Vector vector, uint32_t error) {
        nested = {vector, true, error | external_, 0};
        return false;
    }
    bool new_stack(unsigned ist, unsigned ring, uint64_t& rsp, Fault& nested);

    Core::Impl& c_;
    const uint8_t old_ring_;
    const uint64_t old_rsp_;
    uint32_t external_ = 0;  // EXT bit of error codes that concern a table
};

bool Delivery::new_stack(unsigned ist, unsigned ring, uint64_t& rsp, Fault& nested) {
    if (ist != 0 || ring < old_ring_) {
        const uint64_t slot = ist != 0 ? 36 + (ist - 1) * 8 : 4 + ring * 8;
        if (!read(c_.s.tss_base + slot, &rsp, 8, nested)) return false;
        if (!canonical(rsp)) return refuse(nested, VEC_SS, 0);
    }
    rsp &= ~15ull;
    return true;
}

bool Delivery::attempt(const Fault& what, Source source, Fault& nested) {
    CpuState& s = c_.s;
    external_ = source == Source::software ? 0 : 1;
    const uint32_t in_idt = what.vector * 8u + 2;
    if (what.vector * 16u + 15 > s.idt.limit) return refuse(nested, VEC_GP, in_idt);
    uint64_t gate[2];
    if (!read(s.idt.base + what.vector * 16u, gate, 16, nested)) return false;
    const unsigned type = gate[0] >> 40 & 0x1f, dpl = gate[0] >> 45 & 3, ist = gate[0] >> 32 & 7;
    if (type != 0xe && type != 0xf) return refuse(nested, VEC_GP, in_idt);
    if (source == Source::software && dpl < old_ring_) return refuse(nested, VEC_GP, in_idt);
    if (!(gate[0] >> 47 & 1)) return refuse(nested, VEC_NP, in_idt);
    const auto selector = static_cast<uint16_t>(gate[0] >> 16);
    const uint64_t handler = (gate[0] & 0xffff) | (gate[0] >> 32 & 0xffff0000) | gate[1] << 32;

    if ((selector & ~3) == 0) return refuse(nested, VEC_GP, 0);
    uint64_t code;
    if (!c_.read_descriptor(selector, code, nested)) return false;
    const unsigned ring = code >> 45 & 3;
    const bool is_code = (code >> 43 & 3) == 3, conforming = code >> 42 & 1, long_mode = code >> 53 & 1;
    if (!is_code || !long_mode || (!conforming && ring > old_ring_))
        return refuse(nested, VEC_GP, selector & 0xfffc);
    if (!(code >> 47 & 1)) return refuse(nested, VEC_NP, selector & 0xfffc);
    const unsigned new_ring = conforming ? old_ring_ : ring;

    uint64_t rsp = old_rsp_;
    if (!new_stack(ist, new_ring, rsp, nested)) return false;
    if (!canonical(rsp - 1) || !canonical(rsp - 48)) return refuse(nested, VEC_SS, 0);
    if (!canonical(handler)) return refuse(nested, VEC_GP, 0);

    uint64_t rflags = read_rflags(c_);
    if (source == Source::fault && what.vector != VEC_DB) rflags |= flag::RF;  // our only #DB is a trap
    uint64_t frame[6] = {what.error, s.rip, s.cs, rflags, old_rsp_, s.ss};
    const unsigned words = what.has_error ? 6 : 5;
    // The pushes are made with the rights of the handler's ring.
    s.cpl = static_cast<uint8_t>(new_ring);
    c_.sync();
    const bool pushed = c_.mmu_unit.write(rsp - words * 8, frame + (6 - words), words * 8, nested, 0);
    if (!pushed) {
        s.cpl = 0;
        c_.sync();
        return false;
    }
    s.r[isa::RSP] = rsp - words * 8;
    s.rip = handler;
    s.cs = static_cast<uint16_t>((selector & ~3u) | new_ring);
    if (new_ring != old_ring_) s.ss = static_cast<uint16_t>(new_ring);
    s.rflags_system &= ~(flag::TF | flag::NT | flag::RF);
    if (type == 0xe) s.rflags_system &= ~flag::IF;
    return true;
}

// Which pairs of faults make a double fault (Intel SDM vol. 3, table 6-5). #CD counts as a page fault.
enum class Severity { benign, contributory, page };
Severity severity(uint8_t vector) {
    switch (vector) {
        case VEC_DE:
        case VEC_TS:
        case VEC_NP:
        case VEC_SS:
        case VEC_GP:
            return Severity::contributory;
        case VEC_PF:
        case STILE_VEC_DOMAIN:
            return Severity::page;
        default:
            return Severity::benign;
    }
}
bool makes_double(uint8_t first, uint8_t second) {
    const Severity a = severity(first), b = severity(second);
    return (a == Severity::contributory && b == Severity::contributory) ||
           (a == Severity::page && b != Severity::benign);
}

void deliver(Core::Impl& c, Fault what, Source source) {
    c.storing = nullptr;
    const uint8_t ring = c.s.cpl;
    c.set_ring(0);
    c.sync();
    Delivery delivery(c, ring);
    Fault nested;
    while (!delivery.attempt(what, source, nested)) {
        if (source != Source::external && what.vector == VEC_DF) {
            c.broken = true;
            c.reason = fmt::format(
                "triple fault on core {}: exception {} (error {:#x}, address {:#x}) while delivering a "
                "double fault, rip {:#x}, rsp {:#x}",
                c.id, nested.vector, nested.error, nested.address, c.s.rip, c.s.r[isa::RSP]);
            c.s.cpl = ring;
            return;
        }
        if (nested.vector == VEC_PF || nested.vector == STILE_VEC_DOMAIN) c.s.cr2 = nested.address;
        ++c.counters.exceptions;
        if (source == Source::fault && makes_double(what.vector, nested.vector))
            what = {VEC_DF, true, 0, 0};
        else
            what = nested;
        source = Source::fault;
    }
    // Handlers at ring 3 (gates whose code segment says so) go on where they are.
    if (c.s.cpl == 3) c.s.cd.latch = c.s.cd.saved_latch;
    c.sync();
}

}  // namespace

// The latch is copied on the way in from ring 3 and reloaded on the way back to it (abi/codoms.h).
void Core::Impl::set_ring(unsigned ring) {
    if (s.cpl == 3 && ring == 0) {
        s.cd.saved_latch = s.cd.latch;
        saved_from_rip = from_rip;
    }
    if (s.cpl == 0 && ring == 3) s.cd.latch = s.cd.saved_latch;
    s.cpl = static_cast<uint8_t>(ring);
}

void Core::Impl::exception(const Fault& fault) {
    ++counters.exceptions;
    if (fault.vector == VEC_PF || fault.vector == STILE_VEC_DOMAIN) s.cr2 = fault.address;
    if (fault.vector == STILE_VEC_DOMAIN && STILE_CD_REASON(fault.error) != STILE_CD_APL_MISS && observer)
        observer->refused(self, s.rip, fault.address, fault.error);
    deliver(*this, fault, Source::fault);
    hardware_event(isa::OpClass::sys_int, Phase::entry_exit);
}

void Core::Impl::software_interrupt(const Fault& fault) {
    // The return address is that of the next instruction, but if the gate refuses, RIP is the instruction's
    // own.
    Delivery delivery(*this, s.cpl);
    storing = nullptr;
    ++counters.exceptions;
    const uint8_t ring = s.cpl;
    set_ring(0);
    sync();
    Fault nested;
    if (!delivery.attempt({fault.vector, false, 0, 0}, fault.has_error ? Source::software : Source::external,
                          nested)) {
        s.cpl = ring;
        s.rip = from_rip;
        sync();
        if (nested.vector == VEC_PF || nested.vector == STILE_VEC_DOMAIN) s.cr2 = nested.address;
        deliver(*this, nested, Source::fault);
    } else if (s.cpl == 3) {
        s.cd.latch = s.cd.saved_latch;
    }
    sync();
    hardware_event(isa::OpClass::sys_int, Phase::entry_exit);
}

void Core::Impl::interrupt(unsigned vector) {
    ++counters.interrupts;
    if (apic.is_timer(vector)) in_tick = true;
    apic.accept(vector);
    deliver(*this, {static_cast<uint8_t>(vector), false, 0, 0}, Source::external);
    hardware_event(isa::OpClass::sys_interrupt, Phase::entry_exit);
}

void Core::Impl::non_maskable_interrupt() {
    ++counters.interrupts;
    deliver(*this, {VEC_NMI, false, 0, 0}, Source::external);
    hardware_event(isa::OpClass::sys_interrupt, Phase::entry_exit);
}

}  // namespace stile::model
