// SPDX-License-Identifier: Apache-2.0
#include "sim/measure/timed_calls.h"

#include <fmt/format.h>

#include <algorithm>

namespace stile::sim {
namespace {

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

}  // namespace

model::Counters difference(const model::Counters& end, const model::Counters& begin) {
    model::Counters d;
#define STILE_DIFFERENCE(name, help) d.name = end.name - begin.name;
    STILE_COUNTERS(STILE_DIFFERENCE)
#undef STILE_DIFFERENCE
    for (size_t i = 0; i < d.phase.size(); ++i) d.phase[i] = end.phase[i] - begin.phase[i];
    return d;
}

void CallRecorder::roi_begin(const model::Counters& now) { roi_ = now; }

void CallRecorder::roi_end(const model::Counters& now) {
    if (!roi_) {
        warnings_.push_back("a region of interest ends that has not begun");
        return;
    }
    roi_total_ = difference(now, *roi_);
    roi_.reset();
}

void CallRecorder::call_begin(uint64_t number, const model::Counters& now) {
    if (call_)
        warnings_.push_back(fmt::format("timed call {} begins before call {} has ended", number, number_));
    call_ = now;
    number_ = number;
    ticked_ = false;
}

void CallRecorder::call_end(uint64_t number, const model::Counters& now) {
    if (!call_ || number != number_) {
        warnings_.push_back(fmt::format("timed call {} ends that has not begun", number));
        return;
    }
    samples_.push_back({difference(now, *call_), ticked_});
    call_.reset();
}

std::optional<TimedCalls> CallRecorder::summary() const {
    if (samples_.empty()) return std::nullopt;
    TimedCalls t;
    t.calls = samples_.size();
    uint64_t cycles = 0;
    std::array<uint64_t, model::phase_names.size()> phase{};
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
    t.roi = roi_total_;
    return t;
}

std::vector<std::string> CallRecorder::warnings() const {
    std::vector<std::string> w = warnings_;
    if (call_) w.push_back(fmt::format("timed call {} has not ended", number_));
    return w;
}

}  // namespace stile::sim
