// SPDX-License-Identifier: Apache-2.0
#include "tests/isa/unit_maker.h"

#include <algorithm>
#include <string_view>

namespace stile::fuzz {

using isa::Mandatory;
using isa::Map;
using isa::Mod;
using isa::Op;
using isa::Place;
using isa::Width;

namespace {

bool is_string(const isa::Form& f) {
    return f.enc.map == Map::one &&
           ((f.enc.opcode >= 0xa4 && f.enc.opcode <= 0xa6) || (f.enc.opcode >= 0xaa && f.enc.opcode <= 0xae));
}
bool is_bit_scan(const isa::Form& f) { return f.op == Op::bsf2 || f.op == Op::bsr2; }
bool sized_by_prefix(const isa::Form& f) {
    if (std::any_of(f.operand.begin(), f.operand.end(), [](const isa::Operand& o) {
            return o.width == Width::v || o.width == Width::z || o.width == Width::s || o.width == Width::y;
        }))
        return true;
    return is_string(f) || (f.operand[0].place == Place::none && f.enc.map == Map::one);
}
bool lockable(const isa::Form& f) {
    static constexpr std::string_view names[] = {
        "add", "or",  "adc", "sbb", "and",  "sub",  "xor",     "not",       "neg",       "inc",
        "dec", "btc", "btr", "bts", "xchg", "xadd", "cmpxchg", "cmpxchg8b", "cmpxchg16b"};
    return std::find(std::begin(names), std::end(names), f.mnemonic) != std::end(names);
}
bool has_place(const isa::Form& f, Place place) {
    return std::any_of(f.operand.begin(), f.operand.end(),
                       [place](const isa::Operand& o) { return o.place == place; });
}
bool written_first(const isa::Form& f) {
    static constexpr std::string_view readers[] = {"cmp", "test", "push", "bt"};
    return std::find(std::begin(readers), std::end(readers), f.mnemonic) == std::end(readers);
}

}  // namespace

UnitMaker::UnitMaker(Random& random, const State& start)
    : random_(random), fs_base_(start.fs_base), gs_base_(start.gs_base) {
    for (unsigned i = 0; i < 16; ++i) value_[i] = start.r[i];
}

void UnitMaker::prefixes(const isa::Form& f, Choice& c) {
    const bool any = f.enc.prefix == Mandatory::any;
    if (f.enc.w >= 0)
        c.w = f.enc.w;
    else
        c.w = random_.one_in(sized_by_prefix(f) ? 3 : 16);
    if (any && !is_near_branch(f)) c.p66 = random_.one_in(sized_by_prefix(f) ? 4 : 32);
    if (f.op == Op::bswap4 && !c.w) c.p66 = false;
    if (is_string(f)) {
        c.rep = random_.below(3) == 0 ? 0 : random_.below(2) ? 0xf3 : 0xf2;
        c.addr32 = random_.one_in(8);
    } else if (any && !is_bit_scan(f) && f.op != Op::loop && random_.one_in(48)) {
        c.rep = random_.below(2) ? 0xf3 : 0xf2;
    }
    if (f.op == Op::loop || f.op == Op::jcxz) c.addr32 = random_.one_in(4);
    if (random_.one_in(24)) {
        static constexpr uint8_t idle[] = {0x26, 0x2e, 0x36, 0x3e};
        c.segment = random_.pick(idle);
    }
    c.bare_rex = random_.one_in(6);
    c.dead_rex = random_.one_in(64);
    c.order = random_.below(4);
}

void UnitMaker::registers(const isa::Form& f, Choice& c) {
    const isa::Encoding& e = f.enc;
    const bool written = written_first(f);
    if (e.count > 1 && !has_place(f, Place::opcode_reg))
        c.opcode = static_cast<uint8_t>(random_.below(e.count));
    if (has_place(f, Place::opcode_reg)) {
        // Rows that begin inside the eight (91+7) or hold one register only (90) count from their first.
        const unsigned first = e.opcode & 7, n = e.count;
        c.low =
            static_cast<uint8_t>(n == 8 ? general(written) : random_.below(n) + (random_.below(2) ? 8 : 0));
        if (n != 8 && n > 1)
            c.low = static_cast<uint8_t>((c.low & 8) | std::min<unsigned>(c.low & 7, 7 - first));
    }
    if (!e.modrm) return;
    c.reg = static_cast<uint8_t>(e.reg >= 0                 ? e.reg | (random_.one_in(16) ? 8 : 0)
                                 : has_place(f, Place::reg) ? general(written)
                                                            : random_.below(16));
    if (has_place(f, Place::sreg)) c.reg = static_cast<uint8_t>(random_.below(random_.one_in(6) ? 8 : 6));
    c.rm = static_cast<uint8_t>(e.rm >= 0                 ? e.rm
                                : has_place(f, Place::rm) ? general(written)
                                                          : random_.below(16));
    c.memory = e.mod == Mod::memory || (e.mod == Mod::any && random_.below(2));
    if (std::string_view(f.mnemonic) == "prefetchw") c.memory = true;  // AMD's processors have no other
    if (!c.memory) {
        if (random_.one_in(64)) c.addr32 = true;
        if (lockable(f) && random_.one_in(40)) c.lock = true;  // #UD
        return;
    }
    if (random_.one_in(12)) c.segment = random_.below(2) ? 0x64 : 0x65;
    if (random_.one_in(16)) c.addr32 = true;
    c.lock = random_.one_in(lockable(f) ? 4 : 96) && f.reason != isa::Why::ring3_fault &&
             !(f.enc.map == Map::of && f.enc.opcode == 0);
    const std::string_view name = f.mnemonic;
    unsigned bytes = memory_bytes(f, c);
    if (name == "fxsave" || name == "fxrstor") bytes = 512;
    if (name == "fnsave" || name == "frstor") bytes = 108;
    const bool aligned = bytes == 16 || bytes == 512 || random_.below(2);
    address(c, bytes, aligned);
    // The bit string form of bt and its kin reaches far: mostly with an offset that is not wild.
    if (std::string_view(f.operands) == "Ev,Gv" && name.starts_with("bt") && random_.below(4)) {
        c.reg = random_.below(2) ? 2 : 11;
        if (c.address.base == c.reg || c.address.index == c.reg) c.reg ^= 8;
        if (c.address.base != c.reg && c.address.index != c.reg)
            load(c.reg, random_.below(2) ? random_.below(0x400) : -uint64_t{random_.below(0x200)});
    }
}

void UnitMaker::immediates(const isa::Form& f, Choice& c) {
    unsigned n = 0;
    for (const isa::Operand& o : f.operand) {
        if (o.place != Place::imm_sx && o.place != Place::imm_zx) continue;
        c.imm[n++] = random_.immediate(width_of(c, o.width));
    }
    const std::string_view name = f.mnemonic;
    if (name == "enter") {
        c.imm[0] = random_.below(8) ? random_.below(0x80) : c.imm[0] & 0xfff;
        c.imm[1] = random_.below(4) ? random_.below(3) : c.imm[1];
    }
    if (name == "ret" || name == "retf") c.imm[0] = random_.below(0x40) * (random_.below(4) ? 8 : 1);
    if (name == "int") {
        while ((c.imm[0] & 0xff) == 0x80) c.imm[0] = random_.bits();
    }
    if ((name == "shld" || name == "shrd") && operand_size(c) == 2)
        c.imm[0] = random_.below(17) | (c.imm[0] & 0xe0);
    if (has_place(f, Place::moffs)) {
        c.imm[0] = target(memory_bytes(f, c), false);
        c.addr32 = random_.one_in(8);
        if (random_.one_in(12)) {
            c.segment = 0x64;
            c.imm[0] -= fs_base_;
        }
    }
}

void UnitMaker::branch(const isa::Form& f, Choice& c, unsigned number, unsigned count) {
    if (!has_place(f, Place::rel)) return;
    c.fix = Piece::Fix::unit;
    const unsigned width = f.operand[0].width == Width::b ? 2 : 6;
    c.target = number + 1 + random_.below(std::min(width, std::max(1u, count - number)));
    if (width == 6 && random_.one_in(32)) {  // far away, where nothing is
        c.fix = Piece::Fix::none;
        c.imm[0] = random_.bits();
    }
}

Unit UnitMaker::make(const isa::Form& f, unsigned number, unsigned count) {
    unit_.clear();
    Choice c;
    prefixes(f, c);
    registers(f, c);
    immediates(f, c);
    branch(f, c, number, count);
    prepare(f, c, number, count);
    Piece piece = encode(f, c);
    piece.chosen = true;
    put(std::move(piece));
    forget_written(f, c);
    equalise(f, c);
    return std::move(unit_);
}

Unit UnitMaker::begin_loop(unsigned& counter, unsigned rounds) {
    unit_.clear();
    do counter = rounds ? 8 + random_.below(8) : random_.below(16);
    while (counter == 4);
    load(static_cast<uint8_t>(counter), rounds ? rounds : 2 + random_.below(3));
    return std::move(unit_);
}

Unit UnitMaker::end_loop(unsigned counter, unsigned back) {
    unit_.clear();
    const auto rex = static_cast<uint8_t>(counter & 8 ? 0x41 : 0x40);
    put(known({rex, 0xff, static_cast<uint8_t>(0xc8 | (counter & 7))}));  // dec
    Piece jump = known({0x0f, 0x85, 0, 0, 0, 0});                         // jnz
    jump.fix = Piece::Fix::unit;
    jump.fix_at = 2;
    jump.target = back;
    put(std::move(jump));
    return std::move(unit_);
}

}  // namespace stile::fuzz
