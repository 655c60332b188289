// SPDX-License-Identifier: Apache-2.0
//
// Handlers of x87 micro-ops: pending exceptions, memory, then the functions of x87.h.
#include "model/core/exec/handlers.h"
#include "model/core/exec/vector.h"
#include "model/core/exec/x87.h"
#include "model/core/page_walker.h"

namespace stile::model {
namespace {

// CR0.NE is taken as set: there is no FERR# pin to drive instead.
#define STILE_X87_WAIT() \
    if (x87::pending(x.s.x87)) return raise(x, u, VEC_MF)

Next fcheck(Exec& x, const Uop* u) {
    if (x.s.cr0 & (cr0_em | cr0_ts)) return raise(x, u, VEC_NM);
    return next(x, u);
}

Next fwait(Exec& x, const Uop* u) {
    if ((x.s.cr0 & cr0_mp) && (x.s.cr0 & cr0_ts)) return raise(x, u, VEC_NM);
    STILE_X87_WAIT();
    return next(x, u);
}

// --- Memory operands ---------------------------------------------------------------------------------------
// Loads and stores of ten bytes are two accesses, as on processors.
template <Mode mode>
bool load_image(Exec& x, const Uop* u, unsigned bytes, x87::Image& image) {
    const uint64_t at = effective(x, u);
    const auto part = [&]<class T>(T v, unsigned offset) {
        if (!load<mode>(x, u, at + offset, v)) return false;
        std::memcpy(image.data() + offset, &v, sizeof v);
        return true;
    };
    switch (bytes) {
        case 2:
            return part(uint16_t{}, 0);
        case 4:
            return part(uint32_t{}, 0);
        case 8:
            return part(uint64_t{}, 0);
        default:
            return part(uint64_t{}, 0) && part(uint16_t{}, 8);
    }
}

template <Mode mode>
bool store_image(Exec& x, const Uop* u, unsigned bytes, const x87::Image& image) {
    const uint64_t at = effective(x, u);
    const auto part = [&]<class T>(T v, unsigned offset) {
        std::memcpy(&v, image.data() + offset, sizeof v);
        return store<mode>(x, u, at + offset, v);
    };
    switch (bytes) {
        case 2:
            return part(uint16_t{}, 0);
        case 4:
            return part(uint32_t{}, 0);
        case 8:
            return part(uint64_t{}, 0);
        default:
            return write_memory(x, u, at, image.data(), bytes);  // whole, or not at all
    }
}

template <Mode mode>
Next load_push(Exec& x, const Uop* u) {
    STILE_X87_WAIT();
    x87::Image image{};
    if (!load_image<mode>(x, u, x87::bytes_of(u->aux), image)) return raise(x, u);
    x87::push_image(x.s.x87, u->aux, image);
    return next(x, u);
}

template <Mode mode>
Next store_pop(Exec& x, const Uop* u) {
    STILE_X87_WAIT();
    const unsigned kind = u->aux & 7;
    const x87::Store prepared = x87::prepare_store(x.s.x87, kind);
    // The address is looked at even if an unmasked exception keeps memory as it is.
    x87::Image unused;
    const unsigned bytes = x87::bytes_of(kind);
    if (!(prepared.write ? store_image<mode>(x, u, bytes, prepared.image)
                         : read_memory(x, u, effective(x, u), unused.data(), bytes, true)))
        return raise(x, u);
    x87::finish_store(x.s.x87, prepared, u->aux & 8);
    return next(x, u);
}

template <Mode mode>
Next arith_memory(Exec& x, const Uop* u) {
    STILE_X87_WAIT();
    const unsigned kind = u->aux & 7;
    x87::Image image{};
    if (!load_image<mode>(x, u, x87::bytes_of(kind), image)) return raise(x, u);
    x87::arith_image(x.s.x87, static_cast<x87::Arith>(u->aux >> 3), kind, image);
    return next(x, u);
}

// --- The stack ---------------------------------------------------------------------------------------------
Next arith_stack(Exec& x, const Uop* u) {
    STILE_X87_WAIT();
    x87::arith_register(x.s.x87, static_cast<x87::Arith>(u->aux >> 3 & 7), u->aux & 7, u->aux & 64,
                        u->aux & 128);
    return next(x, u);
}

Next compare(Exec& x, const Uop* u) {
    STILE_X87_WAIT();
    x87::compare_register(x.s.x87, u->aux & 7, u->aux & 32, u->aux >> 3 & 3);
    return next(x, u);
}

Next compare_flags(Exec& x, const Uop* u) {
    STILE_X87_WAIT();
    x.f.set_plain(x87::compare_to_flags(x.s.x87, u->aux & 7, u->aux & 32, u->aux >> 3 & 3));
    return next(x, u);
}

Next store_stack(Exec& x, const Uop* u) {
    STILE_X87_WAIT();
    // fstp1 does not notice that st0 is empty: so AMD's processors, and said of Intel's.
    if ((u->aux & 16) && x87::is_empty(x.s.x87, 0)) {
        x87::set_c1(x.s.x87, false);
        x87::pop(x.s.x87);
    } else {
        x87::store_register(x.s.x87, u->aux & 7, u->aux & 8);
    }
    return next(x, u);
}

Next conditional(Exec& x, const Uop* u) {
    STILE_X87_WAIT();
    x87::conditional_move(x.s.x87, u->aux & 7, condition_in(flags_of(x), u->aux >> 3));
    return next(x, u);
}

// Functions of the state alone, and of the state and aux.
template <void (*function)(X87State&)>
Next plain(Exec& x, const Uop* u) {
    STILE_X87_WAIT();
    function(x.s.x87);
    return next(x, u);
}
template <void (*function)(X87State&, unsigned)>
Next indexed(Exec& x, const Uop* u) {
    STILE_X87_WAIT();
    function(x.s.x87, u->aux);
    return next(x, u);
}

void free_register(X87State& s, unsigned aux) {
    x87::set_c1(s, false);  // the manuals leave it open
    s.tag &= static_cast<uint8_t>(~(1 << x87::physical(s, aux & 7)));
    if (aux & 8) x87::pop(s);
}
void rotate(X87State& s, unsigned by) {
    x87::set_c1(s, false);
    s.top = (s.top + by) & 7;
}
void slow(X87State& s, unsigned which) {
    switch (which) {
        case 0x14:
            x87::extract(s);
            break;
        case 0x15:
            x87::remainder(s, true);
            break;
        case 0x18:
            x87::remainder(s, false);
            break;
        case 0x1d:
            x87::scale(s);
            break;
        default:
            x87::transcendental(s, which);
            break;
    }
}
void nothing(X87State&) {}

// --- Control and state -------------------------------------------------------------------------------------
template <void (*function)(X87State&)>
Next no_wait(Exec& x, const Uop* u) {
    function(x.s.x87);
    return next(x, u);
}

Next status_to_ax(Exec& x, const Uop* u) {
    put<uint16_t>(x, u->dst, x87::status_word(x.s.x87));
    return next(x, u);
}

template <Mode mode, bool status>
Next store_word(Exec& x, const Uop* u) {
    const uint16_t value = status ? x87::status_word(x.s.x87) : x.s.x87.control;
    if (!store<mode>(x, u, effective(x, u), value)) return raise(x, u);
    return next(x, u);
}

template <Mode mode>
Next load_control(Exec& x, const Uop* u) {
    STILE_X87_WAIT();
    uint16_t value;
    if (!load<mode>(x, u, effective(x, u), value)) return raise(x, u);
    x87::set_control(x.s.x87, value);
    return next(x, u);
}

// Images longer than one access: every page is tried first, then written.
using Chunk = std::array<uint8_t, 32>;

template <Mode mode>
bool read_image(Exec& x, const Uop* u, uint64_t at, uint8_t* out, unsigned bytes) {
    for (; bytes >= sizeof(Chunk); at += sizeof(Chunk), out += sizeof(Chunk), bytes -= sizeof(Chunk)) {
        Chunk c;
        if (!load<mode>(x, u, at, c)) return false;
        std::memcpy(out, c.data(), sizeof c);
    }
    return bytes == 0 || read_memory(x, u, at, out, bytes);
}

template <Mode mode>
bool write_image(Exec& x, const Uop* u, uint64_t at, const uint8_t* in, unsigned bytes) {
    for (; bytes >= sizeof(Chunk); at += sizeof(Chunk), in += sizeof(Chunk), bytes -= sizeof(Chunk)) {
        Chunk c;
        std::memcpy(c.data(), in, sizeof c);
        if (!store<mode>(x, u, at, c)) return false;
    }
    return bytes == 0 || write_memory(x, u, at, in, bytes);
}

constexpr unsigned registers_bytes = 80;

template <Mode mode, bool with_registers>
Next save(Exec& x, const Uop* u) {
    const bool wide = u->size == 4;
    const unsigned head = x87::environment_bytes(wide), bytes = head + (with_registers ? registers_bytes : 0);
    uint8_t image[28 + registers_bytes];
    const uint64_t at = effective(x, u);
    x87::save_environment(x.s.x87, wide, image);
    if (with_registers) x87::save_registers(x.s.x87, image + head, 10);
    if (!writable(x, u, at, bytes) || !write_image<mode>(x, u, at, image, bytes)) return raise(x, u);
    if (with_registers) {
        x87::initialise(x.s.x87);
    } else {
        x87::set_control(x.s.x87, x.s.x87.control | 0x3f);
    }
    return next(x, u);
}

template <Mode mode, bool with_registers>
Next restore(Exec& x, const Uop* u) {
    STILE_X87_WAIT();
    const bool wide = u->size == 4;
    const unsigned head = x87::environment_bytes(wide), bytes = head + (with_registers ? registers_bytes : 0);
    uint8_t image[28 + registers_bytes];
    if (!read_image<mode>(x, u, effective(x, u), image, bytes)) return raise(x, u);
    x87::load_environment(x.s.x87, wide, image);
    if (with_registers) x87::load_registers(x.s.x87, image + head, 10);
    return next(x, u);
}

// --- fxsave, fxrstor (Intel SDM vol. 1, table 10-2) --------------------------------------------------------
// Bytes from 416 on are neither written nor read, but that they could be is looked at.
constexpr unsigned fx_mxcsr = 24, fx_mask = 28, fx_st = 32, fx_xmm = 160, fx_bytes = 416, fx_area = 512;

// #GP for want of 16 bytes, but a non-canonical address comes first, and so does #AC for want of four if that
// is checked (Intel SDM vol. 2, FXSAVE, leaves it to the processor; AMD's do this).
Next raise_misaligned(Exec& x, const Uop* u, uint64_t at) {
    uint8_t byte;
    if (!aligned(x, u, at, fx_area) || (!canonical(at) && !read_memory(x, u, at, &byte, 1)))
        return raise(x, u);
    return raise_gp(x, u);
}

template <Mode mode>
Next fxsave(Exec& x, const Uop* u) {
    const uint64_t at = effective(x, u);
    if (at & 15) return raise_misaligned(x, u, at);
    uint8_t image[fx_bytes] = {};
    const uint16_t status = x87::status_word(x.s.x87);
    std::memcpy(image, &x.s.x87.control, 2);
    std::memcpy(image + 2, &status, 2);
    image[4] = x.s.x87.tag;
    std::memcpy(image + fx_mxcsr, &x.s.mxcsr, 4);
    const uint32_t mask = ~isa::fp::mxcsr_reserved;
    std::memcpy(image + fx_mask, &mask, 4);
    x87::save_registers(x.s.x87, image + fx_st, 16);
    for (unsigned i = 0; i < 16; ++i) std::memcpy(image + fx_xmm + 16 * i, &x.s.xmm[i], 16);
    // AMD's processors look at the last byte first.
    if (!writable(x, u, at + fx_area - 1, 1) || !writable(x, u, at, 1) ||
        !write_image<mode>(x, u, at, image, fx_bytes))
        return raise(x, u);
    return next(x, u);
}

template <Mode mode>
Next fxrstor(Exec& x, const Uop* u) {
    const uint64_t at = effective(x, u);
    if (at & 15) return raise_misaligned(x, u, at);
    uint8_t image[fx_bytes];
    uint8_t last;
    if (!read_memory(x, u, at + fx_area - 1, &last, 1) || !read_image<mode>(x, u, at, image, fx_bytes))
        return raise(x, u);
    uint32_t mxcsr;
    uint16_t control, status;
    std::memcpy(&mxcsr, image + fx_mxcsr, 4);
    std::memcpy(&control, image, 2);
    std::memcpy(&status, image + 2, 2);
    if (mxcsr & isa::fp::mxcsr_reserved) return raise_gp(x, u);
    x.s.mxcsr = mxcsr;
    x.s.x87.tag = image[4];
    x.s.x87.status = 0;
    x87::set_control(x.s.x87, control);
    x87::set_status_word(x.s.x87, status);
    x87::load_registers(x.s.x87, image + fx_st, 16);
    for (unsigned i = 0; i < 16; ++i) std::memcpy(&x.s.xmm[i], image + fx_xmm + 16 * i, 16);
    return next(x, u);
}

template <Mode mode>
void register_memory_forms(HandlerTable& t) {
    t.set(Op::fld_m, load_push<mode>);
    t.set(Op::fst_m, store_pop<mode>);
    t.set(Op::farith_m, arith_memory<mode>);
    t.set(Op::fdiv_m, arith_memory<mode>);
    t.set(Op::fnstsw_m, store_word<mode, true>);
    t.set(Op::fnstcw, store_word<mode, false>);
    t.set(Op::fldcw, load_control<mode>);
    t.set(Op::fnstenv, save<mode, false>);
    t.set(Op::fnsave, save<mode, true>);
    t.set(Op::fldenv, restore<mode, false>);
    t.set(Op::frstor, restore<mode, true>);
    t.set(Op::fxsave, fxsave<mode>);
    t.set(Op::fxrstor, fxrstor<mode>);
}

}  // namespace

void register_x87(HandlerTable& t, Mode mode) {
    instantiate(mode, [&]<Mode m>() { register_memory_forms<m>(t); });
    t.set(Op::fcheck, fcheck);
    t.set(Op::fwait, fwait);
    t.set(Op::farith_r, arith_stack);
    t.set(Op::fdiv_r, arith_stack);
    t.set(Op::fcom, compare);
    t.set(Op::fcomi, compare_flags);
    t.set(Op::fst_r, store_stack);
    t.set(Op::fcmov, conditional);
    t.set(Op::fnop, plain<nothing>);
    t.set(Op::ftst, plain<x87::test>);
    t.set(Op::fxam, plain<x87::examine>);
    t.set(Op::fchs, plain<x87::change_sign>);
    t.set(Op::fabs, plain<x87::absolute>);
    t.set(Op::fsqrt, plain<x87::square_root>);
    t.set(Op::frndint, plain<x87::round_to_integer>);
    t.set(Op::fld_r, indexed<x87::push_register>);
    t.set(Op::fconst, indexed<x87::push_constant>);
    t.set(Op::fxch, indexed<x87::exchange>);
    t.set(Op::ffree, indexed<free_register>);
    t.set(Op::frotate, indexed<rotate>);
    t.set(Op::fslow, indexed<slow>);
    t.set(Op::fnclex, no_wait<x87::clear_exceptions>);
    t.set(Op::fninit, no_wait<x87::initialise>);
    t.set(Op::fnstsw, status_to_ax);
}

}  // namespace stile::model
