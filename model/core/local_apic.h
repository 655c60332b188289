// SPDX-License-Identifier: Apache-2.0
//
// The local interrupt controller (Intel SDM vol. 3, 11), in x2APIC mode always: registers are MSRs
// 0x800..0x8ff, there is no MMIO page. Its timer counts core cycles divided by the divide configuration.
// Interrupts to processors that do not exist set the send-accept error, as nobody answers.
#pragma once

#include <array>
#include <cstdint>

namespace stile::model {

class LocalApic {
  public:
    explicit LocalApic(unsigned id) : id_(id) {}

    // False: #GP(0).
    bool read(uint32_t msr, uint64_t now, uint64_t& value) const;
    bool write(uint32_t msr, uint64_t value, uint64_t now);
    bool write_deadline(uint64_t cycle, uint64_t now);  // IA32_TSC_DEADLINE, in cycles; 0 disarms
    uint64_t deadline() const { return mode() == Mode::deadline && due_ != never ? due_ : 0; }

    static constexpr uint64_t never = ~0ull;
    uint64_t next_event() const { return due_; }
    void advance(uint64_t now);  // lets the timer fire

    // Highest-priority vector that the task priority lets through; -1: none.
    int pending() const;
    void accept(unsigned vector);
    bool is_timer(unsigned vector) const { return (lvt_timer_ & 0xff) == vector; }

    uint64_t task_priority() const { return tpr_; }
    void set_task_priority(uint64_t value) { tpr_ = value & 0xff; }

  private:
    enum class Mode { oneshot, periodic, deadline, reserved };
    using Bits = std::array<uint32_t, 8>;
    static int highest(const Bits& bits);
    Mode mode() const { return static_cast<Mode>(lvt_timer_ >> 17 & 3); }
    unsigned divisor() const;
    unsigned processor_priority() const;
    bool enabled() const { return spurious_ & 0x100; }
    void raise(unsigned vector);
    void start(uint64_t now);
    bool send(uint64_t command);

    unsigned id_;
    Bits requested_{}, in_service_{};
    uint64_t tpr_ = 0, command_ = 0;
    uint32_t spurious_ = 0xff, error_ = 0, pending_error_ = 0;
    static constexpr uint32_t masked = 1 << 16;
    uint32_t lvt_timer_ = masked;
    std::array<uint32_t, 5> lvt_other_{masked, masked, masked, masked, masked};
    uint32_t divide_ = 0, initial_ = 0;
    uint64_t due_ = never;
};

}  // namespace stile::model
