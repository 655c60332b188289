// SPDX-License-Identifier: Apache-2.0
#include "model/systemc/machine.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>
#include <systemc>

#include "abi/platform.h"
#include "model/checkpoint/archive.h"
#include "model/devices/archive.h"
#include "model/devices/console.h"
#include "model/devices/power.h"
#include "model/systemc/core_module.h"
#include "model/systemc/device_module.h"
#include "model/systemc/interconnect.h"
#include "model/systemc/last_level_module.h"
#include "model/systemc/memory_module.h"

namespace stile::model {
namespace {

const MachineConfig& checked(const MachineConfig& c) {
    if (c.cores == 0 || c.cores > 64) throw std::invalid_argument("machine.cores: must be 1 to 64");
    if (c.little_cores > c.cores || (c.little_cores != 0 && !c.little))
        throw std::invalid_argument("machine.little.cores: more than there are cores, or of no kind");
    if (c.frequency == 0 || c.frequency > 100'000'000'000)
        throw std::invalid_argument("machine.frequency: must be above 0 and at most 100 GHz");
    if (c.memory.size == 0 || c.memory.size % 4096 != 0 || c.memory.size > STILE_MMIO_BASE)
        throw std::invalid_argument("machine.memory.size: must be a multiple of 4 KiB, at most 1020 GiB");
    return c;
}

void collect(const std::vector<sc_core::sc_object*>& objects, StatisticsSink& sink) {
    for (const sc_core::sc_object* object : objects) {
        if (const auto* source = dynamic_cast<const StatisticsSource*>(object)) {
            sink.within(std::string(object->name()) + ".");
            source->statistics(sink);
        }
        collect(object->get_child_objects(), sink);
    }
}

void collect_state(const std::vector<sc_core::sc_object*>& objects, std::string& out) {
    for (const sc_core::sc_object* object : objects) {
        if (const auto* source = dynamic_cast<const StateSource*>(object))
            out += fmt::format("--- {}\n{}", object->name(), source->state());
        collect_state(object->get_child_objects(), out);
    }
}

}  // namespace

struct Machine::Impl {
    Impl(const MachineConfig& c, Observer* observer)
        : config(checked(c)),
          clock(config.frequency),
          memory("memory", config.memory, clock),
          turns(config),
          llc("llc", config.llc, config.coherence, clock),
          console_module("console", console, config.io_latency, clock),
          power_module("power", power, config.io_latency, clock),
          archive(memory.storage()),
          archive_module("archive", archive, config.io_latency, clock) {
        for (unsigned i = 0; i < config.cores; ++i) {
            cores.push_back(std::make_unique<CoreModule>(fmt::format("core{}", i).c_str(), config,
                                                         memory.storage(), turns, observer, i));
            llc.attach(cores.back()->memory(), *cores.back());
            cores.back()->io.bind(interconnect.masters);
        }
        llc.below.bind(interconnect.masters);
        turns.complex.on_message([this](unsigned core) { cores[core]->notice(); });
        interconnect.map(0, config.memory.size, memory.socket);
        interconnect.map(STILE_CONSOLE_DATA & ~0xfffull, 0x1000, console_module.socket);
        interconnect.map(STILE_POWER_OFF & ~0xfffull, 0x1000, power_module.socket);
        interconnect.map(STILE_ARCHIVE_ADDRESS & ~0xfffull, 0x1000, archive_module.socket);
        power.on_off([this](uint32_t) { turns.running->core().request_stop(Stop::power_off); });
    }

    MachineConfig config;
    Clock clock;
    Console console;
    Power power;
    MemoryModule memory;
    Turns turns;
    std::vector<std::unique_ptr<CoreModule>> cores;
    LastLevelModule llc;
    Interconnect interconnect{"interconnect"};
    DeviceModule console_module, power_module;
    Archive archive;
    DeviceModule archive_module;
};

Machine::Machine(const MachineConfig& config, Observer* observer)
    : impl_(std::make_unique<Impl>(config, observer)) {}
Machine::~Machine() = default;

const MachineConfig& Machine::config() const { return impl_->config; }
PhysicalMemory& Machine::memory() { return impl_->memory.storage(); }

Core& Machine::core(unsigned i) { return impl_->cores.at(i)->core(); }

void Machine::on_console(std::function<void(std::string_view)> sink) { impl_->console.sink(std::move(sink)); }
const std::string& Machine::archive() const { return impl_->archive.bytes(); }
void Machine::console_input(std::string_view bytes) { impl_->console.input(bytes); }

Machine::Outcome Machine::run(Cycles until) {
    impl_->turns.complex.power_on();
    impl_->turns.ended = nullptr;
    for (const auto& core : impl_->cores) core->go(until);
    sc_core::sc_start();
    impl_->console.flush();
    for (const auto& core : impl_->cores) core->let_time_pass();
    Outcome outcome;
    if (CoreModule* const ended = impl_->turns.ended) {
        ended->rethrow();
        outcome.why = ended->stopped();
        outcome.core = ended->core().id();
        outcome.reason = ended->reason();
    } else if (std::ranges::all_of(impl_->cores, [](const auto& core) { return core->asleep(); })) {
        outcome.why = Stop::idle_forever;
        outcome.reason = "all cores are halted with nothing that could wake them";
    }
    if (outcome.why == Stop::power_off) outcome.power_code = impl_->power.code();
    return outcome;
}

// Before anything is written, every core's process waits for the next run and nothing else, as it does in a
// machine that has not run yet; all that such a machine lacks is then the time.
void Machine::archive(StateArchive& a) {
    if (!a.loading()) {
        for (const auto& core : impl_->cores) core->stand_still();
        while (sc_core::sc_pending_activity_at_current_time()) sc_core::sc_start(sc_core::SC_ZERO_TIME);
    }
    uint64_t time = sc_core::sc_time_stamp().value();
    a.section("machine");
    a(time, impl_->turns.complex, impl_->console, impl_->power, impl_->archive);
    for (const auto& core : impl_->cores) a(*core);
    const sc_core::sc_time to = sc_core::sc_time::from_value(time);
    if (to < sc_core::sc_time_stamp()) StateArchive::refuse("its time has passed");
    if (to > sc_core::sc_time_stamp()) sc_core::sc_start(to - sc_core::sc_time_stamp());
}

double Machine::seconds(Cycles cycles) const {
    return static_cast<double>(cycles) / static_cast<double>(impl_->config.reference_frequency());
}

std::vector<Statistic> Machine::statistics() const {
    std::vector<Statistic> all;
    StatisticsSink sink(all);
    Cycles cycles = 0;
    for (const auto& core : impl_->cores)
        cycles = std::max(cycles, core->core().to_reference(core->core().now()));
    sink.count("sim_cycles", cycles, "cycles", "simulated cycles of the reference clock");
    sink.ratio("sim_seconds", seconds(cycles), "s", "simulated time");
    collect(sc_core::sc_get_top_level_objects(), sink);
    return all;
}

std::string Machine::state() const {
    std::string out;
    collect_state(sc_core::sc_get_top_level_objects(), out);
    return out;
}

}  // namespace stile::model
