// SPDX-License-Identifier: Apache-2.0
//
// From block to block without leaving the handlers. A micro-op that ends a block looks for the next block
// where it was found last time and continues with its first micro-op at once; only when it does not know, or
// when the world must be looked at, does it return to Core::Impl::execute(). The functional model spends most
// of its life in here. Timed models account for each block and therefore always return.
//
// Three memories, from quick to slow:
//   link    of a direct branch within its page: holds as long as both blocks do
//   far     of a direct branch to another page: holds under one stamp
//   jumps   of every target, by virtual address: one table, holds under one stamp
// A stamp names what the answer hangs on besides the address: address space, ring, domain, and that no code
// has been dropped since.
//
// What chained blocks have executed is in Exec::spent until settle() moves it to the counters. They are all
// of one ring and one phase, so that one sum says everything.
#pragma once

#include "model/core/block.h"
#include "model/core/exec/exec.h"

namespace stile::model {

// Spread by address space and ring as well: statically linked programs use the same addresses.
inline Jump& jump_entry(Exec& x, uint64_t vaddr) {
    return x.jumps[(vaddr ^ vaddr >> 12 ^ x.jump_salt) % jump_entries];
}

[[gnu::always_inline]] inline bool chain(Exec& x, const Block* from, Block* to, uint64_t target) {
    const uint64_t spent = x.spent + from->cost;
    if (static_cast<uint32_t>(spent) >= x.limit) return false;
    x.spent = spent;
    x.block = to;
    x.s.r[isa::PCBASE] = target;
    return true;
}

[[gnu::always_inline]] inline Next begin(Exec& x, const Block* b) {
#if STILE_TAIL_CALLS
    return reinterpret_cast<Handler>(const_cast<void*>(b->first->handler))(x, b->first);
#else
    (void)x;
    return b->first;
#endif
}

template <Mode mode>
[[gnu::always_inline]] inline Next go_direct(Exec& x, uint64_t target, uint8_t transfer, bool taken) {
    if constexpr (mode == Mode::functional) {
        Block* const from = x.block;
        Block* to = from->link[taken];
        if (!to && from->far.target == target && from->far.stamp == x.stamp) to = from->far.block;
        if (to && chain(x, from, to, target)) return begin(x, to);
    }
    return leave(x, Exit::direct, target, transfer, taken);
}

template <Mode mode>
[[gnu::always_inline]] inline Next go_indirect(Exec& x, uint64_t target, uint8_t transfer) {
    if constexpr (mode == Mode::functional) {
        const Jump& jump = jump_entry(x, target);
        if (jump.target == target && jump.stamp == x.stamp) {
            Block* const from = x.block;
            if (jump.block->phase == from->phase && chain(x, from, jump.block, target))
                return begin(x, jump.block);
        }
    }
    return leave(x, Exit::indirect, target, transfer, true);
}

}  // namespace stile::model
