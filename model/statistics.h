// SPDX-License-Identifier: Apache-2.0
//
// What can be counted names itself: a part of the machine lists its figures, the tree of parts gives them
// their paths (core0.dcache.misses).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace stile::model {

struct Statistic {
    std::string path;
    double value = 0;
    bool integral = true;  // a count; otherwise a ratio or a time
    std::string unit;
    std::string description;
};

class StatisticsSink {
  public:
    explicit StatisticsSink(std::vector<Statistic>& out) : out_(out) {}
    void within(std::string prefix) { prefix_ = std::move(prefix); }
    void count(const std::string& name, uint64_t value, const char* unit, const char* description) {
        out_.push_back({prefix_ + name, static_cast<double>(value), true, unit, description});
    }
    void ratio(const std::string& name, double value, const char* unit, const char* description) {
        out_.push_back({prefix_ + name, value, false, unit, description});
    }

  private:
    std::vector<Statistic>& out_;
    std::string prefix_;
};

class StatisticsSource {
  public:
    virtual ~StatisticsSource() = default;
    virtual void statistics(StatisticsSink& sink) const = 0;
};

// Says what it holds and waits for, for whoever wonders why a machine does not go on.
class StateSource {
  public:
    virtual ~StateSource() = default;
    virtual std::string state() const = 0;  // one line or more
};

}  // namespace stile::model
