// SPDX-License-Identifier: Apache-2.0
//
// Would the litmus tests notice? Bugs planted into the blocks of every core, each shown by the outcome that
// memory order forbids. The same tests without them are in litmus_test.cpp.
#include <gtest/gtest.h>

#include <array>
#include <unordered_map>

#include "tests/litmus/bare.h"

namespace stile::test {
namespace {

using model::Block;
using model::Exec;
using model::Handler;
using model::Mode;
using model::Next;
using model::Op;
using model::Uop;
using Impl = model::Core::Impl;

void set_handler(Uop& u, Handler h) { u.handler = reinterpret_cast<const void*>(h); }
Handler usual(const Uop* u) { return model::handlers(Mode::buffered).select(*u); }

uint64_t seen(const Litmus& test, const Outcome& outcome, const std::function<void(Impl&)>& plant) {
    EXPECT_FALSE(allowed(test, Order::tso).contains(outcome)) << outcome << " is allowed";
    uint64_t n = 0;
    for (uint64_t seed = 1; seed <= 10; ++seed) {
        const Counts counts = run_bare(test, {model::CoreModel::ooo, 500, seed, plant});
        if (const auto it = counts.find(outcome); it != counts.end()) n += it->second;
    }
    return n;
}

void expect_shown(const Litmus& test, const Outcome& outcome, const std::function<void(Impl&)>& plant) {
    EXPECT_EQ(seen(test, outcome, {}), 0u) << test.name;
    EXPECT_GT(seen(test, outcome, plant), 0u) << test.name;
}

std::function<void(Impl&)> without_draining(Op op) {
    return [op](Impl& core) {
        core.translated = [op](Block& b) {
            for (const Uop& u : b.code.uops)
                if (u.op == op) b.drains = false;
        };
    };
}

TEST(PlantedLitmus, MfenceThatDoesNotDrain) {
    expect_shown(fenced(named_litmus("SB")), "0011", without_draining(Op::fence));
    expect_shown(fenced(named_litmus("R")), "012", without_draining(Op::fence));
}

TEST(PlantedLitmus, LockedInstructionThatDoesNotDrain) {
    // Each exchange reads 0, then the other's location, too.
    expect_shown(exchanging(named_litmus("SB")), "000011", without_draining(Op::ldl4));
}

// A store of four bytes overtakes the one before it.
Next overtake(Exec& x, const Uop* u) {
    if (!model::store_fast<Mode::buffered>(x, u, model::effective(x, u), static_cast<uint32_t>(u->imm)))
        return usual(u)(x, u);
    if (x.buffer->size() >= 2 && x.buffer->entry(1).bytes == 4)
        std::swap(x.buffer->entry(0), x.buffer->entry(1));
    return model::next_unwound(u);
}
TEST(PlantedLitmus, BufferThatIsNotFirstInFirstOut) {
    const auto plant = [](Impl& core) {
        core.translated = [](Block& b) {
            for (Uop& u : b.code.uops)
                if (u.op == Op::sti4) set_handler(u, overtake);
        };
    };
    expect_shown(named_litmus("MP"), "1011", plant);
    expect_shown(named_litmus("2+2W"), "11", plant);
}

TEST(PlantedLitmus, LoadThatDoesNotSeeItsOwnStores) {
    const auto plant = [](Impl& core) {
        core.translated = [](Block& b) {
            for (Uop& u : b.code.uops)
                if (u.op == Op::ld4) set_handler(u, model::handlers(Mode::timed).select(u));
        };
    };
    expect_shown(named_litmus("SB+rfi"), "001011", plant);
}

// A load from a line that the core has read before finds what was there then: nobody told it of the store.
std::array<std::unordered_map<uint64_t, uint32_t>, 4> stale;
Next keep_line(Exec& x, const Uop* u) {
    uint32_t v;
    const uint64_t vaddr = model::effective(x, u);
    if (!model::load_fast<Mode::buffered>(x, u, vaddr, v)) return usual(u)(x, u);
    x.s.r[u->dst] = stale[model::impl_of(x).id].emplace(vaddr, v).first->second;
    return model::next_unwound(u);
}
TEST(PlantedLitmus, LostInvalidation) {
    const auto plant = [](Impl& core) {
        stale[core.id].clear();
        core.translated = [](Block& b) {
            for (Uop& u : b.code.uops)
                if (u.op == Op::ld4) set_handler(u, keep_line);
        };
    };
    expect_shown(named_litmus("MP"), "1011", plant);
    expect_shown(fenced(named_litmus("IRIW")), "101011", plant);
}

}  // namespace
}  // namespace stile::test
