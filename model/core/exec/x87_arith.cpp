// SPDX-License-Identifier: Apache-2.0
//
// x87 arithmetic and comparison, and how its exceptions are noted.
#include "model/core/exec/x87.h"

namespace stile::model::x87 {

namespace fp = isa::fp;
using fp::Class;
using fp::DE;
using fp::IE;
using fp::ZE;

Ext indefinite() { return fp::pack_extended(fp::default_nan()); }

bool stack_fault(X87State& s, bool overflow) {
    set_c1(s, overflow);
    return !note(s, IE | SF);
}

Number propagate(const Number& a, const Number& b, Env& env) {
    const bool a_signals = a.cls == Class::signalling_nan, b_signals = b.cls == Class::signalling_nan;
    if (a_signals || b_signals) env.flags |= IE;
    if (!b.is_nan()) return quieted(a);
    if (!a.is_nan()) return quieted(b);
    if (a_signals != b_signals) return quieted(a_signals ? b : a);
    if (a.sig != b.sig) return quieted(a.sig > b.sig ? a : b);
    return quieted(a.sign ? b : a);
}

Number binary(Arith op, const Number& a, const Number& b, const fp::Format& f, Env& env) {
    env.rounded_up = false;
    if (a.cls == Class::unsupported || b.cls == Class::unsupported) {
        env.flags |= IE;
        return fp::default_nan();
    }
    if (a.is_nan() || b.is_nan()) return propagate(a, b, env);
    Number r;
    switch (op) {
        case Arith::add:
            r = fp::add(a, b, f, env);
            break;
        case Arith::mul:
            r = fp::mul(a, b, f, env);
            break;
        case Arith::sub:
            r = fp::sub(a, b, f, env);
            break;
        case Arith::subr:
            r = fp::sub(b, a, f, env);
            break;
        case Arith::div:
            r = fp::div(a, b, f, env);
            break;
        default:
            r = fp::div(b, a, f, env);
            break;
    }
    if ((a.denormal || b.denormal) && !(env.flags & (IE | ZE))) env.flags |= DE;
    return r;
}

bool finish(X87State& s, unsigned i, const Number& result, const Env& env) {
    // Exceptions found before computing keep the others from being noted when one of them is unmasked.
    const unsigned before = env.flags & fp::before_computation;
    if (before & ~env.masked) {
        note(s, before);
        return false;
    }
    note(s, env.flags);
    set_c1(s, env.rounded_up);
    set(s, i, fp::pack_extended(result));
    return true;
}

void arith_register(X87State& s, Arith op, unsigned i, bool to_st_i, bool and_pop) {
    const unsigned dst = to_st_i ? i : 0;
    set_c1(s, false);
    if (is_empty(s, 0) || is_empty(s, i)) {
        if (!stack_fault(s, false)) return;
        set(s, dst, indefinite());
    } else {
        Env env = environment(s);
        const Number r = binary(op, fp::unpack(get(s, 0)), fp::unpack(get(s, i)), rounding_format(s), env);
        if (!finish(s, dst, r, env)) return;
    }
    if (and_pop) pop(s);
}

namespace {

void set_condition(X87State& s, Order o) {
    s.status &= static_cast<uint16_t>(~(C0 | C1 | C2 | C3));
    if (o == Order::less) s.status |= C0;
    if (o == Order::equal) s.status |= C3;
    if (o == Order::unordered) s.status |= C0 | C2 | C3;
}

// The order is reported in any case; false: an unmasked exception, nothing is popped.
bool compare_values(X87State& s, const Number& a, const Number& b, bool quiet, Order& out) {
    Env env;
    const bool bad = a.cls == Class::unsupported || b.cls == Class::unsupported;
    const bool signals = a.cls == Class::signalling_nan || b.cls == Class::signalling_nan;
    if (bad || a.is_nan() || b.is_nan()) {
        out = Order::unordered;
        if (bad || signals || !quiet) env.flags |= IE;
    } else {
        out = fp::compare(a, b);
        if (a.denormal || b.denormal) env.flags |= DE;
    }
    return !note(s, env.flags);
}

// C1 is left alone unless the stack faults: fcomi and its kin, as on AMD's processors, keep it.
bool compare_stack(X87State& s, unsigned i, bool quiet, Order& out) {
    if (is_empty(s, 0) || is_empty(s, i)) {
        out = Order::unordered;
        return stack_fault(s, false);
    }
    return compare_values(s, fp::unpack(get(s, 0)), fp::unpack(get(s, i)), quiet, out);
}

Number from_image(unsigned kind, const Image& image) {
    const auto read = [&image]<class T>(T v) {
        std::memcpy(&v, image.data(), sizeof v);
        return v;
    };
    switch (kind) {
        case single:
            return fp::unpack(read(uint32_t{}));
        case double_:
            return fp::unpack(read(uint64_t{}));
        case int16:
            return fp::from_int(read(int16_t{}));
        case int32:
            return fp::from_int(read(int32_t{}));
        default:
            return fp::from_int(read(int64_t{}));
    }
}

}  // namespace

void compare_register(X87State& s, unsigned i, bool unordered, unsigned pops) {
    Order o;
    const bool unmasked = !compare_stack(s, i, unordered, o);
    set_condition(s, o);
    for (; pops && !unmasked; --pops) pop(s);
}

uint32_t compare_to_flags(X87State& s, unsigned i, bool unordered, unsigned pops) {
    Order o;
    if (compare_stack(s, i, unordered, o)) {
        for (; pops; --pops) pop(s);
    }
    switch (o) {
        case Order::less:
            return flag::CF;
        case Order::equal:
            return flag::ZF;
        case Order::greater:
            return 0;
        default:
            return flag::ZF | flag::PF | flag::CF;
    }
}

void arith_image(X87State& s, Arith op, unsigned kind, const Image& image) {
    const bool compares = op == Arith::com || op == Arith::comp;
    set_c1(s, false);
    const Number b = from_image(kind, image);
    if (compares) {
        Order o = Order::unordered;
        const bool ok =
            is_empty(s, 0) ? stack_fault(s, false) : compare_values(s, fp::unpack(get(s, 0)), b, false, o);
        set_condition(s, o);
        if (ok && op == Arith::comp) pop(s);
    } else if (is_empty(s, 0)) {
        if (stack_fault(s, false)) set(s, 0, indefinite());
    } else {
        Env env = environment(s);
        const Number r = binary(op, fp::unpack(get(s, 0)), b, rounding_format(s), env);
        finish(s, 0, r, env);
    }
}

void test(X87State& s) {
    set_c1(s, false);
    Order o = Order::unordered;
    is_empty(s, 0) ? stack_fault(s, false) : compare_values(s, fp::unpack(get(s, 0)), Number{}, false, o);
    set_condition(s, o);
}

void square_root(X87State& s) {
    set_c1(s, false);
    if (is_empty(s, 0)) {
        if (stack_fault(s, false)) set(s, 0, indefinite());
        return;
    }
    Env env = environment(s);
    const Number a = fp::unpack(get(s, 0));
    Number r;
    if (a.cls == Class::unsupported) {
        env.flags |= IE;
        r = fp::default_nan();
    } else if (a.is_nan()) {
        r = propagate(a, a, env);
    } else {
        r = fp::sqrt(a, rounding_format(s), env);
        if (a.denormal && !(env.flags & IE)) env.flags |= DE;
    }
    finish(s, 0, r, env);
}

}  // namespace stile::model::x87
