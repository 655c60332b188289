// SPDX-License-Identifier: Apache-2.0
//
// Do protection keys, and the gates of os/lib/keys over them, stop what they are there to stop, and only
// they? Each attack fails with the rule and succeeds without it. Two that no key stops are here as well,
// because they tell protection keys from domains (Connor et al., PKU Pitfalls, USENIX Security'20).
#include <gtest/gtest.h>

#include "abi/marker.h"
#include "model/core/fault.h"
#include "model/core/observer.h"
#include "tests/support/bare_machine.h"

namespace stile::test {
namespace {

constexpr int succeeded = 42 << 8, refused = 7 << 8, sigill = 4, sigsegv = 11;

struct Killed final : model::Observer {
    stile_kill_info first{};
    void marker(model::Core& core, uint32_t code, uint64_t, uint64_t at, uint64_t) override {
        if (code == STILE_MARK_K_KILLED && !first.signal) core.mmu().probe_read(at, &first, sizeof first);
    }
};

struct Outcome {
    int status;  // as of wait
    stile_kill_info killed;
};

Outcome attack(const std::string& name, const model::MpkChecks& checks = {}) {
    model::MachineConfig config;
    config.core.model = model::CoreModel::functional;
    config.protection = model::ProtectionKind::mpk;
    config.mpk_checks = checks;
    config.memory.size = 64 << 20;
    Killed killed;
    BareMachine machine(config, &killed);
    const auto kernel = read_file(KERNEL_IMAGE), program = read_file(PROGRAM);
    const std::string path = "/bin/program";
    const sim::GuestFile files[] = {{path, program, 0755}};
    const sim::BootProcess processes[] = {{path, {path, name}, {}, ""}};
    sim::BootOptions options;
    options.protection = STILE_PROTECTION_PAGING;
    options.tsc_hz = config.frequency;
    sim::boot(machine.memory, machine.core->state(), kernel, files, processes, options);
    EXPECT_EQ(machine.run(2'000'000'000), model::Stop::power_off) << machine.console << machine.core->dump();
    return {static_cast<int>(machine.power_code), killed.first};
}

struct Pair {
    const char* name;
    int stopped;     // status with all rules
    uint64_t error;  // of the page fault; 0: none
    model::MpkChecks without;
};
constexpr model::MpkChecks no_access{false, true, true}, no_write{true, false, true},
    no_supervisor{true, true, false};

class KeyAttack : public testing::TestWithParam<Pair> {};
TEST_P(KeyAttack, FailsWithTheRuleAndSucceedsWithoutIt) {
    const Pair& p = GetParam();
    const Outcome with = attack(p.name);
    EXPECT_EQ(with.status, p.stopped);
    if (p.error) {
        EXPECT_EQ(with.killed.vector, uint64_t{model::VEC_PF});
        EXPECT_EQ(with.killed.error, p.error);
    }
    EXPECT_EQ(attack(p.name, p.without).status, succeeded);
}
INSTANTIATE_TEST_SUITE_P(
    Each, KeyAttack,
    testing::Values(Pair{"read", sigsegv, 0x25, no_access}, Pair{"write", sigsegv, 0x27, no_access},
                    Pair{"write_shown", sigsegv, 0x27, no_write},
                    Pair{"kernel_reads", refused, 0, no_supervisor},
                    Pair{"kernel_writes", refused, 0, no_supervisor},
                    Pair{"server_peeks", sigsegv, 0x25, no_access}, Pair{"thread", sigsegv, 0x25, no_access},
                    Pair{"handler", sigsegv, 0x25, no_access}, Pair{"child", sigsegv, 0x25, no_access}),
    [](const auto& info) { return std::string(info.param.name); });

TEST(KeyGates, CompareWhatHasBeenWritten) {
    const Outcome with = attack("into_the_gate");
    EXPECT_EQ(with.status, sigill);
    EXPECT_EQ(with.killed.vector, uint64_t{model::VEC_UD});
    EXPECT_EQ(attack("own_instruction").status, succeeded) << "nothing compares";
}

TEST(KeyGates, OfPolicyHighAreNobodysDeputy) {
    EXPECT_EQ(attack("deputy_high").status, refused);
    EXPECT_EQ(attack("deputy_low").status, succeeded) << "policy low says nothing about pointers";
}

TEST(KeyGates, AreNoProtectionFromSystemCalls) { EXPECT_EQ(attack("other_key").status, succeeded); }

}  // namespace
}  // namespace stile::test
