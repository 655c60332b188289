// SPDX-License-Identifier: Apache-2.0
#include "tests/codoms/machine.h"

#include <fmt/format.h>

#include <cstring>

#include "abi/platform.h"
#include "model/core/exec/store_buffer.h"
#include "model/timing/make_timing.h"

namespace stile::codoms_fuzz {

using namespace model;

namespace {

constexpr uint64_t idt_at = 0x1000, gdt_at = 0x2000, tss_at = 0x3000, handlers_at = 0x4000, stubs_at = 0x6000,
                   stacks_at = 0x10000, stack_bytes = 0x1000, root_at = 0x100000;
constexpr uint64_t syscall_handler = stubs_at + 0xf00;
constexpr unsigned interrupt_vector = 0x40;
constexpr uint16_t kernel_code = 0x08, kernel_data = 0x10, user_data = 0x1b, user_code = 0x23;
constexpr uint64_t P = 1, W = 2, U = 4, PS = 0x80, NX = 1ull << 63;
constexpr Cycles patience = 200'000;

// Of the user's half: level 3, level 2, and two page tables.
constexpr uint64_t user_l3 = root_at + 0x1000, user_l2 = root_at + 0x2000, first_l1 = root_at + 0x3000,
                   last_l1 = root_at + 0x4000, kernel_l3 = root_at + 0x5000, kernel_l2 = root_at + 0x6000;

bool pushes_error(unsigned vector) {
    return vector == 8 || (vector >= 10 && vector <= 14) || vector == 17 || vector == 21 ||
           vector == STILE_VEC_DOMAIN;
}

}  // namespace

// Constant: this is not about time.
struct Machine::Lower final : LowerMemory {
    LineReply access(uint64_t, unsigned, LineRequest, Cycles) override { return {20}; }
};

std::string Shape::text() const {
    return fmt::format("{}/{}/{}", entries, ways, walk ? "hardware" : "software");
}

Machine::Machine(CoreModel core_model, unsigned cores, const Shape& apl)
    : shape(apl), model(core_model), memory_(ram_bytes), lower_(std::make_unique<Lower>()) {
    config_.cores = cores;
    config_.protection = ProtectionKind::codoms;
    config_.core.model = core_model;
    config_.memory.size = ram_bytes;
    config_.apl_cache.entries = apl.entries;
    config_.apl_cache.ways = apl.ways;
    config_.apl_cache.refill = apl.walk ? AplRefill::hardware : AplRefill::software;
    make_kernel();
    complex_ = std::make_unique<CoreComplex>(config_);
    for (unsigned i = 0; i < cores; ++i) {
        cores_.push_back(std::make_unique<Core>(config_, memory_, *this, nullptr, nullptr, i));
        Core& c = *cores_.back();
        c.set_model(core_model);
        if (cores > 1) complex_->add(c);
    }
}

Machine::~Machine() = default;

// Every gate leads to a HLT of its own; each core has a stack and a TSS.
void Machine::make_kernel() {
    uint64_t gdt[16] = {0, 0x00af9b000000ffff, 0x00cf93000000ffff, 0x00cff3000000ffff, 0x00affb000000ffff};
    for (unsigned i = 0; i < 4; ++i) {
        const uint64_t tss = kernel_at + tss_at + i * 0x80;
        gdt[6 + 2 * i] = 0x67 | (tss & 0xffffff) << 16 | 0x8bull << 40 | (tss >> 24 & 0xff) << 56;
        gdt[7 + 2 * i] = tss >> 32;
        const uint64_t stack = kernel_at + stacks_at + (i + 1) * stack_bytes;
        std::memcpy(memory_.host(tss_at + i * 0x80 + 4), &stack, 8);
    }
    std::memcpy(memory_.host(gdt_at), gdt, sizeof gdt);
    for (unsigned v = 0; v < 256; ++v) {
        const uint64_t handler = kernel_at + handlers_at + 16 * v;
        const unsigned dpl = v == 3 || v == 0x80 ? 3 : 0;
        word(idt_at + v * 16) = (handler & 0xffff) | kernel_code << 16 |
                                static_cast<uint64_t>(0x8e | dpl << 5) << 40 | (handler >> 16 & 0xffff) << 48;
        word(idt_at + v * 16 + 8) = handler >> 32;
        *memory_.host(handlers_at + 16 * v) = 0xf4;
    }
    *memory_.host(syscall_handler) = 0xf4;
    const std::initializer_list<int> code[] = {
        {0x48, 0xcf},
        {0x0f, 0x0a, 0x17, 0x5f, 0x48, 0xcf},
        {0x0f, 0x0a, 0x17, 0xf4},
        {0x0f, 0x01, 0x3f, 0xf4},
        {0x0f, 0x22, 0xdf, 0xf4},
        {0x0f, 0x0a, 0xdf, 0xf4},
        {0x0f, 0x0a, 0x07, 0xf4},
        {0x0f, 0x0a, 0x0f, 0xf4},
        {0x0f, 0x30, 0xf4},
        {0x48, 0x8b, 0x07, 0xf4},
        {0x48, 0x89, 0x07, 0xf4},
        {0x88, 0x07, 0xf4},
        {0xf0, 0x48, 0x01, 0x07, 0xf4},
        {0xf3, 0xa4, 0xf4},
        {0x0f, 0x24, 0x3f, 0xf4},
        {0x0f, 0x25, 0x3f, 0xf4},
        {0x0f, 0x3e, 0x1f, 0xf4},
        {0x0f, 0x36, 0xff, 0xf4},
        {0x0f, 0x27, 0xc7, 0x0f, 0x27, 0xce, 0x0f, 0x27, 0xd2, 0xf4},
    };
    static_assert(std::size(code) == static_cast<size_t>(Stub::count));
    uint64_t at = stubs_at;
    for (size_t i = 0; i < std::size(code); ++i, at += 32) {
        stub_at_[i] = kernel_at + at;
        uint8_t* to = memory_.host(at);
        for (const int b : code[i]) *to++ = static_cast<uint8_t>(b);
    }
    word(root_at + 0) = user_l3 | P | W | U;
    word(user_l3 + (code_a >> 30) * 8) = user_l2 | P | W | U;
    word(user_l2 + 0) = first_l1 | P | W | U;
    word(user_l2 + (after_large >> 21 & 511) * 8) = last_l1 | P | W | U;
    word(root_at + 511 * 8) = kernel_l3 | P | W;
    word(kernel_l3 + 510 * 8) = kernel_l2 | P | W;
    for (uint64_t i = 0; i < ram_bytes >> 21; ++i) word(kernel_l2 + i * 8) = i << 21 | P | W | PS;
}

void Machine::set_entry(const PagePlan& plan) {
    const isa::spec::Page& p = plan.page;
    const uint64_t entry =
        !plan.present ? 0
                      : plan.frame | P | (p.writable ? W : 0) | (p.user ? U : 0) | (p.executable ? 0 : NX) |
                            STILE_PTE_TAG(p.tag) | (p.privileged ? uint64_t{STILE_PTE_PRIVILEGED} : 0) |
                            (p.cap_storage ? uint64_t{STILE_PTE_CAP_STORAGE} : 0) | (plan.large ? PS : 0);
    if (plan.large)
        word(user_l2 + (plan.at >> 21 & 511) * 8) = entry;
    else
        word((plan.at >= after_large ? last_l1 : first_l1) + (plan.at >> 12 & 511) * 8) = entry;
}

// What a plan does depends on no plan before it: the clock decides when it is interrupted.
void Machine::fresh_timing(Core& c) {
    if (model != CoreModel::functional)
        c.set_timing(make_timing(config_, memory_, *lower_, c.state(), c.counters()));
}

void Machine::load(const Plan& plan, const isa::spec::World& world) {
    // A plan that was given up in the middle of a slice has stores on their way; not onto this one's memory.
    for (const auto& c : cores_)
        if (StoreBuffer* buffer = c->mmu().store_buffer) buffer->drain();
    std::memset(memory_.host(first_l1), 0, 0x2000);
    word(user_l2 + (large_code >> 21 & 511) * 8) = word(user_l2 + (large_data >> 21 & 511) * 8) = 0;
    for (const PagePlan& page : plan.pages) {
        set_entry(page);
        const uint64_t bytes = page.large ? large_bytes : page_bytes;
        Mmu& mmu = cores_[0]->mmu();
        for (uint64_t at = 0; at < (page.large ? 8 * page_bytes : page_bytes); at += page_bytes)
            mmu.on_code_store(mmu.on_code_store_arg, page.frame + at, page_bytes);
        std::memset(memory_.host(page.frame), 0, bytes);
    }
    for (const auto& [at, value] : world.memory) word(at * 8) = value;
    if (shape.walk) write_directory(world);
    for (unsigned i = 0; i < cores(); ++i) {
        Core& c = *cores_[i];
        CpuState& s = c.state();
        fresh_timing(c);
        s.cr0 = 0x80050033;  // PG, AM, WP, NE, ET, MP, PE
        s.cr3 = root_at;
        s.cr4 = 0x20 | 0x80 | 0x600 | 1 << 16;  // PAE, PGE, OSFXSR, OSXMMEXCPT, FSGSBASE
        s.efer = 0xd01;                         // NXE, LMA, LME, SCE
        s.gdt = {kernel_at + gdt_at, 0x7f};
        s.idt = {kernel_at + idt_at, 0xfff};
        s.tr = static_cast<uint16_t>(0x30 + 16 * i);
        s.tss_base = kernel_at + tss_at + i * 0x80;
        s.star = uint64_t{kernel_code} << 32 | 0x10ull << 48;
        s.lstar = kernel_at + syscall_handler;
        s.sfmask = 0x700;
        for (auto& x : s.xmm) x = {};
        s.cpl = 0;
        s.cd = {};
        s.cd.control = 1;
        c.protection().apl_invalidate(-1);
        c.mmu().flush_all();
        c.mmu().capabilities_changed();
        c.apic().write(0x80f, 0x1ff, c.now());
        if (shape.walk)
            kernel(i, Stub::write_msr, 0, directory_at | STILE_APL_ROOT_ON, STILE_MSR_CD_APL_ROOT);
    }
}

// Three levels of pages (abi/codoms.h), made anew.
void Machine::write_directory(const isa::spec::World& world) {
    uint64_t next = directory_at + page_bytes;
    std::memset(memory_.host(directory_at), 0, page_bytes);
    const auto table = [&](uint64_t entry) -> uint64_t {
        if (!(word(entry) & STILE_APL_PRESENT)) {
            if (next + page_bytes > ram_bytes) return 0;
            std::memset(memory_.host(next), 0, page_bytes);
            word(entry) = next | STILE_APL_PRESENT;
            next += page_bytes;
        }
        return word(entry) & ~0xfffull;
    };
    for (const auto& [pair, right] : world.apl) {
        if (right == STILE_RIGHT_NIL) continue;
        const auto [from, to] = pair;
        const uint64_t second = table(directory_at + STILE_APL_INDEX1(from) * 8);
        const uint64_t third = second ? table(second + STILE_APL_INDEX2(from, to) * 8) : 0;
        if (third) word(third + STILE_APL_WORD3(to) * 8) |= uint64_t{right} << STILE_APL_SHIFT3(to);
    }
}

stile_apl_record Machine::record(unsigned core, uint16_t tag, const isa::spec::World& world) {
    Protection& unit = cores_[core]->protection();
    stile_apl_record r{};
    r.slot = static_cast<uint64_t>(unit.apl_victim());
    r.tag = tag;
    for (unsigned s = 0; s < shape.entries; ++s) {
        const int64_t other = unit.apl_tag(s);
        if (other < 0) continue;
        const auto o = static_cast<uint16_t>(other);
        r.row[s / 32] |= uint64_t{isa::spec::right(world, tag, o)} << s % 32 * 2;
        r.column[s / 32] |= uint64_t{isa::spec::right(world, o, tag)} << s % 32 * 2;
    }
    return r;
}

void Machine::start_kernel(unsigned core, Stub stub) {
    CpuState& s = cores_[core]->state();
    s.cpl = 0;
    s.cs = kernel_code;
    s.ss = kernel_data;
    s.halted = false;
    s.rip = stub_at_[static_cast<size_t>(stub)];
    cores_[core]->set_rflags(2);
}

Machine::Stop Machine::run(unsigned core, Cycles until) {
    Core& c = *cores_[core];
    model::Stop why;
    const Cycles give_up = std::max(until, c.now()) + patience;
    const CpuState& s = c.state();
    // A turn does not end in the kernel.
    do {
        why = c.run(until);
        if (why == model::Stop::until && s.cpl != 3) until = c.now() + 100;
    } while (why == model::Stop::synchronise ||
             (why == model::Stop::until && s.cpl != 3 && c.now() < give_up));
    if (why == model::Stop::until && s.cpl == 3) return {Stop::time};
    if ((why != model::Stop::idle_forever && why != model::Stop::halted) || s.cpl != 0) return {Stop::broken};
    const uint64_t handler = s.rip - 1 - kernel_at;
    if (handler == syscall_handler) return {Stop::trap, 256};
    if (handler >= stubs_at && handler < stubs_at + 0x1000) return {Stop::trap, 257, 0, 0, 0};
    if (handler < handlers_at || handler >= handlers_at + 256 * 16 || handler % 16 != 0)
        return {Stop::broken};
    Stop stop;
    stop.vector = static_cast<unsigned>((handler - handlers_at) / 16);
    const auto* frame = &word(s.r[isa::RSP] - kernel_at);
    if (pushes_error(stop.vector)) stop.error = static_cast<uint32_t>(*frame++);
    stop.ring = frame[1] & 3;
    stop.what =
        stop.vector == 3 || stop.vector == 0x80 || stop.vector == interrupt_vector ? Stop::trap : Stop::fault;
    stop.address = s.cr2;
    return stop;
}

Machine::Stop Machine::enter(unsigned core, const Context& context, Cycles limit) {
    start_kernel(core, Stub::iretq);
    CpuState& s = cores_[core]->state();
    std::copy(context.r.begin(), context.r.end(), s.r.begin());
    const uint64_t top = stacks_at + (core + 1) * stack_bytes - 40;
    word(top) = context.rip;
    word(top + 8) = user_code;
    word(top + 16) = context.flags;
    word(top + 24) = context.r[rsp];
    word(top + 32) = user_data;
    s.r[isa::RSP] = kernel_at + top;
    return run(core, cores_[core]->now() + limit);
}

Machine::Stop Machine::go_on(unsigned core, Cycles until) { return run(core, until); }

Machine::Stop Machine::refill_and_return(unsigned core, const Context& context,
                                         const stile_apl_record& record, Cycles until) {
    std::memcpy(memory_.host(record_at + core * 256), &record, sizeof record);
    start_kernel(core, Stub::fill_and_return);
    CpuState& s = cores_[core]->state();
    std::copy(context.r.begin(), context.r.end(), s.r.begin());
    const uint64_t top = stacks_at + (core + 1) * stack_bytes - 48;
    word(top) = context.r[rdi];
    word(top + 8) = context.rip;
    word(top + 16) = user_code;
    word(top + 24) = context.flags;
    word(top + 32) = context.r[rsp];
    word(top + 40) = user_data;
    s.r[isa::RSP] = kernel_at + top;
    s.r[isa::RDI] = kernel_at + record_at + core * 256;
    return run(core, std::max(until, cores_[core]->now() + 1));
}

Machine::Stop Machine::interrupt(unsigned core) {
    Core& c = *cores_[core];
    c.apic().write(0x83f, interrupt_vector, c.now());
    const Stop stop = run(core, c.now() + patience);
    c.apic().write(0x80b, 0, c.now());
    return stop;
}

Machine::Stop Machine::kernel(unsigned core, Stub stub, uint64_t di, uint64_t ax, uint64_t cx, uint64_t dx,
                              uint64_t si) {
    start_kernel(core, stub);
    CpuState& s = cores_[core]->state();
    s.r[isa::RDI] = di;
    s.r[isa::RAX] = ax;
    s.r[isa::RCX] = cx;
    s.r[isa::RDX] = dx;
    s.r[isa::RSI] = si;
    s.r[isa::RSP] = kernel_at + stacks_at + (core + 1) * stack_bytes - 64;
    return run(core, cores_[core]->now() + patience);
}

Context Machine::context(unsigned core, const Stop& stop) const {
    const CpuState& s = cores_[core]->state();
    Context c;
    std::copy(s.r.begin(), s.r.begin() + 16, c.r.begin());
    c.rip = s.rip;
    c.flags = cores_[core]->rflags();
    if (stop.what == Stop::time) return c;
    if (stop.vector == 256) {
        c.rip = c.r[rcx];
        c.flags = c.r[r11];
        return c;
    }
    const auto* frame = reinterpret_cast<const uint64_t*>(memory_.host(s.r[isa::RSP] - kernel_at));
    if (pushes_error(stop.vector)) ++frame;
    c.rip = frame[0];
    c.flags = frame[2];
    c.r[rsp] = frame[3];
    return c;
}

}  // namespace stile::codoms_fuzz
