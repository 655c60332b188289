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
// lfence and sfence as parts of mfence's latency (35 : 5 : 6; our choice, see latency_table.cpp).
constexpr uint32_t weak_fence_part = 7;

bool vector_class(C c) { return c >= C::vec_move && c <= C::fp_cvt; }
bool x87_class(C c) { return c == C::x87 || c == C::x87_slow; }

uint8_t unit_of(C c) {
    switch (c) {
        case C::div32:
        case C::div64:
        case C::fp_sqrt:
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

uint8_t xmm(uint8_t index) { return static_cast<uint8_t>(PLACE_XMM0 + std::min<unsigned>(index, 16)); }

// xor r,r and sub r,r read nothing (a zero idiom, recognised at rename).
bool zero_idiom(const isa::Uop& u) {
    switch (u.op) {
        case Op::xor4_rr:
        case Op::xor8_rr:
        case Op::sub4_rr:
        case Op::sub8_rr:
            return u.a == u.b && u.a == u.dst;
        default:
            return false;
    }
}

void explicit_places(const isa::Uop& u, const isa::OpInfo& info, Places& p) {
    const bool memory = info.load || info.store;
    // In vector micro-ops a and b address memory or name vector registers; c and dst name vector registers.
    // Where a micro-op moves between the files one of its places is taken for the other's: off by a cycle or
    // two.
    const bool vector = vector_class(info.cls), x87 = x87_class(info.cls);
    const auto address_file = [&](uint8_t r) { return vector && !memory ? xmm(r) : r; };
    const auto data_file = [&](uint8_t r) { return vector ? xmm(r) : r; };
    if (!zero_idiom(u) && (!x87 || memory)) {
        if (info.reads_a) p.reads(address_file(u.a));
        if (info.reads_b) p.reads(address_file(u.b));
    }
    if (x87) {
        p.reads(PLACE_X87);
        p.writes(PLACE_X87);
    } else {
        if (info.reads_c) p.reads(data_file(u.c));
        if (info.writes_dst) p.writes(data_file(u.dst));
    }
    if (info.reads_flags) p.reads(PLACE_FLAGS);
    if (info.writes_flags) p.writes(PLACE_FLAGS);
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
        default:
            break;
    }
}

bool serial_class(C c) {
    switch (c) {
        case C::sys_syscall:
        case C::sys_sysret:
        case C::sys_iret:
        case C::sys_int:
        case C::sys_msr_write:
        case C::sys_cr3_write:
        case C::sys_cr_write:
        case C::sys_invlpg:
        case C::sys_cpuid:
        case C::sys_hlt:
        case C::sys_table:
        case C::fence:
            return true;
        default:
            return false;
    }
}

TimedUop::Kind kind_of(const isa::Uop& u, const isa::OpInfo& info) {
    if (info.cls == C::string) return TimedUop::string;
    if (info.cls == C::lock) return TimedUop::locked;
    if (serial_class(info.cls)) return TimedUop::serial;
    if (info.cls > C::x87 || (info.load && info.store)) return TimedUop::blocking;
    return info.load ? TimedUop::load : info.store ? TimedUop::store : TimedUop::plain;
}

}  // namespace

TimedBlock make_timed_block(const isa::BlockCode& code, const CoreConfig& config) {
    TimedBlock block;
    block.uops.reserve(code.uops.size());
    for (size_t i = 0; i < code.uops.size(); ++i) {
        const isa::Uop& u = code.uops[i];
        const isa::OpInfo& info = isa::op_info(u.op);
        if (info.cls == C::none) continue;
        TimedUop t;
        t.kind = kind_of(u, info);
        t.unit = unit_of(info.cls);
        t.insn = u.insn;
        t.uop = static_cast<uint8_t>(i);
        t.is_branch = info.cls == C::branch;
        t.last_access = true;
        t.latency = static_cast<uint32_t>(config.latency[static_cast<size_t>(info.cls)]);
        t.busy = static_cast<uint32_t>(config.throughput[static_cast<size_t>(info.cls)]);
        if (t.kind == TimedUop::string) {
            if ((u.aux & 3) == 0)
                t.latency = single_string;
            else if (u.op == Op::cmps || u.op == Op::scas)
                t.element = std::max<uint8_t>(1, u.size);
        }
        if (u.op == Op::fence && u.aux != 1) t.latency /= weak_fence_part;
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
