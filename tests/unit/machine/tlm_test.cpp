// SPDX-License-Identifier: Apache-2.0
//
// Caches, interconnect, memory and devices behind their sockets: what does a request cost, where does it end?
#include <gtest/gtest.h>
#include <tlm_utils/simple_initiator_socket.h>

#include <cstring>
#include <string>

#include "abi/platform.h"
#include "model/devices/console.h"
#include "model/systemc/cache_module.h"
#include "model/systemc/device_module.h"
#include "model/systemc/interconnect.h"
#include "model/systemc/last_level_module.h"
#include "model/systemc/memory_module.h"

namespace stile::model {
namespace {

struct Master : sc_core::sc_module {
    explicit Master(sc_core::sc_module_name name) : sc_module(name) {}
    tlm_utils::simple_initiator_socket<Master> socket{"socket"};
};

constexpr L2PrefetchConfig no_prefetch{false, false, 1, 1};

class Hierarchy : public testing::Test {
  protected:
    // Second level: 2 sets of 1 way. Last level: 8 sets of 1 way. Latencies 8, 18, 200.
    void build(uint64_t l2_size = 128) {
        l2.emplace("l2", CacheConfig{l2_size, 1, 64, 8}, no_prefetch, clock);
        llc.emplace("llc", CacheConfig{512, 1, 64, 18}, CoherenceConfig{}, clock);
        master.emplace("master");
        io.emplace("io");
        bus.emplace("bus");
        memory.emplace("memory", MemoryConfig{1 << 20, 200, {}}, clock);
        device.emplace("console", console, 60, clock);
        master->socket.bind(l2->above);
        llc->attach(l2->below, *l2);
        llc->below.bind(bus->masters);
        io->socket.bind(bus->masters);
        bus->map(0, 1 << 20, memory->socket);
        bus->map(STILE_CONSOLE_DATA, 0x1000, device->socket);
        sc_core::sc_start(sc_core::SC_ZERO_TIME);
    }
    Cycles ask(uint64_t paddr, LineRequest request = LineRequest::read) {
        const Ticks start = clock.time(now).value();
        const Ticks done = line.send(master->socket, paddr, 64, request, start);
        now += 1000;
        return clock.cycles(sc_core::sc_time::from_value(done - start));
    }
    template <class Module>
    static uint64_t figure(const Module& m, const std::string& name) {
        std::vector<Statistic> all;
        StatisticsSink sink(all);
        m.statistics(sink);
        for (const Statistic& s : all)
            if (s.path == name) return static_cast<uint64_t>(s.value);
        ADD_FAILURE() << "no statistic " << name;
        return 0;
    }

    Cycles now = 0;  // of the next request: the one before is long done
    Clock clock{3'100'000'000};
    Console console;
    LinePayload line;
    std::optional<CacheModule> l2;
    std::optional<LastLevelModule> llc;
    std::optional<Master> master, io;
    std::optional<Interconnect> bus;
    std::optional<MemoryModule> memory;
    std::optional<DeviceModule> device;
};

TEST_F(Hierarchy, EachLevelAddsItsLatencyWhereTheOneAboveMissed) {
    build();
    EXPECT_EQ(ask(0), 8u + 18 + 200);
    EXPECT_EQ(ask(0), 8u);
    EXPECT_EQ(ask(128), 8u + 18 + 200) << "takes the first line's place in the second level";
    EXPECT_EQ(ask(0), 8u + 18) << "which the last level still holds";
    EXPECT_EQ(figure(*l2, "accesses"), 4u);
    EXPECT_EQ(figure(*l2, "misses"), 3u);
    EXPECT_EQ(figure(*llc, "misses"), 2u);
    EXPECT_EQ(figure(*memory, "reads"), 2u);
}

TEST_F(Hierarchy, LevelOfSizeZeroIsAWire) {
    build(0);
    EXPECT_EQ(ask(0), 18u + 200);
    EXPECT_EQ(ask(0), 18u);
    EXPECT_EQ(figure(*l2, "accesses"), 0u);
}

TEST_F(Hierarchy, DirtyLinesTravelDownAndNobodyWaits) {
    build();
    ask(0, LineRequest::read_for_ownership);
    EXPECT_EQ(ask(0, LineRequest::writeback), 0u);
    EXPECT_EQ(figure(*memory, "writes"), 0u);
    EXPECT_EQ(ask(128), 8u + 18 + 200);  // pushes the dirty line to the last level
    EXPECT_EQ(figure(*llc, "writebacks"), 1u);
    ask(512);  // and this one out of it
    EXPECT_EQ(figure(*memory, "writes"), 1u);
}

TEST_F(Hierarchy, DirectAndDebugAccessReachTheArray) {
    build();
    tlm::tlm_generic_payload payload;
    payload.set_address(0x1234);
    payload.set_read();
    tlm::tlm_dmi dmi;
    ASSERT_TRUE(master->socket->get_direct_mem_ptr(payload, dmi));
    EXPECT_EQ(dmi.get_dmi_ptr(), memory->storage().host(0));
    EXPECT_EQ(dmi.get_end_address(), (1u << 20) - 1);
    EXPECT_TRUE(dmi.is_read_write_allowed());

    uint64_t value = 0x1122334455667788;
    payload.set_write();
    payload.set_data_ptr(reinterpret_cast<unsigned char*>(&value));
    payload.set_data_length(8);
    payload.set_streaming_width(8);
    EXPECT_EQ(master->socket->transport_dbg(payload), 8u);
    EXPECT_EQ(std::memcmp(memory->storage().host(0x1234), &value, 8), 0);
    payload.set_address((1 << 20) - 4);
    EXPECT_EQ(master->socket->transport_dbg(payload), 0u) << "half of it lies beyond RAM";
}

TEST_F(Hierarchy, AddressesWithoutAnOwnerAreErrors) {
    build();
    tlm::tlm_generic_payload payload;
    sc_core::sc_time delay = sc_core::SC_ZERO_TIME;
    uint64_t value = 0;
    payload.set_read();
    payload.set_address(1 << 20);
    payload.set_data_ptr(reinterpret_cast<unsigned char*>(&value));
    payload.set_data_length(8);
    payload.set_streaming_width(8);
    io->socket->b_transport(payload, delay);
    EXPECT_EQ(payload.get_response_status(), tlm::TLM_ADDRESS_ERROR_RESPONSE);
}

TEST_F(Hierarchy, DeviceGetsDataAndTime) {
    build();
    std::string out;
    console.sink([&out](std::string_view s) { out += s; });
    console.input("x");
    tlm::tlm_generic_payload payload;
    uint64_t value = 'A';
    payload.set_address(STILE_CONSOLE_DATA);
    payload.set_data_ptr(reinterpret_cast<unsigned char*>(&value));
    const auto transport = [&](tlm::tlm_command command, unsigned bytes) {
        sc_core::sc_time delay = sc_core::SC_ZERO_TIME;
        payload.set_command(command);
        payload.set_data_length(bytes);
        payload.set_streaming_width(bytes);
        io->socket->b_transport(payload, delay);
        EXPECT_EQ(clock.cycles(delay), 60u);
        return payload.get_response_status();
    };
    EXPECT_EQ(transport(tlm::TLM_WRITE_COMMAND, 1), tlm::TLM_OK_RESPONSE);
    EXPECT_EQ(transport(tlm::TLM_IGNORE_COMMAND, 1), tlm::TLM_OK_RESPONSE) << "time only";
    EXPECT_EQ(transport(tlm::TLM_WRITE_COMMAND, 4), tlm::TLM_ADDRESS_ERROR_RESPONSE) << "no such register";
    console.flush();
    EXPECT_EQ(out, "A");
    EXPECT_EQ(transport(tlm::TLM_READ_COMMAND, 8), tlm::TLM_OK_RESPONSE);
    EXPECT_EQ(value, uint64_t{'x'});
    transport(tlm::TLM_READ_COMMAND, 8);
    EXPECT_EQ(value, ~0ull) << "no more input";
}

TEST(ClockTest, CyclesSurviveTheWayThroughTime) {
    for (const uint64_t hertz : {1'000'000ull, 999'999'937ull, 3'100'000'000ull, 5'700'000'001ull}) {
        const Clock clock(hertz);
        for (Cycles c = 0; c < 3000; ++c) {
            // As four levels do it: each rounds its own part.
            sc_core::sc_time sum = sc_core::SC_ZERO_TIME;
            for (int level = 0; level < 4; ++level) sum += clock.time(c + level);
            ASSERT_EQ(clock.cycles(sum), 4 * c + 6) << hertz << ' ' << c;
        }
    }
}

}  // namespace
}  // namespace stile::model
