// SPDX-License-Identifier: Apache-2.0
//
// Do model and executable specification agree on every access of random worlds of domains, made by guest code
// on every core model, through the software TLB and chained blocks? More than a million in all of these.
#include <gtest/gtest.h>

#include <cstring>

#include "model/core/exec/store_buffer.h"
#include "tests/codoms/fuzzer.h"

namespace stile::codoms_fuzz {
namespace {

using model::CoreModel;

FuzzResult run(uint64_t seed, uint64_t count, unsigned cores, std::vector<Shape> shapes) {
    FuzzOptions options;
    options.seed = seed;
    options.count = count;
    options.cores = cores;
    options.shapes = std::move(shapes);
    FuzzResult result = fuzz(options);
    EXPECT_GE(result.coverage.accesses(), count);
    EXPECT_TRUE(result.findings.empty()) << result.findings.front().text;
    testing::Test::RecordProperty("accesses", std::to_string(result.coverage.accesses()));
    return result;
}

TEST(CodomsFuzz, one_core_and_every_shape_of_apl_cache) {
    const FuzzResult r = run(101, 300'000, 1, {});
    for (unsigned model = 0; model < 3; ++model) {
        EXPECT_GT(r.coverage.accesses(model), 60'000u);
        // At least half of the accesses never reach the MMU.
        EXPECT_GT(r.fast(model), 50) << "core model " << model;
    }
    EXPECT_GT(r.misses, 5'000u);
    EXPECT_LE(r.abandoned, r.plans / 50);
}

TEST(CodomsFuzz, several_cores_revoke_and_switch_threads) { run(102, 250'000, 3, {}); }

// A cache that every domain fits into: nothing may miss for ever.
TEST(CodomsFuzz, a_large_apl_cache_gives_up_nothing) {
    EXPECT_EQ(run(103, 250'000, 0, {{32, 32}, {64, 64}}).thrashed, 0u);
}

TEST(CodomsFuzz, refill_by_hardware_never_traps) {
    const FuzzResult r = run(104, 250'000, 0, {{32, 32, true}, {4, 4, true}, {2, 2, true}, {8, 2, true}});
    EXPECT_EQ(r.misses, 0u);
    EXPECT_EQ(r.thrashed, 0u);
}

// All of them in ten million accesses (codoms_fuzz --all-rows, label long).
TEST(CodomsFuzz, nearly_every_row_of_the_table_is_met) {
    const FuzzResult r = run(105, 250'000, 0, {});
    unsigned met = 0, all = 0;
    r.coverage.rows(met, all);
    EXPECT_GE(all, 200u);
    EXPECT_GE(met * 20, all * 18) << r.coverage.missing();
}

// A plan may be given up while stores are on their way: they must not land on the memory of the next.
TEST(CodomsFuzz, a_plan_leaves_no_stores_to_the_next) {
    constexpr uint64_t frame = 0x200000, left = 0x1111111111111111, wanted = 0x2222222222222222;
    Machine machine(CoreModel::ooo, 2, {32, 32, true});
    Plan plan;
    PagePlan& page = plan.pages.emplace_back();
    page.at = code_a;
    page.frame = frame;
    page.page.writable = page.page.user = true;
    isa::spec::World world;
    world.memory[frame / 8] = wanted;
    machine.load(plan, world);  // a little of the kernel runs: the buffer is there
    model::StoreBuffer* buffer = machine.core(0).mmu().store_buffer;
    ASSERT_NE(buffer, nullptr);
    buffer->put(frame, left);
    ASSERT_EQ(buffer->size(), 1u);
    machine.load(plan, world);
    EXPECT_EQ(buffer->size(), 0u);
    uint64_t got;
    std::memcpy(&got, machine.memory().host(frame), sizeof got);
    EXPECT_EQ(got, wanted);
}

TEST(CodomsFuzz, same_seed_same_result) {
    EXPECT_EQ(run(106, 20'000, 0, {}).summary(), run(106, 20'000, 0, {}).summary());
}

}  // namespace
}  // namespace stile::codoms_fuzz
