// SPDX-License-Identifier: Apache-2.0
//
// Blocks for the out-of-order pipeline, and a front end that is not in the way.
#pragma once

#include "tests/unit/timing/fixture.h"

namespace stile::test {

using isa::OpClass;
using isa::RAX;
using isa::RBX;
using isa::RCX;
using isa::RDX;
using model::BranchKind;
using model::BranchOutcome;
using model::MachineConfig;
using model::MemKind;
using Uops = std::vector<isa::Uop>;
using Accesses = std::vector<Access>;

inline Cycles& latency(MachineConfig& c, OpClass cls) { return c.core.latency[static_cast<size_t>(cls)]; }
inline Cycles& throughput(MachineConfig& c, OpClass cls) {
    return c.core.throughput[static_cast<size_t>(cls)];
}

inline Uops repeat(unsigned n, isa::Uop u) { return Uops(n, u); }
inline Uops operator+(Uops a, const Uops& b) {
    a.insert(a.end(), b.begin(), b.end());
    return a;
}
// A front end that delivers whatever dispatch can take.
inline MachineConfig wide_front() {
    MachineConfig c;
    c.core.ooo.uop_cache.entries = 0;
    c.core.ooo.fetch_bytes = 256;
    c.core.ooo.decode_width = 16;
    c.core.ooo.decode_switch = c.core.ooo.decode_refill = c.core.ooo.taken_bubble = 0;
    return c;
}
inline isa::Uop free_alu() { return uop(Op::movi8, RBX); }
// What n more micro-ops of a kind cost, far from the ends.
inline Cycles step(const MachineConfig& c, isa::Uop u, unsigned n = 60) {
    OooPipeline p(c);
    p.cost({free_alu()});  // the code's line
    const Cycles once = p.cost(repeat(60, u));
    return p.cost(repeat(60 + n, u)) - once;
}

inline isa::Uop chained(Op op) { return uop(op, RAX, RAX); }
inline isa::Uop load_to(uint8_t dst, uint8_t base = isa::ZERO) { return uop(Op::ld8, dst, base); }

// Every load of `n` loads at instructions 0 .. n-1 from lines `stride` bytes apart.
inline Accesses lines(unsigned n, uint64_t at, uint64_t stride) {
    Accesses a;
    for (unsigned i = 0; i < n; ++i) a.push_back({at + i * stride, 8, MemKind::load, i});
    return a;
}

// The same with a load or store of its own for each micro-op of the body: what one more round costs.
inline Cycles round(const MachineConfig& c, const Uops& body, const Accesses& accesses = {}) {
    constexpr unsigned few = 8, many = 16;
    OooPipeline p(c);
    const auto cost = [&](unsigned rounds) {
        Uops all;
        Accesses touched;
        for (unsigned i = 0; i < rounds; ++i) {
            for (Access a : accesses) {
                a.insn += static_cast<unsigned>(i * body.size());
                touched.push_back(a);
            }
            all = all + body;
        }
        return p.cost(all, touched);
    };
    for (unsigned i = 0; i < 4; ++i) cost(many);  // the lines, and what the pipeline learns
    const Cycles once = cost(few);
    const Cycles more = cost(many) - once;
    EXPECT_EQ(more % (many - few), 0u) << "rounds differ";
    return more / (many - few);
}

// Instructions of `length` bytes each.
inline OooPipeline::Block& spread(OooPipeline::Block& b, unsigned length) {
    for (size_t i = 0; i < b.code.insns.size(); ++i) {
        b.code.insns[i].offset = static_cast<uint16_t>(i * length);
        b.code.insns[i].length = static_cast<uint8_t>(length);
    }
    b.code.bytes = static_cast<uint32_t>(b.code.insns.size() * length);
    return b;
}
// What one more run of the block costs, once everything has settled.
inline Cycles again(OooPipeline& p, OooPipeline::Block& b, BranchOutcome branch = {}) {
    Cycles total = 0;
    for (unsigned i = 0; i < 40; ++i) {
        const Cycles cost = p.run(b, {}, branch).total;
        if (i >= 20) total += cost;
    }
    EXPECT_EQ(total % 20, 0u) << "runs differ";
    return total / 20;
}

inline isa::Uop store_of(uint8_t data, uint8_t base = isa::ZERO) {
    isa::Uop u = uop(Op::st8, isa::ZERO, base);
    u.c = data;
    return u;
}

}  // namespace stile::test
