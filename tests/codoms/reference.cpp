// SPDX-License-Identifier: Apache-2.0
#include "tests/codoms/reference.h"

#include <cstring>

namespace stile::codoms_fuzz {

namespace {

using spec::Outcome;

bool canonical(uint64_t address) {
    return static_cast<uint64_t>(static_cast<int64_t>(address << 16) >> 16) == address;
}

uint64_t cut(uint64_t value, unsigned bytes) {
    return bytes == 8 ? value : value & ((1ull << 8 * bytes) - 1);
}

// Of 32 bits the upper half becomes 0; of fewer the rest stays.
void put(uint64_t& reg, unsigned bytes, uint64_t value) {
    if (bytes >= 4)
        reg = cut(value, bytes);
    else
        reg = (reg & ~((1ull << 8 * bytes) - 1)) | cut(value, bytes);
}

Step faulted(const Insn& i, const Outcome& o) {
    Step s;
    s.what = Step::fault;
    s.outcome = o;
    s.vector = o.vector;
    s.insn = &i;
    return s;
}
Step lost() {
    Step s;
    s.what = Step::lost;
    return s;
}
Step trapped(unsigned vector) {
    Step s;
    s.what = Step::trap;
    s.vector = vector;
    return s;
}
Step refused(const Insn& i, unsigned vector) {
    Outcome o;
    o.vector = vector;
    return faulted(i, o);
}

}  // namespace

Reference::Reference(const Plan& plan, unsigned cores, unsigned apl_entries, Coverage& coverage,
                     unsigned model)
    : cpus(cores), coverage_(coverage), model_(model) {
    world.apl_entries = apl_entries;
    world.apl = plan.apl;
    for (const PagePlan& page : plan.pages) {
        set_page(page);
        if (page.role != Role::code) continue;
        const std::vector<uint8_t> traps(page_bytes, 0xcc);
        for (uint64_t at = 0; at < (page.large ? 4 * page_bytes : page_bytes); at += page_bytes)
            world.poke(page.frame + at, traps.data(), page_bytes);
    }
    spec::Page kernel;
    kernel.user = kernel.executable = false;
    for (uint64_t at = saves_at; at < frames_at && at < saves_at + 0x8000; at += page_bytes) {
        kernel.frame = at / page_bytes;
        world.pages[{0, (kernel_at + at) / page_bytes}] = kernel;
    }
    at_.reserve(plan.code.size());
    for (const Insn& insn : plan.code) {
        at_[insn.at] = &insn;
        std::vector<uint8_t> bytes;
        Insn copy = insn;
        encode(copy, bytes);
        for (size_t k = 0; k < bytes.size(); ++k) {
            const PagePlan* page = plan.page_of(insn.at + k);
            world.poke(page->frame + (insn.at + k - page->at), &bytes[k], 1);
        }
    }
    for (const auto& [paddr, bytes] : plan.data)
        world.poke(paddr, bytes.data(), static_cast<unsigned>(bytes.size()));
}

void Reference::set_page(const PagePlan& plan) {
    for (uint64_t k = 0; k < (plan.large ? large_bytes / page_bytes : 1); ++k) {
        const std::pair key{0u, plan.at / page_bytes + k};
        if (!plan.present) {
            world.pages.erase(key);
            continue;
        }
        spec::Page page = plan.page;
        page.frame = plan.frame / page_bytes + k;
        world.pages[key] = page;
    }
}

const Insn* Reference::insn_at(uint64_t address) const {
    const auto it = at_.find(address);
    return it == at_.end() ? nullptr : it->second;
}

// What the instruction found wrong, if anything, is counted as what it did.
Outcome Reference::load(Cpu& cpu, Route route, uint64_t address, unsigned bytes, void* out) {
    const Outcome o = spec::load(world, cpu.core, address, bytes, out);
    if (address % page_bytes + bytes > page_bytes) route = Route::crossing_page_load;
    coverage_.access(model_, route, world, cpu.core, address, bytes, false, o);
    return o;
}

Outcome Reference::store(Cpu& cpu, Route route, uint64_t address, unsigned bytes, const void* in) {
    const Outcome o = in ? spec::store(world, cpu.core, address, bytes, in)
                         : spec::check_store(world, cpu.core, address, bytes);
    if (address % page_bytes + bytes > page_bytes) route = Route::crossing_page_store;
    coverage_.access(model_, route, world, cpu.core, address, bytes, true, o);
    return o;
}

// What the latch says is pending when the next instruction lies on another page than the last byte fetched.
void Reference::go(Cpu& cpu, uint64_t last, uint64_t to, stile_transfer kind, uint64_t back) {
    cpu.from = cpu.rip;
    cpu.from_known = true;
    cpu.rip = to;
    if (cpu.core.ring != 3 || !cpu.core.domains_on) return;
    if (last / page_bytes == to / page_bytes && kind != STILE_XFER_PRIVILEGED_RET) return;
    cpu.core.latch.kind = static_cast<uint8_t>(kind);
    cpu.core.latch.return_address = kind == STILE_XFER_CALL ? back : 0;
}

Step Reference::step(Cpu& cpu) {
    const Insn* insn = insn_at(cpu.rip);
    const unsigned bytes = insn ? insn->len : 1;
    const spec::Core before = cpu.core;
    const bool crosses = cpu.core.domains_on && [&] {
        const spec::Page* page = world.page(cpu.core, cpu.rip);
        return page && (page->tag != cpu.core.latch.tag || cpu.core.latch.kind == STILE_XFER_PRIVILEGED_RET);
    }();
    const Outcome fetched = spec::fetch(world, cpu.core, cpu.rip, bytes);
    if (crosses) {
        static constexpr Route routes[] = {Route::fall_through, Route::jump, Route::call, Route::ret,
                                           Route::ret};
        coverage_.crossing(model_, routes[before.latch.kind], world, before, cpu.rip, fetched);
    }
    if (cpu.rip % page_bytes + bytes > page_bytes)
        coverage_.crossing(model_, Route::straddle, world, before, cpu.rip, fetched);
    if (!fetched.allowed()) {
        Step s;
        s.what = Step::fault;
        s.outcome = fetched;
        s.vector = fetched.vector;
        s.fetch = true;
        s.insn = insn;
        return s;
    }
    if (!insn) {
        uint8_t byte = 0;
        const spec::Page* page = world.page(cpu.core, cpu.rip);
        world.peek(page->frame * page_bytes + cpu.rip % page_bytes, &byte, 1);
        if (byte != 0xcc) return lost();
        go(cpu, cpu.rip, cpu.rip + 1, STILE_XFER_SEQ);
        ++cpu.count;
        return trapped(3);
    }
    Step s = execute(cpu, *insn);
    s.insn = insn;
    coverage_.executed(model_, *insn, s.what != Step::fault);
    if (s.what != Step::fault) ++cpu.count;
    return s;
}

Step Reference::elements(Cpu& cpu, uint64_t rcx) {
    const Insn* insn = insn_at(cpu.rip);
    if (!insn || !insn->rep) return lost();
    return string(cpu, *insn, rcx);
}

Step Reference::execute(Cpu& cpu, const Insn& i) {
    auto& r = cpu.r;
    const uint64_t next = cpu.rip + i.len, last = next - 1;
    const uint64_t address = r[rbx] + (i.indexed ? r[r14] : 0) + static_cast<uint64_t>(int64_t{i.disp});
    uint64_t value = 0;
    uint64_t pair[2] = {};
    Outcome o;
    const auto onward = [&] {
        go(cpu, last, next, STILE_XFER_SEQ);
        return Step{};
    };
    const auto known = [&](unsigned reg) { cpu.unknown &= static_cast<uint16_t>(~(1u << reg)); };
    const auto call = [&](uint64_t target) {
        if (!canonical(target)) return refused(i, spec::vec_gp);
        o = store(cpu, Route::call_push, r[rsp] - 8, 8, &next);
        if (!o.allowed()) return faulted(i, o);
        r[rsp] -= 8;
        go(cpu, last, target, STILE_XFER_CALL, next);
        return Step{};
    };
    const auto jump = [&](uint64_t target) {
        if (!canonical(target)) return refused(i, spec::vec_gp);
        go(cpu, last, target, STILE_XFER_JUMP);
        return Step{};
    };
    switch (i.kind) {
        case Kind::nop:
            return onward();
        case Kind::mov_imm: {
            uint32_t imm = static_cast<uint32_t>(i.imm);
            // The field may lie on two pages, and these anywhere.
            for (unsigned b = 0; b < 4 && i.patchable; ++b) {
                const uint64_t at = next - 4 + b;
                world.peek(world.page(cpu.core, at)->frame * page_bytes + at % page_bytes,
                           reinterpret_cast<uint8_t*>(&imm) + b, 1);
            }
            r[i.reg] = imm;
            known(i.reg);
            return onward();
        }
        case Kind::mov_simm:
            r[i.reg] = static_cast<uint64_t>(static_cast<int64_t>(static_cast<int32_t>(i.imm)));
            known(i.reg);
            return onward();
        case Kind::add_imm:
            r[i.reg] += static_cast<uint64_t>(static_cast<int64_t>(static_cast<int32_t>(i.imm)));
            return onward();
        case Kind::and_imm:
            r[i.reg] = static_cast<uint32_t>(r[i.reg] & i.imm);
            return onward();
        case Kind::add_reg:
            r[i.reg] += r[i.reg2];
            return onward();
        case Kind::dec:
            cpu.not_zero = --r[i.reg] != 0;
            return onward();
        case Kind::jnz:
            return cpu.not_zero ? jump(i.imm) : onward();
        case Kind::jmp:
            return jump(i.imm);
        case Kind::jmp_reg:
            return jump(r[i.reg]);
        case Kind::jmp_mem:
        case Kind::call_mem:
            o = load(cpu, Route::target, address, 8, &value);
            if (!o.allowed()) return faulted(i, o);
            return i.kind == Kind::jmp_mem ? jump(value) : call(value);
        case Kind::call:
            return call(i.imm);
        case Kind::call_reg:
            return call(r[i.reg]);
        case Kind::ret:
        case Kind::ret_imm:
            o = load(cpu, Route::ret_pop, r[rsp], 8, &value);
            if (!o.allowed()) return faulted(i, o);
            if (!canonical(value)) return refused(i, spec::vec_gp);
            r[rsp] += 8 + (i.kind == Kind::ret_imm ? i.imm : 0);
            go(cpu, last, value, spec::return_kind(world, cpu.core, cpu.rip, i.len));
            return {};
        case Kind::load:
        case Kind::load_sign:
        case Kind::alu_load:
            o = load(cpu, Route::load, address, i.kind == Kind::alu_load ? 8 : i.size, &value);
            if (!o.allowed()) return faulted(i, o);
            if (i.kind == Kind::alu_load)
                r[i.reg] += value;
            else if (i.kind == Kind::load_sign)
                r[i.reg] = static_cast<uint64_t>(static_cast<int64_t>(value << (64 - 8 * i.size)) >>
                                                 (64 - 8 * i.size));
            else
                r[i.reg] = value;
            return onward();
        case Kind::store:
        case Kind::store_imm:
            value = i.kind == Kind::store
                        ? r[i.reg]
                        : static_cast<uint64_t>(static_cast<int64_t>(static_cast<int32_t>(i.imm)));
            o = store(cpu, Route::store, address, i.size, &value);
            return o.allowed() ? onward() : faulted(i, o);
        case Kind::add_mem:
        case Kind::xadd:
        case Kind::xchg:
        case Kind::cmpxchg: {
            o = store(cpu, Route::modify, address, i.size, nullptr);
            if (o.allowed()) o = spec::load(world, cpu.core, address, i.size, &value);
            if (!o.allowed()) return faulted(i, o);
            const uint64_t old = value;
            const bool equal = cut(r[rax], i.size) == old;
            if (i.kind == Kind::xchg || (i.kind == Kind::cmpxchg && equal))
                value = r[i.reg];
            else if (i.kind != Kind::cmpxchg)
                value = old + r[i.reg];
            spec::store(world, cpu.core, address, i.size, &value);
            if (i.kind == Kind::xadd || i.kind == Kind::xchg) put(r[i.reg], i.size, old);
            if (i.kind == Kind::cmpxchg && !equal) put(r[rax], i.size, old);
            return onward();
        }
        case Kind::push:
        case Kind::push_mem:
            value = r[i.reg];
            if (i.kind == Kind::push_mem) o = load(cpu, Route::load, address, 8, &value);
            if (o.allowed()) o = store(cpu, Route::push, r[rsp] - 8, 8, &value);
            if (!o.allowed()) return faulted(i, o);
            r[rsp] -= 8;
            return onward();
        case Kind::pop:
            o = load(cpu, Route::pop, r[rsp], 8, &value);
            if (!o.allowed()) return faulted(i, o);
            r[rsp] += 8;
            r[i.reg] = value;
            return onward();
        case Kind::pop_mem:
            o = load(cpu, Route::pop, r[rsp], 8, &value);
            if (o.allowed()) o = store(cpu, Route::store, address, 8, &value);
            if (!o.allowed()) return faulted(i, o);
            r[rsp] += 8;
            return onward();
        case Kind::sse_load:
        case Kind::sse_aligned_load:
            if (i.kind == Kind::sse_aligned_load && address % 16 != 0) return refused(i, spec::vec_gp);
            o = load(cpu, Route::sse_load, address, i.size, pair);
            if (!o.allowed()) return faulted(i, o);
            cpu.xmm[i.reg] = {pair[0], pair[1]};
            return onward();
        case Kind::sse_store:
        case Kind::sse_aligned_store:
            if (i.kind == Kind::sse_aligned_store && address % 16 != 0) return refused(i, spec::vec_gp);
            o = store(cpu, Route::sse_store, address, i.size, cpu.xmm[i.reg].data());
            return o.allowed() ? onward() : faulted(i, o);
        case Kind::cmpxchg16b: {
            if (address % 16 != 0) return refused(i, spec::vec_gp);
            o = store(cpu, Route::modify, address, 16, nullptr);
            if (o.allowed()) o = spec::load(world, cpu.core, address, 16, pair);
            if (!o.allowed()) return faulted(i, o);
            const bool equal = pair[0] == r[rax] && pair[1] == r[rdx];
            const uint64_t wanted[2] = {equal ? r[rbx] : pair[0], equal ? r[rcx] : pair[1]};
            spec::store(world, cpu.core, address, 16, wanted);
            if (!equal) r[rax] = pair[0], r[rdx] = pair[1];
            return onward();
        }
        case Kind::movs:
        case Kind::stos:
        case Kind::lods: {
            const Step s = string(cpu, i, 0);
            return s.what == Step::done ? onward() : s;
        }
        case Kind::syscall:
            go(cpu, last, next, STILE_XFER_SEQ);
            r[rcx] = next;
            cpu.unknown |= 1 << r11;
            return trapped(syscall_vector);
        case Kind::software_interrupt:
            go(cpu, last, next, STILE_XFER_SEQ);
            return trapped(static_cast<unsigned>(i.imm));
        case Kind::undefined:
            return refused(i, 6);
        case Kind::cd:
            return codoms(cpu, i);
        case Kind::count:
            break;
    }
    return lost();
}

// One element after the other; what is done before a fault stays done.
Step Reference::string(Cpu& cpu, const Insn& i, uint64_t stop_at) {
    auto& r = cpu.r;
    for (bool first = true; i.rep ? r[rcx] != stop_at : first; first = false) {
        uint64_t value = r[rax];
        Outcome o;
        if (i.kind != Kind::stos) o = load(cpu, Route::string_load, r[rsi], i.size, &value);
        if (o.allowed() && i.kind != Kind::lods) o = store(cpu, Route::string_store, r[rdi], i.size, &value);
        if (!o.allowed()) return faulted(i, o);
        if (i.kind == Kind::lods) put(r[rax], i.size, value);
        if (i.kind != Kind::stos) r[rsi] += i.size;
        if (i.kind != Kind::lods) r[rdi] += i.size;
        if (i.rep) --r[rcx];
    }
    return {};
}

Step Reference::codoms(Cpu& cpu, const Insn& i) {
    using spec::Op;
    spec::Instruction insn;
    insn.op = i.op;
    insn.rip = cpu.rip;
    insn.bytes = i.len;
    insn.n = i.n;
    insn.m = i.m;
    insn.address = cpu.r[rbx] + (i.indexed ? cpu.r[r14] : 0) + static_cast<uint64_t>(int64_t{i.disp});
    insn.r = cpu.r[i.reg];
    insn.rcx = cpu.r[rcx];
    insn.imm = static_cast<uint8_t>(i.imm);
    uint64_t result = 0;
    const spec::Core before = cpu.core;
    const Outcome o = spec::execute(world, cpu.core, insn, &result);
    const bool load = i.op == Op::capld || i.op == Op::capasy || i.op == Op::restore;
    const bool store = i.op == Op::capst || i.op == Op::caprev || i.op == Op::save;
    const unsigned bytes = i.op == Op::capasy || i.op == Op::caprev  ? 8
                           : i.op == Op::save || i.op == Op::restore ? sizeof(stile_cd_state)
                                                                     : 32;
    if (load || store)
        coverage_.access(model_, load ? Route::cap_load : Route::cap_store, world, before, insn.address,
                         bytes, store, o);
    else
        coverage_.crossing(model_, Route::instruction, world, before, cpu.rip, o);
    if (!o.allowed()) return faulted(i, o);
    const auto bit = static_cast<uint16_t>(1u << i.reg);
    switch (i.op) {
        case Op::aplvictim:
        case Op::apltag:
        case Op::hwtag:
            cpu.unknown |= bit;
            break;
        case Op::kcs:
        case Op::rddcs:
        case Op::capbase:
        case Op::caplen:
        case Op::capattr:
            cpu.r[i.reg] = result;
            cpu.unknown &= static_cast<uint16_t>(~bit);
            break;
        default:
            break;
    }
    go(cpu, cpu.rip + i.len - 1, cpu.rip + i.len, STILE_XFER_SEQ);
    return {};
}

}  // namespace stile::codoms_fuzz
