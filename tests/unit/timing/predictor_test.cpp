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

TEST(Predictor, DirectBranchIsLateOnceThenRight) {
    BranchPredictor p{CoreConfig{}};
    EXPECT_EQ(p.resolve(branch(BranchKind::direct, 0x100, 0x200)), Verdict::late_target);
    EXPECT_EQ(p.resolve(branch(BranchKind::direct, 0x100, 0x200)), Verdict::right);
}

TEST(Predictor, IndirectBranchIsWrongWheneverItsTargetChanges) {
    BranchPredictor p{CoreConfig{}};
    EXPECT_EQ(p.resolve(branch(BranchKind::indirect, 0x100, 0x200)), Verdict::wrong);
    EXPECT_EQ(p.resolve(branch(BranchKind::indirect, 0x100, 0x200)), Verdict::right);
    EXPECT_EQ(p.resolve(branch(BranchKind::indirect, 0x100, 0x300)), Verdict::wrong);
    EXPECT_EQ(p.resolve(branch(BranchKind::indirect, 0x100, 0x200)), Verdict::wrong);
}

TEST(Predictor, LearnsAPeriodicPattern) {
    BranchPredictor p{CoreConfig{}};
    unsigned wrong = 0;
    for (unsigned i = 0; i < 400; ++i) {
        const bool taken = i % 4 != 3;
        wrong = i == 200 ? 0 : wrong;
        wrong += p.resolve(branch(BranchKind::conditional, 0x100, 0x80, taken)) == Verdict::wrong;
    }
    EXPECT_EQ(wrong, 0u) << "in the second half";
}

TEST(Predictor, ReturnsMatchCallsAsDeepAsTheStack) {
    CoreConfig c;
    c.ras_entries = 4;
    BranchPredictor p(c);
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
    CoreConfig c;
    c.btb_entries = 4;
    BranchPredictor p(c);
    for (unsigned i = 0; i < 4; ++i) p.resolve(branch(BranchKind::direct, 0x10 * i, 0x999));
    for (unsigned i = 0; i < 4; ++i)
        EXPECT_EQ(p.resolve(branch(BranchKind::direct, 0x10 * i, 0x999)), Verdict::right) << i;
    p.resolve(branch(BranchKind::direct, 0x40, 0x999));
    EXPECT_EQ(p.resolve(branch(BranchKind::direct, 0, 0x999)), Verdict::late_target);
}

TEST(Predictor, RefusesSizesThatCannotBeIndexed) {
    CoreConfig c;
    c.predictor_entries = 1000;
    EXPECT_THROW(BranchPredictor{c}, std::invalid_argument);
    c = {};
    c.btb_entries = 12;
    EXPECT_THROW(BranchPredictor{c}, std::invalid_argument);
}

}  // namespace
}  // namespace stile::model
