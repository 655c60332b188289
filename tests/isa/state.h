// SPDX-License-Identifier: Apache-2.0
//
// What a case starts from and what becomes of it; the same for the host's processor and for Stile.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "tests/isa/layout.h"

namespace stile::fuzz {

namespace flag {
inline constexpr uint32_t CF = 1, PF = 4, AF = 16, ZF = 64, SF = 128, TF = 256, IF = 512, DF = 1024,
                          OF = 2048, NT = 1 << 14, AC = 1 << 18, ID = 1 << 21;
inline constexpr uint32_t arithmetic = CF | PF | AF | ZF | SF | OF;
// The condition codes of the x87 status word, beside them in a set: C0, C2 and C3, and C1.
inline constexpr unsigned x87_shift = 16;
inline constexpr uint32_t C1 = 0x200u << x87_shift, C023 = 0x4500u << x87_shift;
}  // namespace flag

struct alignas(64) State {
    std::array<uint8_t, 512> fx{};  // as fxsave64 leaves it
    std::array<uint64_t, 16> r{};
    uint64_t flags = 0x202, fs_base = 0, gs_base = 0;

    uint16_t& control() { return *reinterpret_cast<uint16_t*>(fx.data()); }
    uint16_t& status() { return *reinterpret_cast<uint16_t*>(fx.data() + 2); }
    uint8_t& tags() { return fx[4]; }
    uint32_t& mxcsr() { return *reinterpret_cast<uint32_t*>(fx.data() + 24); }
    uint8_t* st(unsigned i) { return fx.data() + 32 + 16 * i; }
    uint8_t* xmm(unsigned i) { return fx.data() + 160 + 16 * i; }
    const uint8_t* st(unsigned i) const { return fx.data() + 32 + 16 * i; }
    const uint8_t* xmm(unsigned i) const { return fx.data() + 160 + 16 * i; }
    uint16_t control() const { return const_cast<State*>(this)->control(); }
    uint16_t status() const { return const_cast<State*>(this)->status(); }
    uint32_t mxcsr() const { return const_cast<State*>(this)->mxcsr(); }
};

// How a case ended.
struct Stop {
    enum Kind : uint8_t {
        done,       // it got to exit_at
        fault,      // vector, error, address, rip
        endless,    // it was still running when patience ended
        forbidden,  // it asked the host's kernel for something: never judged
        died        // it took its process, or the simulated machine, along
    };
    Kind kind = died;
    uint8_t vector = 0;
    uint32_t error = 0;
    uint64_t address = 0;  // of a page fault
    uint64_t rip = 0;      // of a fault
};

struct Outcome {
    State state;
    Stop stop;
    std::array<uint8_t, data_bytes> data;
    std::array<uint8_t, slot_bytes> code;  // of a writable slot, afterwards
    uint64_t instructions = 0;             // the guest's count; 0 from the host
};

// A case as bytes: what both sides are given.
struct Program {
    State start;
    unsigned slot = 0;
    uint64_t entry = 0;         // an address in the slot
    std::vector<uint8_t> code;  // slot_bytes from slot_at(slot) on
    SecondPage second_page = SecondPage::writable;
};

std::string hex(const uint8_t* bytes, unsigned count);  // most significant first
std::string describe(const Stop& stop);
// Registers that differ from `plain`, one per line.
std::string describe(const State& state, const State& plain);

}  // namespace stile::fuzz
