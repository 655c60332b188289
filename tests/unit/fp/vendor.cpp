// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/fp/vendor.h"

#include <cpuid.h>
#include <cstdlib>

#include "model/core/exec/x87.h"

namespace stile::model::test {

using isa::Form;
using isa::Op;

namespace {

constexpr uint16_t codes = x87::C0 | x87::C2 | x87::C3;

bool compares(const Form& f) {
    switch (f.op) {
        case Op::fcom:
        case Op::fcomi:
        case Op::ftst:
            return true;
        case Op::farith_m:
            return f.enc.reg == 2 || f.enc.reg == 3;
        default:
            return false;
    }
}

// Condition codes that the form defines (Intel SDM vol. 2, "FPU flags affected").
uint16_t defined_codes(const Form& f) {
    switch (f.op) {
        case Op::fxam:
        case Op::fninit:
        case Op::fslow:
            return codes | x87::C1;
        case Op::ffree:
        case Op::fnop:
        case Op::nop:
        case Op::fnclex:
        case Op::fcmov:
        case Op::fcomi:
        case Op::fldcw:
            return 0;
        default:
            return compares(f) ? codes | x87::C1 : x87::C1;
    }
}

}  // namespace

bool is_x87(const Form& f) {
    return f.enc.map == isa::Map::one && f.enc.opcode >= 0xd8 && f.enc.opcode <= 0xdf;
}

bool host_is_amd() {
    static const bool amd = [] {
        unsigned a = 0, b = 0, c = 0, d = 0;
        return !std::getenv("STILE_OTHER_VENDOR") && __get_cpuid(0, &a, &b, &c, &d) &&
               b == signature_AMD_ebx && c == signature_AMD_ecx && d == signature_AMD_edx;
    }();
    return amd;
}

void avoid_open(const Form& f, bool unmasked, FpState& start) {
    const bool to_mmx = f.op == Op::cvtps2pi || f.op == Op::cvtpd2pi;
    // Whether the unit is turned over to MMX does not show where it looks as if it had been.
    if (f.op == Op::cvtpi2ps || (to_mmx && unmasked)) {
        start.status() &= static_cast<uint16_t>(~0x3800);
        start.tags() = 0xff;
    }
    if (f.reason == isa::Why::x87_alias) start.tags() = 0xff;
}

void forget_open(const Form& f, const FpState& start, FpState& want, FpState& got) {
    if (!is_x87(f)) return;
    uint16_t open = static_cast<uint16_t>(~defined_codes(f) & (codes | x87::C1));
    if (compares(f) && (want.status() & x87::ES)) {
        open |= codes;
        want.flags = got.flags;
    }
    want.status() = static_cast<uint16_t>((want.status() & ~open) | (got.status() & open));
    // How far a partial remainder comes down.
    if (f.op == Op::fslow && (want.status() & x87::C2)) std::memcpy(want.st(0), got.st(0), 10);
    // Digits above nine.
    const bool decimal = f.enc.opcode == 0xdf && f.enc.reg == 4 && f.enc.mod == isa::Mod::memory;
    bool digits = true;
    for (const uint8_t byte : start.memory) digits = digits && (byte & 15) < 10 && (byte >> 4 & 15) < 10;
    if (decimal && !digits) std::memcpy(want.st(0), got.st(0), 10);
}

}  // namespace stile::model::test
