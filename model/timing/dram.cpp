// SPDX-License-Identifier: Apache-2.0
#include "model/timing/dram.h"

#include <algorithm>
#include <stdexcept>

namespace stile::model {
namespace {

constexpr Ticks ticks_per_second = 1'000'000'000'000, ticks_per_ns = 1000;

const DramConfig& checked(const DramConfig& c, uint64_t line_bytes) {
    if (c.channels == 0 || c.banks == 0 || c.row < line_bytes || c.row % line_bytes != 0)
        throw std::invalid_argument(
            "machine.memory.dram: channels, banks and whole lines in a row are needed");
    if (c.frequency == 0 || c.frequency > ticks_per_second)
        throw std::invalid_argument("machine.memory.dram.frequency: must be above 0 and at most 1 THz");
    if (c.write_batch == 0 || c.write_batch > c.write_queue)
        throw std::invalid_argument("machine.memory.dram.write_batch: must be 1 to write_queue");
    if (c.refi != 0 && c.rfc >= c.refi)
        throw std::invalid_argument("machine.memory.dram.refi: must be above rfc, or 0 for no refresh");
    return c;
}

}  // namespace

Dram::Channel::Channel(const DramConfig& c, Ticks burst)
    : banks(c.banks), bus(burst), activations(4), written(c.write_queue) {}

Dram::Dram(const DramConfig& config, uint64_t line_bytes)
    : config_(checked(config, line_bytes)),
      line_bytes_(line_bytes),
      lines_per_row_(config.row / line_bytes),
      clock_(ticks_per_second / config.frequency),
      channels_(config.channels, Channel(config, config.burst * clock_)) {}

Dram::Place Dram::place_of(uint64_t line) const {
    const uint64_t row_of_all = line / channels_.size() / lines_per_row_, banks = config_.banks;
    const uint64_t row = row_of_all / banks;
    return {row, static_cast<unsigned>((row_of_all + row) % banks)};
}

Ticks Dram::read(uint64_t paddr, Ticks at) {
    const uint64_t line = paddr / line_bytes_;
    Channel& channel = channel_of(line);
    at += config_.controller * ticks_per_ns;
    // The bus turns around after writes.
    if (at >= channel.batch_from) at = std::max(at, channel.batch_until);
    return transfer(channel, place_of(line), at, false);
}

Ticks Dram::write(uint64_t paddr, Ticks at) {
    const uint64_t line = paddr / line_bytes_;
    Channel& channel = channel_of(line);
    const Ticks taken = std::max(at, channel.written[channel.accepted++ % channel.written.size()]);
    if (taken > at) ++counts_.write_waits;
    channel.writes.push_back(line);
    if (channel.writes.size() >= config_.write_batch) write_batch(channel, taken);
    return taken;
}

// Row by row, so that each is opened once.
void Dram::write_batch(Channel& channel, Ticks at) {
    ++counts_.write_batches;
    std::sort(channel.writes.begin(), channel.writes.end());
    Ticks end = at;
    for (const uint64_t line : channel.writes) {
        const Ticks done = transfer(channel, place_of(line), at, true);
        channel.written[channel.done++ % channel.written.size()] = done;
        end = std::max(end, done);
    }
    channel.writes.clear();
    channel.batch_from = at;
    channel.batch_until = end + config_.wtr * clock_;
}

// A refresh closes all rows and occupies the banks; those that nobody asked during are made up for here.
Ticks Dram::after_refresh(Bank& bank, Ticks at) const {
    if (config_.refi == 0) return at;
    const Ticks interval = config_.refi * clock_;
    const uint64_t number = at / interval;
    if (number <= bank.refresh) return at;
    bank.refresh = number;
    bank.row = no_row;
    bank.activate_from = std::max(bank.activate_from, number * interval + config_.rfc * clock_);
    return at;
}

// When the line has crossed the bus.
Ticks Dram::transfer(Channel& channel, Place place, Ticks at, bool write) {
    const DramConfig& c = config_;
    Bank& bank = channel.banks[place.bank];
    at = after_refresh(bank, at);
    if (bank.row != no_row && c.idle_close != 0 && at > bank.used + c.idle_close * ticks_per_ns) {
        const Ticks closed = std::max(bank.used + c.idle_close * ticks_per_ns, bank.precharge_from);
        bank.activate_from = std::max(bank.activate_from, closed + c.rp * clock_);
        bank.row = no_row;
    }
    Ticks column = std::max(at, bank.column_from);
    if (bank.row == place.row) {
        ++counts_.row_hits;
    } else {
        ++(bank.row == no_row ? counts_.row_closed : counts_.row_conflicts);
        if (bank.row != no_row)
            bank.activate_from =
                std::max(bank.activate_from, std::max(at, bank.precharge_from) + c.rp * clock_);
        Ticks& fourth_last = channel.activations[channel.activation % 4];
        const Ticks last = channel.activations[(channel.activation + 3) % 4];
        Ticks activate = std::max(at, bank.activate_from);
        if (last != 0) activate = std::max(activate, last + c.rrd * clock_);
        if (fourth_last != 0) activate = std::max(activate, fourth_last + c.faw * clock_);
        fourth_last = activate;
        ++channel.activation;
        bank.row = place.row;
        bank.precharge_from = activate + c.ras * clock_;
        column = std::max(column, activate + c.rcd * clock_);
    }
    const Ticks data = channel.bus.take(column + c.cl * clock_);
    column = data - c.cl * clock_;
    const Ticks end = data + c.burst * clock_;
    bank.column_from = column + c.burst * clock_;
    bank.precharge_from =
        std::max(bank.precharge_from, write ? end + c.wr * clock_ : column + c.rtp * clock_);
    bank.used = end;
    return end;
}

}  // namespace stile::model
