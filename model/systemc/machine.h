// SPDX-License-Identifier: Apache-2.0
//
// The whole machine, assembled from a MachineConfig. This header knows neither SystemC nor YAML. SystemC
// allows one simulation per process: make one Machine in the life of a process.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "model/config.h"
#include "model/core/core.h"
#include "model/core/observer.h"
#include "model/memory/physical_memory.h"
#include "model/statistics.h"

namespace stile::model {

class StateArchive;

class Machine {
  public:
    static constexpr Cycles forever = ~0ull;

    // Throws std::invalid_argument for a configuration that cannot be built, std::bad_alloc without memory.
    explicit Machine(const MachineConfig& config, Observer* observer = nullptr);
    ~Machine();
    Machine(const Machine&) = delete;
    Machine& operator=(const Machine&) = delete;

    const MachineConfig& config() const;
    PhysicalMemory& memory();
    Core& core(unsigned i = 0);

    // Guest output, line by line (and what is left when a run ends). Guest input.
    void on_console(std::function<void(std::string_view)> sink);
    // Everything that the guest has put into the archive (abi/platform.h).
    const std::string& archive() const;
    void console_input(std::string_view bytes);

    struct Outcome {
        Stop why = Stop::until;
        unsigned core = 0;        // which stopped, where one did
        uint32_t power_code = 0;  // with Stop::power_off: what the guest wrote to STILE_POWER_OFF
        std::string reason;       // for a human; empty unless something went wrong
    };
    // Until the core's clock shows `until`, the guest switches off, or nothing can happen any more. Can be
    // called again after Stop::until and Stop::requested.
    Outcome run(Cycles until = forever);

    // Everything that software can see but memory() and what was loaded there at the beginning. Between two
    // calls of run(), the last of which ended with Stop::until while all cores ran the functional model; or,
    // to read, before the first. Cores come out of it as Core::archive says. Throws ArchiveError.
    void archive(StateArchive& a);

    double seconds(Cycles cycles) const;  // simulated
    std::vector<Statistic> statistics() const;
    // What every part holds and waits for, for a human.
    std::string state() const;

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace stile::model
