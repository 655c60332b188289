// SPDX-License-Identifier: Apache-2.0
//
// Loads and stores. The fast path of each handler is a software-TLB test and the access; everything else is
// out of line, so that the fast path needs no stack frame.
#include <type_traits>

#include "model/core/exec/groups.h"

namespace stile::model {

namespace {

using isa::RSP;

// From what is in memory to what goes into dst.
template <typename Memory, typename Register>
inline void extend_into(Exec& x, const Uop* u, Memory v) {
    if constexpr (sizeof(Register) == 4)
        x.s.r[u->dst] = static_cast<uint32_t>(static_cast<Register>(v));
    else
        x.s.r[u->dst] = static_cast<uint64_t>(static_cast<Register>(v));
}

template <typename Memory, typename Register, bool will_write>
[[gnu::noinline, gnu::cold]] Next load_slow(Exec& x, const Uop* u) {
    Memory v;
    if (!read_memory(x, u, effective(x, u), &v, sizeof v, will_write)) return raise(x, u);
    extend_into<Memory, Register>(x, u, v);
    return next_unwound(u);
}

template <Mode mode, bool segmented, bool indexed, typename Memory, typename Register>
Next load_op(Exec& x, const Uop* u) {
    Memory v;
    if (!load_fast<mode>(x, u, effective<segmented, indexed>(x, u), v))
        return load_slow<Memory, Register, false>(x, u);
    extend_into<Memory, Register>(x, u, v);
    return next(x, u);
}

template <Mode mode, bool segmented, bool indexed, typename Memory>
Next load_for_write(Exec& x, const Uop* u) {
    const uint64_t vaddr = effective<segmented, indexed>(x, u);
    const SoftTlb::Entry& e = soft_entry(x, vaddr);
    if (__builtin_expect(!soft_hit(e.write, vaddr, sizeof(Memory)), 0))
        return load_slow<Memory, uint64_t, true>(x, u);
    Memory v;
    const auto* host = reinterpret_cast<const uint8_t*>(vaddr + e.addend);
    read_host<mode>(x, host, v);
    log_access<mode>(x, u, vaddr, host, sizeof v, MemKind::load);
    x.s.r[u->dst] = v;
    return next(x, u);
}

template <typename T, bool immediate>
[[gnu::noinline, gnu::cold]] Next store_slow(Exec& x, const Uop* u) {
    const T v = immediate ? static_cast<T>(u->imm) : get<T>(x, u->c);
    if (!write_memory(x, u, effective(x, u), &v, sizeof v)) return raise(x, u);
    return next_unwound(u);
}

template <Mode mode, bool segmented, bool indexed, typename T, bool immediate>
Next store_op(Exec& x, const Uop* u) {
    const T v = immediate ? static_cast<T>(u->imm) : get<T>(x, u->c);
    if (!store_fast<mode>(x, u, effective<segmented, indexed>(x, u), v))
        return store_slow<T, immediate>(x, u);
    return next(x, u);
}

[[gnu::noinline, gnu::cold]] Next push_slow(Exec& x, const Uop* u) {
    const uint64_t v = x.s.r[u->c];
    if (!write_memory(x, u, x.s.r[RSP] - 8, &v, 8)) return raise(x, u);
    x.s.r[RSP] -= 8;
    return next_unwound(u);
}

template <Mode mode>
Next push(Exec& x, const Uop* u) {
    const uint64_t v = x.s.r[u->c];
    if (!store_fast<mode>(x, u, x.s.r[RSP] - 8, v)) return push_slow(x, u);
    x.s.r[RSP] -= 8;
    return next(x, u);
}

[[gnu::noinline, gnu::cold]] Next pop_slow(Exec& x, const Uop* u) {
    uint64_t v;
    if (!read_memory(x, u, x.s.r[RSP], &v, 8)) return raise(x, u);
    x.s.r[RSP] += 8;
    x.s.r[u->dst] = v;
    return next_unwound(u);
}

template <Mode mode>
Next pop(Exec& x, const Uop* u) {
    uint64_t v;
    if (!load_fast<mode>(x, u, x.s.r[RSP], v)) return pop_slow(x, u);
    x.s.r[RSP] += 8;
    x.s.r[u->dst] = v;
    return next(x, u);
}

Next prefetch(Exec& x, const Uop* u) { return next(x, u); }

template <Mode mode>
Next clflush(Exec& x, const Uop* u) {
    uint8_t v;
    if (!load<mode>(x, u, effective(x, u), v)) return raise(x, u);
    return next(x, u);
}

template <Mode mode>
Next cmpxchg8b(Exec& x, const Uop* u) {
    uint64_t v;
    const uint64_t vaddr = effective(x, u);
    if (!read_memory(x, u, vaddr, &v, 8, true)) return raise(x, u);
    auto& r = x.s.r;
    const uint64_t expected = get<uint32_t>(x, isa::RDX) * (1ull << 32) | get<uint32_t>(x, isa::RAX);
    const uint64_t wanted = get<uint32_t>(x, isa::RCX) * (1ull << 32) | get<uint32_t>(x, isa::RBX);
    const bool equal = v == expected;
    // Memory is written either way, as the locked bus cycle demands.
    if (!write_memory(x, u, vaddr, equal ? &wanted : &v, 8)) return raise(x, u);
    if (!equal) {
        r[isa::RAX] = static_cast<uint32_t>(v);
        r[isa::RDX] = v >> 32;
    }
    x.f.set_plain((flags_of(x) & ~flag::ZF) | (equal ? flag::ZF : 0u));
    return next(x, u);
}

template <Mode mode>
Next cmpxchg16b(Exec& x, const Uop* u) {
    struct Pair {
        uint64_t lo, hi;
    } v;
    const uint64_t vaddr = effective(x, u);
    if (vaddr & 15) return raise_gp(x, u);
    if (!read_memory(x, u, vaddr, &v, 16, true)) return raise(x, u);
    auto& r = x.s.r;
    const Pair wanted{r[isa::RBX], r[isa::RCX]};
    const bool equal = v.lo == r[isa::RAX] && v.hi == r[isa::RDX];
    if (!write_memory(x, u, vaddr, equal ? &wanted : &v, 16)) return raise(x, u);
    if (!equal) {
        r[isa::RAX] = v.lo;
        r[isa::RDX] = v.hi;
    }
    x.f.set_plain((flags_of(x) & ~flag::ZF) | (equal ? flag::ZF : 0u));
    return next(x, u);
}

template <Mode mode>
void fill(HandlerTable& table) {
#define STILE_SET_ADDRESSED(op, fn, ...)                                                     \
    table.set(Op::op, fn<mode, false, true, __VA_ARGS__>, fn<mode, true, true, __VA_ARGS__>, \
              fn<mode, false, false, __VA_ARGS__>)
#define STILE_SET_LOAD(name, Memory, Register) STILE_SET_ADDRESSED(name, load_op, Memory, Register)
#define STILE_SET_LDW(n, Memory)                         \
    STILE_SET_ADDRESSED(ldw##n, load_for_write, Memory); \
    STILE_SET_ADDRESSED(ldl##n, load_for_write, Memory)
#define STILE_SET_STORE(n, T)                       \
    STILE_SET_ADDRESSED(st##n, store_op, T, false); \
    STILE_SET_ADDRESSED(sti##n, store_op, T, true)
    STILE_SET_LOAD(ld1, uint8_t, uint64_t);
    STILE_SET_LOAD(ld2, uint16_t, uint64_t);
    STILE_SET_LOAD(ld4, uint32_t, uint64_t);
    STILE_SET_LOAD(ld8, uint64_t, uint64_t);
    STILE_SET_LOAD(lds1_4, int8_t, int32_t);
    STILE_SET_LOAD(lds1_8, int8_t, int64_t);
    STILE_SET_LOAD(lds2_4, int16_t, int32_t);
    STILE_SET_LOAD(lds2_8, int16_t, int64_t);
    STILE_SET_LOAD(lds4_8, int32_t, int64_t);
    STILE_SET_LDW(1, uint8_t);
    STILE_SET_LDW(2, uint16_t);
    STILE_SET_LDW(4, uint32_t);
    STILE_SET_LDW(8, uint64_t);
    STILE_SET_STORE(1, uint8_t);
    STILE_SET_STORE(2, uint16_t);
    STILE_SET_STORE(4, uint32_t);
    STILE_SET_STORE(8, uint64_t);
    table.set(Op::push8, push<mode>);
    table.set(Op::pop8, pop<mode>);
    table.set(Op::prefetch, prefetch);
    table.set(Op::clflush, clflush<mode>);
    table.set(Op::cmpxchg8b, cmpxchg8b<mode>);
    table.set(Op::cmpxchg16b, cmpxchg16b<mode>);
}

}  // namespace

void register_memory(HandlerTable& table, Mode mode) {
    instantiate(mode, [&]<Mode m>() { fill<m>(table); });
}

}  // namespace stile::model
