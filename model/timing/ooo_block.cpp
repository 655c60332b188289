// SPDX-License-Identifier: Apache-2.0
#include "model/timing/ooo_block.h"

#include <algorithm>

#include "model/timing/ports.h"
#include "model/timing/supply.h"

namespace stile::model {
namespace {

using isa::Op;
using C = isa::OpClass;

size_t index(C c) { return static_cast<size_t>(c); }

// A result's place in the register file; the flags lie beside the integer result that made them.
OooUop::File file_of(const OooUop& u) {
    for (const uint8_t place : u.result) {
        if (place == PLACE_SINK || place == PLACE_LOADED) continue;
        // Capability registers have a file of their own that nothing runs out of (ours).
        if (place >= isa::CAP0 && place <= isa::CAPS) continue;
        return place < isa::NUM_REGS || place == PLACE_FLAGS ? OooUop::integer : OooUop::vector;
    }
    return OooUop::none;
}

// Copies that renaming makes by naming the source's register (uiCA: general and vector registers, zero
// extension of a byte).
bool is_move(Op op) { return op == Op::mov4 || op == Op::mov8 || op == Op::zx1 || op == Op::vmov; }

// The conditions of a Jcc by what they read.
bool reads_carry(unsigned cc) { return cc >= 2 && cc <= 7 && cc != 4 && cc != 5; }
bool reads_sign_parity_or_overflow_alone(unsigned cc) { return cc <= 1 || (cc >= 8 && cc <= 11); }

// May this fuse with the conditional branch behind it? Intel's optimization manual, Sandy Bridge: test and
// and with all conditions; cmp, add and sub not with sign, parity or overflow alone; inc and dec neither with
// carry.
bool fuses_with_jcc(Op op, unsigned cc) {
    const auto in = [op](Op first, Op last) { return op >= first && op <= last; };
    if (in(Op::and1_rr, Op::and8_ri) || in(Op::test1_rr, Op::test8_ri)) return true;
    if (reads_sign_parity_or_overflow_alone(cc)) return false;
    if (in(Op::add1_rr, Op::add8_ri) || in(Op::sub1_rr, Op::sub8_ri) || in(Op::cmp1_rr, Op::cmp8_ri))
        return true;
    return (in(Op::inc1, Op::inc8) || in(Op::dec1, Op::dec8)) && !reads_carry(cc);
}

class Maker {
  public:
    Maker(const isa::BlockCode& code, const CoreConfig& config) : code_(code), config_(config) {}

    OooBlock make(uint64_t paddr) {
        const TimedBlock timed = make_timed_block(code_, config_, 0);
        auto next = timed.uops.begin();
        for (size_t i = 0; i < code_.uops.size(); ++i) {
            if (next != timed.uops.end() && next->uop == i)
                add(*next++);
            else if (code_.uops[i].op == Op::nop)
                add_nop(i);
        }
        for (OooUop& u : block_.uops) {
            if (u.kind != OooUop::gone) u.file = file_of(u);
            block_.slots += !u.fused;
            block_.loads += u.kind == OooUop::load;
            block_.branches += u.is_branch;
            block_.integers += u.file == OooUop::integer;
            block_.vectors += u.file == OooUop::vector;
        }
        divide(paddr);
        return std::move(block_);
    }

  private:
    void add(const TimedUop& t) {
        const isa::Uop& code = code_.uops[t.uop];
        const isa::OpInfo& info = isa::op_info(code.op);
        const C cls = timing_class(code);
        OooUop u;
        std::copy(std::begin(t.source), std::end(t.source), u.source);
        std::copy(std::begin(t.result), std::end(t.result), u.result);
        u.insn = t.insn;
        u.uop = t.uop;
        u.unit = t.unit;
        u.element = t.element;
        u.latency = t.latency;
        u.busy = t.busy;
        u.is_branch = t.is_branch;
        u.last_access = t.last_access;
        u.ports = ports(cls);
        switch (t.kind) {
            case TimedUop::plain:
                add_plain(u, code, cls);
                break;
            case TimedUop::load:
                add_load(u, code, info, cls);
                break;
            case TimedUop::store:
                add_store(u, code, info, cls);
                break;
            default:
                add_microcode(u, t.kind, code, cls);
                break;
        }
    }
    void add_plain(OooUop u, const isa::Uop& code, C cls) {
        const bool alone = std::ranges::count(code_.uops, code.insn, &isa::Uop::insn) == 1;
        if (alone && (is_move(code.op) || zero_idiom(code))) {
            u.kind = OooUop::gone;
            u.latency = 0;
        }
        OooUop* const before = block_.uops.empty() ? nullptr : &block_.uops.back();
        if (code.op == Op::jcc && before && before->kind == OooUop::plain && before->insn + 1 == u.insn &&
            fuses_with_jcc(code_.uops[before->uop].op, code.aux & 15)) {
            before->ports = u.ports;
            before->is_branch = true;
            return;
        }
        // setcc goes where shifts go (osaca: p05).
        if (code.op == Op::setcc) u.ports = ports(C::shift);
        u.fused = before && before->insn == u.insn && before->kind == OooUop::load;
        if (u.kind == OooUop::plain) add_further(u, cls);
        block_.uops.push_back(u);
    }
    // The other micro-ops of a class that has several: they take slots and ports, nobody waits for them.
    void add_further(const OooUop& of, C cls) {
        for (unsigned n = config_.ooo.uops[index(cls)]; n > 1; --n) {
            OooUop u;
            u.insn = of.insn;
            u.uop = of.uop;
            u.ports = ports(C::alu);
            u.latency = 1;
            block_.uops.push_back(u);
        }
    }
    void add_load(OooUop u, const isa::Uop& code, const isa::OpInfo& info, C cls) {
        const bool bare = cls == C::load && !info.reads_c;
        const bool vector = u.result[0] >= isa::XMM0 && u.result[0] < isa::X87 && u.result[0] != PLACE_SINK;
        const bool simple = !(info.reads_b && code.b != isa::ZERO) && code.disp >= 0 && code.disp < 2048;
        OooUop part = u;
        u.kind = OooUop::load;
        u.ports = ports(C::load);
        const auto further = static_cast<uint32_t>(config_.latency[index(C::load)] +
                                                   (simple ? 0 : config_.ooo.complex_address));
        u.latency = further + (vector ? static_cast<uint32_t>(config_.ooo.vector_load) : 0);
        u.forward = further + static_cast<uint32_t>(config_.ooo.forward) +
                    (vector ? static_cast<uint32_t>(config_.ooo.vector_forward) : 0);
        u.busy = 0;
        if (!bare) {
            // Computes too: a part of its own, in the same slot.
            u.is_branch = false;
            std::fill(std::begin(u.result), std::end(u.result), PLACE_SINK);
            u.result[0] = PLACE_LOADED;
            if (info.reads_c)
                std::replace(std::begin(u.source), std::end(u.source), code.c, uint8_t{isa::ZERO});
            std::replace(std::begin(u.source), std::end(u.source), uint8_t{PLACE_FLAGS}, uint8_t{isa::ZERO});
        }
        block_.uops.push_back(u);
        if (bare) return;
        std::fill(std::begin(part.source), std::end(part.source), isa::ZERO);
        part.source[0] = PLACE_LOADED;
        if (info.reads_c) part.source[1] = code.c;
        if (info.reads_flags) part.source[2] = PLACE_FLAGS;
        if (cls == C::load) {
            part.ports = ports(C::int_to_vec);  // movlps, movhps: a shuffle
            part.latency = 1;
            part.busy = 0;
        }
        part.fused = true;
        block_.uops.push_back(part);
    }
    void add_store(OooUop u, const isa::Uop& code, const isa::OpInfo& info, C cls) {
        u.kind = OooUop::store;
        u.ports = ports(C::store);
        u.address_sources =
            static_cast<uint8_t>((info.reads_a && code.a != isa::ZERO && code.a != isa::PCBASE) +
                                 (info.reads_b && code.b != isa::ZERO));
        if (cls != C::branch) {
            block_.uops.push_back(u);
            return;
        }
        // A call: its return address is known, its target is what the branch waits for.
        OooUop branch = u;
        branch.kind = OooUop::plain;
        branch.ports = ports(C::branch);
        u.is_branch = false;
        u.address_sources = 0;
        std::fill(std::begin(u.source), std::end(u.source), isa::ZERO);
        std::fill(std::begin(u.result), std::end(u.result), PLACE_SINK);
        u.latency = static_cast<uint32_t>(config_.latency[index(C::store)]);
        block_.uops.push_back(u);
        block_.uops.push_back(branch);
    }
    void add_microcode(OooUop u, TimedUop::Kind kind, const isa::Uop& code, C cls) {
        u.kind = kind == TimedUop::string   ? OooUop::string
                 : kind == TimedUop::locked ? OooUop::locked
                 : kind == TimedUop::serial ? OooUop::serial
                                            : OooUop::blocking;
        u.drains = kind == TimedUop::locked || kind == TimedUop::serial;
        if (code.op == Op::fence) {
            // lfence waits for what is before it to be done, not for stores to reach the cache; sfence orders
            // stores, which the store buffer does already (Intel SDM vol. 3, 9.2.5).
            constexpr uint8_t mfence = 1;
            u.kind = code.aux <= mfence ? OooUop::fence : OooUop::blocking;
            u.drains = code.aux == mfence;
        }
        // Never speculative, and no later access runs ahead of it; stores may stay in their buffer (Intel SDM
        // vol. 2, WRPKRU).
        if (code.op == Op::wrpkru) u.kind = OooUop::fence;
        block_.uops.push_back(u);
    }
    void add_nop(size_t i) {
        OooUop u;
        u.kind = OooUop::gone;
        u.insn = code_.uops[i].insn;
        u.uop = static_cast<uint8_t>(i);
        block_.uops.push_back(u);
    }
    uint16_t ports(C cls) const { return parse_ports(config_.ooo.ports[index(cls)]); }

    // Into windows of the micro-op cache, by where instructions begin.
    void divide(uint64_t paddr) {
        const Supply::Rates rates(config_.ooo);
        std::vector<unsigned> slots(code_.insns.size());
        for (const OooUop& u : block_.uops) slots[u.insn] += !u.fused;
        unsigned bytes = 0, insns = 0;
        for (size_t i = 0; i < code_.insns.size(); ++i) {
            const uint64_t at = paddr + code_.insns[i].offset;
            if (block_.parts.empty() ||
                at / UopCache::window != block_.parts.back().paddr / UopCache::window) {
                block_.parts.push_back({at});
                bytes = insns = 0;
            }
            FetchPart& part = block_.parts.back();
            part.slots += slots[i];
            part.supply = rates.of_slots(part.slots);
            part.decode = rates.of_decoding(bytes += code_.insns[i].length, insns += slots[i] != 0);
        }
        for (const FetchPart& part : block_.parts) block_.supply += part.supply;
    }

    const isa::BlockCode& code_;
    const CoreConfig& config_;
    OooBlock block_;
};

}  // namespace

void vary(OooUop& uop, isa::OpClass cls, const CoreConfig& config, unsigned) {
    TimedUop timed;
    timed.kind = uop.kind >= OooUop::string ? TimedUop::blocking : TimedUop::plain;
    vary(timed, cls, config, 0);
    if (uop.kind >= OooUop::string) {
        uop.kind = timed.kind == TimedUop::serial ? OooUop::serial : OooUop::blocking;
        uop.drains = timed.kind == TimedUop::serial;
    }
    uop.latency = timed.latency;
    uop.busy = timed.busy;
}

OooBlock make_ooo_block(const isa::BlockCode& code, const CoreConfig& config, uint64_t paddr) {
    return Maker(code, config).make(paddr);
}

}  // namespace stile::model
