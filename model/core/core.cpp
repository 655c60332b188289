// SPDX-License-Identifier: Apache-2.0
#include "model/core/core.h"

#include <fmt/format.h>

#include <algorithm>

#include "model/core/core_complex.h"
#include "model/core/core_impl.h"

namespace stile::model {

Core::Impl::Impl(Core& self, const MachineConfig& config, PhysicalMemory& memory, MmioPort& mmio,
                 Observer* observer, std::unique_ptr<Timing> timing, unsigned id)
    : self(self),
      config(config),
      memory(memory),
      mmio(mmio),
      observer(observer),
      id(id),
      protection(make_protection(config, counters)),
      mmu_unit(s, memory, mmio, *protection, log),
      apic(id),
      jump_table(jump_entries),
      timing(std::move(timing)),
      wanted(config.core.model),
      current(CoreModel::functional) {
    mmu = &mmu_unit;
    ram = memory.host(0);
    jumps = jump_table.data();
    choose_stamp();
    mmu_unit.on_code_store_arg = this;
    mmu_unit.on_code_store = [](void* self, uint64_t paddr, unsigned bytes) {
        static_cast<Impl*>(self)->code_stored(paddr, bytes);
    };
    mmu_unit.on_watch = [](void* self, uint64_t paddr) { static_cast<Impl*>(self)->protect_code(paddr); };
    mmu_unit.count_in(&counters);
}

Core::Impl::~Impl() {
    cache.clear();
    cache.free_dropped(timing.get());
}

Core::Core(const MachineConfig& config, PhysicalMemory& memory, MmioPort& mmio, Observer* observer,
           std::unique_ptr<Timing> timing, unsigned id)
    : impl_(std::make_unique<Impl>(*this, config, memory, mmio, observer, std::move(timing), id)) {}

Core::~Core() = default;

Stop Core::run(Cycles until) { return impl_->run(until); }

void Core::request_stop(Stop why) {
    impl_->stop_requested = true;
    impl_->why = why;
    impl_->horizon = impl_->limit = 0;
}

std::string Core::stop_reason() const { return impl_->reason; }
void Core::join(CoreComplex& complex) {
    impl_->complex = complex.size() > 1 ? &complex : nullptr;
    impl_->apic.connect(&complex);
}

void Core::set_start(const CpuState& state, bool waits) {
    impl_->start = state;
    impl_->waits_for_start = waits;
}

bool Core::halted() const { return impl_->s.halted || impl_->waits_for_start; }

Cycles Core::next_action() const {
    const Cycles now = impl_->to_reference(this->now());
    if (!halted() || impl_->stop_requested) return now;
    const Cycles wake = impl_->wake_time();
    return wake == LocalApic::never ? wake : std::max(now, impl_->to_reference(wake));
}

void Core::sleep_until(Cycles cycle) { impl_->wait_until(cycle); }

void Core::synchronise() {
    if (!impl_->complex) return;
    impl_->catch_up = true;
    impl_->horizon = impl_->limit = 0;
}

LocalApic& Core::apic() { return impl_->apic; }
Cycles Core::to_reference(Cycles cycles) const { return impl_->to_reference(cycles); }
Cycles Core::from_reference(Cycles cycles) const { return impl_->from_reference(cycles); }

Cycles Core::now() const {
    impl_->settle();
    return impl_->counters.cycles;
}
unsigned Core::id() const { return impl_->id; }
CpuState& Core::state() { return impl_->s; }
const CpuState& Core::state() const { return impl_->s; }
uint64_t Core::rflags() const { return read_rflags(*impl_); }
void Core::set_rflags(uint64_t value) { write_rflags(*impl_, value); }
Counters& Core::counters() {
    impl_->settle();
    return impl_->counters;
}
const Counters& Core::counters() const {
    impl_->settle();
    return impl_->counters;
}
Mmu& Core::mmu() { return impl_->mmu_unit; }
Protection& Core::protection() { return *impl_->protection; }
PhysicalMemory& Core::memory() { return impl_->memory; }
const MachineConfig& Core::config() const { return impl_->config; }

void Core::set_timing(std::unique_ptr<Timing> timing) {
    impl_->drop_all_code();
    impl_->use_store_buffer(false);
    impl_->cache.free_dropped(impl_->timing.get());
    impl_->active = nullptr;
    impl_->current = CoreModel::functional;
    impl_->timing = std::move(timing);
}

Timing* Core::timing() { return impl_->timing.get(); }

void Core::set_model(CoreModel model) {
    impl_->wanted = model;
    impl_->horizon = impl_->limit = 0;
}

CoreModel Core::model() const { return impl_->wanted; }

void Core::watch_stores(bool on) { impl_->mmu_unit.watch_stores(on ? impl_->observer : nullptr, this); }

std::string Core::dump() const {
    const CpuState& s = impl_->s;
    static constexpr const char* names[16] = {"rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi",
                                              "r8",  "r9",  "r10", "r11", "r12", "r13", "r14", "r15"};
    std::string out =
        fmt::format("core {} at cycle {}, ring {}{}\n", impl_->id, now(), s.cpl, s.halted ? ", halted" : "");
    for (unsigned i = 0; i < 16; ++i)
        out += fmt::format("{:>4} {:016x}{}", names[i], s.r[i], i % 4 == 3 ? "\n" : "  ");
    out += fmt::format(" rip {:016x}  rflags {:08x}  cr0 {:x}  cr2 {:x}  cr3 {:x}  cr4 {:x}  efer {:x}\n",
                       s.rip, rflags(), s.cr0, s.cr2, s.cr3, s.cr4, s.efer);
    out += fmt::format("  cs {:04x} ss {:04x}  fs {:x}  gs {:x}  kernel gs {:x}\n", s.cs, s.ss, s.fs.base,
                       s.gs.base, s.kernel_gs_base);
    out += fmt::format("domain {} transfer {} from {}, saved {} transfer {}\n", s.cd.latch.tag,
                       s.cd.latch.kind, s.cd.fault_from, s.cd.saved_latch.tag, s.cd.saved_latch.kind);
    uint64_t at = s.rip;
    for (unsigned i = 0; i < 6; ++i) {
        uint8_t bytes[isa::max_instruction_bytes];
        unsigned n = 0, length = 0;
        while (n < sizeof bytes && impl_->mmu_unit.probe_read(at + n, bytes + n, 1)) ++n;
        if (n == 0) break;
        const std::string text = isa::disassemble({bytes, n}, at, &length);
        out += fmt::format("  {:016x}: {}\n", at, text);
        at += length;
    }
    out += "blocks looked up last:";
    for (unsigned i = 0; i < Impl::remembered; ++i)
        out += fmt::format(" {:x}", impl_->trail[(impl_->trail_at + i) % Impl::remembered]);
    return out + "\n";
}

}  // namespace stile::model
