// SPDX-License-Identifier: Apache-2.0
//
// Does code that changes under the processor, in all the ways that code.c and stores.S know, do what it does
// on a real one? The oracle is the host, which runs the same program. And would a core that does not hear of
// stores to code have been noticed?
#include <gtest/gtest.h>

#include <cstdio>
#include <functional>

#include "model/core/core_impl.h"
#include "model/timing/make_timing.h"
#include "tests/support/bare_machine.h"

namespace stile::test {
namespace {

// Constant: this is not about time.
struct Lower final : model::LowerMemory {
    model::LineReply access(uint64_t, unsigned, model::LineRequest, model::Cycles) override { return {20}; }
};

struct Ended {
    model::Stop why;
    std::string console;
};

Ended simulate(model::CoreModel core_model, bool paging, const std::string& argument = "",
               const std::function<void(model::Core::Impl&)>& spoil = {}) {
    model::MachineConfig config;
    config.core.model = core_model;
    config.protection = paging ? model::ProtectionKind::paging : model::ProtectionKind::none;
    config.memory.size = 128 << 20;
    Lower lower;
    BareMachine machine(config);
    model::Core& core = *machine.core;
    if (core_model != model::CoreModel::functional)
        core.set_timing(model::make_timing(config, machine.memory, lower, core.state(), core.counters()));
    core.set_model(core_model);
    const auto kernel = read_file(KERNEL_IMAGE), program = read_file(PROGRAM);
    const std::string path = "/bin/code";
    const sim::GuestFile files[] = {{path, program, 0755}};
    std::vector<std::string> arguments{path};
    if (!argument.empty()) arguments.push_back(argument);
    const sim::BootProcess processes[] = {{path, arguments, {}, ""}};
    sim::BootOptions options;
    options.protection = paging ? STILE_PROTECTION_PAGING : STILE_PROTECTION_NONE;
    options.tsc_hz = config.frequency;
    sim::boot(machine.memory, core.state(), kernel, files, processes, options);
    if (spoil) spoil(core.impl());
    const model::Stop why = machine.run(4'000'000'000);
    return {why, machine.console};
}

std::string on_the_host(const std::string& argument = "") {
    std::FILE* out = popen((std::string(PROGRAM) + " " + argument).c_str(), "r");
    if (!out) return "popen failed";
    std::string text;
    for (int c; (c = std::fgetc(out)) != EOF;) text += static_cast<char>(c);
    EXPECT_EQ(pclose(out), 0) << text;
    return text;
}

class ChangingCode : public testing::TestWithParam<std::pair<model::CoreModel, bool>> {};

TEST_P(ChangingCode, DoesWhatItDoesOnTheHost) {
    const auto [core_model, paging] = GetParam();
    const std::string want = on_the_host();
    ASSERT_TRUE(want.ends_with("done\n")) << want;
    const Ended got = simulate(core_model, paging);
    EXPECT_EQ(got.why, model::Stop::power_off);
    EXPECT_EQ(got.console, want);
}

INSTANTIATE_TEST_SUITE_P(Cores, ChangingCode,
                         testing::Values(std::pair(model::CoreModel::functional, true),
                                         std::pair(model::CoreModel::functional, false),
                                         std::pair(model::CoreModel::inorder, true),
                                         std::pair(model::CoreModel::ooo, true)),
                         [](const auto& info) {
                             return std::string(model::name_of(info.param.first)) +
                                    (info.param.second ? "_paging" : "_none");
                         });

// The other half: a core that hears of stores to code from the kernel, which loads the program, but not from
// ring 3.
TEST(ChangingCodeUnnoticed, IsSomethingElse) {
    for (const char* shape :
         {"next mov", "later rep_movsb", "successor push", "behind movdqu", "called xchg"}) {
        const std::string quoted = std::string("'") + shape + "'", want = on_the_host(quoted);
        EXPECT_EQ(simulate(model::CoreModel::functional, true, shape).console, want);
        const Ended deaf = simulate(model::CoreModel::functional, true, shape, [](model::Core::Impl& core) {
            core.mmu_unit.on_code_store = [](void* self, uint64_t paddr, unsigned bytes) {
                auto& core = *static_cast<model::Core::Impl*>(self);
                if (core.s.cpl == 0) core.code_stored(paddr, bytes);
            };
        });
        EXPECT_NE(deaf.console, want) << shape;
    }
}

}  // namespace
}  // namespace stile::test
