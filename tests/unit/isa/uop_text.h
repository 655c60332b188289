// SPDX-License-Identifier: Apache-2.0
//
// Micro-operations as text, so that tests can state them: "op dst a b c [address] #imm", only what the op
// uses.
#pragma once

#include <fmt/format.h>

#include <string>
#include <vector>

#include "isa/translate.h"

inline std::string reg_text(unsigned reg) {
    using namespace stile::isa;
    static const char* names[] = {"rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi", "r8", "r9",   "r10",
                                  "r11", "r12", "r13", "r14", "r15", "t0",  "t1",  "t2",  "t3", "zero", "pc"};
    if (reg < NUM_REGS) return names[reg];
    if (reg >= XMM0 && reg < XMM_TEMP) return fmt::format("xmm{}", reg - XMM0);
    return fmt::format("r{}", reg);
}

inline std::string uop_text(const stile::isa::Uop& u) {
    using namespace stile::isa;
    const OpInfo& info = op_info(u.op);
    std::string s = info.name;
    const bool jumps = u.op == Op::call_r || u.op == Op::jmp_r;
    const bool lea = info.cls == OpClass::lea && std::string_view(info.name).starts_with("lea");
    const bool addressed =
        lea || (u.op != Op::call_far && info.reads_a && info.reads_b && (info.load || info.store)) ||
        u.op == Op::prefetch || u.op == Op::invlpg;
    if (info.writes_dst) s += " " + reg_text(u.dst);
    if (addressed) {
        s += fmt::format(" {}[{}", u.seg == SEG_FS ? "fs:" : u.seg == SEG_GS ? "gs:" : "", reg_text(u.a));
        if (u.b != ZERO) s += fmt::format("+{}*{}", reg_text(u.b), 1 << u.scale);
        if (u.disp != 0 && !info.ends_block) s += fmt::format("{:+}", u.disp);
        s += "]";
    } else {
        if (info.reads_a || jumps) s += " " + reg_text(u.a);
        if (info.reads_b) s += " " + reg_text(u.b);
    }
    if (info.reads_c) s += " " + reg_text(u.c);
    if (u.imm != 0) s += fmt::format(" #{}", static_cast<int64_t>(u.imm));
    if (u.size != 0) s += fmt::format(" size{}", unsigned{u.size});
    if (u.aux != 0) s += fmt::format(" aux{}", unsigned{u.aux});
    if (info.ends_block && u.disp != 0) s += fmt::format(" ->{}", u.disp);
    if (!addressed && u.seg != SEG_NONE) s += u.seg == SEG_FS ? " fs" : " gs";
    return s;
}

inline std::string block_text(const stile::isa::BlockCode& block) {
    std::string s;
    for (const auto& u : block.uops) s += (s.empty() ? "" : "; ") + uop_text(u);
    return s;
}

inline std::vector<uint8_t> bytes_of(std::string_view hex) {
    std::vector<uint8_t> out;
    unsigned nibbles = 0, value = 0;
    for (const char c : hex) {
        if (c == ' ') continue;
        value = value * 16 + static_cast<unsigned>(c <= '9' ? c - '0' : (c | 32) - 'a' + 10);
        if (++nibbles % 2 == 0) {
            out.push_back(static_cast<uint8_t>(value));
            value = 0;
        }
    }
    return out;
}
