// SPDX-License-Identifier: Apache-2.0
#include "model/core/local_apic.h"

#include <bit>

namespace stile::model {

namespace {

enum Register : uint32_t {
    ID = 0x802,
    VERSION = 0x803,
    TPR = 0x808,
    PPR = 0x80a,
    EOI = 0x80b,
    LDR = 0x80d,
    SVR = 0x80f,
    ISR = 0x810,
    TMR = 0x818,
    IRR = 0x820,
    ESR = 0x828,
    ICR = 0x830,
    LVT_TIMER = 0x832,
    LVT_THERMAL = 0x833,
    LVT_ERROR = 0x837,
    INITIAL = 0x838,
    CURRENT = 0x839,
    DIVIDE = 0x83e,
    SELF_IPI = 0x83f
};

constexpr uint64_t version = 0x00050014;  // six LVT entries, no suppression of EOI broadcasts
constexpr uint32_t error_send_accept = 1 << 2, error_illegal_vector_sent = 1 << 5,
                   error_illegal_vector = 1 << 6;

}  // namespace

int LocalApic::highest(const Bits& bits) {
    for (int i = 7; i >= 0; --i)
        if (bits[i]) return 32 * i + 31 - std::countl_zero(bits[i]);
    return -1;
}

unsigned LocalApic::divisor() const {
    const unsigned code = (divide_ & 3) | (divide_ >> 1 & 4);
    return code == 7 ? 1 : 2u << code;
}

unsigned LocalApic::processor_priority() const {
    const int service = highest(in_service_);
    const unsigned in_service = service < 0 ? 0 : static_cast<unsigned>(service) & 0xf0;
    return (tpr_ & 0xf0) >= in_service ? static_cast<unsigned>(tpr_) : in_service;
}

void LocalApic::raise(unsigned vector) {
    if (vector < 16) {
        pending_error_ |= error_illegal_vector;
        return;
    }
    requested_[vector / 32] |= 1u << vector % 32;
}

int LocalApic::pending() const {
    const int vector = highest(requested_);
    if (vector < 0 || !enabled() || (static_cast<unsigned>(vector) & 0xf0) <= (processor_priority() & 0xf0))
        return -1;
    return vector;
}

void LocalApic::accept(unsigned vector) {
    requested_[vector / 32] &= ~(1u << vector % 32);
    in_service_[vector / 32] |= 1u << vector % 32;
}

void LocalApic::start(uint64_t now) {
    due_ =
        initial_ == 0 || mode() == Mode::deadline ? never : now + static_cast<uint64_t>(initial_) * divisor();
}

void LocalApic::advance(uint64_t now) {
    while (now >= arrival_) {
        arrive(arrivals_.front().message);
        arrivals_.erase(arrivals_.begin());
        arrival_ = arrivals_.empty() ? never : arrivals_.front().at;
    }
    if (now < due_) return;
    if (enabled() && !(lvt_timer_ & masked)) raise(lvt_timer_ & 0xff);
    if (mode() == Mode::periodic) {
        const uint64_t period = static_cast<uint64_t>(initial_) * divisor();
        due_ += ((now - due_) / period + 1) * period;
    } else {
        due_ = never;
    }
}

bool LocalApic::write_deadline(uint64_t cycle, uint64_t now) {
    if (mode() != Mode::deadline) return true;  // ignored, as the manual says
    due_ = cycle == 0 ? never : cycle < now ? now : cycle;
    return true;
}

bool LocalApic::read(uint32_t msr, uint64_t now, uint64_t& value) const {
    if (msr >= ISR && msr < ISR + 8) return value = in_service_[msr - ISR], true;
    if (msr >= TMR && msr < TMR + 8) return value = 0, true;
    if (msr >= IRR && msr < IRR + 8) return value = requested_[msr - IRR], true;
    if (msr >= LVT_THERMAL && msr <= LVT_ERROR) return value = lvt_other_[msr - LVT_THERMAL], true;
    switch (msr) {
        case ID:
            return value = id_, true;
        case VERSION:
            return value = version, true;
        case TPR:
            return value = tpr_, true;
        case PPR:
            return value = processor_priority(), true;
        case LDR:
            return value = (id_ >> 4) << 16 | 1u << (id_ & 15), true;
        case SVR:
            return value = spurious_, true;
        case ESR:
            return value = error_, true;
        case ICR:
            return value = command_, true;
        case LVT_TIMER:
            return value = lvt_timer_, true;
        case INITIAL:
            return value = initial_, true;
        case CURRENT:
            value = due_ == never || mode() == Mode::deadline || now >= due_
                        ? 0
                        : (due_ - now + divisor() - 1) / divisor();
            return true;
        case DIVIDE:
            return value = divide_, true;
        default:
            return false;
    }
}

bool LocalApic::named_by(const InterruptMessage& m) const {
    if (m.shorthand != InterruptMessage::none)
        return m.shorthand == InterruptMessage::all || m.shorthand == InterruptMessage::all_but_self;
    if (m.destination == ~0u) return true;
    if (!m.logical) return m.destination == id_;
    return m.destination >> 16 == id_ >> 4 && (m.destination >> (id_ & 15) & 1);
}

bool LocalApic::send(uint64_t command, uint64_t now) {
    if (command & 0xfff32000ull) return false;  // reserved bits
    command_ = command;
    const InterruptMessage m{static_cast<InterruptMessage::Delivery>(command >> 8 & 7),
                             static_cast<InterruptMessage::Shorthand>(command >> 18 & 3),
                             (command & 0x800) != 0, static_cast<uint8_t>(command),
                             static_cast<uint32_t>(command >> 32)};
    const bool interrupt = m.delivery <= InterruptMessage::lowest_priority;
    const bool to_self = m.shorthand == InterruptMessage::self || m.shorthand == InterruptMessage::all ||
                         (m.shorthand == InterruptMessage::none && named_by(m));
    if (to_self && !interrupt) return false;  // only these reach the sender itself
    if (interrupt && m.vector < 16) {
        pending_error_ |= error_illegal_vector_sent;
        return true;
    }
    // INIT with level 0 only synchronises arbitration; no processor since the Pentium 4 does anything.
    constexpr uint64_t level = 1 << 14, level_triggered = 1 << 15;
    if (m.delivery == InterruptMessage::init && (command & level_triggered) && !(command & level))
        return true;
    bool anybody = to_self;
    if (to_self) raise(m.vector);
    if (m.shorthand != InterruptMessage::self && bus_ &&
        !(to_self && m.delivery == InterruptMessage::lowest_priority))
        anybody |= bus_->send(id_, m, now);
    if (!anybody) pending_error_ |= error_send_accept;
    return true;
}

void LocalApic::receive(const InterruptMessage& message, uint64_t at) {
    const auto behind = std::ranges::upper_bound(arrivals_, at, {}, &Arrival::at);
    arrivals_.insert(behind, {at, message});
    arrival_ = arrivals_.front().at;
}

void LocalApic::arrive(const InterruptMessage& m) {
    switch (m.delivery) {
        case InterruptMessage::fixed:
        case InterruptMessage::lowest_priority:
            if (enabled()) raise(m.vector);
            break;
        case InterruptMessage::nmi:
            nmi_ = true;
            break;
        case InterruptMessage::init:
            init_ = true;
            start_up_ = false;
            break;
        case InterruptMessage::start_up:
            start_up_ = true;
            break;
        default:  // there is no system-management mode
            break;
    }
}

void LocalApic::reset() {
    LocalApic fresh(id_);
    fresh.bus_ = bus_;
    fresh.arrivals_ = std::move(arrivals_);
    fresh.arrival_ = arrival_;
    fresh.start_up_ = start_up_;  // it came after the INIT that is carried out now: arrive()
    *this = std::move(fresh);
}

bool LocalApic::write(uint32_t msr, uint64_t value, uint64_t now) {
    if (msr != ICR && value >> 32) return false;
    const auto v = static_cast<uint32_t>(value);
    if (msr >= LVT_THERMAL && msr <= LVT_ERROR) {
        lvt_other_[msr - LVT_THERMAL] = v | (enabled() ? 0 : masked);
        return true;
    }
    switch (msr) {
        case TPR:
            if (v >> 8) return false;
            tpr_ = v;
            return true;
        case EOI: {
            if (v) return false;
            const int vector = highest(in_service_);
            if (vector >= 0) in_service_[vector / 32] &= ~(1u << vector % 32);
            return true;
        }
        case SVR:
            if (v & ~0x13ffu) return false;
            spurious_ = v;
            if (!enabled()) {
                lvt_timer_ |= masked;
                for (uint32_t& entry : lvt_other_) entry |= masked;
            }
            return true;
        case ESR:
            if (v) return false;
            error_ = pending_error_;
            pending_error_ = 0;
            return true;
        case ICR:
            return send(value, now);
        case LVT_TIMER: {
            if (v & ~0x710ffu || (v >> 17 & 3) == 3) return false;
            const Mode before = mode();
            lvt_timer_ = v | (enabled() ? 0 : masked);
            if ((before == Mode::deadline) != (mode() == Mode::deadline)) due_ = never;
            return true;
        }
        case INITIAL:
            if (mode() == Mode::deadline) return true;
            initial_ = v;
            start(now);
            return true;
        case DIVIDE:
            if (v & ~0xbu) return false;
            divide_ = v;
            return true;
        case SELF_IPI:
            if (v >> 8) return false;
            raise(v & 0xff);
            return true;
        default:
            return false;
    }
}

}  // namespace stile::model
