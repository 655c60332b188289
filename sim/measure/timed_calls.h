// SPDX-License-Identifier: Apache-2.0
//
// The timed calls of one row and what their distribution says.
//
// A call belongs to the core that begins it, its caller. Where other cores take part, two things are more
// than the difference of the caller's counters:
//   - Where the time went. While the caller is halted it waits for what another core does, so that time
//     belongs to the phases of that core, scaled to exactly the time waited: the critical path. Of several
//     cores it is the busiest one. Only what that core waited too, for a message on its way, is `wait`.
//   - What happened: the events of every core that ran a thread during the call. What a server does after its
//     answer (it goes back to wait for the next request) is the call's as well, so other cores are
//     counted up to the next call's begin.
//
// Every function is given the counters of all cores at one instant, by the cores' numbers.
#pragma once

#include <array>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "sim/measure/result.h"

namespace stile::sim {

using AllCounters = std::vector<model::Counters>;
using PhaseCycles = std::array<uint64_t, static_cast<size_t>(model::Phase::count)>;

model::Counters difference(const model::Counters& end, const model::Counters& begin);

// `from` as parts of `total` cycles: they sum to exactly that. All of it is waiting where `from` is empty.
PhaseCycles scaled(const PhaseCycles& from, uint64_t total);

class CallRecorder {
  public:
    void roi_begin(const AllCounters& now);
    void roi_end(unsigned core, const AllCounters& now);
    void call_begin(unsigned core, uint64_t number, const AllCounters& now);
    void call_end(unsigned core, uint64_t number, const AllCounters& now);
    void halted(unsigned core, bool begins, const AllCounters& now);
    // A core goes over to a thread, or to its idle loop.
    void switched(unsigned core, bool to_idle);
    void tick(unsigned core);
    // True while somebody has to hear of halts.
    bool call_open() const { return !open_.empty(); }

    // Nothing without a finished call.
    std::optional<TimedCalls> summary() const;
    // Nothing without a region that has ended.
    const std::optional<model::Counters>& roi() const { return roi_total_; }
    std::vector<std::string> warnings() const;

  private:
    struct Open {
        uint64_t number = 0;
        AllCounters begin;
        std::vector<bool> took_part, ticked;  // by core
        std::optional<AllCounters> halt;      // since when the caller is halted
        std::vector<bool> took_part_in_halt;
        uint64_t waited = 0;    // cycles of the caller
        PhaseCycles instead{};  // whose they are
    };
    // A call that has ended, while other cores may still do something for it.
    struct Ended {
        size_t sample = 0;
        model::Counters caller;
        AllCounters begin;
        std::vector<bool> took_part;
    };
    void finish(unsigned core, const AllCounters& now);
    void add_others(unsigned core, const Ended& ended, const AllCounters& now);

    std::vector<CallSample> samples_;
    std::map<unsigned, Open> open_;    // by caller
    std::map<unsigned, Ended> ended_;  // likewise
    std::vector<bool> working_;        // by core: runs a thread
    std::optional<AllCounters> roi_;
    std::optional<model::Counters> roi_total_;
    uint64_t moved_ = 0;  // calls that ended on another core than they began on
    std::vector<std::string> warnings_;
};

}  // namespace stile::sim
