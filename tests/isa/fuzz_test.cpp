// SPDX-License-Identifier: Apache-2.0
//
// Do Stile's core models do what the host's processor does, instruction for instruction? 300,000 random
// instructions over every row that can be compared; isa_fuzz runs any number.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <memory>

#include "model/core/core_impl.h"
#include "tests/isa/fuzzer.h"
#include "tests/isa/minimise.h"

namespace stile::fuzz {
namespace {

FuzzOptions options(uint64_t count, uint64_t seed) {
    FuzzOptions o;
    o.count = count;
    o.seed = seed;
    o.generator.fsgsbase = Native::has_fsgsbase();
    o.generator.keys = Native::has_keys();
    return o;
}

TEST(IsaFuzz, EveryRowDoesWhatTheHostDoes) {
#ifdef __SANITIZE_ADDRESS__
    constexpr uint64_t count = 30'000;
#else
    constexpr uint64_t count = 300'000;
#endif
    const FuzzResult r = fuzz(options(count, 1));
    for (const Mismatch& m : r.mismatches) ADD_FAILURE() << m.text;
    EXPECT_GE(r.instructions, count);
    EXPECT_LT(r.unjudged, r.sequences / 40);
    // Whole classes of cases went unjudged once because the child died of its own accesses.
    EXPECT_LE(r.died, r.sequences / 10'000) << "of " << r.sequences;
    if (count < 300'000) return;
    EXPECT_GT(r.comparable, 700u);
    EXPECT_EQ(r.covered, r.comparable);
    for (const std::string& row : r.uncovered) ADD_FAILURE() << "never executed: " << row;
}

// With a store buffer between the core and memory: forwarding, partial overlaps, everything that drains.
FuzzOptions buffered(uint64_t count, uint64_t seed) {
    FuzzOptions o = options(count, seed);
    o.cores = {model::CoreModel::ooo};
    o.machine_cores = 2;
    return o;
}

TEST(IsaFuzz, AStoreBufferChangesNothingForItsOwnCore) {
#ifdef __SANITIZE_ADDRESS__
    const FuzzResult r = fuzz(buffered(30'000, 2));
#else
    const FuzzResult r = fuzz(buffered(100'000, 2));
#endif
    for (const Mismatch& m : r.mismatches) ADD_FAILURE() << m.text;
}

Program case_of(std::initializer_list<uint8_t> bytes) {
    Program p;
    p.start = plain_state();
    p.start.r[isa::RDI] = data_at;
    p.entry = slot_at(0);
    p.code.assign(slot_bytes, 0xf4);
    std::copy(bytes.begin(), bytes.end(), p.code.begin());
    return p;
}

// A case that does not end is stopped with stores in the buffer. They are its own: memory has them when it is
// compared, and they must not land on the data of the case after it.
TEST(IsaFuzz, ACaseThatDoesNotEndLeavesNoStoresToTheNext) {
    const Program counting = case_of({0x48, 0xff, 0xc0, 0x48, 0x89, 0x07, 0xeb, 0xf8});  // inc; store; jmp
    Program next = case_of({0xe9, 0, 0, 0, 0});
    const auto to_exit = static_cast<int32_t>(exit_at - slot_at(0) - 5);
    std::memcpy(next.code.data() + 1, &to_exit, sizeof to_exit);
    Data data;
    data.fill(0x5a);
    const auto first_word = [](const Outcome& o) {
        uint64_t word;
        std::memcpy(&word, o.data.data(), sizeof word);
        return word;
    };
    Guest guest(model::CoreModel::ooo, 2);
    auto out = std::make_unique<Outcome>();
    guest.load(data, {&counting, 1});
    guest.run(counting, *out);
    ASSERT_EQ(out->stop.kind, Stop::endless);
    EXPECT_GT(out->state.r[isa::RAX], 1000u);
    EXPECT_EQ(first_word(*out), out->state.r[isa::RAX]);
    guest.load(data, {&next, 1});
    guest.run(next, *out);
    EXPECT_EQ(out->stop.kind, Stop::done);
    EXPECT_EQ(first_word(*out), 0x5a5a5a5a5a5a5a5au);
}

TEST(IsaFuzz, FindsLoadsThatDoNotLookIntoTheStoreBuffer) {
    FuzzOptions o = buffered(20'000, 2);
    o.out = nullptr;
    o.most_mismatches = 1;
    o.minimise = false;
    o.prepare = [](Guest& guest) {
        guest.core().impl().translated = [](model::Block& b) {
            for (isa::Uop& u : b.code.uops)
                if (u.op == isa::Op::ld8 || u.op == isa::Op::pop8)
                    u.handler = reinterpret_cast<const void*>(model::handlers(model::Mode::timed).select(u));
        };
    };
    EXPECT_EQ(fuzz(o).mismatches.size(), 1u);
}

TEST(IsaFuzz, TheSameSeedIsTheSameRun) {
    const FuzzResult a = fuzz(options(5'000, 9)), b = fuzz(options(5'000, 9));
    EXPECT_EQ(a.summary(), b.summary());
    ASSERT_EQ(a.rows.size(), b.rows.size());
    for (size_t i = 0; i < a.rows.size(); ++i) {
        EXPECT_EQ(a.rows[i].executed, b.rows[i].executed);
        EXPECT_EQ(a.rows[i].faulted, b.rows[i].faulted);
    }
}

// Both ways to run one sequence again: by its number, and from the number on.
TEST(IsaFuzz, ASequenceCanBeRepeatedByItself) {
    FuzzOptions o = options(1, 4);
    o.skip = 100;
    o.only = true;
    EXPECT_EQ(fuzz(o).sequences, 1u);
    Generator one(4, o.generator), other(4, o.generator);
    one.sequence(99, 35);
    const Assembled a = assemble(one.sequence(100, 36)), b = assemble(other.sequence(100, 36));
    EXPECT_EQ(a.program.code, b.program.code);
    EXPECT_EQ(a.program.entry, b.program.entry);
    EXPECT_EQ(a.program.start.r, b.program.start.r);
}

}  // namespace
}  // namespace stile::fuzz
