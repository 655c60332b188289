// SPDX-License-Identifier: Apache-2.0
//
// Does every marker end in the figure that it stands for, and every misfortune in a sentence that names it?
#include "sim/measure/measurement.h"

#include <gtest/gtest.h>

#include "abi/codoms.h"
#include "abi/marker.h"
#include "sim/measure/names.h"
#include "tests/unit/measure/fake_core.h"

namespace stile::sim {
namespace {

stile_kill_info fault(unsigned signal, unsigned vector, uint64_t error, uint64_t rip, uint64_t address) {
    stile_kill_info k{};
    k.signal = signal;
    k.vector = vector;
    k.error = error;
    k.rip = rip;
    k.address = address;
    return k;
}

struct MeasurementTest : ::testing::Test {
    FakeCore core;
    Measurement m{{}};

    void SetUp() override { core.map(0x1000); }
    void mark(uint32_t code, uint64_t a = 0, uint64_t b = 0, uint64_t c = 0) {
        m.on_marker(core, code, a, b, c);
    }
    uint64_t text(const char* t) {
        core.write_string(0x1000, t);
        return 0x1000;
    }
    KilledProcess kill(const stile_kill_info& info) {
        core.write(0x1800, &info, sizeof info);
        mark(STILE_MARK_K_EXEC, 3, text("/bin/victim"));
        mark(STILE_MARK_K_KILLED, 3, 0x1800);
        return m.result().killed.back();
    }
};

TEST_F(MeasurementTest, timed_calls_between_their_markers) {
    mark(STILE_MARK_CALL_BEGIN, 0);
    core.now.cycles = 40;
    mark(STILE_MARK_CALL_END, 0);
    mark(STILE_MARK_CALL_BEGIN, 1);
    core.now.cycles = 100;
    mark(STILE_MARK_K_TICK_BEGIN);
    mark(STILE_MARK_CALL_END, 1);
    const auto r = m.result();
    EXPECT_DOUBLE_EQ(r.timed->cycles_mean, 50);
    EXPECT_EQ(r.timed->ticked, 1u);
    EXPECT_EQ(r.timed->median.cycles, 40u);
}

TEST_F(MeasurementTest, one_wrong_check_spoils_the_row) {
    EXPECT_FALSE(m.result().checked.has_value());
    mark(STILE_MARK_CHECKED, 1);
    EXPECT_TRUE(*m.result().checked);
    mark(STILE_MARK_CHECKED, 0);
    mark(STILE_MARK_CHECKED, 1);
    EXPECT_FALSE(*m.result().checked);
    EXPECT_EQ(m.result().checked_calls, 3u);
}

TEST_F(MeasurementTest, refusals_reports_and_unknown_system_calls) {
    mark(STILE_MARK_REFUSED, 22);
    mark(STILE_MARK_REPORT, text("answers"), 42);
    mark(STILE_MARK_K_ENOSYS, 334);
    mark(STILE_MARK_K_ENOSYS, 334);
    mark(STILE_MARK_K_ENOSYS, 9999);
    const auto r = m.result();
    EXPECT_EQ(r.refused_errno, 22);
    EXPECT_EQ(r.reports, (decltype(r.reports){{"answers", 42}}));
    ASSERT_EQ(r.unknown_syscalls.size(), 2u);
    EXPECT_EQ(r.unknown_syscalls[0].name, "rseq");
    EXPECT_EQ(r.unknown_syscalls[0].count, 2u);
    EXPECT_EQ(r.unknown_syscalls[1].name, "syscall 9999");
}

TEST_F(MeasurementTest, census_markers_switch_the_watching_of_stores) {
    mark(STILE_MARK_CENSUS_ARM, 5, 16);
    EXPECT_TRUE(core.watching);
    const uint64_t nonce = stile_nonce(5, 1);
    core.write(0x1100, &nonce, 8);
    m.on_store(core, 0x1100, 0x9100, 8);
    mark(STILE_MARK_CENSUS_STOP);
    EXPECT_FALSE(core.watching);
    EXPECT_EQ(m.result().census.payload_bytes, 16u);
    EXPECT_EQ(m.result().census.by_user, 8u);
}

TEST_F(MeasurementTest, a_refused_read_names_domains_address_and_the_missing_right) {
    mark(STILE_MARK_K_DOMAIN, 5, 3, text("client"));
    mark(STILE_MARK_K_DOMAIN, 6, 4, text("secrets"));
    const auto k = kill({.signal = 11,
                         .vector = STILE_VEC_DOMAIN,
                         .error = STILE_CD_RIGHT,
                         .rip = 0x401000,
                         .address = 0x80001000,
                         .from_tag = 5,
                         .to_tag = 6,
                         .needed = STILE_RIGHT_READ,
                         .had = STILE_RIGHT_CALL});
    EXPECT_EQ(
        k.message,
        "process 3 (/bin/victim) was killed by SIGSEGV at 0x401000 0x401000: domain 5 (client) may not READ "
        "address 0x80001000 in domain 6 (secrets): holds call, needs read");
}

TEST_F(MeasurementTest, a_refused_write_and_a_refused_call) {
    stile_kill_info info = fault(11, STILE_VEC_DOMAIN, STILE_CD_RIGHT | STILE_CD_WRITE, 0x401000, 0);
    info.needed = STILE_RIGHT_WRITE;
    EXPECT_NE(kill(info).message.find("domain 0 may not WRITE address 0x0"), std::string::npos);
    info.error = STILE_CD_RIGHT | STILE_CD_FETCH;
    info.needed = STILE_RIGHT_CALL;
    EXPECT_NE(kill(info).message.find("may not CALL address"), std::string::npos);
}

TEST_F(MeasurementTest, a_page_fault_says_what_was_tried) {
    const auto k = kill(fault(11, 14, 6, 0x1, 0x10));
    EXPECT_NE(k.message.find("it tried to write address 0x10: no page is present there"), std::string::npos)
        << k.message;
}

TEST_F(MeasurementTest, an_instruction_that_stile_lacks_is_named_and_counted) {
    const std::vector<uint8_t> bytes{0x0f, 0xc7, 0xf0, 0x90};  // rdrand eax; nop
    core.cpl = 3;
    m.on_unsupported(core, 0x402000, bytes);
    m.on_unsupported(core, 0x402000, bytes);
    const auto r = m.result();
    ASSERT_EQ(r.unsupported.size(), 1u);
    EXPECT_EQ(r.unsupported[0].count, 2u);
    EXPECT_EQ(r.unsupported[0].bytes, (std::vector<uint8_t>{0x0f, 0xc7, 0xf0}));
    EXPECT_NE(r.unsupported[0].text.find("rdrand"), std::string::npos) << r.unsupported[0].text;
    EXPECT_FALSE(r.unsupported[0].in_kernel);
    const auto k = kill(fault(4, 6, 0, 0x402000, 0));
    EXPECT_NE(k.message.find("Stile lacks the instruction 'rdrand"), std::string::npos) << k.message;
}

TEST_F(MeasurementTest, the_ends_of_a_run) {
    mark(STILE_MARK_K_BOOTED);
    mark(STILE_MARK_K_EXEC, 1, text("/bin/a"));
    mark(STILE_MARK_K_EXIT, 1, 0x100);
    mark(STILE_MARK_K_PANIC, text("no init"));
    mark(STILE_MARK_K_DEADLOCK);
    mark(STILE_MARK_K_TEST, text("pipe ring"), 1);
    const auto r = m.result();
    EXPECT_TRUE(r.booted);
    EXPECT_EQ(r.exited.at(0).image, "/bin/a");
    EXPECT_EQ(wait_status_text(r.exited.at(0).status), "exit status 1");
    EXPECT_EQ(*r.panic, "no init");
    EXPECT_TRUE(r.deadlock);
    EXPECT_TRUE(r.self_tests.at(0).passed);
}

TEST_F(MeasurementTest, proxy_pages_are_proxy_whatever_lies_there) {
    EXPECT_EQ(m.classify({0x1000, 0x1000, 3, true}), model::Phase::proxy);
    EXPECT_EQ(m.classify({0x1000, 0x1000, 3, false}), model::Phase::user);
    EXPECT_EQ(m.classify({0x1000, 0x1000, 0, false}), model::Phase::dispatch);
}

}  // namespace
}  // namespace stile::sim
