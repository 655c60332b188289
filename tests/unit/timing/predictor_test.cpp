// SPDX-License-Identifier: Apache-2.0
//
// Does the predictor learn what real ones learn, and forget what they forget?
#include "model/timing/branch_predictor.h"

#include <gtest/gtest.h>

namespace stile::model {
namespace {

using Verdict = BranchPredictor::Verdict;

BranchOutcome branch(BranchKind kind, uint64_t from, uint64_t target, bool taken = true) {
    return {kind, taken, from, from + 5, taken ? target : from + 5};
}

struct Predictor {
    explicit Predictor(const PredictorConfig& c = {}) : unit(c, counters) {}
    Verdict resolve(const BranchOutcome& b) { return unit.resolve(b); }
    Counters counters;
    BranchPredictor unit;
};

TEST(Predictor, DirectBranchIsLateOnceThenRight) {
    Predictor p;
    EXPECT_EQ(p.resolve(branch(BranchKind::direct, 0x100, 0x200)), Verdict::late_target);
    EXPECT_EQ(p.resolve(branch(BranchKind::direct, 0x100, 0x200)), Verdict::right);
}

TEST(Predictor, IndirectBranchIsWrongWheneverItsTargetChanges) {
    Predictor p;
    EXPECT_EQ(p.resolve(branch(BranchKind::indirect, 0x100, 0x200)), Verdict::wrong);
    EXPECT_EQ(p.resolve(branch(BranchKind::indirect, 0x100, 0x200)), Verdict::right);
    EXPECT_EQ(p.resolve(branch(BranchKind::indirect, 0x100, 0x300)), Verdict::wrong);
    EXPECT_EQ(p.resolve(branch(BranchKind::indirect, 0x100, 0x200)), Verdict::wrong);
}

// Of `count` outcomes of one branch, how many of the second half were predicted wrongly.
template <class Outcome>
unsigned wrong_when_warm(Direction direction, unsigned count, Outcome taken) {
    PredictorConfig c;
    c.direction = direction;
    Predictor p(c);
    unsigned wrong = 0;
    for (unsigned i = 0; i < count; ++i) {
        if (i == count / 2) wrong = 0;
        wrong += p.resolve(branch(BranchKind::conditional, 0x100, 0x80, taken(i))) == Verdict::wrong;
    }
    return wrong;
}

TEST(Predictor, LearnsAPeriodicPattern) {
    for (const Direction d : {Direction::gshare, Direction::tage})
        EXPECT_EQ(wrong_when_warm(d, 2000, [](unsigned i) { return i % 4 != 3; }), 0u);
}

TEST(Predictor, LongHistoriesTellLongLoopsApart) {
    const auto loop_of_20 = [](unsigned i) { return i % 20 != 19; };
    EXPECT_EQ(wrong_when_warm(Direction::gshare, 4000, loop_of_20), 100u)
        << "fourteen branches of history: the end of every loop is a surprise";
    EXPECT_LE(wrong_when_warm(Direction::tage, 4000, loop_of_20), 5u);
}

TEST(Predictor, NoHistoryHelpsWithChance) {
    uint64_t x = 88172645463325252ull;
    const auto coin = [&x](unsigned) {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        return (x >> 32 & 1) != 0;
    };
    for (const Direction d : {Direction::gshare, Direction::tage}) {
        const unsigned wrong = wrong_when_warm(d, 40'000, coin);
        EXPECT_GT(wrong, 9'000u);
        EXPECT_LT(wrong, 11'000u);
    }
}

TEST(Predictor, CorrelatedBranchFollowsTheOneBeforeIt) {
    for (const Direction d : {Direction::gshare, Direction::tage}) {
        PredictorConfig c;
        c.direction = d;
        Predictor p(c);
        uint64_t x = 88172645463325252ull;
        unsigned wrong = 0;
        for (unsigned i = 0; i < 8000; ++i) {
            x ^= x << 13;
            x ^= x >> 7;
            x ^= x << 17;
            const bool taken = x >> 40 & 1;
            p.resolve(branch(BranchKind::conditional, 0x100, 0x80, taken));
            const bool missed =
                p.resolve(branch(BranchKind::conditional, 0x140, 0x180, !taken)) == Verdict::wrong;
            if (i >= 7000) wrong += missed;
        }
        EXPECT_LE(wrong, 60u) << "of 1000";
    }
}

TEST(Predictor, IndirectBranchesFollowTheirPath) {
    const auto wrong = [](unsigned entries) {
        PredictorConfig c;
        c.indirect_entries = entries;
        Predictor p(c);
        constexpr uint64_t targets[] = {0x200, 0x240, 0x200, 0x280, 0x2c0};
        unsigned n = 0;
        for (unsigned i = 0; i < 1000; ++i) {
            if (i == 500) n = 0;
            n += p.resolve(branch(BranchKind::indirect, 0x100, targets[i % 5])) == Verdict::wrong;
        }
        return n;
    };
    EXPECT_EQ(wrong(0), 500u) << "no target is that of the time before";
    EXPECT_EQ(wrong(512), 0u);
}

TEST(Predictor, CountsByKind) {
    Predictor p;
    p.resolve(branch(BranchKind::call, 0x100, 0x200));
    p.resolve(branch(BranchKind::ret, 0x210, 0x105));
    p.resolve(branch(BranchKind::ret, 0x210, 0x999));
    p.resolve(branch(BranchKind::indirect_call, 0x300, 0x400));
    p.resolve(branch(BranchKind::conditional, 0x500, 0x600, false));
    const Counters& c = p.counters;
    EXPECT_EQ(c.branches, 5u);
    EXPECT_EQ(c.branch_mispredicts, 2u);
    EXPECT_EQ(c.branch_resteers, 1u);
    EXPECT_EQ(c.returns, 2u);
    EXPECT_EQ(c.return_mispredicts, 1u);
    EXPECT_EQ(c.indirect_branches, 1u);
    EXPECT_EQ(c.indirect_mispredicts, 1u);
    EXPECT_EQ(c.conditional_branches, 1u);
    EXPECT_EQ(c.conditional_mispredicts, 0u);
}

TEST(Predictor, ReturnsMatchCallsAsDeepAsTheStack) {
    PredictorConfig c;
    c.return_stack = 4;
    Predictor p(c);
    const auto nest = [&p](unsigned depth) {
        for (unsigned i = 0; i < depth; ++i) p.resolve(branch(BranchKind::call, 0x1000 + i * 0x10, 0x1000));
        unsigned right = 0;
        for (unsigned i = depth; i-- > 0;)
            right += p.resolve(branch(BranchKind::ret, 0x2000, 0x1000 + i * 0x10 + 5)) == Verdict::right;
        return right;
    };
    EXPECT_EQ(nest(4), 4u);
    EXPECT_EQ(nest(5), 4u) << "the outermost return address was overwritten";
}

TEST(Predictor, TargetBufferIsFourWay) {
    PredictorConfig c;
    c.btb_entries = 4;
    Predictor p(c);
    for (unsigned i = 0; i < 4; ++i) p.resolve(branch(BranchKind::direct, 0x10 * i, 0x999));
    for (unsigned i = 0; i < 4; ++i)
        EXPECT_EQ(p.resolve(branch(BranchKind::direct, 0x10 * i, 0x999)), Verdict::right) << i;
    p.resolve(branch(BranchKind::direct, 0x40, 0x999));
    EXPECT_EQ(p.resolve(branch(BranchKind::direct, 0, 0x999)), Verdict::late_target);
}

TEST(Predictor, RefusesSizesThatCannotBeIndexed) {
    Counters counters;
    const auto refused = [&counters](auto spoil) {
        PredictorConfig c;
        c.direction = Direction::tage;
        spoil(c);
        EXPECT_THROW(BranchPredictor(c, counters), std::invalid_argument);
    };
    refused([](PredictorConfig& c) { c.entries = 1000; });
    refused([](PredictorConfig& c) { c.table_entries = 1000; });
    refused([](PredictorConfig& c) { c.tables = 9; });
    refused([](PredictorConfig& c) { c.btb_entries = 12; });
    refused([](PredictorConfig& c) { c.indirect_entries = 500; });
}

}  // namespace
}  // namespace stile::model
