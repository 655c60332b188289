// SPDX-License-Identifier: Apache-2.0
//
// Registers, and addresses that hit what they are meant to hit.
#include "tests/isa/unit_maker.h"

namespace stile::fuzz {

using isa::Op;
using isa::Place;

namespace {

constexpr uint64_t reach = 1 << 20;

bool near_window(uint64_t v) { return v - data_at + reach < 2 * reach; }
bool is_small(uint64_t v) { return v + 0x1000 < 0x2000; }

}  // namespace

// The stack pointer is seldom worth losing.
uint8_t UnitMaker::general(bool written) {
    uint8_t r;
    do r = static_cast<uint8_t>(random_.below(16));
    while (written && r == RSP && !random_.one_in(32));
    // A register that points somewhere useful is spared half of the time.
    if (written && value_[r] && near_window(*value_[r]) && random_.below(2))
        r = static_cast<uint8_t>(random_.below(16) | (random_.below(2) ? 8 : 0));
    return r == RSP && written && !random_.one_in(32) ? RAX : r;
}

uint8_t UnitMaker::pointer_register(uint64_t& value) {
    const unsigned first = random_.below(16);
    for (unsigned i = 0; i < 16; ++i) {
        const auto r = static_cast<uint8_t>((first + i) % 16);
        if (!value_[r] || !near_window(*value_[r])) continue;
        value = *value_[r];
        return r;
    }
    uint8_t r;
    do r = static_cast<uint8_t>(random_.below(16));
    while (r == RSP);
    load(r, random_.pointer());
    value = *value_[r];
    return r;
}

void UnitMaker::load(uint8_t reg, uint64_t value) {
    std::vector<uint8_t> b;
    const bool wide = value >> 32;
    if (wide || reg & 8) b.push_back(static_cast<uint8_t>(0x40 | (wide ? 8 : 0) | (reg & 8 ? 1 : 0)));
    b.push_back(static_cast<uint8_t>(0xb8 | (reg & 7)));
    for (unsigned i = 0; i < (wide ? 8u : 4u); ++i) b.push_back(static_cast<uint8_t>(value >> 8 * i));
    put(known(std::move(b)));
    value_[reg] = value;
}

// Where an access of so many bytes is to go.
uint64_t UnitMaker::target(unsigned bytes, bool aligned) {
    if (bytes == 0) bytes = 16;
    const unsigned step = aligned && bytes < 16 ? bytes : 16;
    const uint64_t inside = data_at + random_.below((static_cast<unsigned>(data_bytes) - 512) / step) * step;
    const auto around = [&](uint64_t border) { return border - bytes - 1 + random_.below(bytes + 3); };
    switch (random_.below(aligned ? 64 : 24)) {
        case 0:
            return around(data_at + page_bytes);
        case 1:
            return inside + random_.below(16);
        case 2:
            return around(read_only_at);
        case 3:
            return random_.below(2) ? read_only_at + random_.below(0x800) : around(data_at + window_bytes);
        case 4:
            switch (random_.below(4)) {
                case 0:
                    return data_at + window_bytes + random_.below(0x1000);
                case 1:
                    return around(data_at);
                case 2:
                    return code_at + random_.below(readable_slots) * slot_stride + random_.below(slot_bytes);
                default:
                    return random_.below(0x10000);
            }
        case 5:
        case 6:
        case 7:
            return random_.one_in(3) ? around(data_at + page_bytes) : inside + random_.below(16);
        default:
            return inside;
    }
}

void UnitMaker::address(Choice& c, unsigned bytes, bool aligned) {
    c.memory = true;
    Address& a = c.address;
    a = {};
    uint64_t to = target(bytes, aligned);
    if (c.segment == 0x64) to -= fs_base_;
    if (c.segment == 0x65) to -= gs_base_;
    const unsigned kind = random_.below(40);
    if (kind < 5 && to - code_at + (1ull << 30) < 1ull << 31) {
        a.kind = Address::rip;
        a.target = to;
        return;
    }
    if (kind < 8 && static_cast<int64_t>(to) == static_cast<int32_t>(to)) {
        a.kind = Address::absolute;
        a.target = to;
        return;
    }
    if (kind == 8) {  // whatever comes of it
        a.base = static_cast<uint8_t>(random_.below(16));
        a.index = random_.below(2) ? no_register : static_cast<uint8_t>(random_.below(16));
        if (a.index == RSP) a.index = no_register;
        a.scale = static_cast<uint8_t>(random_.below(4));
        a.short_disp = random_.below(2);
        a.disp = static_cast<int32_t>(random_.integer());
        if (a.short_disp) a.disp = static_cast<int8_t>(a.disp);
        return;
    }
    uint64_t from = 0;
    if (kind < 12) {  // no base
        a.index = pointer_register(from);
        if (a.index == RSP) a.index = no_register, a.base = RSP;
        if (a.index != no_register) {
            a.scale = static_cast<uint8_t>(random_.below(2));
            from <<= a.scale;
        }
    } else {
        a.base = pointer_register(from);
        if (kind < 22) {
            for (unsigned tries = 0; tries < 4 && a.index == no_register; ++tries) {
                const auto r = static_cast<uint8_t>(random_.below(16));
                if (r == RSP || !value_[r] || !is_small(*value_[r])) continue;
                a.index = r;
                a.scale = static_cast<uint8_t>(random_.below(4));
                from += *value_[r] << a.scale;
            }
        }
    }
    const auto away = static_cast<int64_t>(to - from);
    a.disp = static_cast<int32_t>(away);
    a.short_disp = a.base != no_register && away == static_cast<int8_t>(away) && !random_.one_in(4);
    // A register is as good as another: the nearest bytes do.
    if (a.base != no_register && !a.short_disp && random_.one_in(3) && !aligned) {
        a.short_disp = true;
        a.disp = static_cast<int8_t>(random_.bits());
    }
}

void UnitMaker::forget_written(const isa::Form& form, const Choice& c) {
    for (const isa::Operand& o : form.operand) {
        if (o.place == Place::reg) forget(c.reg);
        if ((o.place == Place::rm || o.place == Place::rm_reg) && !c.memory) forget(c.rm);
        if (o.place == Place::opcode_reg) forget(c.low);
    }
    // Whatever an instruction does besides, it does to these.
    if (form.enc.map == isa::Map::one && (form.enc.opcode >= 0xa4 && form.enc.opcode <= 0xaf)) {
        for (const uint8_t r : {RCX, RSI, RDI}) forget(r);
    }
    forget(RAX);
    switch (form.op) {
        case Op::loop:
            forget(RCX);
            break;
        case Op::mulw1:
        case Op::imulw1:
        case Op::div1:
        case Op::idiv1:
        case Op::sign2:
        case Op::cmpxchg8b:
        case Op::cmpxchg16b:
        case Op::rdtsc:
        case Op::rdtscp:
        case Op::cpuid:
            for (const uint8_t r : {RCX, RDX}) forget(r);
            break;
        case Op::wrsegbase:
            fs_base_ = gs_base_ = 0;
            break;
        default:
            break;
    }
}

}  // namespace stile::fuzz
