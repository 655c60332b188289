// SPDX-License-Identifier: Apache-2.0
//
// The execution engine as its handlers see it. A handler executes one micro-op and ends with
// `return next(x, u)`: an optimising compiler makes of it a jump to the next handler; without optimisation it
// returns to a loop. The last micro-op of a block says in Exec how the block ended and returns nullptr, so
// the host's stack stays flat either way.
//
// A handler that cannot do its work leaves architectural state as it was before the instruction and returns
// raise(): micro-ops are ordered so that nothing has been changed by then (isa/uop.h).
//
// Handlers that touch memory come in three versions (Mode). Nothing but what it says may depend on it.
#pragma once

#include <cstdint>
#include <cstring>

#include "isa/uop.h"
#include "model/core/cpu_state.h"
#include "model/core/exec/flags.h"
#include "model/core/exec/store_buffer.h"
#include "model/core/fault.h"
#include "model/core/mem_log.h"
#include "model/core/mmu.h"

namespace stile::model {

using isa::Op;
using isa::Uop;
struct Exec;
struct Block;
struct Jump;
using Next = const Uop*;
using Handler = Next (*)(Exec&, const Uop*);

#if defined(__OPTIMIZE__) && !defined(__SANITIZE_ADDRESS__)
#define STILE_TAIL_CALLS 1
#else
#define STILE_TAIL_CALLS 0
#endif

enum class Mode : uint8_t {
    functional,
    timed,    // what is done to memory is appended to the log that the timing model reads
    buffered  // likewise, and plain stores wait in a store buffer
};

enum class Exit : uint8_t {
    direct,    // to `target`, which is at a fixed distance: link slot `taken` of the block
    indirect,  // to `target`
    serial,    // to `target`; ring, tables, interrupt flag or capabilities may have changed
    user,      // likewise, having entered ring 3 with the latch reloaded
    before,    // the block was left before micro-op `at`, whose instruction is to be started anew
    marker,    // to `target` once the observer has been told
    fault,     // `fault` at micro-op `at`
    trap       // `fault` holds the vector of a software interrupt; return address `target`
};

struct Exec {
    CpuState s;  // first, so that registers are at small displacements
    LazyFlags f;
    SoftTlb* soft = nullptr;  // mmu->soft; refreshed by Core::Impl::refresh
    uint8_t* ram = nullptr;
    uint64_t target = 0;
    Exit exit = Exit::serial;
    bool taken = false;
    uint8_t transfer = STILE_XFER_SEQ;  // how control leaves the block: enum stile_transfer
    bool interrupt_shadow = false;      // sti: not before the end of the next block
    const Uop* at = nullptr;
    const Uop* storing = nullptr;  // the micro-op in whose name Mmu::write runs
    // Chains of blocks (exec/chain.h).
    Block* block = nullptr;  // the running one; null at boundaries
    uint64_t spent = 0;  // Block::cost of the blocks done but for the running one, not in the counters yet
    uint32_t limit = 0;  // instructions: where `spent` would get there, no block follows
    uint64_t stamp = 0, jump_salt = 0;
    Jump* jumps = nullptr;
    Mmu* mmu = nullptr;
    StoreBuffer* buffer = nullptr;  // null unless in use
    Fault fault;
    alignas(16) uint8_t scratch[64];  // of load() and store()
    MemLog log;
};

[[gnu::always_inline]] inline Next next(Exec& x, const Uop* u) {
#if STILE_TAIL_CALLS
    return reinterpret_cast<Handler>(const_cast<void*>(u[1].handler))(x, u + 1);
#else
    (void)x;
    return u + 1;
#endif
}

// For a handler whose locals need a stack frame: by way of the loop that calls handlers, so that a chain of
// blocks full of them does not pile up frames. Core::Impl::set_limit() bounds what the others pile up.
inline Next next_unwound(const Uop* u) { return u + 1; }

// --- Registers ---------------------------------------------------------------------------------------------
template <typename T>
inline T get(const Exec& x, unsigned reg) {
    return static_cast<T>(x.s.r[reg]);
}

// A sized write: 32 bits zero-extend, 8 and 16 keep the rest.
template <typename T>
inline void put(Exec& x, unsigned reg, T value) {
    if constexpr (sizeof(T) == 8)
        x.s.r[reg] = static_cast<uint64_t>(value);
    else if constexpr (sizeof(T) == 4)
        x.s.r[reg] = static_cast<uint32_t>(value);
    else if constexpr (sizeof(T) == 2)
        x.s.r[reg] = (x.s.r[reg] & ~0xffffull) | static_cast<uint16_t>(value);
    else
        x.s.r[reg] = (x.s.r[reg] & ~0xffull) | static_cast<uint8_t>(value);
}

// --- Faults ------------------------------------------------------------------------------------------------
// The block ends at u with x.fault.
inline Next raise(Exec& x, const Uop* u) {
    x.exit = Exit::fault;
    x.at = u;
    return nullptr;
}
Next raise(Exec& x, const Uop* u, Vector vector);  // without an error code
Next raise_error(Exec& x, const Uop* u, Vector vector, uint32_t error);
inline Next raise_gp(Exec& x, const Uop* u, uint32_t error = 0) { return raise_error(x, u, VEC_GP, error); }

// --- Flags -------------------------------------------------------------------------------------------------
inline uint32_t flags_of(const Exec& x) { return arithmetic_flags(x.f); }
uint64_t read_rflags(const Exec& x);
void write_rflags(Exec& x, uint64_t value);

// --- Memory ------------------------------------------------------------------------------------------------
template <bool segmented = true, bool indexed = true>
inline uint64_t effective(const Exec& x, const Uop* u) {
    uint64_t address = x.s.r[u->a] + static_cast<int64_t>(u->disp);
    if constexpr (indexed) address += x.s.r[u->b] << u->scale;
    if constexpr (segmented) {
        if (u->seg == isa::SEG_FS) address += x.s.fs.base;
        if (u->seg == isa::SEG_GS) address += x.s.gs.base;
    }
    return address;
}

// Of a micro-op that ends its block: there `disp` is the offset of the next instruction, and the translator
// has put the whole address into `a` (isa/emit.cpp).
inline uint64_t effective_of_ender(const Exec& x, const Uop* u) {
    uint64_t address = x.s.r[u->a];
    if (u->seg == isa::SEG_FS) address += x.s.fs.base;
    if (u->seg == isa::SEG_GS) address += x.s.gs.base;
    return address;
}

inline constexpr uint64_t page_of_mask = ~0xfffull;

inline SoftTlb::Entry& soft_entry(Exec& x, uint64_t vaddr) {
    return x.soft->e[(vaddr >> 12) % soft_tlb_entries];
}

inline bool soft_hit(uint64_t tag, uint64_t vaddr, unsigned bytes) {
    return tag == ((vaddr + bytes - 1) & page_of_mask);
}

template <Mode mode>
inline void log_access(Exec& x, const Uop* u, uint64_t vaddr, const uint8_t* host, unsigned bytes,
                       MemKind kind) {
    if constexpr (mode != Mode::functional)
        x.log.add(vaddr, static_cast<uint64_t>(host - x.ram), bytes, kind, u->insn);
}

// What the core itself sees at `host`. Out of line where a buffered store may be meant, by way of `scratch`.
template <Mode mode, typename T>
[[gnu::always_inline]] inline void read_host(Exec& x, const uint8_t* host, T& out) {
    if constexpr (mode == Mode::buffered) {
        const auto paddr = static_cast<uint64_t>(host - x.ram);
        if (x.buffer->touches<sizeof(T)>(paddr)) [[unlikely]] {
            x.buffer->read(paddr, x.scratch, sizeof(T));
            host = x.scratch;
        }
    }
    std::memcpy(&out, host, sizeof(T));
}

// Only when the answer is at hand. T: any trivially copyable type of up to 64 bytes.
template <Mode mode, typename T>
[[gnu::always_inline]] inline bool load_fast(Exec& x, const Uop* u, uint64_t vaddr, T& out) {
    if constexpr (mode == Mode::buffered && sizeof(T) > StoreBuffer::most_bytes) return false;
    const SoftTlb::Entry& e = soft_entry(x, vaddr);
    if (__builtin_expect(!soft_hit(e.read, vaddr, sizeof(T)), 0)) return false;
    const auto* host = reinterpret_cast<const uint8_t*>(vaddr + e.addend);
    read_host<mode>(x, host, out);
    log_access<mode>(x, u, vaddr, host, sizeof(T), MemKind::load);
    return true;
}

template <Mode mode, typename T>
[[gnu::always_inline]] inline bool store_fast(Exec& x, const Uop* u, uint64_t vaddr, const T& value) {
    if constexpr (mode == Mode::buffered && sizeof(T) > StoreBuffer::most_bytes) return false;
    const SoftTlb::Entry& e = soft_entry(x, vaddr);
    if (__builtin_expect(!soft_hit(e.write, vaddr, sizeof(T)), 0)) return false;
    auto* host = reinterpret_cast<uint8_t*>(vaddr + e.addend);
    if constexpr (mode == Mode::buffered && sizeof(T) <= StoreBuffer::most_bytes)
        x.buffer->put(static_cast<uint64_t>(host - x.ram), value);
    else
        std::memcpy(host, &value, sizeof(T));
    log_access<mode>(x, u, vaddr, host, sizeof(T), MemKind::store);
    return true;
}

// Before anything that other cores must not see ahead of the stores.
inline void drain_stores(Exec& x) {
    if (x.buffer) x.buffer->drain();
}

// False: x.fault is #AC, because the alignment of this access is checked and wrong.
bool aligned(Exec& x, const Uop* u, uint64_t vaddr, unsigned bytes);

// Any access, through the MMU. False: x.fault says why; return raise(x, u).
bool read_memory(Exec& x, const Uop* u, uint64_t vaddr, void* out, unsigned bytes, bool will_write = false);
bool write_memory(Exec& x, const Uop* u, uint64_t vaddr, const void* in, unsigned bytes);

// Fast where possible. The slow way goes through `scratch`, so that no address of a local gets about and the
// handler can still end in a jump.
template <Mode mode, typename T>
inline bool load(Exec& x, const Uop* u, uint64_t vaddr, T& out) {
    if (load_fast<mode>(x, u, vaddr, out)) return true;
    if (!read_memory(x, u, vaddr, x.scratch, sizeof(T))) return false;
    std::memcpy(&out, x.scratch, sizeof(T));
    return true;
}
template <Mode mode, typename T>
inline bool store(Exec& x, const Uop* u, uint64_t vaddr, const T& value) {
    if (store_fast<mode>(x, u, vaddr, value)) return true;
    std::memcpy(x.scratch, &value, sizeof(T));
    return write_memory(x, u, vaddr, x.scratch, sizeof(T));
}

// --- Ends of blocks ----------------------------------------------------------------------------------------
inline uint64_t after(const Exec& x, const Uop* u) {
    return x.s.r[isa::PCBASE] + static_cast<int64_t>(u->disp);
}

[[gnu::always_inline]] inline Next leave(Exec& x, Exit exit, uint64_t target, uint8_t transfer, bool taken) {
    x.exit = exit;
    x.target = target;
    x.transfer = transfer;
    x.taken = taken;
    return nullptr;
}
// On with the next instruction, after something that other instructions must notice.
inline Next leave_serial(Exec& x, const Uop* u) {
    return leave(x, Exit::serial, after(x, u), STILE_XFER_SEQ, false);
}

}  // namespace stile::model
