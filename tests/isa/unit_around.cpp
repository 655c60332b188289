// SPDX-License-Identifier: Apache-2.0
//
// What comes before an instruction so that it gets somewhere, and after it so that processors agree.
#include <algorithm>
#include <string_view>

#include "tests/isa/unit_maker.h"

namespace stile::fuzz {

using isa::Op;
using isa::Place;

namespace {

bool uses(const Choice& c, uint8_t r) {
    return c.memory ? c.address.base == r || c.address.index == r : c.rm == r;
}

}  // namespace

// `opcode` (of one byte) with the memory operand of `like`, `offset` bytes further on.
void UnitMaker::access(uint8_t opcode, uint8_t reg, const Choice& like, int offset, bool wide) {
    Choice c;
    c.memory = true;
    c.address = like.address;
    c.segment = like.segment;
    c.addr32 = like.addr32;
    c.w = wide;
    c.reg = reg;
    if (c.address.kind == Address::registers) {
        c.address.disp += offset;
        c.address.short_disp = false;
    } else {
        c.address.target += static_cast<uint64_t>(static_cast<int64_t>(offset));
    }
    const isa::Form* form = nullptr;
    for (const isa::Form& f : isa::forms()) {
        if (f.enc.map == isa::Map::one && f.enc.opcode == opcode) form = &f;
    }
    put(encode(*form, c));
}

void UnitMaker::store(const Choice& like, int offset, unsigned bytes, uint32_t value) {
    Choice c;
    c.memory = true;
    c.address = like.address;
    c.segment = like.segment;
    c.addr32 = like.addr32;
    c.p66 = bytes == 2;
    c.imm[0] = value;
    if (c.address.kind == Address::registers) {
        c.address.disp += offset;
        c.address.short_disp = false;
    } else {
        c.address.target += static_cast<uint64_t>(static_cast<int64_t>(offset));
    }
    for (const isa::Form& f : isa::forms()) {
        if (f.enc.map == isa::Map::one && f.enc.opcode == 0xc7) return put(encode(f, c));
    }
}

void UnitMaker::lea_label(uint8_t reg, unsigned unit) {
    Piece lea = known({static_cast<uint8_t>(0x48 | (reg & 8 ? 4 : 0)), 0x8d,
                       static_cast<uint8_t>(5 | (reg & 7) << 3), 0, 0, 0, 0});
    lea.fix = Piece::Fix::unit;
    lea.fix_at = 3;
    lea.target = unit;
    put(std::move(lea));
    forget(reg);
}

void UnitMaker::push_immediate(uint32_t value) {
    std::vector<uint8_t> b{0x68};
    for (unsigned i = 0; i < 4; ++i) b.push_back(static_cast<uint8_t>(value >> 8 * i));
    put(known(std::move(b)));
}

// Random operands hardly ever have a quotient that fits.
void UnitMaker::prepare_division(const isa::Form& f, Choice& c) {
    if (random_.one_in(4)) return;
    const uint64_t divisor = random_.below(3) ? 1 + random_.below(1000) : random_.integer();
    if (!c.memory) {
        if (c.rm == RAX || c.rm == RDX || c.rm == RSP) c.rm = 9;
        if (f.operand[0].width == isa::Width::b) c.rm = c.bare_rex || c.w ? c.rm : RCX;
        load(c.rm, divisor);
    }
    if (!uses(c, RAX) || !c.memory) load(RAX, random_.integer());
    if (uses(c, RDX) && c.memory) return;
    if (f.operand[0].width == isa::Width::b) {
        put(known({0xb4, static_cast<uint8_t>(random_.below(4))}));  // mov ah
        forget(RAX);
    } else if (f.op == Op::idiv1 && random_.below(4)) {
        put(known({0x48, 0x99}));  // cqo
        forget(RDX);
    } else {
        load(RDX, random_.below(8));
    }
}

void UnitMaker::prepare_string(const isa::Form&, Choice& c) {
    if (random_.one_in(12)) return;
    load(RSI, random_.pointer());
    load(RDI, random_.pointer());
    if (c.rep) load(RCX, random_.one_in(16) ? random_.integer() : random_.below(random_.below(3) ? 20 : 300));
    if (random_.one_in(3)) put(known({static_cast<uint8_t>(random_.below(2) ? 0xfd : 0xfc)}));
}

// Transfers through a register, memory or the stack: mostly to a unit of this sequence.
void UnitMaker::prepare_transfer(const isa::Form& f, Choice& c, unsigned number, unsigned count) {
    if (random_.one_in(16)) return;
    const unsigned to = number + 1 + random_.below(std::min(3u, std::max(1u, count - number)));
    switch (f.op) {
        case Op::jmp_r:
        case Op::call_r: {
            if (f.operand[0].place != Place::rm) return;
            uint8_t r = c.memory ? RAX : c.rm;
            while (r == RSP || (c.memory && uses(c, r))) r = static_cast<uint8_t>(random_.below(16));
            lea_label(r, to);
            if (c.memory)
                access(0x89, r, c, 0, true);
            else
                c.rm = r;
            break;
        }
        case Op::call_far:
        case Op::jmp_far: {
            c.p66 = false;
            const uint8_t r = uses(c, RDX) ? RSI : RDX;
            if (uses(c, r)) return;
            lea_label(r, to);
            access(0x89, r, c, 0, false);
            store(c, 4, 2, random_.one_in(8) ? random_.below(4) : user_code_selector);
            break;
        }
        case Op::ret:
            lea_label(RDX, to);
            put(known({0x52}));
            break;
        case Op::retf:
            c.w = !random_.one_in(4);
            lea_label(RDX, to);
            {
                const auto cs =
                    static_cast<uint8_t>(random_.one_in(8) ? random_.below(4) : user_code_selector);
                if (c.w) {
                    push_immediate(cs);
                    put(known({0x52}));
                } else {  // two double words
                    put(known({0x48, 0x83, 0xec, 0x08}));
                    put(known({0x89, 0x14, 0x24}));
                    put(known({0xc7, 0x44, 0x24, 0x04, cs, 0, 0, 0}));
                }
            }
            break;
        default:  // iret
            c.w = true;
            lea_label(RDX, to);
            put(known({0x48, 0x89, 0xe0}));  // mov rax, rsp
            push_immediate(random_.one_in(8) ? random_.below(4) : user_data_selector);
            put(known({0x50}));
            push_immediate(0x202 | (static_cast<uint32_t>(random_.bits()) & (flag::arithmetic | flag::DF)));
            push_immediate(random_.one_in(8) ? random_.below(4) : user_code_selector);
            put(known({0x52}));
            break;
    }
}

void UnitMaker::prepare(const isa::Form& f, Choice& c, unsigned number, unsigned count) {
    const std::string_view name = f.mnemonic;
    const uint8_t opcode = f.enc.opcode;
    const bool one_byte = f.enc.map == isa::Map::one;
    if (f.op == Op::div1 || f.op == Op::idiv1) prepare_division(f, c);
    if (one_byte && opcode >= 0xa4 && opcode <= 0xae && opcode != 0xa8) prepare_string(f, c);
    if (one_byte && opcode == 0x6c && random_.below(2)) prepare_string(f, c);
    switch (f.op) {
        case Op::jmp_r:
        case Op::call_r:
        case Op::call_far:
        case Op::jmp_far:
        case Op::ret:
        case Op::retf:
        case Op::iret:
            prepare_transfer(f, c, number, count);
            break;
        case Op::wrflags: {
            if (random_.one_in(16)) break;
            auto v = static_cast<uint32_t>(random_.bits()) & (flag::arithmetic | flag::DF | flag::ID);
            if (random_.one_in(10)) v |= flag::TF;
            if (random_.one_in(16)) v |= flag::AC;
            if (random_.one_in(16)) v |= static_cast<uint32_t>(random_.bits()) & ~flag::AC & ~flag::TF;
            push_immediate(v);
            break;
        }
        case Op::shld2_rr:
        case Op::shrd2_rr:
            if (std::string_view(f.operands).ends_with("CL") && operand_size(c) == 2) {
                put(known(
                    {0xb1, static_cast<uint8_t>(random_.below(17) | (random_.bits() & 0xe0))}));  // mov cl
                forget(RCX);
            }
            break;
        case Op::wrseg: {
            static constexpr uint16_t selectors[] = {0,    0,    1,    3,    0x2b, 0x2b, 0x2a,
                                                     0x33, 0x10, 0x18, 0x40, 0x7,  0x2f, 0xfff8};
            uint16_t v = random_.pick(selectors);
            if (f.operand[0].place == Place::reg) {  // lss, lfs, lgs: behind the offset
                if (opcode == 0xb2 && random_.below(4)) v = user_data_selector;
                store(c, static_cast<int>(operand_size(c)), 2, v);
                break;
            }
            if (f.operand[0].place == Place::none) {  // pop
                push_immediate(v);
            } else if (!c.memory) {
                if (c.rm == RSP) c.rm = RBX;
                load(c.rm, v | random_.below(2) * 0x10000);
            } else {
                store(c, 0, 2, v);
            }
            break;
        }
        case Op::lar:
        case Op::lsl:
        case Op::verr:
        case Op::verw: {  // not by chance the descriptor in which Linux keeps the number of the processor
            static constexpr uint16_t selectors[] = {0, 3, 8, 0x10, 0x18, 0x2b, 0x33, 0x40, 0x7, 0xfff8};
            const uint16_t v = random_.pick(selectors);
            if (c.memory) {
                store(c, 0, 2, v);
            } else {
                if (c.rm == RSP) c.rm = RBX;
                load(c.rm, v);
            }
            break;
        }
        case Op::ldmxcsr:
            if (random_.below(8)) {
                const auto bits = static_cast<uint32_t>(random_.bits());
                store(c, 0, 4, random_.below(3) ? 0x1f80 | (bits & 0xe07f) : bits & 0xffff);
            }
            break;
        case Op::fxrstor:
            if (random_.below(8)) store(c, 24, 4, static_cast<uint32_t>(random_.bits()) & 0xffff);
            break;
        case Op::fldcw:
            if (random_.below(4)) store(c, 0, 2, 0x37f & ~(random_.below(8) ? 0 : random_.below(64)));
            break;
        case Op::frstor:
        case Op::fldenv:
            if (random_.below(4)) {
                store(c, 0, 4, 0x37f);
                store(c, 4, 4, static_cast<uint32_t>(random_.bits()) & 0x7f3f);
            }
            break;
        case Op::rdmsr:
        case Op::wrmsr:
        case Op::cpuid:
            if (random_.below(2)) load(RCX, random_.below(32));
            break;
        default:
            break;
    }
    if (name == "xlatb" && random_.below(8)) load(RBX, random_.pointer());
    if (name == "maskmovdqu" || name == "maskmovq") {
        if (random_.below(8)) load(RDI, random_.pointer());
    }
    if ((name == "leave" || name == "enter") && random_.below(8))
        load(RBP, data_at + 0x200 + random_.below(0xc0) * 8);
    // A stack with an edge nearby: of the hole before the data, of the read-only page, of the hole behind.
    if ((name == "push" || name == "pop" || name == "enter") && f.op != Op::wrseg && random_.one_in(6)) {
        const uint64_t edges[] = {data_at, data_at + page_bytes, read_only_at, data_at + window_bytes};
        load(RSP, random_.pick(edges) - 12 + random_.below(24));
    }
    if (name == "loopne/loope/loop" && random_.below(4)) load(RCX, random_.below(4));
    // A comparison that finds what it expects.
    if (name == "cmpxchg" && random_.below(2)) {
        if (!c.memory) {
            put(known({static_cast<uint8_t>(0x48 | (c.rm & 8 ? 1 : 0)), 0x8b,
                       static_cast<uint8_t>(0xc0 | (c.rm & 7))}));
            forget(RAX);
        } else if (!uses(c, RAX)) {
            access(0x8b, RAX, c, 0, c.w);
            forget(RAX);
        }
    }
    if ((name == "cmpxchg8b" || name == "cmpxchg16b") && random_.below(2) && !uses(c, RAX) && !uses(c, RDX)) {
        const bool wide = name == "cmpxchg16b";
        access(0x8b, RAX, c, 0, wide);
        access(0x8b, RDX, c, wide ? 8 : 4, wide);
        for (const uint8_t r : {RAX, RDX}) forget(r);
    }
}

void UnitMaker::equalise(const isa::Form& f, const Choice& c) {
    const std::string_view name = f.mnemonic;
    const auto junk = static_cast<uint32_t>(0x5a5a0000);
    const bool small = c.p66 && !c.w;
    if ((f.op == Op::bsf2 || f.op == Op::bsr2) && operand_size(c) == 4) {
        const unsigned r = c.reg;
        put(known({static_cast<uint8_t>(0x40 | (r & 8 ? 5 : 0)), 0x89,
                   static_cast<uint8_t>(0xc0 | (r & 7) << 3 | (r & 7))}));
    }
    if (name == "fxsave") {
        store(c, 6, 2, junk);
        for (const int at : {8, 12, 16, 20, 28}) store(c, at, 4, junk);
    }
    if (name == "fnsave" || name == "fnstenv") {
        for (const int at : {0, 1, 2, 3}) store(c, small ? 6 + 2 * at : 12 + 4 * at, small ? 2 : 4, junk);
    }
    if (f.reason != isa::Why::machine_value) return;
    if (name == "sgdt" || name == "sidt") {
        store(c, 0, 4, junk);
        store(c, 4, 4, junk);
        store(c, 8, 2, junk);
    } else if (name == "rdtsc" || name == "rdtscp" || name == "cpuid") {
        load(RAX, 5);
        load(RDX, 6);
        if (name != "rdtsc") load(RCX, 7);
        if (name == "cpuid") load(RBX, 8);
    } else if (c.memory) {
        store(c, 0, 2, junk);
    } else {
        load(c.rm, 9);
    }
}

}  // namespace stile::fuzz
