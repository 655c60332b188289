// SPDX-License-Identifier: Apache-2.0
#include "isa/disassemble.h"

#include <fmt/format.h>

#include "isa/emit.h"

namespace stile::isa {
namespace {

constexpr const char* names64[] = {"rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi",
                                   "r8",  "r9",  "r10", "r11", "r12", "r13", "r14", "r15"};
constexpr const char* names32[] = {"eax", "ecx", "edx",  "ebx",  "esp",  "ebp",  "esi",  "edi",
                                   "r8d", "r9d", "r10d", "r11d", "r12d", "r13d", "r14d", "r15d"};

// Capstone's way with numbers: decimal up to 9, hexadecimal beyond.
std::string number(uint64_t v) { return v < 10 ? fmt::format("{}", v) : fmt::format("0x{:x}", v); }

std::string memory(const Insn& insn) {
    const auto& names = insn.addr32 ? names32 : names64;
    std::string text = insn.seg == SEG_FS ? "fs:[" : insn.seg == SEG_GS ? "gs:[" : "[";
    bool term = false;
    if (insn.rip_relative) {
        text += insn.addr32 ? "eip" : "rip";
        term = true;
    } else if (insn.base != ZERO) {
        text += names[insn.base];
        term = true;
    }
    if (insn.index != ZERO) {
        if (term) text += " + ";
        text += names[insn.index];
        if (insn.scale != 0) text += fmt::format("*{}", 1 << insn.scale);
        term = true;
    }
    const int64_t disp = insn.disp;
    if (!term)
        text += number(static_cast<uint64_t>(disp));
    else if (disp < 0)
        text += " - " + number(static_cast<uint64_t>(-disp));
    else if (disp > 0)
        text += " + " + number(static_cast<uint64_t>(disp));
    return text + "]";
}

}  // namespace

std::string format_own(const Insn& insn) {
    std::string text = insn.form->mnemonic;
    const char* separator = " ";
    for (const Operand& o : insn.form->operand) {
        std::string part;
        switch (o.place) {
            case Place::none:
                continue;
            case Place::cap:
                part = fmt::format("c{}", insn.reg_low);
                break;
            case Place::cap_rm:
                part = fmt::format("c{}", insn.rm_low);
                break;
            case Place::imm_zx:
                part = number(insn.imm);
                break;
            case Place::reg:
                part = names64[insn.reg];
                break;
            case Place::mem:
            case Place::rm:
            case Place::rm_reg:
                part = insn.memory ? memory(insn) : names64[insn.rm];
                break;
            default:
                continue;
        }
        text += separator + part;
        separator = ", ";
    }
    return text;
}

}  // namespace stile::isa
