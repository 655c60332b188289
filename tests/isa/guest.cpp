// SPDX-License-Identifier: Apache-2.0
#include "tests/isa/guest.h"

#include <algorithm>

#include "model/core/exec/store_buffer.h"
#include "model/core/exec/x87.h"
#include "model/timing/make_timing.h"

namespace stile::fuzz {

using namespace stile::model;

namespace {

// Physical layout. Neighbouring pages of the case lie in the wrong order, so that an access which crosses
// from one to the next cannot be right by accident.
constexpr uint64_t idt_at = 0x1000, gdt_at = 0x2000, tss_at = 0x3000, stack_top = 0x8000,
                   handlers_at = 0x9000, invlpg_at = 0xa000;
constexpr uint64_t code_frames = 0x100000, data_frames = 0x300000, tables_at = 0x400000, ram_bytes = 0x800000;
constexpr uint64_t kernel_at = 0xffffffff80000000, kernel_bytes = 0x10000;
enum : uint64_t { P = 1, W = 2, U = 4, NX = 1ull << 63 };

constexpr uint64_t frame_of_code(unsigned slot, unsigned page) {
    return code_frames + (2 * slot + 1 - page) * page_bytes;
}
constexpr uint64_t frame_of_data(unsigned page) { return data_frames + (2 - page) * page_bytes; }

// Enough for every loop that was meant to end.
constexpr Cycles patience = 10'000, timed_patience = 400'000;

// Constant: this is not about time.
struct Lower final : LowerMemory {
    LineReply access(uint64_t, unsigned, LineRequest, Cycles) override { return {20}; }
};

bool pushes_error(unsigned vector) {
    return vector == 8 || (vector >= 10 && vector <= 14) || vector == 17 || vector == 21;
}

}  // namespace

struct Guest::Impl final : MmioPort {
    Impl(CoreModel model, unsigned cores);

    bool mmio_read(uint64_t, void*, unsigned) override { return false; }
    bool mmio_write(uint64_t, const void*, unsigned) override { return false; }

    uint64_t& pte(uint64_t vaddr);
    void map(uint64_t vaddr, uint64_t paddr, uint64_t flags) { pte(vaddr) = paddr | flags; }
    void tables();
    void put_code(const Program& program);
    void protect(SecondPage second_page);
    void run(const Program& program, Outcome& outcome);
    void set(const Program& program);
    void get(State& state) const;
    void stopped(model::Stop why, Outcome& outcome);
    template <typename T>
    T& at(uint64_t paddr) {
        return *reinterpret_cast<T*>(memory.host(paddr));
    }

    std::string name;
    MachineConfig config;
    PhysicalMemory memory{ram_bytes};
    Lower lower;
    std::unique_ptr<Core> core;
    uint64_t next_table = tables_at + page_bytes;
    Data data{};
    SecondPage second_page = SecondPage::writable;
};

Guest::Impl::Impl(CoreModel model, unsigned cores) : name(name_of(model)) {
    config.cores = cores;
    config.protection = ProtectionKind::paging;
    config.core.model = model;
    tables();
    core = std::make_unique<Core>(config, memory, *this, nullptr, nullptr);
    if (model != CoreModel::functional)
        core->set_timing(make_timing(config, memory, lower, core->state(), core->counters()));
    CpuState& s = core->state();
    s.cr0 = 0x80050033;  // PG, AM, WP, NE, ET, MP, PE
    s.cr3 = tables_at;
    s.cr4 = 0x20 | 0x80 | 0x600 | 1 << 16;  // PAE, PGE, OSFXSR, OSXMMEXCPT, FSGSBASE
    s.efer = 0xd01;                         // NXE, LMA, LME, SCE
    s.gdt = {kernel_at + gdt_at, 0x7f};
    s.idt = {kernel_at + idt_at, 0xfff};
    s.tr = 0x40;
    s.tss_base = kernel_at + tss_at;
}

// The same selectors as in a Linux process; every gate leads to a HLT of its own.
void Guest::Impl::tables() {
    constexpr uint64_t tss = kernel_at + tss_at;
    const uint64_t gdt[16] = {0,
                              0x00cf9b000000ffff,
                              0x00af9b000000ffff,
                              0x00cf93000000ffff,
                              0x00cffb000000ffff,
                              0x00cff3000000ffff,
                              0x00affb000000ffff,
                              0,
                              0x67 | (tss & 0xffffff) << 16 | 0x8bull << 40 | (tss >> 24 & 0xff) << 56,
                              tss >> 32};
    std::memcpy(memory.host(gdt_at), gdt, sizeof gdt);
    const uint64_t stack = kernel_at + stack_top;
    std::memcpy(memory.host(tss_at + 4), &stack, 8);
    for (unsigned v = 0; v < 256; ++v) {
        const uint64_t handler = kernel_at + handlers_at + 16 * v;
        const unsigned dpl = v == 3 || v == 4 ? 3 : 0;
        auto* gate = &at<uint64_t>(idt_at + v * 16);
        gate[0] = (handler & 0xffff) | 0x10 << 16 | static_cast<uint64_t>(0x8e | dpl << 5) << 40 |
                  (handler >> 16 & 0xffff) << 48;
        gate[1] = handler >> 32;
        at<uint8_t>(handlers_at + 16 * v) = 0xf4;
    }
    const uint8_t invlpg[] = {0x0f, 0x01, 0x3f, 0xf4};  // invlpg [rdi]; hlt
    std::memcpy(memory.host(invlpg_at), invlpg, sizeof invlpg);
    for (uint64_t a = 0; a < kernel_bytes; a += page_bytes) map(kernel_at + a, a, P | W);
    for (unsigned i = 0; i < slots; ++i) {
        const uint64_t flags = P | U | (i >= first_writable_slot ? uint64_t{W} : 0);
        for (unsigned page = 0; page < 2; ++page)
            map(slot_at(i) + page * page_bytes, frame_of_code(i, page), flags);
    }
    for (unsigned page = 0; page < 3; ++page)
        map(data_at + page * page_bytes, frame_of_data(page), P | U | NX | (page < 2 ? uint64_t{W} : 0));
}

uint64_t& Guest::Impl::pte(uint64_t vaddr) {
    uint64_t table = tables_at;
    for (unsigned level = 3; level > 0; --level) {
        auto& entry = at<uint64_t>(table + (vaddr >> (12 + 9 * level) & 511) * 8);
        if (!(entry & P)) {
            entry = next_table | P | W | U;
            next_table += page_bytes;
        }
        table = entry & 0xfffffff000;
    }
    return at<uint64_t>(table + (vaddr >> 12 & 511) * 8);
}

// As by a store: the core hears of it.
void Guest::Impl::put_code(const Program& program) {
    Mmu& mmu = core->mmu();
    for (unsigned page = 0; page < 2; ++page) {
        const uint64_t frame = frame_of_code(program.slot, page);
        const uint8_t* bytes = program.code.data() + page * page_bytes;
        if (std::memcmp(memory.host(frame), bytes, page_bytes) == 0) continue;
        mmu.on_code_store(mmu.on_code_store_arg, frame, page_bytes);
        std::memcpy(memory.host(frame), bytes, page_bytes);
    }
}

// As a kernel does it: the entry, then INVLPG.
void Guest::Impl::protect(SecondPage wanted) {
    if (wanted == second_page) return;
    second_page = wanted;
    constexpr uint64_t page = data_at + page_bytes;
    map(page, frame_of_data(1),
        wanted == SecondPage::writable    ? P | W | U | NX
        : wanted == SecondPage::read_only ? P | U | NX
                                          : 0);
    CpuState& s = core->state();
    s.cpl = 0;
    s.cs = 0x10;
    s.ss = 0x18;
    s.halted = false;
    s.rip = kernel_at + invlpg_at;
    s.r[isa::RDI] = page;
    core->set_rflags(2);
    core->run(core->now() + patience);
}

void Guest::Impl::set(const Program& program) {
    CpuState& s = core->state();
    const State& from = program.start;
    s.cpl = 3;
    s.cs = user_code_selector;
    s.ss = user_data_selector;
    s.ds = s.es = 0;
    s.fs = {from.fs_base, 0};
    s.gs = {from.gs_base, 0};
    s.halted = false;
    s.cr2 = 0;
    s.rip = program.entry;
    std::copy(from.r.begin(), from.r.end(), s.r.begin());
    core->set_rflags(from.flags);
    s.x87.tag = from.fx[4];
    s.x87.status = 0;
    x87::set_control(s.x87, from.control());
    x87::set_status_word(s.x87, from.status());
    x87::load_registers(s.x87, from.st(0), 16);
    s.mxcsr = from.mxcsr();
    for (unsigned i = 0; i < 16; ++i) std::memcpy(&s.xmm[i], from.xmm(i), 16);
}

void Guest::Impl::get(State& to) const {
    const CpuState& s = core->state();
    to.control() = s.x87.control;
    to.status() = x87::status_word(s.x87);
    to.tags() = s.x87.tag;
    x87::save_registers(s.x87, to.st(0), 16);
    to.mxcsr() = s.mxcsr;
    for (unsigned i = 0; i < 16; ++i) std::memcpy(to.xmm(i), &s.xmm[i], 16);
    std::copy(s.r.begin(), s.r.begin() + 16, to.r.begin());
    to.fs_base = s.fs.base;
    to.gs_base = s.gs.base;
}

// What the frame on the kernel's stack says of the end.
void Guest::Impl::stopped(model::Stop why, Outcome& outcome) {
    const CpuState& s = core->state();
    const uint64_t handler = s.rip - 1 - kernel_at - handlers_at;
    outcome.stop = {};
    outcome.stop.kind = why == model::Stop::until ? Stop::endless : Stop::died;
    if (why != model::Stop::idle_forever || s.cpl != 0 || handler % 16 != 0 || handler >= 256 * 16) return;
    outcome.stop.kind = Stop::fault;
    outcome.stop.vector = static_cast<uint8_t>(handler / 16);
    const auto* frame = &at<uint64_t>(s.r[isa::RSP] - kernel_at);
    if (pushes_error(outcome.stop.vector)) outcome.stop.error = static_cast<uint32_t>(*frame++);
    outcome.stop.rip = frame[0];
    outcome.state.flags = frame[2];
    outcome.state.r[isa::RSP] = frame[3];
    if (outcome.stop.vector != VEC_PF) {
        ++outcome.instructions;  // it counts as executed, and the host's has been
        return;
    }
    outcome.stop.address = s.cr2;
    if (outcome.stop.rip == exit_at && s.cr2 == exit_at) {
        outcome.stop.kind = Stop::done;
        --outcome.instructions;  // the jump there
    } else {
        ++outcome.instructions;
    }
}

Guest::Guest(CoreModel model, unsigned cores) : impl_(std::make_unique<Impl>(model, cores)) {}
Guest::~Guest() = default;

Core& Guest::core() { return *impl_->core; }
const std::string& Guest::name() const { return impl_->name; }
uint64_t& Guest::page_table_entry(uint64_t vaddr) { return impl_->pte(vaddr); }

void Guest::load(const Data& data, std::span<const Program> programs) {
    impl_->data = data;
    std::memcpy(impl_->memory.host(frame_of_data(2)), data.data() + data_bytes, page_bytes);
    for (const Program& program : programs) impl_->put_code(program);
}

// Where the second page is not to be written or not there, the case first learns it as writable: what was
// remembered of that must be forgotten.
void Guest::run(const Program& program, Outcome& outcome) {
    if (program.second_page != SecondPage::writable) {
        impl_->protect(SecondPage::writable);
        impl_->run(program, outcome);
    }
    impl_->protect(program.second_page);
    impl_->run(program, outcome);
}

void Guest::Impl::run(const Program& program, Outcome& outcome) {
    for (unsigned page = 0; page < 2; ++page)
        std::memcpy(memory.host(frame_of_data(page)), data.data() + page * page_bytes, page_bytes);
    if (program.slot >= first_writable_slot) put_code(program);
    set(program);
    const uint64_t before = core->counters().instructions;
    const Cycles limit = config.core.model == CoreModel::functional ? patience : timed_patience;
    const model::Stop why = core->run(core->now() + limit);
    // What did not end has stores on their way: they would land on the next case's data.
    if (StoreBuffer* buffer = core->mmu().store_buffer) buffer->drain();
    get(outcome.state);
    outcome.state.flags = core->rflags();
    outcome.instructions = core->counters().instructions - before - 1;  // without the HLT
    stopped(why, outcome);
    for (unsigned page = 0; page < 2; ++page) {
        std::memcpy(outcome.data.data() + page * page_bytes, memory.host(frame_of_data(page)), page_bytes);
        std::memcpy(outcome.code.data() + page * page_bytes, memory.host(frame_of_code(program.slot, page)),
                    page_bytes);
    }
}

}  // namespace stile::fuzz
