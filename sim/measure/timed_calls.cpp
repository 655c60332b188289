// SPDX-License-Identifier: Apache-2.0
#include "sim/measure/timed_calls.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

namespace stile::sim {
namespace {

constexpr auto wait = static_cast<size_t>(model::Phase::wait);

constexpr uint64_t idle = 0;
constexpr uint64_t untold = 1ull << 63;

// Nearest rank: the smallest value that at least `percent` of all do not exceed.
uint64_t rank(size_t n, unsigned percent) { return std::max<size_t>((n * percent + 99) / 100, 1) - 1; }

// Indices of `samples` by cycles; equal ones in the order of their calls.
std::vector<size_t> by_cycles(const std::vector<CallSample>& samples, bool with_ticked) {
    std::vector<size_t> order;
    for (size_t i = 0; i < samples.size(); ++i)
        if (with_ticked || !samples[i].ticked) order.push_back(i);
    std::stable_sort(order.begin(), order.end(),
                     [&](size_t a, size_t b) { return samples[a].delta.cycles < samples[b].delta.cycles; });
    return order;
}

bool at(const std::vector<bool>& flags, size_t i) { return i < flags.size() && flags[i]; }

void set(std::vector<bool>& flags, size_t i) {
    if (flags.size() <= i) flags.resize(i + 1);
    flags[i] = true;
}

// Events of another core; its time is in the caller's already.
void add_events(model::Counters& sum, const model::Counters& other) {
    const uint64_t cycles = sum.cycles;
#define STILE_ADD(name, help) sum.name += other.name;
    STILE_COUNTERS(STILE_ADD)
#undef STILE_ADD
    sum.cycles = cycles;
}

// What the busiest of those that took part did between `begin` and `end`.
PhaseCycles busiest(unsigned caller, const std::vector<bool>& took_part, const AllCounters& begin,
                    const AllCounters& end) {
    PhaseCycles best{};
    uint64_t most = 0;
    for (unsigned core = 0; core < end.size(); ++core) {
        if (core == caller || !at(took_part, core)) continue;
        PhaseCycles phase = difference(end[core], begin[core]).phase;
        // A halted core was taken to wait until the caller's clock; a message may have come a little before.
        if (end[core].phase[wait] < begin[core].phase[wait]) phase[wait] = 0;
        const uint64_t busy = std::accumulate(phase.begin(), phase.end(), uint64_t{0}) - phase[wait];
        if (busy <= most) continue;
        most = busy;
        best = phase;
    }
    return best;
}

}  // namespace

model::Counters difference(const model::Counters& end, const model::Counters& begin) {
    model::Counters d;
#define STILE_DIFFERENCE(name, help) d.name = end.name - begin.name;
    STILE_COUNTERS(STILE_DIFFERENCE)
#undef STILE_DIFFERENCE
    for (size_t i = 0; i < d.phase.size(); ++i) d.phase[i] = end.phase[i] - begin.phase[i];
    return d;
}

PhaseCycles scaled(const PhaseCycles& from, uint64_t total) {
    PhaseCycles parts{};
    uint64_t sum = 0;
    for (const uint64_t cycles : from) sum += cycles;
    if (sum == 0) {
        parts[wait] = total;
        return parts;
    }
    // Each bound is rounded, not each part, so nothing is lost or gained.
    uint64_t before = 0, passed = 0;
    for (size_t i = 0; i < parts.size(); ++i) {
        passed += from[i];
        const auto bound = static_cast<uint64_t>(static_cast<unsigned __int128>(passed) * total / sum);
        parts[i] = bound - before;
        before = bound;
    }
    return parts;
}

// Before a core has told whom it runs, whoever that is has a number of its own.
uint64_t CallRecorder::thread_on(unsigned core) const {
    const auto known = threads_.find(core);
    return known != threads_.end() ? known->second : untold | core;
}

// Rounded down: the same instant never comes out later than it is.
uint64_t CallRecorder::in_clock_of(unsigned core, unsigned other, uint64_t cycles_of_other) const {
    if (core >= clocks_.size() || other >= clocks_.size() || clocks_[core] == clocks_[other])
        return cycles_of_other;
    return static_cast<uint64_t>(static_cast<unsigned __int128>(cycles_of_other) * clocks_[core] /
                                 clocks_[other]);
}

void CallRecorder::roi_begin(const AllCounters& now) { roi_ = now; }

void CallRecorder::roi_end(unsigned core, const AllCounters& now) {
    if (!roi_) {
        warnings_.push_back("a region of interest ends that has not begun");
        return;
    }
    model::Counters total = difference(now[core], (*roi_)[core]);
    for (unsigned other = 0; other < now.size(); ++other)
        if (other != core) add_events(total, difference(now[other], (*roi_)[other]));
    roi_total_ = total;
    roi_.reset();
    for (const auto& [caller, ended] : std::map(ended_)) finish(caller, now);
}

void CallRecorder::call_begin(unsigned core, uint64_t number, const AllCounters& now) {
    const uint64_t thread = thread_on(core);
    finish(thread, now);
    if (const auto open = open_.find(thread); open != open_.end())
        warnings_.push_back(
            fmt::format("timed call {} begins before call {} has ended", number, open->second.number));
    else if (!open_.empty())
        overlap_ = true;
    if (first_begin_.empty()) first_begin_ = now;
    Open call;
    call.number = number;
    call.core = core;
    call.begin = now;
    call.took_part = working_;
    call.stretch.core = core;
    call.stretch.begin = now[core];
    open_[thread] = std::move(call);
}

// The cycles of a stretch by phases; what its core waited is what others did meanwhile.
PhaseCycles CallRecorder::phases_of(const Stretch& stretch, const model::Counters& end) {
    PhaseCycles phase = difference(end, stretch.begin).phase;
    phase[wait] -= stretch.waited;
    for (size_t i = 0; i < phase.size(); ++i) phase[i] += stretch.instead[i];
    return phase;
}

void CallRecorder::call_end(unsigned core, uint64_t number, const AllCounters& now) {
    const uint64_t thread = thread_on(core);
    const auto open = open_.find(thread);
    if (open == open_.end() || number != open->second.number) {
        warnings_.push_back(fmt::format("timed call {} ends that has not begun", number));
        return;
    }
    Open& call = open->second;
    CallSample sample;
    sample.delta = difference(now[call.core], call.begin[call.core]);
    sample.delta.phase = phases_of(call.stretch, now[call.stretch.core]);
    if (call.cycles > 0 || core != call.core) {
        const uint64_t end = in_clock_of(call.core, core, now[core].cycles);
        sample.delta.cycles = end - std::min(end, call.begin[call.core].cycles);
        const uint64_t before = std::min(call.cycles, sample.delta.cycles);
        const PhaseCycles last = scaled(sample.delta.phase, sample.delta.cycles - before);
        sample.delta.phase = scaled(call.phase, before);
        for (size_t i = 0; i < last.size(); ++i) sample.delta.phase[i] += last[i];
    }
    for (unsigned other = 0; other < now.size(); ++other)
        sample.ticked |= at(call.ticked, other) && (other == call.core || at(call.took_part, other));
    sample.clock = call.core < clocks_.size() ? clocks_[call.core] : 0;
    const Ended ended{samples_.size(), call.core, sample.delta, std::move(call.begin),
                      std::move(call.took_part)};
    samples_.push_back(sample);
    open_.erase(open);
    add_others(ended, now);
    ended_[thread] = ended;
    last_end_ = now;
}

// The caller makes its next call, or none: what is done by now was done for the last one.
void CallRecorder::finish(uint64_t thread, const AllCounters& now) {
    const auto ended = ended_.find(thread);
    if (ended == ended_.end()) return;
    add_others(ended->second, now);
    ended_.erase(ended);
}

void CallRecorder::add_others(const Ended& ended, const AllCounters& now) {
    model::Counters& sum = samples_[ended.sample].delta;
    sum = ended.caller;
    for (unsigned other = 0; other < now.size(); ++other)
        if (other != ended.core && at(ended.took_part, other))
            add_events(sum, difference(now[other], ended.begin[other]));
}

void CallRecorder::halt_ends(Stretch& stretch, const AllCounters& now) {
    if (!stretch.halt) return;
    const unsigned core = stretch.core;
    // Not all that passes while a core is halted is waiting: its last stores may still drain.
    const uint64_t waited = now[core].phase[wait] - (*stretch.halt)[core].phase[wait];
    const PhaseCycles instead = scaled(busiest(core, stretch.took_part_in_halt, *stretch.halt, now), waited);
    stretch.waited += waited;
    for (size_t i = 0; i < instead.size(); ++i) stretch.instead[i] += instead[i];
    stretch.halt.reset();
}

void CallRecorder::halted(unsigned core, bool begins, const AllCounters& now) {
    for (auto& [caller, call] : open_) {
        if (call.stretch.core != core) continue;
        if (begins) {
            call.stretch.halt = now;
            call.stretch.took_part_in_halt = working_;
        } else {
            halt_ends(call.stretch, now);
        }
    }
}

bool CallRecorder::comes_from_elsewhere(unsigned core, uint64_t thread) const {
    const auto open = open_.find(thread);
    return open != open_.end() && open->second.stretch.core != core;
}

// The core that it left may be read a little early or late, as far as cores run ahead of each other; so its
// phases are scaled to the time that has passed.
void CallRecorder::came_from_elsewhere(unsigned core, uint64_t thread, const AllCounters& now) {
    Open& call = open_.at(thread);
    halt_ends(call.stretch, now);
    const uint64_t begin = call.begin[call.core].cycles + call.cycles,
                   end = std::max(in_clock_of(call.core, core, now[core].cycles), begin);
    const PhaseCycles phase = scaled(phases_of(call.stretch, now[call.stretch.core]), end - begin);
    for (size_t i = 0; i < phase.size(); ++i) call.phase[i] += phase[i];
    call.cycles += end - begin;
    call.stretch = {};
    call.stretch.core = core;
    call.stretch.begin = now[core];
}

void CallRecorder::switched(unsigned core, uint64_t from, uint64_t to) {
    if (threads_.find(core) == threads_.end() && from != idle) {
        // Whoever ran here is `from`.
        if (auto call = open_.extract(untold | core)) {
            call.key() = from;
            open_.insert(std::move(call));
        }
        if (auto call = ended_.extract(untold | core)) {
            call.key() = from;
            ended_.insert(std::move(call));
        }
    }
    threads_[core] = to;
    if (working_.size() <= core) working_.resize(core + 1);
    working_[core] = to != idle;
    if (to == idle) return;
    for (auto& [caller, call] : open_) {
        set(call.took_part, core);
        if (call.stretch.halt) set(call.stretch.took_part_in_halt, core);
    }
    for (auto& [caller, call] : ended_) set(call.took_part, core);
}

void CallRecorder::tick(unsigned core) {
    for (auto& [caller, call] : open_) set(call.ticked, core);
}

// What happened while calls were under way, by whomever, over the calls; rounded.
model::Counters CallRecorder::events_per_call() const {
    model::Counters sum;
    for (unsigned core = 0; core < last_end_.size(); ++core)
        add_events(sum, difference(last_end_[core], first_begin_[core]));
    const uint64_t n = samples_.size();
#define STILE_MEAN(name, help) sum.name = (sum.name + n / 2) / n;
    STILE_COUNTERS(STILE_MEAN)
#undef STILE_MEAN
    return sum;
}

std::optional<TimedCalls> CallRecorder::summary() const {
    if (samples_.empty()) return std::nullopt;
    TimedCalls t;
    t.calls = samples_.size();
    uint64_t cycles = 0;
    double seconds = 0;
    bool one_clock = true;
    PhaseCycles phase{};
    for (const CallSample& s : samples_) {
        cycles += s.delta.cycles;
        t.ticked += s.ticked;
        one_clock &= s.clock == samples_.front().clock;
        if (s.clock != 0) seconds += static_cast<double>(s.delta.cycles) / static_cast<double>(s.clock);
        for (size_t i = 0; i < phase.size(); ++i) phase[i] += s.delta.phase[i];
    }
    const double n = static_cast<double>(samples_.size());
    t.cycles_mean = static_cast<double>(cycles) / n;
    if (!one_clock) t.seconds_mean = seconds / n;
    for (const uint64_t p : phase) t.phase_mean.push_back(static_cast<double>(p) / n);
    const std::vector<size_t> all = by_cycles(samples_, true), quiet = by_cycles(samples_, false);
    const auto at_rank = [&](unsigned percent) {
        return samples_[all[rank(all.size(), percent)]].delta.cycles;
    };
    t.cycles_best = at_rank(0);
    t.cycles_p50 = static_cast<double>(at_rank(50));
    t.cycles_p90 = at_rank(90);
    t.cycles_p99 = static_cast<double>(at_rank(99));
    t.cycles_worst = at_rank(100);
    const std::vector<size_t>& median_of = quiet.empty() ? all : quiet;
    t.median = samples_[median_of[rank(median_of.size(), 50)]].delta;
    t.overlap = overlap_;
    if (overlap_) {
        const uint64_t median_cycles = t.median.cycles;
        t.median = events_per_call();
        t.median.cycles = median_cycles;
    }
    return t;
}

std::vector<std::string> CallRecorder::warnings() const {
    std::vector<std::string> w = warnings_;
    for (const auto& [thread, call] : open_)
        w.push_back(fmt::format("timed call {} has not ended", call.number));
    return w;
}

}  // namespace stile::sim
