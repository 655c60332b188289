// SPDX-License-Identifier: Apache-2.0
//
// A memory controller with its channels of DRAM: banks with open rows, one data bus per channel, refresh,
// and writes that wait in a queue until there are enough for a batch. Times are those of the data sheet
// (JESD79-3 names them), in clocks of the DRAM.
//
// Requests are served in the order in which they come, except that writes wait (our choice: no reordering of
// reads for the sake of open rows). A row stays open until another is wanted, a refresh comes, or nobody has
// asked for `idle_close`. Consecutive lines go to consecutive channels, then along a row; the bank number is
// mixed with the row's, so that power-of-two strides spread (our choice).
#pragma once

#include <vector>

#include "model/config.h"
#include "model/timing/slots.h"

namespace stile::model {

class Dram {
  public:
    // Throws std::invalid_argument for what cannot be built.
    explicit Dram(const DramConfig& config, uint64_t line_bytes = 64);

    // When the data of a line has left the controller again, for a request that comes at `at`.
    Ticks read(uint64_t paddr, Ticks at);
    // When the controller has taken a line that is to be written: at once, unless the queue is full.
    Ticks write(uint64_t paddr, Ticks at);

    struct Counts {
        uint64_t row_hits = 0, row_closed = 0, row_conflicts = 0, write_batches = 0, write_waits = 0;
    };
    const Counts& counts() const { return counts_; }

  private:
    static constexpr uint64_t no_row = ~0ull;
    struct Bank {
        uint64_t row = no_row;
        uint64_t refresh = 0;     // number of the last one that it has seen
        Ticks activate_from = 0;  // earliest times of the next commands
        Ticks column_from = 0;
        Ticks precharge_from = 0;
        Ticks used = 0;  // end of the last transfer
    };
    struct Channel {
        explicit Channel(const DramConfig& c, Ticks burst);
        std::vector<Bank> banks;
        Slots bus;
        std::vector<Ticks> activations;  // the last four
        size_t activation = 0;
        std::vector<uint64_t> writes;  // lines that wait
        std::vector<Ticks> written;    // when each of the last `write_queue` writes was done
        uint64_t accepted = 0, done = 0;
        Ticks batch_from = 0, batch_until = 0;  // the last batch of writes, and the turn-around after it
    };
    struct Place {
        uint64_t row;
        unsigned bank;
    };
    Channel& channel_of(uint64_t line) { return channels_[line % channels_.size()]; }
    Place place_of(uint64_t line) const;
    Ticks transfer(Channel& channel, Place place, Ticks at, bool write);
    Ticks after_refresh(Bank& bank, Ticks at) const;
    void write_batch(Channel& channel, Ticks at);

    const DramConfig config_;
    const uint64_t line_bytes_, lines_per_row_;
    const Ticks clock_;
    std::vector<Channel> channels_;
    Counts counts_;
};

}  // namespace stile::model
