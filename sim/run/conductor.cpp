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

Conductor::Conductor(const RunConfig& config, model::Machine& machine, Measurement& measurement)
    : config_(config), machine_(machine), measurement_(measurement) {
    measurement_.on_region([this](Measurement::Region what, unsigned core) { region(what, core); });
    if (config_.measure.fast_forward != "none") use_model(false);
}

void Conductor::use_model(bool configured) {
    fast_ = !configured;
    for (unsigned i = 0; i < machine_.config().cores; ++i) {
        model::Core& core = machine_.core(i);
        core.set_model(configured ? core.config().core.model : model::CoreModel::functional);
    }
    if (!configured) return;
    fast_instructions_ = instructions_of(machine_);
    for (unsigned i = 0; i < machine_.config().cores; ++i)
        fast_cycles_ = std::max(fast_cycles_, machine_.core(i).counters().cycles);
}

void Conductor::region(Measurement::Region what, unsigned core) {
    if (what == Measurement::Region::end) {
        if (config_.measure.stop_at != "roi_end") return;
        stopped_ = true;
        machine_.core(core).request_stop(model::Stop::requested);
    } else if (fast_ && config_.measure.fast_forward == "roi") {
        use_model(true);
    }
}

End Conductor::run(const ProgressFunction& progress) {
    const uint64_t frequency = config_.machine.frequency;
    const model::Cycles most = cycles_of(config_.measure.max_time_ns, frequency);
    const model::Cycles stop = moment(config_.measure.stop_at, frequency);
    const model::Cycles last = std::min(most, stop);
    const model::Cycles switch_at = fast_ ? moment(config_.measure.fast_forward, frequency) : 0;

    End end;
    model::Cycles now = 0;
    do {
        model::Cycles to = std::min(last, now + slice);
        if (fast_ && now < switch_at) to = std::min(to, switch_at);
        end.outcome = machine_.run(to);
        if (end.outcome.why != model::Stop::until) break;
        now = to;
        if (fast_ && now >= switch_at) use_model(true);
        end.broken_off = progress && !progress({now, instructions_of(machine_)});
    } while (now < last && !end.broken_off);

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
