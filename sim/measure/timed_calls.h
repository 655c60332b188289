// SPDX-License-Identifier: Apache-2.0
//
// The timed calls of one row and what their distribution says.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sim/measure/result.h"

namespace stile::sim {

model::Counters difference(const model::Counters& end, const model::Counters& begin);

class CallRecorder {
  public:
    void roi_begin(const model::Counters& now);
    void roi_end(const model::Counters& now);
    void call_begin(uint64_t number, const model::Counters& now);
    void call_end(uint64_t number, const model::Counters& now);
    void tick() { ticked_ = true; }

    // Nothing without a finished call.
    std::optional<TimedCalls> summary() const;
    std::vector<std::string> warnings() const;

  private:
    std::vector<CallSample> samples_;
    std::optional<model::Counters> call_, roi_;
    uint64_t number_ = 0;
    bool ticked_ = false;
    model::Counters roi_total_{};
    std::vector<std::string> warnings_;
};

}  // namespace stile::sim
