// SPDX-License-Identifier: Apache-2.0
#include "sim/measure/timed_calls.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

namespace stile::sim {
namespace {

constexpr auto wait = static_cast<size_t>(model::Phase::wait);

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
    finish(core, now);
    if (const auto open = open_.find(core); open != open_.end())
        warnings_.push_back(
            fmt::format("timed call {} begins before call {} has ended", number, open->second.number));
    Open call;
    call.number = number;
    call.begin = now;
    call.took_part = working_;
    open_[core] = std::move(call);
}

void CallRecorder::call_end(unsigned core, uint64_t number, const AllCounters& now) {
    const auto open = open_.find(core);
    if (open == open_.end() || number != open->second.number) {
        for (const auto& [other, call] : open_) {
            if (call.number != number) continue;
            ++moved_;
            open_.erase(other);
            return;
        }
        warnings_.push_back(fmt::format("timed call {} ends that has not begun", number));
        return;
    }
    Open& call = open->second;
    CallSample sample;
    sample.delta = difference(now[core], call.begin[core]);
    sample.delta.phase[wait] -= call.waited;
    for (size_t i = 0; i < call.instead.size(); ++i) sample.delta.phase[i] += call.instead[i];
    for (unsigned other = 0; other < now.size(); ++other)
        sample.ticked |= at(call.ticked, other) && (other == core || at(call.took_part, other));
    const Ended ended{samples_.size(), sample.delta, std::move(call.begin), std::move(call.took_part)};
    samples_.push_back(sample);
    open_.erase(open);
    add_others(core, ended, now);
    ended_[core] = ended;
}

// The caller makes its next call, or none: what is done by now was done for the last one.
void CallRecorder::finish(unsigned core, const AllCounters& now) {
    const auto ended = ended_.find(core);
    if (ended == ended_.end()) return;
    add_others(core, ended->second, now);
    ended_.erase(ended);
}

void CallRecorder::add_others(unsigned core, const Ended& ended, const AllCounters& now) {
    model::Counters& sum = samples_[ended.sample].delta;
    sum = ended.caller;
    for (unsigned other = 0; other < now.size(); ++other)
        if (other != core && at(ended.took_part, other))
            add_events(sum, difference(now[other], ended.begin[other]));
}

void CallRecorder::halted(unsigned core, bool begins, const AllCounters& now) {
    const auto open = open_.find(core);
    if (open == open_.end()) return;
    Open& call = open->second;
    if (begins) {
        call.halt = now;
        call.took_part_in_halt = working_;
        return;
    }
    if (!call.halt) return;
    // Not all that passes while a core is halted is waiting: its last stores may still drain.
    const uint64_t waited = now[core].phase[wait] - (*call.halt)[core].phase[wait];
    const PhaseCycles instead = scaled(busiest(core, call.took_part_in_halt, *call.halt, now), waited);
    call.waited += waited;
    for (size_t i = 0; i < instead.size(); ++i) call.instead[i] += instead[i];
    call.halt.reset();
}

void CallRecorder::switched(unsigned core, bool to_idle) {
    if (working_.size() <= core) working_.resize(core + 1);
    working_[core] = !to_idle;
    if (to_idle) return;
    for (auto& [caller, call] : open_) {
        set(call.took_part, core);
        if (call.halt) set(call.took_part_in_halt, core);
    }
    for (auto& [caller, call] : ended_) set(call.took_part, core);
}

void CallRecorder::tick(unsigned core) {
    for (auto& [caller, call] : open_) set(call.ticked, core);
}

std::optional<TimedCalls> CallRecorder::summary() const {
    if (samples_.empty()) return std::nullopt;
    TimedCalls t;
    t.calls = samples_.size();
    uint64_t cycles = 0;
    PhaseCycles phase{};
    for (const CallSample& s : samples_) {
        cycles += s.delta.cycles;
        t.ticked += s.ticked;
        for (size_t i = 0; i < phase.size(); ++i) phase[i] += s.delta.phase[i];
    }
    const double n = static_cast<double>(samples_.size());
    t.cycles_mean = static_cast<double>(cycles) / n;
    for (const uint64_t p : phase) t.phase_mean.push_back(static_cast<double>(p) / n);
    const std::vector<size_t> all = by_cycles(samples_, true), quiet = by_cycles(samples_, false);
    t.cycles_p50 = static_cast<double>(samples_[all[rank(all.size(), 50)]].delta.cycles);
    t.cycles_p99 = static_cast<double>(samples_[all[rank(all.size(), 99)]].delta.cycles);
    const std::vector<size_t>& median_of = quiet.empty() ? all : quiet;
    t.median = samples_[median_of[rank(median_of.size(), 50)]].delta;
    return t;
}

std::vector<std::string> CallRecorder::warnings() const {
    std::vector<std::string> w = warnings_;
    if (moved_ != 0)
        w.push_back(fmt::format("{} timed call{} ended on another core than they began on: not counted",
                                moved_, moved_ == 1 ? "" : "s"));
    for (const auto& [core, call] : open_)
        w.push_back(fmt::format("timed call {} has not ended", call.number));
    return w;
}

}  // namespace stile::sim
