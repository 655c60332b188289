// SPDX-License-Identifier: Apache-2.0
//
// The x87 instructions that are neither one rounding of an operation nor transcendental: rounding to an
// integer, scaling, splitting, partial remainders.
#include <algorithm>

#include "model/core/exec/x87.h"

namespace stile::model::x87 {

namespace fp = isa::fp;
using fp::Class;
using fp::DE;
using fp::IE;
using fp::ZE;

namespace {

bool empty_st0(X87State& s) {
    set_c1(s, false);
    if (!is_empty(s, 0)) return false;
    if (stack_fault(s, false)) set(s, 0, indefinite());
    return true;
}

// NaN and unsupported operands, alike everywhere. True: `r` is the answer.
bool trivial(const Number& a, const Number& b, Env& env, Number& r) {
    if (a.cls == Class::unsupported || b.cls == Class::unsupported) {
        env.flags |= IE;
        r = fp::default_nan();
        return true;
    }
    if (!a.is_nan() && !b.is_nan()) return false;
    r = propagate(a, b, env);
    return true;
}

Number invalid(Env& env) {
    env.flags |= IE;
    return fp::default_nan();
}

}  // namespace

void round_to_integer(X87State& s) {
    if (empty_st0(s)) return;
    Env env = environment(s);
    const Number a = fp::unpack(get(s, 0));
    Number r;
    if (!trivial(a, a, env, r)) {
        if (a.denormal) env.flags |= DE;
        r = fp::round_to_integral(a, env);
    }
    finish(s, 0, r, env);
}

// Intel SDM vol. 2, table of FSCALE.
void scale(X87State& s) {
    set_c1(s, false);
    if (is_empty(s, 0) || is_empty(s, 1)) {
        if (stack_fault(s, false)) set(s, 0, indefinite());
        return;
    }
    Env env = environment(s);
    const Number a = fp::unpack(get(s, 0)), b = fp::unpack(get(s, 1));
    Number r;
    if (!trivial(a, b, env, r)) {
        if (b.cls == Class::infinity) {
            if (b.sign ? a.cls == Class::infinity : a.cls == Class::zero) {
                r = invalid(env);
            } else {
                r = {b.sign ? Class::zero : Class::infinity, a.sign, false, 0, b.sign ? 0 : 1ull << 63};
                if (a.denormal) env.flags |= DE;
            }
        } else {
            if (a.denormal || b.denormal) env.flags |= DE;
            r = a;
            if (a.cls == Class::finite && b.cls == Class::finite && b.exp >= 0) {
                // Beyond 2^17 every finite number overflows or underflows.
                const int64_t n = b.exp > 17 ? 1 << 18 : static_cast<int64_t>(b.sig >> (63 - b.exp));
                r.exp += static_cast<int32_t>(b.sign ? -n : n);
            }
            r = fp::round(r, fp::extended, env);
        }
    }
    finish(s, 0, r, env);
}

void extract(X87State& s) {
    set_c1(s, false);
    const bool underflow = is_empty(s, 0), overflow = !is_empty(s, 7);
    if (underflow || overflow) {
        if (!stack_fault(s, !underflow)) return;
        set(s, 0, indefinite());
        s.top = (s.top + 7) & 7;
        set(s, 0, indefinite());
        return;
    }
    Env env = environment(s);
    const Number a = fp::unpack(get(s, 0));
    Number exponent, significand = a;
    if (trivial(a, a, env, exponent)) {
        significand = exponent;
    } else if (a.cls == Class::infinity) {
        exponent = {Class::infinity, false, false, 0, 1ull << 63};
    } else if (a.cls == Class::zero) {
        env.flags |= ZE;
        exponent = {Class::infinity, true, false, 0, 1ull << 63};
    } else {
        if (a.denormal) env.flags |= DE;
        exponent = fp::from_int(a.exp);
        significand.exp = 0;
    }
    if (!finish(s, 0, exponent, env)) return;
    s.top = (s.top + 7) & 7;
    set(s, 0, fp::pack_extended(significand));
}

void remainder(X87State& s, bool nearest) {
    set_c1(s, false);
    s.status &= static_cast<uint16_t>(~C2);
    if (is_empty(s, 0) || is_empty(s, 1)) {
        if (stack_fault(s, false)) set(s, 0, indefinite());
        return;
    }
    Env env = environment(s);
    const Number a = fp::unpack(get(s, 0)), b = fp::unpack(get(s, 1));
    Number r;
    uint64_t quotient = 0;
    bool partial = false, number = false;
    if (!trivial(a, b, env, r)) {
        if (a.cls == Class::infinity || b.cls == Class::zero) {
            r = invalid(env);
        } else {
            number = true;
            if (a.denormal || b.denormal) env.flags |= DE;
            r = a;
            int distance = a.exp - b.exp;
            if (a.cls == Class::finite && b.cls == Class::finite && distance >= -1) {
                // A distance of 64 or more is brought down by 32 to 63 at a time; how far, the architecture
                // leaves open.
                int steps = distance;
                if (distance >= 64) {
                    partial = true;
                    steps = (distance & 31) | 32;
                }
                fp::u128 rest = a.sig;
                if (steps < 0) {
                    rest = a.sig;  // in units of half the divisor's last bit
                } else {
                    for (int i = 0; i <= steps; ++i) {
                        if (i) rest <<= 1;
                        quotient <<= 1;
                        if (rest >= b.sig) {
                            rest -= b.sig;
                            quotient |= 1;
                        }
                    }
                }
                // The remainder is rest / 2^63 * 2^(exp of the last step).
                int32_t exp = a.exp - std::max(steps, 0);
                bool sign = a.sign;
                if (nearest && !partial) {
                    const fp::u128 divisor = steps < 0 ? static_cast<fp::u128>(b.sig) << 1 : b.sig;
                    if (rest * 2 > divisor || (rest * 2 == divisor && (quotient & 1))) {
                        rest = divisor - rest;
                        sign = !sign;
                        ++quotient;
                    }
                }
                if (!rest) {
                    r = {Class::zero, a.sign, false, 0, 0};
                } else {
                    fp::u128 wide = rest << 63;
                    exp += 1;
                    while (!(wide >> 127)) {
                        wide <<= 1;
                        --exp;
                    }
                    r = fp::round(sign, exp, wide, fp::extended, env);
                }
            } else {
                r = fp::round(r, fp::extended, env);
            }
        }
    }
    if (!finish(s, 0, r, env)) return;
    // Without a quotient there are no bits of one; C0 and C3 then stay, as on AMD's processors.
    s.status &= static_cast<uint16_t>(number ? ~(C0 | C1 | C2 | C3) : ~(C1 | C2));
    if (partial) {
        s.status |= C2;
    } else {
        if (quotient & 4) s.status |= C0;
        if (quotient & 2) s.status |= C3;
        if (quotient & 1) s.status |= C1;
    }
}

}  // namespace stile::model::x87
