// SPDX-License-Identifier: Apache-2.0
//
// What the kernel does between two stretches of user code, on the machine by instructions at ring 0 and to
// the reference's world.
#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "tests/codoms/session.h"

namespace stile::codoms_fuzz {

namespace {

// A retried access that evicts what it needs, again and again.
constexpr unsigned most_tries = 60;

constexpr uint64_t scratch_of(unsigned core) { return scratch_at + core * save_bytes; }

spec::Instruction instruction(spec::Op op, uint64_t address) {
    spec::Instruction i;
    i.op = op;
    i.address = address;
    i.bytes = 3;
    return i;
}

}  // namespace

uint64_t Session::alias(uint64_t address) const {
    for (const PagePlan& p : pages_)
        if (address - p.at < (p.large ? large_bytes : page_bytes))
            return kernel_at + p.frame + (address - p.at);
    return 0;
}

// Something that must succeed.
bool Session::kernel(unsigned core, Stub stub, uint64_t di, uint64_t ax, uint64_t cx, uint64_t dx,
                     uint64_t si) {
    const Machine::Stop stop = machine_.kernel(core, stub, di, ax, cx, dx, si);
    if (stop.what == Machine::Stop::trap && stop.vector == 257) return true;
    return differ(fmt::format("the kernel's operation {} faults: vector {} error {:#x} address {:#x}",
                              static_cast<unsigned>(stub), stop.vector, stop.error, stop.address));
}

bool Session::drop(uint16_t tag) {
    if (machine_.shape.walk) machine_.write_directory(ref_.world);
    for (unsigned c = 0; c < machine_.cores(); ++c)
        if (!kernel(c, Stub::aplinv, tag)) return false;
    return true;
}

void Session::grant(uint16_t from, uint16_t to, unsigned right) {
    if (from == to) return;
    note(fmt::format("right({:#x}, {:#x}) := {}", from, to, right));
    if (right == STILE_RIGHT_NIL)
        ref_.world.apl.erase({from, to});
    else
        ref_.world.apl[{from, to}] = right;
    drop(from);
}

bool Session::show(const PagePlan& page) {
    note(fmt::format(
        "page {:#x}: tag {:#x}{}{}{}{}{}{}", page.at, page.page.tag, page.present ? "" : " absent",
        page.page.writable ? " w" : "", page.page.user ? " u" : "", page.page.executable ? " x" : "",
        page.page.privileged ? " privileged" : "", page.page.cap_storage ? " capabilities" : ""));
    ref_.set_page(page);
    machine_.set_entry(page);
    for (unsigned c = 0; c < machine_.cores(); ++c)
        if (!kernel(c, Stub::invlpg, page.at)) return false;
    return true;
}

bool Session::save(unsigned core, uint64_t at) {
    Cpu& cpu = ref_.cpus[core];
    if (!spec::execute(ref_.world, cpu.core, instruction(spec::Op::save, kernel_at + at)).allowed())
        return differ("the rules refuse the kernel's cd.save");
    if (!kernel(core, Stub::save, kernel_at + at)) return false;
    stile_cd_state want{}, is{};
    ref_.world.peek(at, &want, sizeof want);
    std::memcpy(&is, machine_.memory().host(at), sizeof is);
    if (STILE_XFER_CALL != (want.latch >> 16)) is.latch_ret = want.latch_ret;
    if (std::memcmp(&is, &want, sizeof is) == 0) return true;
    return differ("cd.save stores another state than by the rules");
}

bool Session::restore(unsigned core, uint64_t at) {
    Cpu& cpu = ref_.cpus[core];
    if (!spec::execute(ref_.world, cpu.core, instruction(spec::Op::restore, kernel_at + at)).allowed())
        return differ("the rules refuse the kernel's cd.restore");
    return kernel(core, Stub::restore, kernel_at + at);
}

bool Session::edit_state(unsigned core, const std::function<void(stile_cd_state&)>& edit) {
    const uint64_t at = scratch_of(core);
    if (!save(core, at)) return false;
    stile_cd_state state{};
    ref_.world.peek(at, &state, sizeof state);
    edit(state);
    ref_.world.poke(at, &state, sizeof state);
    std::memcpy(machine_.memory().host(at), &state, sizeof state);
    return restore(core, at);
}

// The thread goes on at rip as if it had always been there.
bool Session::set_latch(unsigned core, uint64_t rip) {
    return edit_state(core, [&](stile_cd_state& s) {
        const spec::Page* page = ref_.world.page(ref_.cpus[core].core, rip);
        s.latch = page ? page->tag : s.latch & 0xffff;
        s.latch_ret = 0;
    });
}

bool Session::switch_thread(unsigned core, unsigned thread) {
    if (seated_[thread]) return true;
    Cpu& cpu = ref_.cpus[core];
    Seat& seat = seats_[core];
    note(fmt::format("core {}: thread {} after {}", core, thread, seat.thread));
    contexts_[seat.thread] = seat.context;
    seated_[seat.thread] = false;
    if (!save(core, saves_at + seat.thread * save_bytes)) return false;
    seat = {thread, contexts_[thread]};
    seated_[thread] = true;
    cpu.r = seat.context.r;
    cpu.rip = seat.context.rip;
    cpu.not_zero = !(seat.context.flags & 0x40);
    cpu.from_known = false;
    return restore(core, saves_at + thread * save_bytes);
}

// An access at ring 0 to user memory, in the name of the thread.
bool Session::user_access(unsigned core, Stub stub, uint64_t address, uint64_t other, uint64_t count,
                          const std::function<spec::Outcome()>& rules) {
    Machine::Stop stop;
    for (unsigned tries = 0;; ++tries) {
        stop = machine_.kernel(core, stub, address, other, count, 0, other);
        if (stop.what != Machine::Stop::fault || stop.vector != spec::vec_cd ||
            STILE_CD_REASON(stop.error) != STILE_CD_APL_MISS)
            break;
        ++misses;
        if (machine_.shape.walk) return differ("an APL miss at ring 0 on a machine that walks");
        if (tries == most_tries) {
            ++thrashed;
            return true;
        }
        const stile_apl_record r = machine_.record(core, machine_.state(core).cd.fault_to, ref_.world);
        std::memcpy(machine_.memory().host(record_at + core * 256), &r, sizeof r);
        if (!kernel(core, Stub::fill, kernel_at + record_at + core * 256)) return false;
    }
    ++kernel_accesses;
    const spec::Outcome want = rules();
    note(fmt::format(
        "kernel's access {} to {:#x}: {}", static_cast<unsigned>(stub), address,
        want.allowed() ? "allowed" : fmt::format("vector {} error {:#x}", want.vector, want.error)));
    if (stop.what == Machine::Stop::trap && want.allowed()) return true;
    if (stop.what == Machine::Stop::fault) {
        if (!want.allowed()) return same_fault(core, stop, want, false);
        return differ(fmt::format(
            "the kernel's access to {:#x} faults: vector {} error {:#x}; by the rules it does not", address,
            stop.vector, stop.error));
    }
    return differ(fmt::format("the kernel's access to {:#x} is done; by the rules vector {} error {:#x}",
                              address, want.vector, want.error));
}

uint64_t Session::some_address(uint64_t a, uint64_t b) const {
    // What a capability of the thread's may be about.
    const stile_cap& c = ref_.cpus[active_].core.caps[a % STILE_CAP_REGS];
    if (a >> 8 & 1 && STILE_CAP_TYPE(c.word) != STILE_CAP_EMPTY && c.length != 0)
        if (const PagePlan* about = plan_.page_of(c.base + b % 64); about && about->role == Role::data)
            return c.base + b % std::min<uint64_t>(c.length, 64);
    const PagePlan& p = pages_[a % pages_.size()];
    if (p.role == Role::code) return p.at + island + b % 64;
    const uint64_t size = p.large ? 4 * page_bytes : page_bytes;
    return b % 8 == 0 ? p.at + (p.large ? large_bytes : page_bytes) - b / 8 % 8 - 1 : p.at + b / 8 % size;
}

bool Session::kernel_access(const Event& e) {
    const unsigned core = active_;
    Cpu& cpu = ref_.cpus[core];
    const auto counted = [&](Route route, uint64_t address, unsigned bytes, bool write,
                             const spec::Outcome& o) {
        coverage_.access(model_, route, ref_.world, cpu.core, address, bytes, write, o);
        return o;
    };
    if (e.kind == EventKind::cap_access) {
        const bool slot = e.d % 8 != 0;
        const Stub stub = e.b % 4 == 0 ? Stub::caprev : e.b % 4 == 1 ? Stub::capst : Stub::capld;
        uint64_t address = slot ? plan_.slots[e.a % plan_.slots.size()] : some_address(e.a, e.c) & ~31ull;
        if (stub == Stub::caprev && slot) address = plan_.counters[e.a % plan_.counters.size()];
        return user_access(core, stub, address, 0, 0, [&] {
            spec::Instruction i = instruction(stub == Stub::caprev  ? spec::Op::caprev
                                              : stub == Stub::capst ? spec::Op::capst
                                                                    : spec::Op::capld,
                                              address);
            i.n = 7;
            const spec::Outcome o = spec::execute(ref_.world, cpu.core, i);
            return counted(Route::kernel_cap, address, 32, stub != Stub::capld, o);
        });
    }
    const uint64_t address = some_address(e.a, e.b), other = some_address(e.c, e.d);
    switch (e.b >> 32 & 3) {
        case 0: {
            uint64_t value = 0;
            if (!user_access(core, Stub::load, address, 0, 0, [&] {
                    return counted(Route::kernel_load, address, 8, false,
                                   spec::load(ref_.world, cpu.core, address, 8, &value));
                }))
                return false;
            return true;
        }
        case 1:
            return user_access(core, Stub::store, address, e.c, 0, [&] {
                return counted(Route::kernel_store, address, 8, true,
                               spec::store(ref_.world, cpu.core, address, 8, &e.c));
            });
        case 2:
            return user_access(core, Stub::store_byte, address, e.c, 0, [&] {
                return counted(Route::kernel_store, address, 1, true,
                               spec::store(ref_.world, cpu.core, address, 1, &e.c));
            });
        default: {
            // Repeated from the beginning after a miss, so what is read must not be written; and it must not
            // miss for ever, half done.
            if (machine_.shape.ways < 4 && !machine_.shape.walk) return true;
            const uint64_t n = 1 + (e.c >> 40 & 31);
            if (address - other < 128 || other - address < 128) return true;
            const auto* p = plan_.page_of(address);
            if (p && p->role == Role::code) return true;
            return user_access(core, Stub::copy, address, other, n, [&] {
                for (uint64_t k = 0; k < n; ++k) {
                    uint8_t byte = 0;
                    spec::Outcome o = counted(Route::kernel_load, other + k, 1, false,
                                              spec::load(ref_.world, cpu.core, other + k, 1, &byte));
                    if (o.allowed())
                        o = counted(Route::kernel_store, address + k, 1, true,
                                    spec::store(ref_.world, cpu.core, address + k, 1, &byte));
                    if (!o.allowed()) return o;
                }
                return spec::Outcome{};
            });
        }
    }
}

// The tag disappears: from pages, from APLs, from every core's cache, and from capabilities and latches
// wherever they are. Then it is given away again.
bool Session::reuse_tag(uint16_t tag, PagePlan& page) {
    uint16_t other = tag;
    for (const uint16_t t : plan_.tags)
        if (t != tag) other = t;
    if (other == tag) return true;
    note(fmt::format("tag {:#x} is used anew", tag));
    for (PagePlan& p : pages_)
        if (p.page.tag == tag) {
            p.page.tag = other;
            if (!show(p)) return false;
        }
    std::erase_if(ref_.world.apl,
                  [&](const auto& entry) { return entry.first.first == tag || entry.first.second == tag; });
    if (!drop(tag)) return false;
    const auto forget = [&](stile_cap& c) {
        if (STILE_CAP_TYPE(c.word) != STILE_CAP_EMPTY && STILE_CAP_ORIGIN(c.word) == tag) c = {};
    };
    const auto sweep = [&](stile_cd_state& s) {
        if ((s.latch & 0xffff) == tag) s.latch = (s.latch & ~0xffffull) | other;
        for (stile_cap& c : s.caps) forget(c);
    };
    for (unsigned c = 0; c < machine_.cores(); ++c)
        if (!edit_state(c, sweep)) return false;
    for (size_t t = 0; t < seated_.size(); ++t) {
        stile_cd_state s{};
        ref_.world.peek(saves_at + t * save_bytes, &s, sizeof s);
        sweep(s);
        ref_.world.poke(saves_at + t * save_bytes, &s, sizeof s);
        std::memcpy(machine_.memory().host(saves_at + t * save_bytes), &s, sizeof s);
    }
    for (const PagePlan& p : pages_) {
        if (!p.page.cap_storage || p.large) continue;
        for (uint64_t at = p.frame; at < p.frame + page_bytes; at += sizeof(stile_cap)) {
            stile_cap c{};
            ref_.world.peek(at, &c, sizeof c);
            const stile_cap was = c;
            forget(c);
            if (std::memcmp(&was, &c, sizeof c) == 0) continue;
            ref_.world.poke(at, &c, sizeof c);
            for (unsigned k = 0; k < 4; ++k)
                if (!kernel(active_, Stub::store, kernel_at + at + 8 * k)) return false;
        }
    }
    page.page.tag = tag;
    return show(page);
}

bool Session::apply(const Event& e) {
    const auto& tags = plan_.tags;
    PagePlan& page = pages_[e.a % pages_.size()];
    Cpu& cpu = ref_.cpus[active_];
    const unsigned some_core = static_cast<unsigned>(e.d % machine_.cores());
    if (!cpu.core.domains_on && e.d % 2) {
        cpu.core.domains_on = true;
        if (!kernel(active_, Stub::write_msr, 0, 1, STILE_MSR_CD_CTL)) return false;
    }
    switch (e.kind) {
        case EventKind::none:
        case EventKind::count:
            return true;
        case EventKind::right:
            grant(tags[e.a % tags.size()], tags[e.b % tags.size()], static_cast<unsigned>(e.c % 4));
            return true;
        case EventKind::needed:
            if (refusal_.reason() == STILE_CD_RIGHT || refusal_.reason() == STILE_CD_ALIGN)
                grant(refusal_.from, refusal_.to, refusal_.needed);
            return true;
        case EventKind::revoke_used: {
            const uint16_t from = cpu.core.saved_latch.tag;
            std::vector<uint16_t> to;
            for (const auto& [pair, right] : ref_.world.apl)
                if (pair.first == from) to.push_back(pair.second);
            if (!to.empty()) grant(from, to[e.a % to.size()], static_cast<unsigned>(e.b % 3));
            return true;
        }
        case EventKind::retag: {
            // Often where a return capability leads, or what code lies on.
            PagePlan* which = &page;
            stile_cap top{};
            const spec::Page* stack = ref_.world.page(cpu.core, cpu.core.dcs_ptr - sizeof top);
            if (stack && cpu.core.dcs_ptr % 32 == 0)
                ref_.world.peek(stack->frame * page_bytes + (cpu.core.dcs_ptr - sizeof top) % page_bytes,
                                &top, sizeof top);
            const uint64_t at = e.d >> 8 & 1 ? top.base : cpu.rip + (e.d >> 9 & 1 ? page_bytes : 0);
            for (PagePlan& p : pages_)
                if (e.d >> 10 & 1 && at - p.at < (p.large ? large_bytes : page_bytes)) which = &p;
            which->page.tag = tags[e.b % tags.size()];
            return show(*which);
        }
        case EventKind::attributes:
            switch (e.b % 6) {
                case 0:
                    page.page.writable = !page.page.writable;
                    break;
                case 1:
                    page.page.user = !page.page.user;
                    break;
                case 2:
                    page.present = !page.present;
                    break;
                case 3:
                    if (page.role == Role::code) page.page.privileged = !page.page.privileged;
                    break;
                case 4:
                    if (page.role == Role::code) page.page.executable = !page.page.executable;
                    break;
                default:
                    if (page.role != Role::code) page.page.cap_storage = !page.page.cap_storage;
                    break;
            }
            return show(page);
        case EventKind::reuse_tag:
            return reuse_tag(tags[e.b % tags.size()], page);
        case EventKind::swap_frames: {
            PagePlan& other = pages_[e.b % pages_.size()];
            if (page.role != Role::data || other.role != Role::data || page.large || other.large) return true;
            std::swap(page.frame, other.frame);
            return show(page) && show(other);
        }
        case EventKind::invalidate:
            return kernel(some_core, Stub::aplinv, e.b % 4 == 0 ? ~0ull : tags[e.a % tags.size()]);
        case EventKind::evict: {
            if (machine_.shape.walk) return true;
            const auto fill = [&](uint16_t tag) {
                const stile_apl_record r = machine_.record(some_core, tag, ref_.world);
                std::memcpy(machine_.memory().host(record_at + some_core * 256), &r, sizeof r);
                return kernel(some_core, Stub::fill, kernel_at + record_at + some_core * 256);
            };
            if (e.b % 2) return fill(tags[e.a % tags.size()]);
            // Until the current domain is out of the cache; then it loses a right.
            const uint16_t from = cpu.core.saved_latch.tag;
            for (unsigned i = 0; i < 8 * machine_.shape.ways; ++i) {
                if (machine_.core(some_core).protection().hardware_tag(from) < 0) break;
                const auto tag = static_cast<uint16_t>(from + (i + 1) * machine_.shape.entries);
                if (tag != from && !fill(tag)) return false;
            }
            return apply({EventKind::revoke_used, e.c, 0, 0, 0});
        }
        case EventKind::reload_cr3:
            return kernel(some_core, Stub::load_cr3, machine_.state(some_core).cr3);
        case EventKind::checks_off:
            note("domain checks off");
            unchecked_ = true;
            cpu.core.domains_on = false;
            return kernel(active_, Stub::write_msr, 0, 0, STILE_MSR_CD_CTL);
        case EventKind::bump: {
            const uint64_t counter = plan_.counters[e.a % plan_.counters.size()];
            uint64_t value = 0;
            ref_.world.peek(alias(counter) - kernel_at, &value, 8);
            ++value;
            note(fmt::format("core {} adds 1 to the counter at {:#x}", some_core, counter));
            ref_.world.poke(alias(counter) - kernel_at, &value, 8);
            return kernel(some_core, Stub::add, alias(counter), 1);
        }
        case EventKind::forge: {
            const uint64_t at = alias(plan_.slots[e.a % plan_.slots.size()]);
            const PagePlan& about = pages_[e.b % pages_.size()];
            stile_cap c{about.at + e.c % 3 * 8, e.c % 5 ? page_bytes : ~0ull, 0,
                        static_cast<unsigned>(e.c % 3),
                        STILE_CAP_WORD(e.d % 2 ? about.page.tag : tags[e.d % tags.size()], e.c % 5, e.d >> 8,
                                       e.d >> 16)};
            if (e.c >> 20 & 1) c.counter = plan_.counters[e.d % plan_.counters.size()];
            ref_.world.poke(at - kernel_at, &c, sizeof c);
            uint64_t words[4];
            std::memcpy(words, &c, sizeof words);
            for (unsigned k = 0; k < 4; ++k)
                if (!kernel(some_core, Stub::store, at + 8 * k, words[k])) return false;
            return true;
        }
        case EventKind::dcs: {
            const uint64_t at = dcs_pages + e.a % 4 * 2 * page_bytes;
            const uint64_t base = at + 32 * (e.b % 100),
                           pointer = base + 32 * (e.c % 4) + (e.d % 16 == 0 ? 8 : 0),
                           limit = base + 32 * (e.c >> 8 & 15);
            cpu.core.dcs_ptr = pointer;
            cpu.core.dcs_base = base;
            cpu.core.dcs_limit = limit;
            return kernel(active_, Stub::set_dcs, pointer, 0, 0, limit, base);
        }
        case EventKind::clear: {
            spec::Instruction i = instruction(spec::Op::capclr, 0);
            i.imm = 0xff;
            spec::execute(ref_.world, cpu.core, i);
            return kernel(active_, Stub::capclr);
        }
        case EventKind::access:
        case EventKind::cap_access:
            return kernel_access(e);
        case EventKind::thread:
            return switch_thread(active_, static_cast<unsigned>(e.a % seated_.size()));
        case EventKind::core:
            active_ = static_cast<unsigned>(e.a % machine_.cores());
            note(fmt::format("core {} goes on", active_));
            return true;
    }
    return true;
}

}  // namespace stile::codoms_fuzz
