// SPDX-License-Identifier: Apache-2.0
//
// The x87 unit (Intel SDM vol. 1, chapter 8) as functions of its state. An instruction of it never faults by
// itself: it notes exceptions, and the next waiting instruction raises #MF. What memory holds goes in and out
// as values, so that handlers do the accesses before anything changes.
// The pointers to the last instruction and operand are not kept: they read as zero, as processors that
// deprecate them (CPUID 7, EBX bits 6 and 13) and AMD's without a pending exception also answer.
#pragma once

#include <array>
#include <cstring>

#include "isa/fp/softfloat.h"
#include "model/core/cpu_state.h"

namespace stile::model {

namespace x87 {

using isa::fp::Env;
using isa::fp::Ext;
using isa::fp::Number;
using isa::fp::Order;

// Status word. TOP lives apart, in X87State::top.
inline constexpr unsigned SF = 1 << 6, ES = 1 << 7, C0 = 1 << 8, C1 = 1 << 9, C2 = 1 << 10, C3 = 1 << 14,
                          B = 1 << 15;

enum Kind : uint8_t { single, double_, extended, int16, int32, int64, decimal };
constexpr unsigned bytes_of(unsigned kind) {
    constexpr uint8_t bytes[] = {4, 8, 10, 2, 4, 8, 10};
    return bytes[kind];
}
using Image = std::array<uint8_t, 10>;

enum class Arith : uint8_t { add, mul, com, comp, sub, subr, div, divr };

// --- Stack -------------------------------------------------------------------------------------------------
inline unsigned physical(const X87State& s, unsigned i) { return (s.top + i) & 7; }
inline bool is_empty(const X87State& s, unsigned i) { return !(s.tag >> physical(s, i) & 1); }
inline Ext get(const X87State& s, unsigned i) {
    const X87Register& r = s.st[physical(s, i)];
    return {r.significand, r.sign_exponent};
}
inline void set(X87State& s, unsigned i, Ext v) {
    s.st[physical(s, i)] = {v.sig, v.se};
    s.tag |= static_cast<uint8_t>(1 << physical(s, i));
}
inline void pop(X87State& s) {
    s.tag &= static_cast<uint8_t>(~(1 << physical(s, 0)));
    s.top = (s.top + 1) & 7;
}

// --- Control and status ------------------------------------------------------------------------------------
inline bool pending(const X87State& s) { return s.status & ES; }
inline uint16_t status_word(const X87State& s) {
    return static_cast<uint16_t>((s.status & ~0x3800) | s.top << 11);
}
void set_status_word(X87State& s, uint16_t value);
void set_control(X87State& s, uint16_t value);
inline Env environment(const X87State& s) {
    Env e;
    e.round = static_cast<isa::fp::Round>(s.control >> 10 & 3);
    e.masked = s.control & 0x3f;
    return e;
}
// The extended format with the precision that PC asks for; 1 is reserved, and taken as 3.
inline isa::fp::Format rounding_format(const X87State& s) {
    constexpr uint8_t precision[] = {24, 64, 53, 64};
    return {precision[s.control >> 8 & 3], isa::fp::extended.emin, isa::fp::extended.emax};
}

// Notes exceptions; true if one that is found before computing is unmasked: then nothing else may change.
inline bool note(X87State& s, unsigned flags) {
    s.status = static_cast<uint16_t>(s.status | flags);
    const unsigned unmasked = flags & ~s.control & 0x3f;
    if (unmasked) s.status |= ES | B;
    return unmasked & isa::fp::before_computation;
}
inline void set_c1(X87State& s, bool on) {
    s.status = static_cast<uint16_t>(on ? s.status | C1 : s.status & ~C1);
}
// Stack fault: true if it is masked, and the result then is the indefinite.
bool stack_fault(X87State& s, bool overflow);
Ext indefinite();

// --- Instructions ------------------------------------------------------------------------------------------
void clear_exceptions(X87State& s);
void initialise(X87State& s);
void push_image(X87State& s, unsigned kind, const Image& image);
void push_register(X87State& s, unsigned i);
void push_constant(X87State& s, unsigned which);

// A store in two steps: what to write, and then, once written, what it does to the unit.
struct Store {
    Image image{};
    unsigned flags = 0;
    bool underflow = false;  // st0 is empty
    bool write = true;       // an unmasked exception keeps memory as it is
    bool rounded_up = false;
};
Store prepare_store(const X87State& s, unsigned kind);
void finish_store(X87State& s, const Store& store, bool and_pop);

void arith_image(X87State& s, Arith op, unsigned kind, const Image& image);
void arith_register(X87State& s, Arith op, unsigned i, bool to_st_i, bool and_pop);
void compare_register(X87State& s, unsigned i, bool unordered, unsigned pops);
// Comparisons report the order even where an unmasked exception keeps them from popping, as processors do.
uint32_t compare_to_flags(X87State& s, unsigned i, bool unordered, unsigned pops);  // fcomi and its kin
void test(X87State& s);
void examine(X87State& s);
void change_sign(X87State& s);
void absolute(X87State& s);
void exchange(X87State& s, unsigned i);
void store_register(X87State& s, unsigned i, bool and_pop);
void conditional_move(X87State& s, unsigned i, bool condition);
void square_root(X87State& s);
void round_to_integer(X87State& s);
void extract(X87State& s);
void scale(X87State& s);
void remainder(X87State& s, bool nearest);
// Second byte D9 E0 + which, of the transcendental ones: x87_transcendental.cpp.
void transcendental(X87State& s, unsigned which);

// --- Images of the whole unit ------------------------------------------------------------------------------
// fnstenv and the head of fnsave: 28 bytes, or 14 with 16-bit operand size.
unsigned environment_bytes(bool wide);
void save_environment(const X87State& s, bool wide, uint8_t* out);
void load_environment(X87State& s, bool wide, const uint8_t* in);
void save_registers(const X87State& s, uint8_t* out, unsigned stride);  // st0 first, 10 bytes each
void load_registers(X87State& s, const uint8_t* in, unsigned stride);   // tags stay

// --- For the implementation --------------------------------------------------------------------------------
// The NaN that x87 makes of one or two (Intel SDM vol. 1, table 4-7): the larger significand wins.
Number propagate(const Number& a, const Number& b, Env& env);
Number binary(Arith op, const Number& a, const Number& b, const isa::fp::Format& f, Env& env);
// Ends an operation whose result replaces st(i): notes flags, sets C1, writes. False: unmasked, nothing
// changed.
bool finish(X87State& s, unsigned i, const Number& result, const Env& env);

}  // namespace x87

}  // namespace stile::model
