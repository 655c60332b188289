// SPDX-License-Identifier: Apache-2.0
#include "model/systemc/machine.h"

#include <stdexcept>
#include <systemc>

#include "abi/platform.h"
#include "model/devices/archive.h"
#include "model/devices/console.h"
#include "model/devices/power.h"
#include "model/systemc/cache_module.h"
#include "model/systemc/core_module.h"
#include "model/systemc/device_module.h"
#include "model/systemc/interconnect.h"
#include "model/systemc/memory_module.h"

namespace stile::model {
namespace {

const MachineConfig& checked(const MachineConfig& c) {
    if (c.cores != 1) throw std::invalid_argument("machine.cores: this version simulates one core");
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

}  // namespace

struct Machine::Impl {
    Impl(const MachineConfig& c, Observer* observer)
        : config(checked(c)),
          clock(config.frequency),
          memory("memory", config.memory, clock),
          core("core0", config, memory.storage(), clock, observer, 0),
          llc("llc", config.llc, clock),
          console_module("console", console, config.io_latency, clock),
          power_module("power", power, config.io_latency, clock),
          archive(memory.storage()),
          archive_module("archive", archive, config.io_latency, clock) {
        core.memory().bind(llc.above);
        llc.below.bind(interconnect.masters);
        core.io.bind(interconnect.masters);
        interconnect.map(0, config.memory.size, memory.socket);
        interconnect.map(STILE_CONSOLE_DATA & ~0xfffull, 0x1000, console_module.socket);
        interconnect.map(STILE_POWER_OFF & ~0xfffull, 0x1000, power_module.socket);
        interconnect.map(STILE_ARCHIVE_ADDRESS & ~0xfffull, 0x1000, archive_module.socket);
        power.on_off([this](uint32_t) { core.core().request_stop(Stop::power_off); });
    }

    MachineConfig config;
    Clock clock;
    Console console;
    Power power;
    MemoryModule memory;
    CoreModule core;
    CacheModule llc;
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

Core& Machine::core(unsigned i) {
    if (i != 0) throw std::out_of_range("no such core");
    return impl_->core.core();
}

void Machine::on_console(std::function<void(std::string_view)> sink) { impl_->console.sink(std::move(sink)); }
const std::string& Machine::archive() const { return impl_->archive.bytes(); }
void Machine::console_input(std::string_view bytes) { impl_->console.input(bytes); }

Machine::Outcome Machine::run(Cycles until) {
    impl_->core.go(until);
    sc_core::sc_start();
    impl_->console.flush();
    impl_->core.rethrow();
    Outcome outcome;
    outcome.why = impl_->core.stopped();
    if (outcome.why == Stop::power_off) outcome.power_code = impl_->power.code();
    outcome.reason = impl_->core.core().stop_reason();
    return outcome;
}

double Machine::seconds(Cycles cycles) const {
    return static_cast<double>(cycles) / static_cast<double>(impl_->config.frequency);
}

std::vector<Statistic> Machine::statistics() const {
    std::vector<Statistic> all;
    StatisticsSink sink(all);
    const Counters& c = impl_->core.core().counters();
    sink.count("sim_cycles", c.cycles, "cycles", "simulated core cycles");
    sink.ratio("sim_seconds", seconds(c.cycles), "s", "simulated time");
    collect(sc_core::sc_get_top_level_objects(), sink);
    return all;
}

}  // namespace stile::model
