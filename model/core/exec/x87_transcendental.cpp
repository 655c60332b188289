// SPDX-License-Identifier: Apache-2.0
//
// Transcendental x87 instructions. Special operands are the manual's (Intel SDM vol. 2); what lies between
// comes from isa/fp/elementary.h and is rounded once, so it is closer than the 1 ulp that processors promise
// (SDM vol. 1, 8.3.10), and the same on every host.
#include "isa/fp/elementary.h"
#include "model/core/exec/x87.h"

namespace stile::model::x87 {

namespace fp = isa::fp;
using fp::Class;
using fp::DE;
using fp::IE;
using fp::PE;
using fp::ZE;

namespace {

Number zero(bool sign) { return {Class::zero, sign, false, 0, 0}; }
Number infinity(bool sign) { return {Class::infinity, sign, false, 0, 1ull << 63}; }
Number invalid(Env& env) {
    env.flags |= IE;
    return fp::default_nan();
}
const Number one = fp::from_int(1);

// pi * quarters / 4, as results at special operands of fpatan.
Number pi_part(int quarters, bool sign, Env& env) {
    fp::Wide angle = fp::wide_pi * fp::widen(quarters).scaled(-2);
    angle.sign = sign;
    return fp::round_inexact(angle, env);
}

Number two_to_x_minus_1(const Number& a, Env& env) {
    if (a.cls == Class::zero) return a;
    if (a.cls == Class::infinity) {
        // 2^-inf - 1
        if (!a.sign) return a;
        Number n = one;
        n.sign = true;
        return n;
    }
    if (a.exp == 0 && a.sig == 1ull << 63) {
        // +1 and -1 give 1 and -1/2; processors call even these inexact.
        env.flags |= PE;
        Number n = a;
        if (a.sign) n.exp = -1;
        return n;
    }
    if (a.denormal) env.flags |= DE;
    return fp::round_inexact(fp::two_to_minus_1(fp::widen(a)), env);
}

Number y_log2_x(const Number& x, const Number& y, Env& env) {
    const bool x_is_one = x.cls == Class::finite && !x.sign && x.exp == 0 && x.sig == 1ull << 63;
    if (x.sign && x.cls != Class::zero) return invalid(env);
    if (y.cls == Class::infinity) {
        if (x_is_one) return invalid(env);
        const bool below_one = x.cls == Class::zero || (x.cls == Class::finite && x.exp < 0);
        return infinity(y.sign != below_one);
    }
    if (x.cls == Class::infinity) return y.cls == Class::zero ? invalid(env) : infinity(y.sign);
    if (x.cls == Class::zero) {
        if (y.cls == Class::zero) return invalid(env);
        env.flags |= ZE;
        return infinity(!y.sign);
    }
    if (x.denormal || y.denormal) env.flags |= DE;
    if (y.cls == Class::zero || x_is_one) {
        return zero(y.sign != (!x_is_one && x.exp < 0));
    }
    // A power of two has an exact logarithm; processors call the result inexact all the same.
    return fp::round_inexact(fp::widen(y) * fp::log2(fp::widen(x)), env);
}

Number y_log2_x_plus_1(const Number& x, const Number& y, Env& env) {
    if (x.cls == Class::infinity) {
        if (x.sign || y.cls == Class::zero) return invalid(env);
        return infinity(y.sign);
    }
    if (y.cls == Class::infinity) return x.cls == Class::zero ? invalid(env) : infinity(x.sign != y.sign);
    if (x.denormal || y.denormal) env.flags |= DE;
    if (x.cls == Class::zero || y.cls == Class::zero) return zero(x.sign != y.sign);
    return fp::round_inexact(fp::widen(y) * fp::log2_plus_1(fp::widen(x)), env);
}

// atan2(y = st1, x = st0), with the signs of zeros and infinities as in the manual's table.
Number arctangent(const Number& x, const Number& y, Env& env) {
    if (y.cls == Class::infinity) {
        if (x.cls != Class::infinity) return pi_part(2, y.sign, env);
        return pi_part(x.sign ? 3 : 1, y.sign, env);
    }
    if (x.denormal || y.denormal) env.flags |= DE;
    if (x.cls == Class::infinity || y.cls == Class::zero) {
        return x.sign ? pi_part(4, y.sign, env) : zero(y.sign);
    }
    if (x.cls == Class::zero) return pi_part(2, y.sign, env);
    return fp::round_inexact(fp::arctangent(fp::widen(y), fp::widen(x)), env);
}

enum : unsigned { F2XM1 = 0x10, FYL2X, FPTAN, FPATAN, FYL2XP1 = 0x19, FSINCOS = 0x1b, FSIN = 0x1e, FCOS };

void one_operand(X87State& s, unsigned which) {
    const bool pushes = which == FPTAN || which == FSINCOS;
    const bool reduces = which != F2XM1;
    set_c1(s, false);
    if (reduces) s.status &= static_cast<uint16_t>(~C2);
    const bool underflow = is_empty(s, 0), overflow = pushes && !is_empty(s, 7);
    if (underflow || overflow) {
        if (!stack_fault(s, !underflow)) return;
        set(s, 0, indefinite());
        if (!pushes) return;
        s.top = (s.top + 7) & 7;
        set(s, 0, indefinite());
        return;
    }
    const Number a = fp::unpack(get(s, 0));
    if (reduces && a.cls == Class::finite && a.exp >= 63) {
        s.status |= C2;  // out of range: the operand stays
        return;
    }
    Env env = environment(s);
    Number r, second = one;
    if (a.cls == Class::unsupported) {
        r = second = invalid(env);
    } else if (a.is_nan()) {
        r = second = propagate(a, a, env);
    } else if (which == F2XM1) {
        r = two_to_x_minus_1(a, env);
    } else if (a.cls == Class::infinity) {
        r = second = invalid(env);
    } else if (a.cls == Class::zero) {
        r = which == FCOS ? one : a;
    } else {
        if (a.denormal) env.flags |= DE;
        const auto [sine, cosine] = fp::sine_cosine(a);
        if (which == FPTAN) {
            r = fp::round_inexact(sine / cosine, env);
        } else {
            if (which == FSINCOS) second = fp::round_inexact(cosine, env);
            r = fp::round_inexact(which == FCOS ? cosine : sine, env);
        }
    }
    if (!finish(s, 0, r, env) || !pushes) return;
    s.top = (s.top + 7) & 7;
    set(s, 0, fp::pack_extended(second));
}

void two_operands(X87State& s, unsigned which) {
    set_c1(s, false);
    if (is_empty(s, 0) || is_empty(s, 1)) {
        if (!stack_fault(s, false)) return;
        set(s, 1, indefinite());
        pop(s);
        return;
    }
    Env env = environment(s);
    const Number x = fp::unpack(get(s, 0)), y = fp::unpack(get(s, 1));
    Number r;
    if (x.cls == Class::unsupported || y.cls == Class::unsupported) {
        r = invalid(env);
    } else if (x.is_nan() || y.is_nan()) {
        r = propagate(x, y, env);
    } else if (which == FYL2X) {
        r = y_log2_x(x, y, env);
    } else if (which == FPATAN) {
        r = arctangent(x, y, env);
    } else {
        r = y_log2_x_plus_1(x, y, env);
    }
    if (finish(s, 1, r, env)) pop(s);
}

}  // namespace

void transcendental(X87State& s, unsigned which) {
    const bool two = which == FYL2X || which == FPATAN || which == FYL2XP1;
    two ? two_operands(s, which) : one_operand(s, which);
}

}  // namespace stile::model::x87
