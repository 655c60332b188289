// SPDX-License-Identifier: Apache-2.0
#include "model/systemc/core_module.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <stdexcept>
#include <utility>

#include "model/checkpoint/archive.h"
#include "model/timing/make_timing.h"

namespace stile::model {
namespace {

// In the order of Phase.
constexpr const char* phase_help[] = {
    "programs' own code",
    "isolation stubs in programs",
    "proxies",
    "entering and leaving the kernel",
    "the kernel, as far as no other phase has it",
    "the kernel copying payload",
    "the kernel choosing the next thread",
    "the kernel changing the page table",
    "page walks and refills of the APL cache",
    "halted, waiting for an interrupt",
    "timer ticks",
};
static_assert(std::size(phase_help) == static_cast<size_t>(Phase::count));

}  // namespace

CoreModule::CoreModule(sc_core::sc_module_name name, const MachineConfig& machine, PhysicalMemory& memory,
                       Turns& turns, Observer* observer, unsigned id)
    : sc_module(name),
      config_(machine.for_core(id)),
      clock_(config_.frequency),
      turns_(turns),
      l2_("l2", config_.l2, config_.l2_prefetch, clock_),
      core_(config_, memory, *this, observer, nullptr, id) {
    make_timing();
    core_.set_model(config_.core.model);
    turns_.cores.push_back(this);
    turns_.complex.add(core_);
    to_l2_.bind(l2_.above);
    SC_HAS_PROCESS(CoreModule);
    SC_THREAD(run);
    // Observers run on this stack, and they are anybody's code.
    set_stack_size(4 << 20);
}

// What a restored core has anew: its counters lie elsewhere.
void CoreModule::make_timing() {
    line_.charge(&core_.counters());
    core_.set_timing(model::make_timing(config_, core_.memory(), *this, core_.state(), core_.counters()));
}

// The engine works on PhysicalMemory directly. That is right only if the bus agrees that this is what lies
// below its caches, so the core asks for it as any TLM-2.0 initiator would.
void CoreModule::end_of_elaboration() {
    tlm::tlm_dmi dmi;
    PhysicalMemory& memory = core_.memory();
    tlm::tlm_generic_payload& payload = line_.about(0, 64, LineRequest::read);
    if (!to_l2_->get_direct_mem_ptr(payload, dmi) || !dmi.is_read_write_allowed() ||
        dmi.get_dmi_ptr() != memory.host(0) || dmi.get_start_address() != 0 ||
        dmi.get_end_address() + 1 < memory.size())
        throw std::logic_error("the bus grants no direct access to the memory that the core was given");
}

void Turns::pause_if_done() const {
    if (std::ranges::all_of(cores, &CoreModule::done)) sc_core::sc_pause();
}

void CoreModule::go(Cycles until) {
    until_ = core_.from_reference(until);
    wanted_ = true;
    go_.notify(sc_core::SC_ZERO_TIME);
}

void CoreModule::run() {
    for (;;) {
        while (!wanted_) wait(go_);
        if (core_.now() >= until_) {
            wanted_ = false;
            stopped_ = Stop::until;
            turns_.pause_if_done();
        } else if (core_.halted() && turns_.cores.size() > 1) {
            sleep();
        } else {
            run_ahead();
        }
    }
}

// SystemC turns what leaves a process into a report of its own, so it does not leave here.
void CoreModule::run_ahead() {
    const Cycles now = core_.now();
    const Cycles quantum = std::max<Cycles>(1, config_.quantum);
    const Cycles limit = std::min(turns_.complex.limit(core_.id()), until_);
    turns_.running = this;
    try {
        stopped_ =
            core_.run(std::max(limit - std::min(now, limit) > quantum ? now + quantum : limit, now + 1));
    } catch (...) {
        failure_ = std::current_exception();
    }
    turns_.running = nullptr;
    if (stopped_ == Stop::until || stopped_ == Stop::synchronise) watch();
    if (stopped_ != Stop::synchronise || !turns_.complex.alone(core_.id())) catch_up();
    const bool goes_on = stopped_ == Stop::until || stopped_ == Stop::halted || stopped_ == Stop::synchronise;
    if (failure_ || !goes_on) end();
}

void CoreModule::catch_up() {
    const sc_core::sc_time clock = clock_.time(core_.now());
    if (clock > sc_core::sc_time_stamp()) wait(clock - sc_core::sc_time_stamp());
}

// Until its next event, or until a message says that there is an earlier one.
void CoreModule::sleep() {
    const Cycles wake = core_.next_action();
    asleep_ = wake == LocalApic::never;
    if (asleep_) {
        turns_.pause_if_done();
        wait(message_ | go_);
        asleep_ = false;
        return;
    }
    const Cycles cycle = std::min(core_.from_reference(wake), until_);
    const sc_core::sc_time at = clock_.time(cycle);
    if (at > sc_core::sc_time_stamp()) {
        wait(at - sc_core::sc_time_stamp(), message_ | go_);  // go(): it may be to run less far
        if (sc_core::sc_time_stamp() < at) return;
    }
    core_.sleep_until(cycle);
    retired_at_ = cycle;
    if (cycle < until_) run_ahead();
}

void CoreModule::end() {
    wanted_ = false;
    if (!turns_.ended) turns_.ended = this;
    sc_core::sc_pause();
}

void CoreModule::let_time_pass() {
    if (core_.halted()) core_.sleep_until(std::min(clock_.cycles(sc_core::sc_time_stamp()), until_));
}

// One that sleeps for ever waits for a message, too.
void CoreModule::stand_still() {
    wanted_ = false;
    go_.notify(sc_core::SC_ZERO_TIME);
}

void CoreModule::archive(StateArchive& a) {
    a(core_, retired_, retired_at_);
    if (a.loading()) make_timing();
}

void CoreModule::watch() {
    const uint64_t retired = core_.counters().instructions;
    if (retired != retired_ || core_.halted()) {
        retired_ = retired;
        retired_at_ = core_.now();
        return;
    }
    const Cycles waited = core_.to_reference(core_.now() - retired_at_);
    if (config_.watchdog == 0 || waited < config_.watchdog) return;
    stopped_ = Stop::stuck;
    stuck_ = fmt::format("core {} has retired no instruction for {} cycles of the reference clock",
                         core_.id(), waited);
}

void CoreModule::rethrow() {
    if (failure_) std::rethrow_exception(std::exchange(failure_, nullptr));
}

bool CoreModule::device(tlm::tlm_command command, uint64_t paddr, void* data, unsigned bytes,
                        sc_core::sc_time& delay) {
    register_access_.set_command(command);
    register_access_.set_address(paddr);
    register_access_.set_data_ptr(static_cast<unsigned char*>(data));
    register_access_.set_data_length(bytes);
    register_access_.set_streaming_width(bytes);
    register_access_.set_byte_enable_ptr(nullptr);
    register_access_.set_dmi_allowed(false);
    register_access_.set_response_status(tlm::TLM_INCOMPLETE_RESPONSE);
    io->b_transport(register_access_, delay);
    return register_access_.is_response_ok();
}

bool CoreModule::mmio_read(uint64_t paddr, void* out, unsigned bytes) {
    core_.synchronise();
    sc_core::sc_time delay = clock_.time(core_.now()) - sc_core::sc_time_stamp();
    return device(tlm::TLM_READ_COMMAND, paddr, out, bytes, delay);
}

bool CoreModule::mmio_write(uint64_t paddr, const void* in, unsigned bytes) {
    core_.synchronise();
    sc_core::sc_time delay = clock_.time(core_.now()) - sc_core::sc_time_stamp();
    return device(tlm::TLM_WRITE_COMMAND, paddr, const_cast<void*>(in), bytes, delay);
}

LineReply CoreModule::access(uint64_t paddr, unsigned bytes, LineRequest request, Cycles at) {
    // What is fetched from where no RAM is belongs to no cache below, nor to a directory of lines.
    if (request == LineRequest::mmio_read || request == LineRequest::mmio_write ||
        !core_.memory().contains(paddr, bytes)) {
        sc_core::sc_time delay = sc_core::SC_ZERO_TIME;
        device(tlm::TLM_IGNORE_COMMAND, paddr, nullptr, bytes, delay);
        return {clock_.cycles(delay)};
    }
    const Ticks start = clock_.ticks(at);
    const Ticks done = line_.send(to_l2_, paddr, bytes, request, start);
    if (line_.reply().asked) core_.synchronise();
    // The first level hands a modified line over and forgets about it.
    if (request == LineRequest::writeback) return {0};
    return {clock_.cycles(done - start), line_.reply().exclusive};
}

SnoopReply CoreModule::snoop(uint64_t paddr, Snoop what) {
    SnoopReply reply = l2_.snoop(paddr, what);
    if (Timing* const timing = core_.timing()) reply |= timing->snoop(paddr, what);
    return reply;
}

std::string CoreModule::state() const {
    const Counters& c = core_.counters();
    const LocalApic& apic = const_cast<Core&>(core_).apic();
    const auto when = [](uint64_t at) { return at == LocalApic::never ? "never" : std::to_string(at); };
    const int vector = apic.pending();
    return core_.dump() +
           fmt::format("{} instructions, {} interrupts, {} exceptions so far; {}{}\n", c.instructions,
                       c.interrupts, c.exceptions, name_of(core_.model()),
                       asleep_ ? "; asleep for ever" : "") +
           fmt::format("interrupts: {}; timer or message next at cycle {} of the reference clock\n",
                       vector < 0 ? "none pending" : fmt::format("vector {:#x} pending", vector),
                       when(apic.next_event()));
}

void CoreModule::statistics(StatisticsSink& sink) const {
    const Counters& c = core_.counters();
    const auto count = [&sink](const char* name, uint64_t value, const char* description) {
        sink.count(name, value, "count", description);
    };
    sink.count("cycles", c.cycles, "cycles", "elapsed core cycles");
    count("instructions", c.instructions, "instructions retired; a rep-string instruction is one");
    count("kernel_instructions", c.kernel_instructions, "instructions retired at ring 0");
    count("uops", c.uops, "micro-ops executed");
    sink.ratio("ipc", c.cycles ? static_cast<double>(c.instructions) / static_cast<double>(c.cycles) : 0,
               "instructions/cycle", "instructions per elapsed cycle");
    count("syscalls", c.syscalls, "syscall instructions executed");
    count("interrupts", c.interrupts, "external interrupts taken");
    count("exceptions", c.exceptions, "exceptions raised");
    count("page_table_switches", c.page_table_switches, "writes of CR3 that changed the table");
    count("context_switches", c.context_switches, "threads switched to, as the kernel marks them");
    count("icache.misses", c.l1i_misses, "lines that the first-level instruction cache did not hold");
    count("dcache.accesses", c.l1d_accesses, "lines touched in the first-level data cache");
    count("dcache.misses", c.l1d_misses, "lines that the first-level data cache did not hold");
    count("dcache.upgrades", c.l1d_upgrades, "writes to lines that were here, but shared");
    count("dcache.prefetches", c.l1d_prefetches, "lines that the first level's prefetchers asked for");
    count("dcache.prefetches_useful", c.l1d_prefetches_useful, "of them, used later");
    count("dcache.prefetches_late", c.l1d_prefetches_late, "of those, still on their way then");
    count("itlb.misses", c.itlb_misses, "first-level instruction TLB misses");
    count("dtlb.misses", c.dtlb_misses, "first-level data TLB misses");
    count("stlb.misses", c.stlb_misses, "second-level TLB misses: page walks");
    count("branch_predictor.branches", c.branches, "control transfers predicted");
    count("branch_predictor.mispredicts", c.branch_mispredicts, "control transfers predicted wrongly");
    count("branch_predictor.conditional", c.conditional_branches, "conditional branches");
    count("branch_predictor.conditional_mispredicts", c.conditional_mispredicts,
          "of them, predicted wrongly");
    count("branch_predictor.indirect", c.indirect_branches, "indirect jumps and calls");
    count("branch_predictor.indirect_mispredicts", c.indirect_mispredicts, "of them, predicted wrongly");
    count("branch_predictor.returns", c.returns, "returns predicted");
    count("branch_predictor.return_mispredicts", c.return_mispredicts, "of them, predicted wrongly");
    count("branch_predictor.resteers", c.branch_resteers,
          "direct branches whose target was not known before they were decoded");
    count("codoms.apl_cache.transfer_lookups", c.apl_transfer_lookups,
          "lookups for transfers into another domain, returns apart");
    // The functional model asks once per page and remembers, which says nothing of the machine.
    if (config_.core.model != CoreModel::functional) {
        count("codoms.apl_cache.data_lookups", c.apl_data_lookups,
              "lookups for loads and stores on other domains' pages");
        count("codoms.apl_cache.capability_lookups", c.apl_capability_lookups,
              "lookups for the origins of capabilities that cover them");
        sink.count("codoms.apl_cache.port_stalls", c.apl_port_stalls, "cycles",
                   "that lookups waited for a port");
        sink.count("codoms.apl_cache.walk_cycles", c.apl_walk_cycles, "cycles", "from a miss to the right");
    }
    count("codoms.apl_cache.misses", c.apl_misses, "exceptions that made the kernel refill it, or walks");
    count("codoms.apl_cache.transfer_misses", c.apl_transfer_misses, "misses of transfers");
    count("codoms.apl_cache.data_misses", c.apl_data_misses, "misses of loads and stores");
    count("codoms.apl_cache.capability_misses", c.apl_capability_misses,
          "misses for the origin of a capability");
    count("codoms.apl_cache.fills", c.apl_fills, "domains put into it");
    count("codoms.apl_cache.evictions", c.apl_evictions, "domains that made room for others");
    count("codoms.apl_cache.invalidations", c.apl_invalidations, "domains that cd.aplinv dropped");
    count("codoms.apl_cache.walks", c.apl_walks, "rights fetched from the APL directory");
    count("codoms.crossings", c.domain_crossings, "control transfers into another domain at ring 3");
    count("codoms.crossing_calls", c.crossing_calls, "calls among them");
    count("codoms.crossing_returns", c.crossing_returns, "returns, checked by their return capability");
    count("codoms.crossing_jumps", c.crossing_jumps, "jumps and falling through");
    count("codoms.capabilities.made", c.capabilities_made,
          "capabilities made, cut down, copied or turned from one type into another");
    count("codoms.capabilities.data", c.capability_data,
          "checks of loads and stores that a register decided; its answer is remembered");
    count("codoms.capabilities.fetch", c.capability_fetch,
          "transfers into another domain that a register decided");
    count("codoms.capabilities.verifications", c.capability_verifications, "revocation counters compared");
    count("codoms.capabilities.revocations", c.capability_revocations, "cd.caprev");
    count("codoms.capabilities.deaths", c.capability_deaths,
          "synchronous capabilities that a crossing return took away");
    count("codoms.faults", c.domain_faults, "accesses and transfers that the protection unit refused");
    for (size_t i = 0; i < c.phase.size(); ++i)
        sink.count(std::string("phase.") + phase_names[i], c.phase[i], "cycles", phase_help[i]);
}

}  // namespace stile::model
