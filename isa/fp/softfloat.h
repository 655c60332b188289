// SPDX-License-Identifier: Apache-2.0
//
// Floating point in integer arithmetic: one set of algorithms for the three binary formats of x86 (single,
// double, double extended with its precision control), with x86's exception flags, tininess after rounding,
// denormals-are-zero and flush-to-zero. Nothing depends on the host's floating-point unit or its rounding
// mode, so results are the same on every host. What differs between SSE and x87 (NaN choice, unmasked
// responses) is left to the callers in sse_fp.h and model/core/exec/x87*.
#pragma once

#include <cstdint>

namespace stile::isa::fp {

using u128 = unsigned __int128;

// Encoded as the RC fields of MXCSR and the x87 control word.
enum class Round : uint8_t { nearest, down, up, zero };

// Encoded as the flags of MXCSR and the x87 status word; masks are the same bits elsewhere.
enum : unsigned { IE = 1, DE = 2, ZE = 4, OE = 8, UE = 16, PE = 32 };
inline constexpr unsigned before_computation = IE | DE | ZE;

struct Env {
    Round round = Round::nearest;
    bool daz = false, ftz = false;
    unsigned masked = 0x3f;   // exceptions that are masked
    unsigned flags = 0;       // raised so far
    bool rounded_up = false;  // the last rounding increased the magnitude: x87's C1
};

enum class Class : uint8_t { zero, finite, infinity, quiet_nan, signalling_nan, unsupported };

// value = (-1)^sign * sig / 2^63 * 2^exp, with bit 63 of sig set when finite. Of a NaN, sig is the
// significand aligned to the extended format.
struct Number {
    Class cls = Class::zero;
    bool sign = false;
    bool denormal = false;  // encoded as one; sig is normalised all the same
    int32_t exp = 0;
    uint64_t sig = 0;
    bool is_nan() const { return cls == Class::quiet_nan || cls == Class::signalling_nan; }
};

// precision: bits of significand that rounding keeps; emin and emax: exponents of normal numbers.
struct Format {
    int precision, emin, emax;
};
inline constexpr Format single{24, -126, 127};
inline constexpr Format double_{53, -1022, 1023};
inline constexpr Format extended{64, -16382, 16383};

struct Ext {
    uint64_t sig = 0;
    uint16_t se = 0;  // sign and exponent
    bool operator==(const Ext&) const = default;
};

Number unpack(uint32_t bits);
Number unpack(uint64_t bits);
Number unpack(Ext bits);

uint32_t pack_single(const Number& n);
uint64_t pack_double(const Number& n);
Ext pack_extended(const Number& n);

// Rounds sig / 2^127 * 2^exp (bit 127 set, or sig == 0) to `f`; sig's lowest bit is sticky. The result can be
// packed into the format without loss; denormal results come back normalised. Where overflow or underflow is
// unmasked, extended results have their exponent wrapped, and narrower ones, which nobody will store, are
// zero.
Number round(bool sign, int32_t exp, u128 sig, const Format& f, Env& env);
Number round(const Number& n, const Format& f, Env& env);  // NaN and infinity pass unchanged

// Operands are neither NaN nor unsupported; flags and the default NaN of invalid operations are set here,
// denormal-operand flags are not.
Number add(const Number& a, const Number& b, const Format& f, Env& env);
Number sub(const Number& a, Number b, const Format& f, Env& env);
Number mul(const Number& a, const Number& b, const Format& f, Env& env);
Number div(const Number& a, const Number& b, const Format& f, Env& env);
Number sqrt(const Number& a, const Format& f, Env& env);

// The default NaN of x86 (Intel SDM vol. 1, 4.8.3.7): negative, quiet, no payload.
Number default_nan();
Number quieted(Number n);

Number from_int(int64_t value);
// To a two's complement integer of `bits` bits; out of range gives the integer indefinite and IE.
int64_t to_int(const Number& n, unsigned bits, Env& env);
// To an integral value of the same format.
Number round_to_integral(const Number& n, Env& env);

enum class Order : int8_t { less = -1, equal = 0, greater = 1, unordered = 2 };
Order compare(const Number& a, const Number& b);

}  // namespace stile::isa::fp
