// SPDX-License-Identifier: Apache-2.0
//
// The local interrupt controller (Intel SDM vol. 3, 11), in x2APIC mode always: registers are MSRs
// 0x800..0x8ff, there is no MMIO page. Time is the reference clock's: its timer counts that clock divided by
// the divide configuration. Messages to processors that do not exist set the send-accept error, as nobody
// answers.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>
#include <vector>

namespace stile::model {

class StateArchive;

// What the interrupt command register says (Intel SDM vol. 3, 11.12.9).
struct InterruptMessage {
    enum Delivery : uint8_t { fixed = 0, lowest_priority = 1, smi = 2, nmi = 4, init = 5, start_up = 6 };
    enum Shorthand : uint8_t { none, self, all, all_but_self };
    Delivery delivery = fixed;
    Shorthand shorthand = none;
    bool logical = false;
    uint8_t vector = 0;
    uint32_t destination = 0;
};

class InterruptBus {
  public:
    virtual ~InterruptBus() = default;
    // To all that are named but the sender; `now` in reference cycles. False: there was none.
    virtual bool send(unsigned from, const InterruptMessage& message, uint64_t now) = 0;
};

class LocalApic {
  public:
    explicit LocalApic(unsigned id) : id_(id) {}
    void connect(InterruptBus* bus) { bus_ = bus; }

    // False: #GP(0).
    bool read(uint32_t msr, uint64_t now, uint64_t& value) const;
    bool write(uint32_t msr, uint64_t value, uint64_t now);
    bool write_deadline(uint64_t cycle, uint64_t now);  // IA32_TSC_DEADLINE; 0 disarms
    uint64_t deadline() const { return mode() == Mode::deadline && due_ != never ? due_ : 0; }

    static constexpr uint64_t never = ~0ull;
    // When the timer fires or the next message arrives.
    uint64_t next_event() const { return std::min(due_, arrival_); }
    uint64_t next_arrival() const { return arrival_; }
    void advance(uint64_t now);  // lets the timer fire and messages arrive

    // A message that gets here at `at`.
    void receive(const InterruptMessage& message, uint64_t at);
    bool named_by(const InterruptMessage& message) const;
    bool listens() const { return enabled(); }  // to interrupts: enabled by software
    // What messages other than interrupts ask for; each is asked for once.
    bool take_nmi() { return std::exchange(nmi_, false); }
    bool take_init() { return std::exchange(init_, false); }
    bool take_start_up() { return std::exchange(start_up_, false); }
    bool message_waits() const { return nmi_ || init_ || start_up_; }
    void reset();  // as after INIT; messages on their way stay, and a start-up message behind that INIT

    // Highest-priority vector that the task priority lets through; -1: none.
    int pending() const;
    void accept(unsigned vector);
    bool is_timer(unsigned vector) const { return (lvt_timer_ & 0xff) == vector; }

    void archive(StateArchive& a);

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
    bool send(uint64_t command, uint64_t now);
    void arrive(const InterruptMessage& message);

    unsigned id_;
    Bits requested_{}, in_service_{};
    uint64_t tpr_ = 0, command_ = 0;
    uint32_t spurious_ = 0xff, error_ = 0, pending_error_ = 0;
    static constexpr uint32_t masked = 1 << 16;
    uint32_t lvt_timer_ = masked;
    std::array<uint32_t, 5> lvt_other_{masked, masked, masked, masked, masked};
    uint32_t divide_ = 0, initial_ = 0;
    uint64_t due_ = never;

    struct Arrival {
        uint64_t at;
        InterruptMessage message;
        void archive(auto& a) { a(at, message); }
    };
    std::vector<Arrival> arrivals_;  // by time; of equal times in the order in which they were sent
    uint64_t arrival_ = never;
    bool nmi_ = false, init_ = false, start_up_ = false;
    InterruptBus* bus_ = nullptr;
};

}  // namespace stile::model
