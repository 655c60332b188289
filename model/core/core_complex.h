// SPDX-License-Identifier: Apache-2.0
//
// What the cores of a machine have in common besides memory: messages between their interrupt controllers,
// the knowledge of which pages hold translated code, and how far one may run ahead of the others. Whoever
// lets them take turns (SystemC, or a test's loop) asks here.
//
// Time common to all is counted in cycles of the reference clock, MachineConfig::reference_frequency.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "model/config.h"
#include "model/core/local_apic.h"

namespace stile::model {

class Core;
enum class Stop : uint8_t;

class CoreComplex final : public InterruptBus {
  public:
    explicit CoreComplex(const MachineConfig& config);
    CoreComplex(const CoreComplex&) = delete;
    CoreComplex& operator=(const CoreComplex&) = delete;

    // In the order of their ids, from 0. The core must outlive the complex's use.
    void add(Core& core);
    size_t size() const { return cores_.size(); }
    // Core 0 starts where its registers say; the others wait for INIT and start-up messages, on which they
    // start like it. Does nothing the second time.
    void power_on();

    // Only what is its own; cores are archived by who made them.
    void archive(auto& a) { a(on_); }

    // Until when core i may run, in its own cycles: nothing that another core does can reach it before. Above
    // core i's clock if no core that is awake is behind it.
    Cycles limit(unsigned i) const;
    // Halted or not started, with nothing on its way that would wake it: every one of them.
    bool all_asleep() const;
    // Nobody but core i can do anything before a message of i arrives.
    bool alone(unsigned i) const;
    // Told of each message, after it was sent.
    void on_message(std::function<void(unsigned core)> told) { told_ = std::move(told); }

    // For whoever has no clock of his own: the core whose clock is behind goes first, until one stops for a
    // reason other than time, all sleep, or all clocks show `until` (reference cycles).
    Stop take_turns(Cycles until);

    bool send(unsigned from, const InterruptMessage& message, uint64_t now) override;

    // Of core code (Core::Impl).
    void protect_code_page(uint64_t paddr);
    void code_stored(uint64_t paddr, unsigned bytes);

  private:
    const Cycles latency_, look_ahead_;
    std::vector<Core*> cores_;
    std::function<void(unsigned core)> told_;
    bool on_ = false;
};

}  // namespace stile::model
