// SPDX-License-Identifier: Apache-2.0
//
// String instructions. A repeated one moves runs that stay within a page at both ends; after a bounded number
// of runs it leaves the block with RIP unchanged, so that interrupts are not kept waiting and the memory log
// stays short. Faults and interruptions find RCX, RSI and RDI at what is left.
#include <algorithm>
#include <optional>

#include "model/core/core_impl.h"
#include "model/core/exec/groups.h"
#include "model/protection/capability.h"

namespace stile::model {

namespace {

using isa::RAX;
using isa::RCX;
using isa::RDI;
using isa::RSI;

constexpr unsigned runs_per_visit = 32;
constexpr unsigned slow_bytes = 64;  // most that the MMU takes in one access

struct Pointers {
    Exec& x;
    const Uop* u;
    const bool narrow;
    const int64_t step;
    const uint64_t source_base;
    uint64_t single_left = 1;

    Pointers(Exec& x, const Uop* u)
        : x(x),
          u(u),
          narrow(u->aux & 4),
          step(x.s.rflags_system & flag::DF ? -static_cast<int64_t>(u->size) : u->size),
          source_base(u->seg == isa::SEG_FS   ? x.s.fs.base
                      : u->seg == isa::SEG_GS ? x.s.gs.base
                                              : 0) {}
    uint64_t reg(unsigned r) const { return narrow ? static_cast<uint32_t>(x.s.r[r]) : x.s.r[r]; }
    void set(unsigned r, uint64_t v) { x.s.r[r] = narrow ? static_cast<uint32_t>(v) : v; }
    uint64_t source() const { return reg(RSI) + source_base; }
    uint64_t destination() const { return reg(RDI); }
    bool repeated() const { return u->aux & 3; }
    uint64_t count() const { return repeated() ? reg(RCX) : single_left; }
    void advance(bool source, bool destination, uint64_t n) {
        const uint64_t by = static_cast<uint64_t>(step) * n;
        if (source) set(RSI, reg(RSI) + by);
        if (destination) set(RDI, reg(RDI) + by);
        if (repeated())
            set(RCX, reg(RCX) - n);
        else
            single_left = 0;
    }
};

// Elements from vaddr on that lie wholly on its page, going up; at least 1 (which may cross).
uint64_t elements_on_page(uint64_t vaddr, unsigned size) {
    return std::max<uint64_t>(1, (0x1000 - (vaddr & 0xfff)) / size);
}

const uint8_t* host_for_read(Exec& x, uint64_t vaddr, uint64_t bytes) {
    const SoftTlb::Entry& e = soft_entry(x, vaddr);
    return soft_hit(e.read, vaddr, static_cast<unsigned>(bytes))
               ? reinterpret_cast<const uint8_t*>(vaddr + e.addend)
               : nullptr;
}
uint8_t* host_for_write(Exec& x, uint64_t vaddr, uint64_t bytes) {
    const SoftTlb::Entry& e = soft_entry(x, vaddr);
    return soft_hit(e.write, vaddr, static_cast<unsigned>(bytes))
               ? reinterpret_cast<uint8_t*>(vaddr + e.addend)
               : nullptr;
}

// A capability that begins or ends within the bytes may allow some of the elements and not others.
bool cut_by_capability(const Exec& x, uint64_t vaddr, uint64_t bytes) {
    if (!(x.s.cd.control & 1)) return false;
    const auto within = [&](uint64_t end) { return end - vaddr - 1 < bytes - 1; };
    return std::ranges::any_of(x.s.cd.caps, [&](const stile_cap& c) {
        return type_of(c) != STILE_CAP_EMPTY && (within(c.base) || within(c.base + c.length));
    });
}

// Where in RAM an access through the MMU goes, if it may be made in one: not to a device, and not where a
// capability makes a difference between its elements. `host`: what the software TLB says of it.
std::optional<uint64_t> place_in_ram(Exec& x, const uint8_t* host, uint64_t vaddr, uint64_t bytes) {
    if (host) return static_cast<uint64_t>(host - x.ram);
    PageAttributes page;
    if (!x.mmu->probe(vaddr, page) || !impl_of(x).memory.contains(page.page_paddr)) return {};
    if (cut_by_capability(x, vaddr, bytes)) return {};
    return page.page_paddr | (vaddr & 0xfff);
}

// As much as the MMU takes in one access, or a single element. An element may be read where one before it was
// written, by the same address or by another one of the same memory.
uint64_t elements_in_one(Exec& x, unsigned size, uint64_t n, const uint8_t* host_from, uint64_t from,
                         const uint8_t* host_to, uint64_t to) {
    const uint64_t piece = std::min<uint64_t>(n, slow_bytes / size), bytes = piece * size;
    if (piece == 1) return 1;
    const auto source = place_in_ram(x, host_from, from, bytes);
    const auto target = place_in_ram(x, host_to, to, bytes);
    return source && target && *target - *source - 1 >= bytes - 1 ? piece : 1;
}

// Joins the event just logged with one before it that it continues, so that a run made in small pieces logs
// what it would have logged in one. A device is asked every time.
void join_log(Exec& x, unsigned from) {
    if (x.log.n == 0) return;
    const MemEvent& last = x.log.e[x.log.n - 1];
    if (last.kind != MemKind::load && last.kind != MemKind::store) return;
    for (unsigned i = x.log.n - 1; i-- > from;) {
        MemEvent& e = x.log.e[i];
        if (e.kind == last.kind && e.vaddr + e.bytes == last.vaddr && (e.vaddr ^ last.vaddr) < 0x1000) {
            e.bytes += last.bytes;
            --x.log.n;
            return;
        }
    }
}

// No room for two more accesses, each across a page: events of devices are not joined.
bool log_full(const Exec& x) { return x.log.n > MemLog::capacity - 4; }

Next interrupted(Exec& x, const Uop* u) {
    impl_of(x).partly_done = true;
    x.exit = Exit::before;
    x.at = u;
    return nullptr;
}

void copy_up(uint8_t* to, const uint8_t* from, uint64_t bytes, unsigned size) {
    if (to <= from || to >= from + bytes) {
        std::memmove(to, from, bytes);
        return;
    }
    for (uint64_t i = 0; i < bytes; i += size) {  // overlapping: a pattern spreads, element by element
        uint8_t element[8];
        std::memcpy(element, from + i, size);
        std::memcpy(to + i, element, size);
    }
}

void fill_up(uint8_t* to, uint64_t value, uint64_t bytes, unsigned size) {
    if (size == 1) {
        std::memset(to, static_cast<int>(value & 0xff), bytes);
        return;
    }
    for (uint64_t i = 0; i < bytes; i += size) std::memcpy(to + i, &value, size);
}

template <Mode mode>
Next movs(Exec& x, const Uop* u) {
    if constexpr (mode == Mode::buffered) x.buffer->drain();
    Pointers p(x, u);
    const unsigned log_start = x.log.n;
    for (unsigned run = 0; p.count() != 0; ++run) {
        if (run == runs_per_visit) return interrupted(x, u);
        const uint64_t from = p.source(), to = p.destination();
        uint64_t n = 1;
        if (p.repeated() && p.step > 0 && !p.narrow)
            n = std::min({p.count(), elements_on_page(from, u->size), elements_on_page(to, u->size)});
        const uint64_t bytes = n * u->size;
        const uint8_t* host_from = host_for_read(x, from, bytes);
        uint8_t* host_to = host_for_write(x, to, bytes);
        if (host_from && host_to) {
            log_access<mode>(x, u, from, host_from, static_cast<unsigned>(bytes), MemKind::load);
            log_access<mode>(x, u, to, host_to, static_cast<unsigned>(bytes), MemKind::store);
            copy_up(host_to, host_from, bytes, u->size);
            p.advance(true, true, n);
            continue;
        }
        // Through the MMU: it faults, makes the page known, or must go that way for good (device, watched
        // store, code page, buffer that a capability lends).
        const uint64_t piece = elements_in_one(x, u->size, n, host_from, from, host_to, to);
        uint8_t data[slow_bytes];
        const auto piece_bytes = static_cast<unsigned>(piece * u->size);
        if (!read_memory(x, u, from, data, piece_bytes)) return raise(x, u);
        join_log(x, log_start);
        if (!write_memory(x, u, to, data, piece_bytes)) return raise(x, u);
        join_log(x, log_start);
        p.advance(true, true, piece);
        if (piece > 1 && (to & 0xfff) + piece_bytes < 0x1000) --run;
    }
    return next(x, u);
}

template <Mode mode>
Next stos(Exec& x, const Uop* u) {
    if constexpr (mode == Mode::buffered) x.buffer->drain();
    Pointers p(x, u);
    const unsigned log_start = x.log.n;
    for (unsigned run = 0; p.count() != 0; ++run) {
        if (run == runs_per_visit) return interrupted(x, u);
        const uint64_t to = p.destination();
        uint64_t n = 1;
        if (p.repeated() && p.step > 0 && !p.narrow) n = std::min(p.count(), elements_on_page(to, u->size));
        const uint64_t bytes = n * u->size;
        if (uint8_t* host = host_for_write(x, to, bytes)) {
            log_access<mode>(x, u, to, host, static_cast<unsigned>(bytes), MemKind::store);
            fill_up(host, x.s.r[RAX], bytes, u->size);
            p.advance(false, true, n);
            continue;
        }
        uint64_t piece = std::min<uint64_t>(n, slow_bytes / u->size);
        if (piece > 1 && !place_in_ram(x, nullptr, to, piece * u->size)) piece = 1;
        const auto piece_bytes = static_cast<unsigned>(piece * u->size);
        uint8_t data[slow_bytes];
        fill_up(data, x.s.r[RAX], piece_bytes, u->size);
        if (!write_memory(x, u, to, data, piece_bytes)) return raise(x, u);
        join_log(x, log_start);
        p.advance(false, true, piece);
        if (piece > 1 && (to & 0xfff) + piece_bytes < 0x1000) --run;
    }
    return next(x, u);
}

template <Mode mode, typename T>
bool load_element(Exec& x, const Uop* u, uint64_t vaddr, unsigned log_start, T& v) {
    if (!load<mode>(x, u, vaddr, v)) return false;
    if (mode != Mode::functional) join_log(x, log_start);
    return true;
}

template <Mode mode, typename T>
Next lods(Exec& x, const Uop* u) {
    Pointers p(x, u);
    const unsigned log_start = x.log.n;
    for (unsigned run = 0; p.count() != 0; ++run) {
        if (run == 64 * runs_per_visit || log_full(x)) return interrupted(x, u);
        T v;
        if (!load_element<mode>(x, u, p.source(), log_start, v)) return raise(x, u);
        put<T>(x, RAX, v);
        p.advance(true, false, 1);
    }
    return next(x, u);
}

template <typename T>
void compare(Exec& x, T a, T b) {
    x.f.set(FlagKind::sub, a, b, flag_shift<T>);
}

template <Mode mode, typename T, bool two>
Next scan(Exec& x, const Uop* u) {
    Pointers p(x, u);
    const unsigned log_start = x.log.n;
    const bool while_equal = (u->aux & 3) != 2;
    for (unsigned run = 0; p.count() != 0; ++run) {
        if (run == 64 * runs_per_visit || log_full(x)) return interrupted(x, u);
        T a = get<T>(x, RAX), b;
        if (two && !load_element<mode>(x, u, p.source(), log_start, a)) return raise(x, u);
        if (!load_element<mode>(x, u, p.destination(), log_start, b)) return raise(x, u);
        p.advance(two, true, 1);
        compare<T>(x, a, b);
        if ((a == b) != while_equal) break;
    }
    return next(x, u);
}

template <Mode mode, template <Mode, typename> class F>
Next by_size(Exec& x, const Uop* u) {
    switch (u->size) {
        case 1:
            return F<mode, int8_t>::run(x, u);
        case 2:
            return F<mode, int16_t>::run(x, u);
        case 4:
            return F<mode, int32_t>::run(x, u);
        default:
            return F<mode, int64_t>::run(x, u);
    }
}
template <Mode mode, typename T>
struct Lods {
    static Next run(Exec& x, const Uop* u) { return lods<mode, T>(x, u); }
};
template <Mode mode, typename T>
struct Cmps {
    static Next run(Exec& x, const Uop* u) { return scan<mode, T, true>(x, u); }
};
template <Mode mode, typename T>
struct Scas {
    static Next run(Exec& x, const Uop* u) { return scan<mode, T, false>(x, u); }
};

template <Mode mode>
void fill(HandlerTable& table) {
    table.set(Op::movs, movs<mode>);
    table.set(Op::stos, stos<mode>);
    table.set(Op::lods, by_size<mode, Lods>);
    table.set(Op::cmps, by_size<mode, Cmps>);
    table.set(Op::scas, by_size<mode, Scas>);
}

}  // namespace

void register_string(HandlerTable& table, Mode mode) {
    instantiate(mode, [&]<Mode m>() { fill<m>(table); });
}

}  // namespace stile::model
