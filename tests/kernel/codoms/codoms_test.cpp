// SPDX-License-Identifier: Apache-2.0
//
// What the kernel does for domains, held against a guest program that tries it out: capability storage,
// threads and their registers, signals, system calls of code that has no rights, revocation, tags. Every
// attack runs a second time with the one rule off that stops it (abi/checks.h), and then succeeds.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "abi/checks.h"
#include "abi/codoms.h"
#include "abi/marker.h"
#include "model/core/observer.h"
#include "sim/boot/elf_image.h"
#include "tests/support/bare_machine.h"

namespace stile::test {

namespace {

constexpr unsigned sigill = 4, sigsegv = 11, broken_in = 77;

struct Watch final : model::Observer {
    stile_kill_info kill{};
    std::string panic;
    void marker(model::Core& core, uint32_t code, uint64_t rdi, uint64_t rsi, uint64_t) override {
        if (code == STILE_MARK_K_KILLED) core.mmu().probe_read(rsi, &kill, sizeof kill);
        if (code == STILE_MARK_K_PANIC)
            for (char ch; panic.size() < 200 && core.mmu().probe_read(rdi + panic.size(), &ch, 1) && ch;)
                panic += ch;
    }
};

struct Outcome {
    uint32_t status = ~0u;
    std::string text;
    unsigned signal() const { return status & 0x7f; }
    unsigned exit_code() const { return signal() ? ~0u : status >> 8 & 0xff; }
};

struct Options {
    unsigned cores = 1;
    unsigned tags = 0;
    model::CoreModel core = model::CoreModel::functional;
    uint64_t tick_hz = 250;
    int off = -1;  // enum stile_os_check
    bool walk = false;
    bool deputy = true;  // the hardware's rule: ring 0 has the rights of who called it
    model::ProtectionKind kind = model::ProtectionKind::codoms;
};

struct KernelCodoms : testing::TestWithParam<const char*> {
    Watch watch;
    Outcome run(const std::string& scenario, const Options& o = {}) {
        watch.kill = {};
        model::MachineConfig config;
        config.core.model = o.core;
        config.protection = o.kind;
        if (o.walk) config.apl_cache.refill = model::AplRefill::hardware;
        config.codoms_checks.deputy = o.deputy;
        config.memory.size = 64 << 20;
        config.cores = o.cores;
        BareMachine machine(config, &watch);
        const auto kernel = read_file(KERNEL_IMAGE), program = read_file(PROGRAM_IMAGE);
        const std::vector<sim::GuestFile> files{{"/bin/program", program, 0755}};
        const std::vector<sim::BootProcess> processes{{"/bin/program", {"/bin/program", scenario}, {}, ""}};
        sim::BootOptions options;
        options.protection = static_cast<stile_protection>(o.kind);
        options.cpus = o.cores;
        options.tick_hz = o.tick_hz;
        options.tag_limit = o.tags;
        if (o.off >= 0) options.checks_off = 1ull << o.off;
        sim::boot(machine.memory, machine.core->state(), kernel, files, processes, options);
        const model::Stop why = machine.run(400'000'000);
        Outcome out{machine.power_code, machine.console};
        if (why != model::Stop::power_off)
            ADD_FAILURE() << machine.core->stop_reason() << machine.core->dump();
        if (out.signal())
            out.text +=
                fmt::format("killed by {} at {:#x}: vector {} error {:#x} address {:#x} domains {} -> {}",
                            out.signal(), watch.kill.rip, watch.kill.vector, watch.kill.error,
                            watch.kill.address, watch.kill.from_tag, watch.kill.to_tag);
        EXPECT_EQ(watch.panic, "");
        return out;
    }
    stile_cd_reason reason() const { return static_cast<stile_cd_reason>(STILE_CD_REASON(watch.kill.error)); }
    void expect_refused(const Outcome& o, stile_cd_reason why) {
        EXPECT_EQ(o.signal(), sigsegv) << o.text;
        EXPECT_EQ(watch.kill.vector, unsigned{STILE_VEC_DOMAIN}) << o.text;
        EXPECT_EQ(reason(), why) << o.text;
    }
};

class Holds : public KernelCodoms {};
TEST_P(Holds, on_one_core) {
    const Outcome o = run(GetParam());
    EXPECT_EQ(o.status, 0u) << o.text;
}
TEST_P(Holds, on_several_cores) {
    for (const unsigned cores : {2u, 4u}) {
        const Outcome o = run(GetParam(), {.cores = cores});
        EXPECT_EQ(o.status, 0u) << cores << ": " << o.text;
    }
}
TEST_P(Holds, on_timed_cores_that_are_interrupted_often) {
    for (const auto core : {model::CoreModel::inorder, model::CoreModel::ooo}) {
        const Outcome o = run(GetParam(), {.cores = 2, .core = core, .tick_hz = 10'000});
        EXPECT_EQ(o.status, 0u) << model::name_of(core) << ": " << o.text;
    }
}
TEST_P(Holds, where_the_hardware_looks_for_rights) {
    const Outcome o = run(GetParam(), {.walk = true});
    EXPECT_EQ(o.status, 0u) << o.text;
}
INSTANTIATE_TEST_SUITE_P(KernelCodoms, Holds,
                         testing::Values("nothing", "roundtrip", "kernel_load", "storage_calls",
                                         "recycled_page", "forked", "spawned", "stack_grows", "threads",
                                         "migrates", "new_thread", "executed", "calls_of_a_room",
                                         "handles_of_a_room", "fork_of_a_room", "every_call", "mixed_vector",
                                         "remap_of_others", "late_write", "interrupted", "on_another_stack",
                                         "installs_handler", "revoked_during_a_call", "many_domains",
                                         "signal_in_a_gate"),
                         [](const auto& info) { return info.param; });

struct Pair {
    const char* scenario;
    stile_os_check rule;
};
TEST_F(KernelCodoms, programs_run_on_the_ideal_machine) {
    for (const char* scenario : {"nothing", "roundtrip", "stack_grows", "threads", "migrates", "spawned",
                                 "new_thread", "executed", "many_domains"})
        for (const unsigned cores : {1u, 2u}) {
            const Outcome o = run(scenario, {.cores = cores, .kind = model::ProtectionKind::none});
            EXPECT_TRUE(o.status == 0 || (scenario == std::string("migrates") && o.exit_code() == broken_in))
                << scenario << " " << o.text;
        }
}

TEST_F(KernelCodoms, every_attack_succeeds_without_its_rule) {
    constexpr Pair pairs[] = {
        {"recycled_page", STILE_OS_CHECK_zeroed_storage},
        {"revived_by_map", STILE_OS_CHECK_counter_reuse},
        {"revived_by_discard", STILE_OS_CHECK_counter_reuse},
        {"new_thread", STILE_OS_CHECK_fresh_thread},
        {"executed", STILE_OS_CHECK_fresh_thread},
        {"calls_of_a_room", STILE_OS_CHECK_memory_calls},
        {"handles_of_a_room", STILE_OS_CHECK_domain_calls},
        {"fork_of_a_room", STILE_OS_CHECK_fork_caller},
        {"weak_handle", STILE_OS_CHECK_handle_right},
        {"remap_of_others", STILE_OS_CHECK_remap_owner},
        {"late_write", STILE_OS_CHECK_late_writes},
        {"thread_on_others_stack", STILE_OS_CHECK_clone_rights},
        {"proxy_on_others_stack", STILE_OS_CHECK_clone_rights},
        {"installs_handler", STILE_OS_CHECK_signal_entry},
        {"returns_from_no_signal", STILE_OS_CHECK_signal_return},
        {"signal_replayed", STILE_OS_CHECK_signal_record},
        {"signal_in_a_gate", STILE_OS_CHECK_signal_visit},
        {"code_of_a_room", STILE_OS_CHECK_memory_calls},
        {"stack_of_a_room", STILE_OS_CHECK_proxy_stack},
    };
    for (const Pair& p : pairs) {
        const Outcome with = run(p.scenario);
        EXPECT_NE(with.exit_code(), broken_in) << p.scenario << " " << with.text;
        const Outcome without = run(p.scenario, {.off = p.rule});
        EXPECT_EQ(without.exit_code(), broken_in) << p.scenario << " " << without.text;
        EXPECT_NE(without.text.find("is off"), std::string::npos) << "the kernel says so";
    }
}

TEST_F(KernelCodoms, the_kernel_is_a_deputy_where_the_hardware_lets_it) {
    for (const char* scenario : {"every_call", "mixed_vector", "kernel_load", "revoked_during_a_call"})
        EXPECT_EQ(run(scenario, {.deputy = false}).exit_code(), broken_in) << scenario;
}

TEST_F(KernelCodoms, faults_are_those_of_the_manual) {
    expect_refused(run("plain_load"), STILE_CD_CAP_PAGE);
    expect_refused(run("stack_overflows"), STILE_CD_DCS_BOUNDS);
    expect_refused(run("stack_underflows"), STILE_CD_DCS_BOUNDS);
    expect_refused(run("weak_handle"), STILE_CD_RIGHT);
    expect_refused(run("thread_on_others_stack"), STILE_CD_RIGHT);
    EXPECT_EQ(run("revived_by_map").exit_code(), 2u) << "another address";
    expect_refused(run("revived_by_discard"), STILE_CD_RIGHT);
    expect_refused(run("returns_from_no_signal"), STILE_CD_RIGHT);
}

TEST_F(KernelCodoms, neighbours_are_stopped_where_they_should_be) {
    EXPECT_EQ(run("signal_replayed").exit_code(), 107u) << "the attacker was killed";
    expect_refused(run("code_of_a_room"), STILE_CD_RIGHT);
    EXPECT_EQ(run("stack_of_a_room").signal(), sigill);
}

TEST_F(KernelCodoms, the_same_code_has_the_rights_of_where_it_runs) {
    for (const auto core : {model::CoreModel::functional, model::CoreModel::inorder, model::CoreModel::ooo})
        expect_refused(run("code_of_two_domains", {.core = core}), STILE_CD_RIGHT);
}

TEST_F(KernelCodoms, a_proxy_does_nothing_on_a_stack_that_is_not_its_callers) {
    EXPECT_EQ(run("proxy_on_others_stack").signal(), sigill);
}

TEST_F(KernelCodoms, a_full_capability_stack_is_said_to_be_full) {
    EXPECT_NE(run("stack_overflows").text.find("capability stack is full, 4096 entries"), std::string::npos);
}

TEST_F(KernelCodoms, what_is_revoked_on_one_core_is_gone_on_all) {
    for (const char* scenario : {"grant_revoked", "counter_bumped"})
        for (const unsigned cores : {1u, 2u, 4u}) {
            SCOPED_TRACE(fmt::format("{} on {}", scenario, cores));
            expect_refused(run(scenario, {.cores = cores}), STILE_CD_RIGHT);
        }
    EXPECT_EQ(run("grant_revoked", {.cores = 2, .off = STILE_OS_CHECK_revoke_everywhere}).exit_code(),
              broken_in);
}

TEST_F(KernelCodoms, tags_come_back_when_there_are_no_fresh_ones) {
    for (const unsigned cores : {1u, 2u, 4u}) {
        EXPECT_EQ(run("many_domains", {.cores = cores, .tags = 20}).status, 0u);
        EXPECT_EQ(run("all_alive", {.cores = cores, .tags = 20}).status, 0u)
            << "but not those of living domains";
    }
}

TEST_F(KernelCodoms, a_tag_does_not_bequeath_capabilities) {
    for (const unsigned cores : {1u, 2u}) {
        const Outcome o = run("heir", {.cores = cores, .tags = 20});
        EXPECT_EQ(o.status, 0u) << o.text;
    }
    EXPECT_EQ(run("heir", {.tags = 20, .off = STILE_OS_CHECK_tag_sweep}).exit_code(), broken_in);
}

}  // namespace

}  // namespace stile::test
