// SPDX-License-Identifier: Apache-2.0
#include "sim/run/conductor.h"

#include <fmt/format.h>

#include <algorithm>

#include "sim/config/units.h"
#include "sim/run/machine_state.h"

namespace stile::sim {
namespace {

// Between two looks at the host's clock. Of several cores that are awake it is part of how they take turns,
// so it depends on nothing of the host.
constexpr model::Cycles slice = 5'000'000;

model::Cycles cycles_of(int64_t nanoseconds, uint64_t frequency) {
    return static_cast<model::Cycles>(static_cast<__int128>(nanoseconds) * static_cast<int64_t>(frequency) /
                                      1'000'000'000);
}

// The cycle at which a moment comes that is a time; never for one that is not.
model::Cycles moment(const std::string& text, uint64_t frequency) {
    const std::optional<int64_t> nanoseconds = parse_time(text);
    return nanoseconds ? cycles_of(*nanoseconds, frequency) : model::Machine::forever;
}

}  // namespace

uint64_t instructions_of(model::Machine& machine) {
    uint64_t sum = 0;
    for (unsigned i = 0; i < machine.config().cores; ++i) sum += machine.core(i).counters().instructions;
    return sum;
}

model::Cycles last_cycle(const RunConfig& config) {
    return std::min(cycles_of(config.measure.max_time_ns, config.machine.frequency),
                    moment(config.measure.stop_at, config.machine.frequency));
}

Conductor::Conductor(const RunConfig& config, model::Machine& machine, Measurement& measurement)
    : config_(config), machine_(machine), measurement_(measurement) {
    measurement_.on_region([this](Measurement::Region what, unsigned core) { region(what, core); });
    if (config_.measure.fast_forward != "none") use_functional();
}

void Conductor::use_functional() {
    fast_ = true;
    for (unsigned i = 0; i < machine_.config().cores; ++i)
        machine_.core(i).set_model(model::CoreModel::functional);
}

void Conductor::use_configured() {
    fast_ = false;
    fast_instructions_ = instructions_of(machine_);
    for (unsigned i = 0; i < machine_.config().cores; ++i) {
        model::Core& core = machine_.core(i);
        core.set_model(core.config().core.model);
        fast_cycles_ = std::max(fast_cycles_, core.counters().cycles);
    }
}

bool Conductor::awaits(Measurement::Region what) const {
    if (!fast_ || arrived_) return false;
    if (config_.measure.fast_forward == "boot") return what == Measurement::Region::booted;
    return config_.measure.fast_forward == "roi" &&
           (what == Measurement::Region::warm_up || what == Measurement::Region::begin);
}

void Conductor::region(Measurement::Region what, unsigned core) {
    if (what == Measurement::Region::end && config_.measure.stop_at == "roi_end") {
        stopped_ = true;
        machine_.core(core).request_stop(model::Stop::requested);
    } else if (awaits(what)) {
        arrived_ = true;
        machine_.core(core).request_stop(model::Stop::requested);
    }
}

// The core that got there stands; the others, which may be behind it by as much as cores run ahead of each
// other, come to the same time.
void Conductor::hand_over(End& end) {
    if (end.outcome.why == model::Stop::requested) {
        const model::Core& core = machine_.core(end.outcome.core);
        now_ = core.to_reference(core.now());
        end.outcome = machine_.run(now_);
        if (end.outcome.why != model::Stop::until) return;
    }
    hand_over_(now_);
    use_configured();
}

void Conductor::resume(model::Cycles now) {
    now_ = now;
    use_configured();
}

End Conductor::run(const ProgressFunction& progress) {
    const uint64_t frequency = config_.machine.frequency;
    const model::Cycles most = cycles_of(config_.measure.max_time_ns, frequency);
    const model::Cycles stop = moment(config_.measure.stop_at, frequency);
    const model::Cycles last = last_cycle(config_);
    const model::Cycles switch_at = fast_ ? moment(config_.measure.fast_forward, frequency) : 0;

    End end;
    while (now_ < last && !end.broken_off) {
        model::Cycles to = std::min(last, now_ + slice);
        if (fast_ && now_ < switch_at) to = std::min(to, switch_at);
        end.outcome = machine_.run(to);
        const bool until = end.outcome.why == model::Stop::until;
        if (until) now_ = to;
        const bool arrived = arrived_ && !stopped_ && end.outcome.why == model::Stop::requested;
        if (fast_ && (arrived || (until && now_ >= switch_at))) hand_over(end);
        if (end.outcome.why != model::Stop::until) break;
        end.broken_off = progress && !progress({now_, instructions_of(machine_)});
    }

    const bool until = end.outcome.why == model::Stop::until;
    end.stopped = stopped_ || (until && !end.broken_off && stop <= most);
    end.expect_exit = config_.expect_exit;
    end.max_time = format_time(config_.measure.max_time_ns);
    end.watchdog = fmt::format("{} cycles", config_.machine.watchdog);
    end.region_wanted = config_.measure.fast_forward == "roi" || config_.measure.stop_at == "roi_end";
    end.region_end_wanted = config_.measure.stop_at == "roi_end";
    end.where = running(machine_, measurement_);
    if (end.outcome.why == model::Stop::triple_fault) end.dump = machine_.core(end.outcome.core).dump();
    return end;
}

void Conductor::add_statistics(std::vector<RowStatistic>& statistics) const {
    if (config_.measure.fast_forward == "none" || fast_) return;
    statistics.push_back({"fast_forward.instructions", static_cast<double>(fast_instructions_), true,
                          "instructions", "retired by the functional core, which went ahead"});
    statistics.push_back({"fast_forward.cycles", static_cast<double>(fast_cycles_), true, "cycles",
                          "that this took, one per instruction and halted time"});
}

}  // namespace stile::sim
