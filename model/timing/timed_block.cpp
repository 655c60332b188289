// SPDX-License-Identifier: Apache-2.0
#include "model/timing/timed_block.h"

#include <algorithm>

namespace stile::model {
namespace {

using isa::Op;
using C = isa::OpClass;

// One movs, stos, lods, cmps or scas without a repeat prefix: 4 / 1 / 1 / 4 / 1 cycles and 3 to 5 micro-ops
// (X86SchedSandyBridge.td); one figure for all of them is our choice.
constexpr uint32_t single_string = 4;

}  // namespace

// Classes that depend on the operands, and what saves or restores a whole register file: microcode whatever
// it is called.
C timing_class(const isa::Uop& u) {
    switch (u.op) {
        case Op::fxsave:
        case Op::fxrstor:
        case Op::fnsave:
        case Op::frstor:
        case Op::fnstenv:
        case Op::fldenv:
            return C::x87_slow;
        case Op::fence:
            return u.aux == 1 ? C::fence : u.aux == 0 ? C::lfence : C::sfence;
        case Op::lea4:
        case Op::lea8:
            return u.a == isa::PCBASE || (u.a != isa::ZERO && u.b != isa::ZERO && u.disp != 0)
                       ? C::lea_complex
                       : C::lea;
        case Op::farith_m:
        case Op::farith_r:
            return (u.aux >> 3 & 7) == 1 ? C::fp_mul : C::x87;
        // Their time is that of the delivery, which is an event of its own.
        case Op::int_n:
        case Op::int3:
        case Op::int1:
            return C::branch;
        // Two micro-ops, 2 cycles (InstLatx64, i7-3770K), like a conditional move.
        case Op::bswap8:
            return C::cmov;
        default:
            return isa::op_info(u.op).cls;
    }
}

// x ^ x and x - x read nothing: recognised at rename.
bool zero_idiom(const isa::Uop& u) {
    switch (u.op) {
        case Op::xor4_rr:
        case Op::xor8_rr:
        case Op::sub4_rr:
        case Op::sub8_rr:
        case Op::pxor:
            return u.a == u.b && u.a == u.dst;
        default:
            return false;
    }
}

namespace {

uint8_t unit_of(C c) {
    switch (c) {
        case C::div32:
        case C::div64:
        case C::div_wide:
        case C::fp_div_s:
        case C::fp_sqrt:
        case C::fp_sqrt_s:
            c = C::fp_div;
            break;  // Ivy Bridge divides in one unpipelined unit on port 0
        default:
            break;
    }
    return static_cast<uint8_t>(c);
}

struct Places {
    TimedUop& t;
    unsigned sources = 0, results = 0;
    void reads(uint8_t place) {
        if (place != isa::ZERO && place != isa::PCBASE && sources < 4) t.source[sources++] = place;
    }
    void writes(uint8_t place) {
        if (place != isa::ZERO && results < 3) t.result[results++] = place;
    }
};

// inc and dec leave CF as it was, which is renamed apart from the other flags: no wait for whoever wrote it.
bool keeps_carry(Op op) {
    switch (op) {
        case Op::inc1:
        case Op::inc2:
        case Op::inc4:
        case Op::inc8:
        case Op::dec1:
        case Op::dec2:
        case Op::dec4:
        case Op::dec8:
            return true;
        default:
            return false;
    }
}

void explicit_places(const isa::Uop& u, const isa::OpInfo& info, Places& p) {
    if (!zero_idiom(u)) {
        if (info.reads_a) p.reads(u.a);
        if (info.reads_b) p.reads(u.b);
    }
    if (info.reads_c) p.reads(u.c);
    if (info.reads_flags && !keeps_carry(u.op)) p.reads(PLACE_FLAGS);
    if (info.writes_dst) p.writes(u.dst);
    if (info.writes_flags) p.writes(PLACE_FLAGS);
}

// Capability registers are renamed as others are; what stands under their rights is checked as it retires, so
// that no access waits for them.
void capability_places(const isa::Uop& u, Places& p) {
    const auto n = static_cast<uint8_t>(isa::CAP0 + (u.imm & 7));
    const auto m = static_cast<uint8_t>(isa::CAP0 + (u.imm >> 8 & 7));
    switch (u.op) {
        case Op::cd_capld:
        case Op::cd_capmk:
            p.writes(n);
            break;
        case Op::cd_caprst:
        case Op::cd_capasy:
            p.reads(n);
            p.writes(n);
            break;
        case Op::cd_capmov:
            p.reads(m);
            p.writes(n);
            break;
        case Op::cd_capst:
        case Op::cd_capbase:
        case Op::cd_caplen:
        case Op::cd_capattr:
            p.reads(n);
            break;
        case Op::cd_cappush:
            p.reads(isa::CAPS);
            p.reads(m);
            p.writes(isa::CAPS);
            break;
        case Op::cd_cappop:
            p.reads(isa::CAPS);
            p.writes(m);
            p.writes(isa::CAPS);
            break;
        case Op::cd_capsyn:
            p.reads(m);
            p.writes(m);
            break;
        default:
            break;
    }
}

// Fixed registers that ops.def names in words. The stack pointer of push, pop, call and ret is kept by a
// stack engine: read, but not delayed.
void implicit_places(const isa::Uop& u, Places& p) {
    switch (u.op) {
        case Op::mulw2:
        case Op::mulw4:
        case Op::mulw8:
        case Op::imulw2:
        case Op::imulw4:
        case Op::imulw8:
            p.reads(isa::RAX);
            p.writes(isa::RDX);
            break;
        case Op::mulw1:
        case Op::imulw1:
            p.reads(isa::RAX);
            break;
        case Op::div1:
        case Op::div2:
        case Op::div4:
        case Op::div8:
        case Op::idiv1:
        case Op::idiv2:
        case Op::idiv4:
        case Op::idiv8:
            p.reads(isa::RAX);
            p.reads(isa::RDX);
            p.writes(isa::RDX);
            break;
        case Op::push8:
        case Op::pop8:
        case Op::call:
        case Op::call_r:
        case Op::ret:
            p.reads(isa::RSP);
            break;
        case Op::loop:
            p.reads(isa::RCX);
            p.writes(isa::RCX);
            break;
        case Op::jcxz:
            p.reads(isa::RCX);
            break;
        case Op::rdpkru:
            p.reads(isa::RCX);
            p.writes(isa::RAX);
            p.writes(isa::RDX);
            break;
        case Op::wrpkru:
            p.reads(isa::RAX);
            p.reads(isa::RCX);
            p.reads(isa::RDX);
            break;
        default:
            capability_places(u, p);
            break;
    }
}

bool serial_class(C c) {
    switch (c) {
        case C::sys_syscall:
        case C::sys_sysret:
        case C::sys_iret:
        case C::sys_iret_same:
        case C::sys_int:
        case C::sys_msr_write:
        case C::sys_msr_base:
        case C::sys_cr3_write:
        case C::sys_cr3_keep:
        case C::sys_cr_write:
        case C::sys_invlpg:
        case C::sys_cpuid:
        case C::sys_hlt:
        case C::sys_table:
        case C::sys_task:
        case C::sys_wbinvd:
        case C::fence:
        case C::lfence:
            return true;
        default:
            return false;
    }
}

TimedUop::Kind kind_of(C cls, const isa::OpInfo& info) {
    if (cls == C::string) return TimedUop::string;
    if (cls == C::lock) return TimedUop::locked;
    if (serial_class(cls)) return TimedUop::serial;
    if (cls > C::x87 || cls == C::sfence || (info.load && info.store)) return TimedUop::blocking;
    return info.load ? TimedUop::load : info.store ? TimedUop::store : TimedUop::plain;
}

}  // namespace

void vary(TimedUop& t, isa::OpClass cls, const CoreConfig& config, unsigned slot_bits) {
    t.kind = serial_class(cls) ? TimedUop::serial : cls > C::x87 ? TimedUop::blocking : t.kind;
    t.latency = static_cast<uint32_t>(config.latency[static_cast<size_t>(cls)]) << slot_bits;
    t.busy = static_cast<uint32_t>(config.throughput[static_cast<size_t>(cls)]) << slot_bits;
}

TimedBlock make_timed_block(const isa::BlockCode& code, const CoreConfig& config, unsigned slot_bits,
                            bool with_nops) {
    TimedBlock block;
    block.uops.reserve(code.uops.size());
    for (size_t i = 0; i < code.uops.size(); ++i) {
        const isa::Uop& u = code.uops[i];
        const isa::OpInfo& info = isa::op_info(u.op);
        const C cls = timing_class(u);
        if (cls == C::none && !(with_nops && u.op == Op::nop)) continue;
        TimedUop t;
        t.kind = kind_of(cls, info);
        t.unit = unit_of(cls);
        t.insn = u.insn;
        t.uop = static_cast<uint8_t>(i);
        t.is_branch = cls == C::branch;
        t.last_access = true;
        t.latency = static_cast<uint32_t>(config.latency[static_cast<size_t>(cls)]);
        t.busy = static_cast<uint32_t>(config.throughput[static_cast<size_t>(cls)]);
        if (t.kind == TimedUop::string) {
            if ((u.aux & 3) == 0)
                t.latency = single_string;
            else if (u.op == Op::cmps)
                t.element = static_cast<uint8_t>(2 * u.size);  // of both sides
            else if (u.op == Op::scas || u.op == Op::lods)
                t.element = u.size;
        }
        t.latency <<= slot_bits;
        t.busy <<= slot_bits;
        Places places{t};
        explicit_places(u, info, places);
        implicit_places(u, places);
        if (info.load || info.store) {
            for (TimedUop& earlier : block.uops)
                if (earlier.insn == u.insn) earlier.last_access = false;
        }
        block.uops.push_back(t);
    }
    return block;
}

}  // namespace stile::model
