// SPDX-License-Identifier: Apache-2.0
//
// The timed calls of one row and what their distribution says.
//
// A call belongs to the thread that begins it, its caller, and ends in that thread, on whatever core. Its
// time is elapsed time, in cycles of the core that it began on. Two things are more than the difference of
// that core's counters:
//   - Where the time went. It is followed where the caller was last: all that its core did until the call
//     ended or the caller went on elsewhere, whoever for. So a caller whose core runs somebody else meanwhile
//     finds in its phases what that one did. While the caller's core is halted it waits for what another core
//     does, so that time belongs to the phases of that core, scaled to exactly the time waited: the critical
//     path. Of several cores it is the busiest one. Only what that core waited too, for a message on its way,
//     is `wait`.
//   - What happened: the events of every core that ran a thread during the call. What a server does after its
//     answer (it goes back to wait for the next request) is the call's as well, so other cores are
//     counted up to the caller's next call's begin. Where calls of several callers overlap an event cannot be
//     said to be one call's: then it is all events from the first begin to the last end, over the calls.
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
    // Of the cores, in Hz; all alike where nothing is said.
    void clocks(std::vector<uint64_t> frequencies) { clocks_ = std::move(frequencies); }

    void roi_begin(const AllCounters& now);
    void roi_end(unsigned core, const AllCounters& now);
    void call_begin(unsigned core, uint64_t number, const AllCounters& now);
    void call_end(unsigned core, uint64_t number, const AllCounters& now);
    void halted(unsigned core, bool begins, const AllCounters& now);
    // A core goes over from a thread to another, or to its idle loop, whose number is 0.
    void switched(unsigned core, uint64_t from, uint64_t to);
    // The same, for a thread that left another core in the middle of a call: told before switched().
    bool comes_from_elsewhere(unsigned core, uint64_t thread) const;
    void came_from_elsewhere(unsigned core, uint64_t thread, const AllCounters& now);
    void tick(unsigned core);
    // True while somebody has to hear of halts.
    bool call_open() const { return !open_.empty(); }

    // Nothing without a finished call.
    std::optional<TimedCalls> summary() const;
    // Nothing without a region that has ended.
    const std::optional<model::Counters>& roi() const { return roi_total_; }
    std::vector<std::string> warnings() const;

    // All but the clocks. A member that is not here is lost where a run begins with a checkpoint.
    void archive(auto& a) {
        a(samples_, open_, ended_, working_, threads_, first_begin_, last_end_, overlap_, roi_, roi_total_,
          warnings_);
    }

  private:
    // A part of a call, during which its caller belonged to one core.
    struct Stretch {
        unsigned core = 0;
        model::Counters begin;
        std::optional<AllCounters> halt;  // since when the core is halted
        std::vector<bool> took_part_in_halt;
        uint64_t waited = 0;    // cycles of the core
        PhaseCycles instead{};  // whose they are
        void archive(auto& a) { a(core, begin, halt, took_part_in_halt, waited, instead); }
    };
    struct Open {
        uint64_t number = 0;
        unsigned core = 0;  // that it began on
        AllCounters begin;
        std::vector<bool> took_part, ticked;  // by core
        Stretch stretch;                      // the last one
        // Of those before it, in the clock of the call.
        uint64_t cycles = 0;
        PhaseCycles phase{};
        void archive(auto& a) { a(number, core, begin, took_part, ticked, stretch, cycles, phase); }
    };
    // A call that has ended, while other cores may still do something for it.
    struct Ended {
        size_t sample = 0;
        unsigned core = 0;  // that it began on
        model::Counters caller;
        AllCounters begin;
        std::vector<bool> took_part;
        void archive(auto& a) { a(sample, core, caller, begin, took_part); }
    };
    uint64_t thread_on(unsigned core) const;
    uint64_t in_clock_of(unsigned core, unsigned other, uint64_t cycles_of_other) const;
    static void halt_ends(Stretch& stretch, const AllCounters& now);
    static PhaseCycles phases_of(const Stretch& stretch, const model::Counters& end);
    void finish(uint64_t thread, const AllCounters& now);
    void add_others(const Ended& ended, const AllCounters& now);
    model::Counters events_per_call() const;

    std::vector<CallSample> samples_;
    std::map<uint64_t, Open> open_;         // by caller
    std::map<uint64_t, Ended> ended_;       // likewise
    std::vector<bool> working_;             // by core: runs a thread
    std::map<unsigned, uint64_t> threads_;  // by core: who runs there, as far as anybody has said
    std::vector<uint64_t> clocks_;
    AllCounters first_begin_, last_end_;
    bool overlap_ = false;  // of two callers
    std::optional<AllCounters> roi_;
    std::optional<model::Counters> roi_total_;
    std::vector<std::string> warnings_;
};

}  // namespace stile::sim
