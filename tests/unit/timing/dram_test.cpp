// SPDX-License-Identifier: Apache-2.0
//
// Does the DRAM take exactly the times of its data sheet? Each command comes as early as its parameter allows
// and not a clock earlier; what a stream of requests takes is a formula of the parameters.
#include "model/timing/dram.h"

#include <gtest/gtest.h>

#include <stdexcept>

namespace stile::model {
namespace {

constexpr Ticks ns = 1000, clock_ = 1250;

// One channel, no refresh, nothing but the DRAM itself.
DramConfig bare() {
    DramConfig c;
    c.channels = 1;
    c.refi = 0;
    c.controller = 0;
    c.idle_close = 0;
    return c;
}
// The first line of the row `row` of bank `bank`, by the mapping that dram.h describes.
uint64_t address(const DramConfig& c, uint64_t row, unsigned bank) {
    const uint64_t mixed = (bank + c.banks - row % c.banks) % c.banks;
    return (row * c.banks + mixed) * c.row * c.channels;
}
constexpr Ticks start = 1'000'000;

TEST(Dram, ClosedRowIsActivatedThenRead) {
    const DramConfig c = bare();
    Dram d(c);
    EXPECT_EQ(d.read(0, start), start + (c.rcd + c.cl + c.burst) * clock_);
    EXPECT_EQ(d.counts().row_closed, 1u);
}

TEST(Dram, OpenRowIsReadAtOnce) {
    const DramConfig c = bare();
    Dram d(c);
    d.read(0, start);
    EXPECT_EQ(d.read(64, 2 * start), 2 * start + (c.cl + c.burst) * clock_);
    EXPECT_EQ(d.read(c.row - 64, 3 * start), 3 * start + (c.cl + c.burst) * clock_) << "the row's last line";
    EXPECT_EQ(d.counts().row_hits, 2u);
}

TEST(Dram, OtherRowOfTheBankWaitsForPrechargeToo) {
    const DramConfig c = bare();
    Dram d(c);
    d.read(address(c, 0, 3), start);
    EXPECT_EQ(d.read(address(c, 1, 3), 2 * start), 2 * start + (c.rp + c.rcd + c.cl + c.burst) * clock_);
    EXPECT_EQ(d.counts().row_conflicts, 1u);
    EXPECT_EQ(d.read(address(c, 0, 4), 3 * start), 3 * start + (c.rcd + c.cl + c.burst) * clock_)
        << "another bank";
}

// tRAS: the second row's activation follows the first's by ras + rp, whatever else would allow.
TEST(Dram, RowStaysOpenForItsShortestTime) {
    DramConfig c = bare();
    c.rtp = 0;
    for (const unsigned ras : {20u, 28u, 60u}) {
        c.ras = ras;
        Dram d(c);
        d.read(address(c, 0, 0), start);
        EXPECT_EQ(d.read(address(c, 1, 0), start), start + (ras + c.rp + c.rcd + c.cl + c.burst) * clock_);
    }
}

TEST(Dram, ReadToPrecharge) {
    DramConfig c = bare();
    c.ras = 0;
    c.rtp = 40;
    Dram d(c);
    d.read(address(c, 0, 0), start);
    EXPECT_EQ(d.read(address(c, 1, 0), start),
              start + (c.rcd + c.rtp + c.rp + c.rcd + c.cl + c.burst) * clock_);
}

TEST(Dram, ActivationsOfDifferentBanksKeepTheirDistance) {
    DramConfig c = bare();
    c.burst = 1;  // so that the bus does not hide it
    for (const unsigned rrd : {5u, 9u}) {
        c.rrd = rrd;
        c.faw = 0;
        Dram d(c);
        for (unsigned bank = 0; bank < 6; ++bank)
            EXPECT_EQ(d.read(address(c, 0, bank), start),
                      start + (bank * rrd + c.rcd + c.cl + c.burst) * clock_);
    }
}

TEST(Dram, FifthActivationWaitsForTheWindow) {
    DramConfig c = bare();
    c.burst = 1;
    c.rrd = 1;
    for (const unsigned faw : {24u, 50u}) {
        c.faw = faw;
        Dram d(c);
        for (unsigned bank = 0; bank < 8; ++bank) {
            const unsigned activation = bank % 4 + bank / 4 * faw;
            EXPECT_EQ(d.read(address(c, 0, bank), start),
                      start + (activation + c.rcd + c.cl + c.burst) * clock_)
                << bank;
        }
    }
}

// Bandwidth: open rows deliver a line per burst and channel.
TEST(Dram, BusCarriesOneLinePerBurst) {
    for (const unsigned channels : {1u, 2u}) {
        DramConfig c = bare();
        c.channels = channels;
        Dram d(c);
        for (unsigned i = 0; i < channels; ++i) d.read(i * 64, start);
        constexpr unsigned lines = 100;
        Ticks end = 0;
        for (unsigned i = 0; i < lines; ++i) end = std::max(end, d.read((channels + i) * 64, 2 * start));
        EXPECT_EQ(end, 2 * start + (c.cl + lines / channels * c.burst) * clock_) << channels;
    }
}

TEST(Dram, RefreshClosesRowsAndTakesItsTime) {
    DramConfig c = bare();
    c.refi = 6240;
    Dram d(c);
    const Ticks interval = c.refi * clock_, refresh = c.rfc * clock_;
    d.read(0, interval - 100 * ns);
    const Ticks closed = (c.rcd + c.cl + c.burst) * clock_;
    EXPECT_EQ(d.read(0, interval), interval + refresh + closed) << "comes with it";
    EXPECT_EQ(d.read(0, 2 * interval + refresh - clock_), 2 * interval + refresh + closed) << "just inside";
    EXPECT_EQ(d.read(0, 3 * interval + refresh), 3 * interval + refresh + closed) << "just after";
    EXPECT_EQ(d.counts().row_hits, 0u);
}

TEST(Dram, RowThatNobodyUsesIsClosed) {
    DramConfig c = bare();
    c.idle_close = 200;
    Dram d(c);
    const Ticks used = d.read(0, start);
    const Ticks hit = used + 200 * ns;
    EXPECT_EQ(d.read(64, hit), hit + (c.cl + c.burst) * clock_) << "not yet";
    const Ticks later = hit + (c.cl + c.burst) * clock_ + 200 * ns + c.rp * clock_;
    EXPECT_EQ(d.read(128, later), later + (c.rcd + c.cl + c.burst) * clock_);
    EXPECT_EQ(d.counts().row_closed, 2u);
    EXPECT_EQ(d.counts().row_conflicts, 0u);
}

TEST(Dram, ControllerAddsItsOwnTime) {
    DramConfig c = bare();
    c.controller = 25;
    Dram d(c);
    EXPECT_EQ(d.read(0, start), start + 25 * ns + (c.rcd + c.cl + c.burst) * clock_);
}

TEST(Dram, WritesWaitUntilThereIsABatch) {
    DramConfig c = bare();
    c.write_batch = 4;
    c.write_queue = 8;
    Dram d(c);
    for (unsigned i = 0; i < 3; ++i) EXPECT_EQ(d.write(i * 64, start), start);
    EXPECT_EQ(d.counts().write_batches, 0u);
    d.write(3 * 64, start);
    EXPECT_EQ(d.counts().write_batches, 1u);
    EXPECT_EQ(d.counts().row_closed, 1u) << "one row";
    EXPECT_EQ(d.counts().row_hits, 3u);
    // A read behind the batch: four bursts, then the bus turns around; the row is open.
    const Ticks written = start + (c.rcd + c.cl + 4 * c.burst) * clock_;
    EXPECT_EQ(d.read(4 * 64, start), written + (c.wtr + c.cl + c.burst) * clock_);
}

TEST(Dram, FullQueueMakesWritersWait) {
    DramConfig c = bare();
    c.write_batch = c.write_queue = 4;
    Dram d(c);
    for (unsigned i = 0; i < 4; ++i) EXPECT_EQ(d.write(i * 64, start), start);
    EXPECT_EQ(d.write(4 * 64, start), start + (c.rcd + c.cl + c.burst) * clock_) << "the first is written";
    EXPECT_EQ(d.counts().write_waits, 1u);
}

TEST(Dram, WriteRecoveryDelaysPrecharge) {
    DramConfig c = bare();
    c.ras = c.wtr = 0;
    c.write_batch = c.write_queue = 1;
    Dram d(c);
    d.write(address(c, 0, 0), start);
    const Ticks end = start + (c.rcd + c.cl + c.burst) * clock_;
    EXPECT_EQ(d.read(address(c, 1, 0), start), end + (c.wr + c.rp + c.rcd + c.cl + c.burst) * clock_);
}

// The papers' platform: 30 cycles to the controller, then 55 ns on average, the row being closed.
TEST(Dram, DefaultIsTheMeasuredLatency) {
    Dram d{DramConfig{}};
    Ticks sum = 0;
    constexpr unsigned n = 10'000;
    Ticks t = start;
    for (unsigned i = 0; i < n; ++i) {
        const Ticks ready = d.read(uint64_t{i} * 7919 % 100'003 * 4096, t);
        sum += ready - t;
        t = ready + 300 * ns;
    }
    EXPECT_NEAR(static_cast<double>(sum) / n / ns, 55, 2.5);
}

TEST(Dram, RefusesWhatCannotBeBuilt) {
    DramConfig c;
    c.write_batch = c.write_queue + 1;
    EXPECT_THROW(Dram{c}, std::invalid_argument);
    c = {};
    c.rfc = c.refi;
    EXPECT_THROW(Dram{c}, std::invalid_argument);
    c = {};
    c.banks = 0;
    EXPECT_THROW(Dram{c}, std::invalid_argument);
    c = {};
    c.row = 32;
    EXPECT_THROW(Dram{c}, std::invalid_argument);
}

}  // namespace
}  // namespace stile::model
