// SPDX-License-Identifier: Apache-2.0
//
// Do calls into another process work, cost no trap, and hold what the policies promise? Client and server are
// guest programs; the attacks are paired with runs in which the rule that stops them is off.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "abi/checks.h"
#include "abi/marker.h"
#include "abi/syscall.h"
#include "model/core/observer.h"
#include "model/protection/codoms.h"
#include "sim/boot/elf_image.h"
#include "tests/support/bare_machine.h"

namespace stile::test {

namespace {

constexpr unsigned sigill = 4, sigsegv = 11;

struct Watch final : model::Observer {
    stile_kill_info kill{};
    model::Counters begin;
    unsigned calls = 0;
    uint64_t syscalls = 0, switches = 0, instructions = 0, crossings = 0;
    std::string panic;
    void marker(model::Core& core, uint32_t code, uint64_t rdi, uint64_t rsi, uint64_t) override {
        const model::Counters& c = core.counters();
        if (code == STILE_MARK_K_KILLED) core.mmu().probe_read(rsi, &kill, sizeof kill);
        if (code == STILE_MARK_CALL_BEGIN) begin = c;
        if (code == STILE_MARK_CALL_END) {
            ++calls;
            syscalls += c.syscalls - begin.syscalls;
            switches += c.context_switches - begin.context_switches;
            crossings += c.domain_crossings - begin.domain_crossings;
            instructions = c.instructions - begin.instructions;
        }
        if (code == STILE_MARK_K_PANIC)
            for (char ch; panic.size() < 200 && core.mmu().probe_read(rdi + panic.size(), &ch, 1) && ch;)
                panic += ch;
    }
};

struct Outcome {
    model::Stop why = model::Stop::until;
    uint32_t status = ~0u;
    std::string console;
    unsigned signal() const { return status & 0x7f; }
    unsigned exit_code() const { return status >> 8 & 0xff; }
};

struct Dipc : testing::TestWithParam<const char*> {
    Watch watch;
    unsigned cores = 1;
    bool walk = false;                // the hardware looks for rights itself
    int off = -1;                     // enum stile_os_check
    const char* taken_out = nullptr;  // a function of the kernel's that returns at once
    Outcome run(const std::string& scenario, const std::string& policy,
                model::ProtectionKind kind = model::ProtectionKind::codoms, unsigned apl_entries = 32,
                void (*adjust)(model::CodomsChecks&) = nullptr, unsigned seed = 0) {
        model::MachineConfig config;
        config.core.model = model::CoreModel::functional;
        config.protection = kind;
        config.apl_cache.entries = config.apl_cache.ways = apl_entries;
        if (walk) config.apl_cache.refill = model::AplRefill::hardware;
        config.memory.size = 64 << 20;
        config.cores = cores;
        BareMachine machine(config, &watch);
        const auto kernel = read_file(KERNEL_IMAGE), client = read_file(CLIENT_IMAGE),
                   server = read_file(SERVER_IMAGE);
        const std::vector<sim::GuestFile> files{{"/bin/client", client, 0755}, {"/bin/server", server, 0755}};
        const std::vector<sim::BootProcess> processes{
            {"/bin/client", {"/bin/client", scenario, policy, std::to_string(seed)}, {}, ""},
            {"/bin/server", {"/bin/server"}, {}, ""}};
        sim::BootOptions options;
        options.protection = static_cast<stile_protection>(kind);
        options.cpus = cores;
        if (off >= 0) options.checks_off = 1ull << off;
        sim::boot(machine.memory, machine.core->state(), kernel, files, processes, options);
        if (taken_out)
            *machine.memory.host(sim::ElfImage(kernel).find(taken_out)->address - STILE_KERNEL_BASE) = 0xc3;
        if (adjust) adjust(static_cast<model::Codoms&>(machine.core->protection()).checks);
        Outcome o;
        o.why = machine.run(400'000'000);
        o.status = machine.power_code;
        o.console = machine.console;
        if (o.why != model::Stop::power_off)
            ADD_FAILURE() << machine.core->stop_reason() << machine.core->dump();
        if (o.signal())
            o.console += fmt::format("killed at {:#x}: vector {} error {:#x} address {:#x} domains {} -> {}",
                                     watch.kill.rip, watch.kill.vector, watch.kill.error, watch.kill.address,
                                     watch.kill.from_tag, watch.kill.to_tag);
        EXPECT_EQ(watch.panic, "");
        return o;
    }
};

class Works : public Dipc {};
TEST_P(Works, low) {
    const Outcome o = run(GetParam(), "low");
    EXPECT_EQ(o.status, 0u) << o.console;
}
TEST_P(Works, high) {
    const Outcome o = run(GetParam(), "high");
    EXPECT_EQ(o.status, 0u) << o.console;
}
TEST_P(Works, with_the_smallest_apl_cache) {
    const Outcome o = run(GetParam(), "high", model::ProtectionKind::codoms, 2);
    EXPECT_EQ(o.status, 0u) << o.console;
}
TEST_P(Works, where_the_hardware_looks_for_rights) {
    walk = true;
    for (cores = 1; cores <= 2; ++cores) {
        const Outcome o = run(GetParam(), "high");
        EXPECT_EQ(o.status, 0u) << o.console;
        EXPECT_EQ(run(GetParam(), "low", model::ProtectionKind::codoms, 2).status, 0u);
    }
}
INSTANTIATE_TEST_SUITE_P(Dipc, Works,
                         testing::Values("call", "warm", "kernel_deputy", "thread_deputy", "crash", "many",
                                         "nested", "nested_mixed", "shared_stack", "dead", "forked",
                                         "handles", "exit_in_visit", "threads", "killed_asleep",
                                         "signal_on_visit", "deep", "too_deep", "upgraded", "too_long"),
                         [](const auto& info) { return info.param; });

class OnSeveralCores : public Dipc {};
TEST_P(OnSeveralCores, works) {
    for (const char* policy : {"low", "high"}) {
        for (cores = 2; cores <= 4; cores += 2) {
            const Outcome o = run(GetParam(), policy);
            EXPECT_EQ(o.status, 0u) << policy << " on " << cores << " " << o.console;
        }
    }
}
INSTANTIATE_TEST_SUITE_P(Dipc, OnSeveralCores,
                         testing::Values("call", "warm", "kernel_deputy", "thread_deputy", "crash", "many",
                                         "nested", "nested_mixed", "shared_stack", "dead", "forked",
                                         "handles", "exit_in_visit", "threads", "killed_asleep",
                                         "signal_on_visit", "deep", "too_deep", "moves", "at_once",
                                         "dead_elsewhere"),
                         [](const auto& info) { return info.param; });

TEST_F(Dipc, what_is_revoked_on_one_core_is_gone_on_all) {
    cores = 2;
    EXPECT_EQ(run("revoked_elsewhere", "low").signal(), sigsegv);
    EXPECT_EQ(STILE_CD_REASON(watch.kill.error), unsigned{STILE_CD_RIGHT});
    taken_out = "shootdown_ask_and_wait";
    EXPECT_EQ(run("revoked_elsewhere", "low").exit_code(), 9u) << "without the interrupt it is not";
}

class WithoutChecks : public Dipc {};
TEST_P(WithoutChecks, runs_on_the_ideal_machine) {
    for (const char* policy : {"low", "high"}) {
        const Outcome o = run(GetParam(), policy, model::ProtectionKind::none);
        EXPECT_EQ(o.status, 0u) << o.console;
    }
}
INSTANTIATE_TEST_SUITE_P(Dipc, WithoutChecks,
                         testing::Values("call", "warm", "many", "nested", "nested_mixed", "dead", "forked",
                                         "handles"),
                         [](const auto& info) { return info.param; });

TEST_F(Dipc, a_warm_call_enters_no_kernel) {
    uint64_t instructions[2];
    for (const int high : {0, 1}) {
        watch = {};
        run("warm", high ? "high" : "low");
        EXPECT_EQ(watch.calls, 100u);
        EXPECT_EQ(watch.syscalls, 0u);
        EXPECT_EQ(watch.switches, 0u);
        EXPECT_EQ(watch.crossings, 100u * 4) << "into the proxy, into the server, and both ways back";
        instructions[high] = watch.instructions;
    }
    // Counted in proxy.cpp: about fifty for the crossing, the books and the change of process.
    EXPECT_GT(instructions[0], 30u);
    EXPECT_LT(instructions[0], 100u);
    EXPECT_GT(instructions[1], instructions[0] + 30);
    RecordProperty("low", static_cast<int>(instructions[0]));
    RecordProperty("high", static_cast<int>(instructions[1]));
}

TEST_F(Dipc, a_servers_secret_is_out_of_reach) {
    const Outcome o = run("secret", "low");
    EXPECT_EQ(o.signal(), sigsegv);
    EXPECT_EQ(watch.kill.vector, unsigned{STILE_VEC_DOMAIN});
    EXPECT_EQ(STILE_CD_REASON(watch.kill.error), unsigned{STILE_CD_RIGHT});
    EXPECT_EQ(watch.kill.needed, unsigned{STILE_RIGHT_READ});
    EXPECT_EQ(watch.kill.had, unsigned{STILE_RIGHT_NIL});
    EXPECT_NE(watch.kill.from_tag, watch.kill.to_tag);
    // With the check off it is read: the status is the secret.
    const Outcome off = run("secret", "low", model::ProtectionKind::codoms, 32,
                            [](model::CodomsChecks& c) { c.data = false; });
    EXPECT_EQ(off.exit_code(), 42u);
    EXPECT_EQ(run("secret", "low", model::ProtectionKind::none).exit_code(), 42u);
}

TEST_F(Dipc, capability_registers_are_registers) {
    EXPECT_EQ(run("capabilities", "low").exit_code(), 8u) << "nobody keeps the stack's capability";
    EXPECT_EQ(run("capabilities", "high").status, 0u);
    EXPECT_EQ(run("capabilities", std::to_string(STILE_POLICY_REG_INTEGRITY_CALLER)).status, 0u);
    off = STILE_OS_CHECK_proxy_registers;
    EXPECT_EQ(run("capabilities", std::to_string(STILE_POLICY_REG_INTEGRITY_CALLER)).exit_code(), 8u);
}

TEST_F(Dipc, a_proxy_needs_a_grant) {
    EXPECT_EQ(run("no_grant", "low").signal(), sigsegv);
    EXPECT_EQ(STILE_CD_REASON(watch.kill.error), unsigned{STILE_CD_RIGHT});
    EXPECT_EQ(run("no_grant", "low", model::ProtectionKind::codoms, 32,
                  [](model::CodomsChecks& c) { c.transfer = false; })
                  .exit_code(),
              3u);
}

TEST_F(Dipc, a_revoked_grant_is_gone) {
    EXPECT_EQ(run("revoked", "low").signal(), sigsegv);
    EXPECT_EQ(STILE_CD_REASON(watch.kill.error), unsigned{STILE_CD_RIGHT});
}

TEST_F(Dipc, a_proxy_is_entered_at_its_entry_only) {
    EXPECT_EQ(run("beside_entry", "low").signal(), sigsegv);
    EXPECT_EQ(STILE_CD_REASON(watch.kill.error), unsigned{STILE_CD_ALIGN});
    EXPECT_EQ(run("next_entry", "low").signal(), sigill)
        << "the next aligned address holds an undefined instruction";
    EXPECT_EQ(run("next_entry", "high").signal(), sigill);
}

TEST_F(Dipc, only_the_proxy_leads_into_the_server) {
    EXPECT_EQ(run("straight_to_callee", "low").signal(), sigsegv);
    EXPECT_EQ(watch.kill.vector, unsigned{STILE_VEC_DOMAIN});
    EXPECT_EQ(watch.kill.needed, unsigned{STILE_RIGHT_CALL});
    EXPECT_EQ(run("straight_to_callee", "low", model::ProtectionKind::none).exit_code(), 3u);
}

TEST_F(Dipc, a_proxy_trusts_no_stack_pointer) { EXPECT_EQ(run("wild_stack", "low").signal(), sigill); }

TEST_F(Dipc, domains_within_a_process) {
    EXPECT_EQ(run("own_domain", "low").signal(), sigsegv);
    EXPECT_EQ(watch.kill.vector, unsigned{STILE_VEC_DOMAIN});
    EXPECT_EQ(run("own_domain", "low", model::ProtectionKind::none).exit_code(), 6u);
}

TEST_F(Dipc, each_property_alone_and_in_pairs) {
    for (unsigned a = 1; a <= STILE_POLICY_HIGH; a <<= 1)
        for (unsigned b = a; b <= STILE_POLICY_HIGH; b <<= 1)
            for (const char* scenario :
                 {"call", "many", "nested", "nested_mixed", "crash", "exit_in_visit"}) {
                const Outcome o = run(scenario, std::to_string(a | b));
                ASSERT_EQ(o.status, 0u) << scenario << " " << a << " " << b << " " << o.console;
            }
}

TEST_F(Dipc, no_sequence_of_requests_upsets_kernel_or_server) {
    for (unsigned seed = 1; seed <= 6; ++seed) {
        const Outcome o =
            run("any_request", seed % 2 ? "low" : "high", model::ProtectionKind::codoms, 32, nullptr, seed);
        EXPECT_EQ(o.status, 0u) << "seed " << seed << " " << o.console;
    }
}

TEST_F(Dipc, an_access_that_the_apl_cache_cannot_hold_ends_the_program) {
    EXPECT_EQ(run("two_domains", "low").status, 0u);
    EXPECT_EQ(run("two_domains", "low", model::ProtectionKind::codoms, 3).status, 0u);
    EXPECT_EQ(run("two_domains", "low", model::ProtectionKind::codoms, 2).signal(), sigsegv);
    EXPECT_EQ(STILE_CD_REASON(watch.kill.error), unsigned{STILE_CD_APL_MISS});
}

TEST_F(Dipc, is_not_offered_with_a_page_table_per_process) {
    const Outcome o = run("call", "low", model::ProtectionKind::paging);
    EXPECT_EQ(o.exit_code(), 100u);
}

}  // namespace

}  // namespace stile::test
