// SPDX-License-Identifier: Apache-2.0
//
// One instruction on the host's processor and on a simulated core, from the same registers.
#pragma once

#include <array>
#include <cstdint>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "tests/unit/core/rig.h"

namespace stile::model::test {

inline constexpr unsigned buffer_bytes = 512;

// What an instruction of SSE or x87 may read and write. Registers r14 (native frame), r15 and rdi (address of
// `memory`) and rsp are not the instruction's to use.
struct FpState {
    alignas(16) std::array<uint8_t, 512> fx{};  // fxsave image
    std::array<uint64_t, 16> r{};
    uint64_t flags = 0x202;
    alignas(16) std::array<uint8_t, buffer_bytes> memory{};

    template <class T>
    T& field(unsigned offset) {
        return *reinterpret_cast<T*>(fx.data() + offset);
    }
    uint16_t& control() { return field<uint16_t>(0); }
    uint16_t& status() { return field<uint16_t>(2); }
    uint8_t& tags() { return fx[4]; }
    uint32_t& mxcsr() { return field<uint32_t>(24); }
    uint8_t* st(unsigned i) { return fx.data() + 32 + 16 * i; }
    uint8_t* xmm(unsigned i) { return fx.data() + 160 + 16 * i; }
};

// Runs snippets natively. Each needs a stub of its own; the stub can then run any number of states.
class Native {
  public:
    Native();
    ~Native();
    using Stub = void (*)(FpState*);
    Stub make(std::span<const uint8_t> code);
    // False: the processor raised an exception (SIGFPE); `state` then holds what it was at the signal.
    bool run(Stub stub, FpState& state);

  private:
    uint8_t* area_;
    size_t used_ = 0;
};

// Runs snippets on a core, at ring 0.
class Simulated {
  public:
    Simulated();
    uint64_t make(std::span<const uint8_t> code);  // address
    // The vector of the exception that ended it, or -1.
    int run(uint64_t address, FpState& state);
    Rig& rig() { return rig_; }

  private:
    Rig rig_;
    uint64_t next_ = 0x400000;
};

// Operands that matter: zeros, ones, denormals, the edges of the formats, infinities, NaNs, and anything.
class Operands {
  public:
    explicit Operands(uint64_t seed) : rng_(seed) {}
    uint64_t bits() { return rng_(); }
    unsigned below(unsigned n) { return static_cast<unsigned>(rng_() % n); }
    uint32_t single();
    uint64_t double_();
    void extended(uint8_t* out);  // 10 bytes
    void vector(uint8_t* out);    // 16 bytes, of one of the element types
    // Everything: vectors, stack (some registers empty if `holes`), control words. All exceptions are masked,
    // or, with `unmasked`, any of them, none of which has happened yet.
    FpState state(bool holes = false, bool unmasked = false);

  private:
    std::mt19937_64 rng_;
};

std::string hex(const uint8_t* p, unsigned n);
std::string differences(FpState& want, FpState& got);  // empty: none
std::string describe(FpState& s);

}  // namespace stile::model::test
