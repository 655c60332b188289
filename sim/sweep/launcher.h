// SPDX-License-Identifier: Apache-2.0
//
// Where points are simulated: the door between the coordinator of a sweep and whoever starts its workers. A
// worker is `stile sweep --worker POINT --out DIR` (worker.h): it reads DIR/config.yaml, keeps the time limit
// of sweep.timeout by itself, and leaves its result as DIR/work/POINT.json. So all a launcher has to do is to
// start workers and to tell when each is gone.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

namespace stile::sim {

// A worker that is gone, with its result or without.
struct Ended {
    size_t point = 0;
    bool by_host = false;  // killed by a signal, lost with its computer: another attempt may fare better
    std::string text;      // why, where it left no result; may be empty
};

class Launcher {
  public:
    virtual ~Launcher() = default;  // no worker outlives it

    // How many points it takes at this moment.
    virtual size_t room() const = 0;
    // Each of them ends some time, and only once. Throws std::runtime_error where nothing can be started at
    // all.
    virtual void start(const std::vector<size_t>& points) = 0;
    // Those that have ended since the last time; waits for the first at most so long. Comes back at once when
    // a signal has arrived.
    virtual std::vector<Ended> wait(std::chrono::milliseconds at_most) = 0;
    // Ends all workers and comes back when they are gone.
    virtual void stop() = 0;
};

}  // namespace stile::sim
