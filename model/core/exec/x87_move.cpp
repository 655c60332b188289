// SPDX-License-Identifier: Apache-2.0
//
// x87 loads, stores, moves and constants; control and status.
#include "model/core/exec/x87.h"

namespace stile::model::x87 {

namespace fp = isa::fp;
using fp::Class;
using fp::DE;
using fp::IE;

namespace {

constexpr uint64_t decimal_limit = 1'000'000'000'000'000'000;  // 18 digits

template <class T>
T read(const Image& image, unsigned at = 0) {
    T v;
    std::memcpy(&v, image.data() + at, sizeof v);
    return v;
}
template <class T>
void write(Image& image, T v, unsigned at = 0) {
    std::memcpy(image.data() + at, &v, sizeof v);
}

// Invalid digits give what their nibbles add up to; the architecture leaves that open.
Number from_decimal(const Image& image) {
    int64_t v = 0;
    for (int i = 8; i >= 0; --i) v = v * 100 + (image[i] >> 4) * 10 + (image[i] & 15);
    Number n = fp::from_int(v);
    n.sign = image[9] & 0x80;
    return n;
}

void to_decimal(int64_t v, bool sign, Image& image) {
    uint64_t rest = static_cast<uint64_t>(v < 0 ? -v : v);
    for (int i = 0; i < 9; ++i, rest /= 100) {
        image[i] = static_cast<uint8_t>(rest % 10 | rest / 10 % 10 << 4);
    }
    image[9] = sign ? 0x80 : 0;
}

// Makes room and writes the value there, if the stack and the masks let it.
void push(X87State& s, const Number* number, Ext raw, unsigned flags) {
    set_c1(s, false);
    Ext v = number ? fp::pack_extended(*number) : raw;
    if (!is_empty(s, 7)) {
        if (!stack_fault(s, true)) return;
        v = indefinite();
    } else if (note(s, flags) && !(flags & DE)) {
        return;  // a denormal is pushed even where the exception is unmasked
    }
    s.top = (s.top + 7) & 7;
    set(s, 0, v);
}

}  // namespace

void set_status_word(X87State& s, uint16_t value) {
    s.top = value >> 11 & 7;
    s.status = static_cast<uint16_t>(value & ~(0x3800 | ES | B));
    note(s, value & 0x3f);
}

// Bits 6, 7 and 13 to 15 cannot be changed; bit 6 reads as 1.
void set_control(X87State& s, uint16_t value) {
    s.control = static_cast<uint16_t>((value & 0x1f3f) | 0x40);
    s.status &= static_cast<uint16_t>(~(ES | B));
    note(s, s.status & 0x3f);
}

void clear_exceptions(X87State& s) { s.status &= 0x7f00; }

void initialise(X87State& s) {
    s.control = 0x37f;
    s.status = 0;
    s.top = 0;
    s.tag = 0;
}

void push_image(X87State& s, unsigned kind, const Image& image) {
    if (kind == extended) {
        push(s, nullptr, {read<uint64_t>(image), read<uint16_t>(image, 8)}, 0);
        return;
    }
    Number n;
    unsigned flags = 0;
    switch (kind) {
        case single:
            n = fp::unpack(read<uint32_t>(image));
            break;
        case double_:
            n = fp::unpack(read<uint64_t>(image));
            break;
        case int16:
            n = fp::from_int(read<int16_t>(image));
            break;
        case int32:
            n = fp::from_int(read<int32_t>(image));
            break;
        case int64:
            n = fp::from_int(read<int64_t>(image));
            break;
        default:
            n = from_decimal(image);
            break;
    }
    if (n.cls == Class::signalling_nan) {
        n = quieted(n);
        flags = IE;
    } else if (n.denormal) {
        flags = DE;
    }
    push(s, &n, {}, flags);
}

void push_register(X87State& s, unsigned i) {
    if (!is_empty(s, i)) {
        push(s, nullptr, get(s, i), 0);
    } else if (stack_fault(s, false)) {
        s.top = (s.top + 7) & 7;
        set(s, 0, indefinite());
    }
}

void push_constant(X87State& s, unsigned which) {
    // 1, log2(10), log2(e), pi, log10(2), ln(2), 0; rounded to nearest, and which way that went.
    struct Constant {
        Ext value;
        int error;  // sign of (value - exact)
    };
    static constexpr Constant table[] = {{{0x8000000000000000, 0x3fff}, 0},
                                         {{0xd49a784bcd1b8afe, 0x4000}, -1},
                                         {{0xb8aa3b295c17f0bc, 0x3fff}, 1},
                                         {{0xc90fdaa22168c235, 0x4000}, 1},
                                         {{0x9a209a84fbcff799, 0x3ffd}, 1},
                                         {{0xb17217f7d1cf79ac, 0x3ffe}, 1},
                                         {{0, 0}, 0}};
    Constant c = table[which];
    const fp::Round mode = environment(s).round;
    if (c.error < 0 && mode == fp::Round::up) ++c.value.sig;
    if (c.error > 0 && (mode == fp::Round::down || mode == fp::Round::zero)) --c.value.sig;
    push(s, nullptr, c.value, 0);
}

Store prepare_store(const X87State& s, unsigned kind) {
    Store out;
    Env env = environment(s);
    Number n = fp::default_nan();
    Ext raw = indefinite();
    if (is_empty(s, 0)) {
        out.underflow = true;
        out.flags = IE | SF;
        out.write = env.masked & IE;
    } else {
        raw = get(s, 0);
        n = fp::unpack(raw);
    }
    unsigned raised = 0;
    const auto integer = [&](unsigned bits) {
        const int64_t v = fp::to_int(n, bits, env);
        raised = env.flags;
        return v;
    };
    const auto narrowed = [&](const fp::Format& f) {
        if (n.cls == Class::unsupported) {
            raised = IE;
            return fp::default_nan();
        }
        if (n.is_nan()) {
            if (n.cls == Class::signalling_nan) raised = IE;
            return quieted(n);
        }
        const Number r = fp::round(n, f, env);
        raised = env.flags;
        return r;
    };
    switch (kind) {
        case single:
            write(out.image, fp::pack_single(narrowed(fp::single)));
            break;
        case double_:
            write(out.image, fp::pack_double(narrowed(fp::double_)));
            break;
        case extended:
            write(out.image, raw.sig);
            write(out.image, raw.se, 8);
            break;
        case int16:
            write(out.image, static_cast<int16_t>(integer(16)));
            break;
        case int32:
            write(out.image, static_cast<int32_t>(integer(32)));
            break;
        case int64:
            write(out.image, integer(64));
            break;
        default: {
            const int64_t v = integer(64);
            if ((raised & IE) || v <= -static_cast<int64_t>(decimal_limit) ||
                v >= static_cast<int64_t>(decimal_limit)) {
                raised = IE;
                write(out.image, 0xc000000000000000);
                write<uint16_t>(out.image, 0xffff, 8);
            } else {
                to_decimal(v, n.sign, out.image);
            }
        }
    }
    if (out.underflow) return out;
    const unsigned fatal = raised & ~env.masked & ~fp::PE;
    out.write = !fatal;
    if (fatal) {
        // Nothing is delivered, so nothing is inexact.
        const unsigned before = raised & fp::before_computation;
        out.flags = before ? before : raised & ~fp::PE;
    } else {
        out.flags = raised;
        out.rounded_up = env.rounded_up && (raised & fp::PE);
    }
    return out;
}

void finish_store(X87State& s, const Store& store, bool and_pop) {
    note(s, store.flags);
    set_c1(s, store.rounded_up);
    if (and_pop && store.write) pop(s);
}

void store_register(X87State& s, unsigned i, bool and_pop) {
    set_c1(s, false);
    Ext v = indefinite();
    if (!is_empty(s, 0)) {
        v = get(s, 0);
    } else if (!stack_fault(s, false)) {
        return;
    }
    set(s, i, v);
    if (and_pop) pop(s);
}

void exchange(X87State& s, unsigned i) {
    set_c1(s, false);
    if (is_empty(s, 0) || is_empty(s, i)) {
        if (!stack_fault(s, false)) return;
        if (is_empty(s, 0)) set(s, 0, indefinite());
        if (is_empty(s, i)) set(s, i, indefinite());
    }
    const Ext a = get(s, 0);
    set(s, 0, get(s, i));
    set(s, i, a);
}

void conditional_move(X87State& s, unsigned i, bool condition) {
    if (is_empty(s, 0) || is_empty(s, i)) {
        set_c1(s, false);
        if (stack_fault(s, false)) set(s, 0, indefinite());
    } else if (condition) {
        set(s, 0, get(s, i));
    }
}

namespace {

// The sign is a bit like any other here: NaNs and unsupported formats included.
void with_sign(X87State& s, uint16_t keep, uint16_t flip) {
    set_c1(s, false);
    Ext v = indefinite();
    if (!is_empty(s, 0)) {
        v = get(s, 0);
        v.se = static_cast<uint16_t>((v.se & keep) ^ flip);
    } else if (!stack_fault(s, false)) {
        return;
    }
    set(s, 0, v);
}

}  // namespace

void change_sign(X87State& s) { with_sign(s, 0xffff, 0x8000); }
void absolute(X87State& s) { with_sign(s, 0x7fff, 0); }

void examine(X87State& s) {
    const Ext v = get(s, 0);
    const Number n = fp::unpack(v);
    uint16_t code = 0;
    if (is_empty(s, 0)) {
        code = C3 | C0;
    } else {
        switch (n.cls) {
            case Class::zero:
                code = C3;
                break;
            case Class::finite:
                code = n.denormal ? C3 | C2 : C2;
                break;
            case Class::infinity:
                code = C2 | C0;
                break;
            case Class::quiet_nan:
            case Class::signalling_nan:
                code = C0;
                break;
            case Class::unsupported:
                break;
        }
    }
    s.status = static_cast<uint16_t>((s.status & ~(C0 | C1 | C2 | C3)) | code | (v.se >> 15 ? C1 : 0));
}

}  // namespace stile::model::x87
