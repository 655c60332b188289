// SPDX-License-Identifier: Apache-2.0
//
// How blocks end without the help of the system. What a target costs or whether it may be entered is decided
// by whoever picks the next block.
#include "model/core/exec/chain.h"
#include "model/core/exec/groups.h"
#include "model/core/page_walker.h"

namespace stile::model {

namespace {

using isa::PCBASE;
using isa::RCX;
using isa::RSP;

inline uint64_t relative(const Exec& x, const Uop* u) { return x.s.r[PCBASE] + u->imm; }

// A branch to an address that is not canonical faults as the branch, with nothing done. Where nothing but the
// target is done, that is found when no block is there (Core::Impl::refuse_target).
inline bool leaves_canonical(const Exec& x, uint64_t target) { return (target ^ x.s.r[PCBASE]) >> 47 != 0; }

template <Mode mode>
[[gnu::always_inline]] inline Next go_if(Exec& x, const Uop* u, bool taken, uint64_t target) {
    if (taken) return go_direct<mode>(x, target, STILE_XFER_JUMP, true);
    return go_direct<mode>(x, after(x, u), STILE_XFER_SEQ, false);
}

template <Mode mode>
Next go_on(Exec& x, const Uop* u) {
    return go_direct<mode>(x, after(x, u), STILE_XFER_SEQ, false);
}

template <Mode mode>
Next jmp(Exec& x, const Uop* u) {
    return go_direct<mode>(x, relative(x, u), STILE_XFER_JUMP, true);
}

template <Mode mode>
Next jmp_register(Exec& x, const Uop* u) {
    return go_indirect<mode>(x, x.s.r[u->a], STILE_XFER_JUMP);
}

template <Mode mode>
struct Jcc {
    template <unsigned cc>
    struct With {
        static Next run(Exec& x, const Uop* u) {
            return go_if<mode>(x, u, condition<cc>(x.f), relative(x, u));
        }
    };
};

template <Mode mode, typename T, bool immediate>
struct CmpJcc {
    template <unsigned cc>
    struct With {
        static Next run(Exec& x, const Uop* u) {
            const int64_t a = get<T>(x, u->a);
            const int64_t b =
                immediate ? static_cast<T>(static_cast<int64_t>(u->imm) >> 32) : get<T>(x, u->b);
            x.f.set(FlagKind::sub, a, b, flag_shift<T>);
            const uint64_t target = immediate
                                        ? x.s.r[PCBASE] + static_cast<int64_t>(static_cast<int32_t>(u->imm))
                                        : relative(x, u);
            return go_if<mode>(x, u, condition_sub<cc>(a, b, flag_shift<T>), target);
        }
    };
};

template <Mode mode, typename T, bool immediate>
struct TestJcc {
    template <unsigned cc>
    struct With {
        static Next run(Exec& x, const Uop* u) {
            const T b = immediate ? static_cast<T>(static_cast<int64_t>(u->imm) >> 32) : get<T>(x, u->b);
            const int64_t v = static_cast<T>(get<T>(x, u->a) & b);
            x.f.set(FlagKind::sub, v, 0, flag_shift<T>);
            const uint64_t target = immediate
                                        ? x.s.r[PCBASE] + static_cast<int64_t>(static_cast<int32_t>(u->imm))
                                        : relative(x, u);
            return go_if<mode>(x, u, condition_sub<cc>(v, 0, flag_shift<T>), target);
        }
    };
};

// Out of line, so that the others need no stack frame: with one they could not jump to the next handler.
[[gnu::noinline, gnu::cold]] bool push_slow(Exec& x, const Uop* u) {
    const uint64_t next = after(x, u);
    return write_memory(x, u, x.s.r[RSP] - 8, &next, 8);
}
template <Mode mode>
[[gnu::always_inline]] inline bool push_return(Exec& x, const Uop* u) {
    if (!store_fast<mode>(x, u, x.s.r[RSP] - 8, after(x, u)) && !push_slow(x, u)) return false;
    x.s.r[RSP] -= 8;
    return true;
}

template <Mode mode>
Next call(Exec& x, const Uop* u) {
    if (__builtin_expect(leaves_canonical(x, relative(x, u)), 0) && !canonical(relative(x, u)))
        return raise_gp(x, u);
    if (!push_return<mode>(x, u)) return raise(x, u);
    return go_direct<mode>(x, relative(x, u), STILE_XFER_CALL, true);
}

template <Mode mode>
Next call_register(Exec& x, const Uop* u) {
    const uint64_t target = x.s.r[u->a];
    if (__builtin_expect(leaves_canonical(x, target), 0) && !canonical(target)) return raise_gp(x, u);
    if (!push_return<mode>(x, u)) return raise(x, u);
    return go_indirect<mode>(x, target, STILE_XFER_CALL);
}

[[gnu::noinline, gnu::cold]] Next ret_slow(Exec& x, const Uop* u) {
    uint64_t target;
    if (!read_memory(x, u, x.s.r[RSP], &target, 8)) return raise(x, u);
    x.s.r[RSP] += 8 + u->imm;
    return leave(x, Exit::indirect, target, STILE_XFER_RET, true);
}
template <Mode mode>
Next ret(Exec& x, const Uop* u) {
    uint64_t target;
    if (!load_fast<mode>(x, u, x.s.r[RSP], target)) return ret_slow(x, u);
    x.s.r[RSP] += 8 + u->imm;
    return go_indirect<mode>(x, target, STILE_XFER_RET);
}

template <Mode mode>
Next privileged_ret(Exec& x, const Uop* u) {
    uint64_t target;
    if (!load<mode>(x, u, x.s.r[RSP], target)) return raise(x, u);
    x.s.r[RSP] += 8 + u->imm;
    if (!canonical(target)) return leave(x, Exit::indirect, target, STILE_XFER_RET, true);
    return leave(x, Exit::serial, target, STILE_XFER_PRIVILEGED_RET, true);
}

template <Mode mode>
Next jcxz(Exec& x, const Uop* u) {
    const bool zero = u->size == 4 ? get<uint32_t>(x, RCX) == 0 : x.s.r[RCX] == 0;
    return go_if<mode>(x, u, zero, relative(x, u));
}

template <Mode mode>
Next loop(Exec& x, const Uop* u) {
    uint64_t count = x.s.r[RCX] - 1;
    if (u->size == 4) count = static_cast<uint32_t>(count);
    const bool zero = condition_of(x.f, 4);
    const bool again = count != 0 && (u->aux == 2 || zero == (u->aux == 1));
    if (again && !canonical(relative(x, u))) return raise_gp(x, u);
    x.s.r[RCX] = count;
    return go_if<mode>(x, u, again, relative(x, u));
}

// Handlers that do not touch memory need no version of their own for a store buffer.
constexpr Mode without_buffer(Mode mode) { return mode == Mode::buffered ? Mode::timed : mode; }

#define STILE_SET_FUSED(name, F)                                                                \
    do {                                                                                        \
        static constexpr auto r1 = by_condition<F<plain, int8_t, false>::template With>(),      \
                              i1 = by_condition<F<plain, int8_t, true>::template With>(),       \
                              r2 = by_condition<F<plain, int16_t, false>::template With>(),     \
                              i2 = by_condition<F<plain, int16_t, true>::template With>(),      \
                              r4 = by_condition<F<plain, int32_t, false>::template With>(),     \
                              i4 = by_condition<F<plain, int32_t, true>::template With>(),      \
                              r8 = by_condition<F<plain, int64_t, false>::template With>(),     \
                              i8 = by_condition<F<plain, int64_t, true>::template With>();      \
        table.set_by_condition(Op::name##1_rr, r1), table.set_by_condition(Op::name##1_ri, i1); \
        table.set_by_condition(Op::name##2_rr, r2), table.set_by_condition(Op::name##2_ri, i2); \
        table.set_by_condition(Op::name##4_rr, r4), table.set_by_condition(Op::name##4_ri, i4); \
        table.set_by_condition(Op::name##8_rr, r8), table.set_by_condition(Op::name##8_ri, i8); \
    } while (false)

template <Mode mode>
void fill(HandlerTable& table) {
    constexpr Mode plain = without_buffer(mode);
    table.set(Op::next, go_on<plain>);
    table.set(Op::jmp, jmp<plain>);
    table.set(Op::jmp_r, jmp_register<plain>);
    static constexpr auto jcc = by_condition<Jcc<plain>::template With>();
    table.set_by_condition(Op::jcc, jcc);
    STILE_SET_FUSED(cmp_jcc, CmpJcc);
    STILE_SET_FUSED(test_jcc, TestJcc);
    table.set(Op::jcxz, jcxz<plain>);
    table.set(Op::loop, loop<plain>);
    table.set(Op::call, call<mode>);
    table.set(Op::call_r, call_register<mode>);
    table.set(Op::ret, ret<mode>);
    table.set_privileged_ret(privileged_ret<mode>);
}

}  // namespace

void register_branch(HandlerTable& table, Mode mode) {
    instantiate(mode, [&]<Mode m>() { fill<m>(table); });
}

}  // namespace stile::model
