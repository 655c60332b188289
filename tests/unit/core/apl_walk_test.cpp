// SPDX-License-Identifier: Apache-2.0
//
// Does a machine that walks the APL directory do so for guest code, on every core model: crossings and
// accesses through a cache of two entries, the register that turns it on, and refusals as if nothing had been
// walked?
#include "model/core/fault.h"
#include "model/protection/codoms.h"
#include "model/timing/make_timing.h"
#include "tests/unit/core/rig.h"

namespace stile::model::test {

using isa::RAX;
using isa::RBX;

namespace {

constexpr uint64_t page_c = user_data + 0x1000, page_d = user_data + 0x2000, directory_at = 0x600000;
constexpr uint16_t tag_c = 0x7fff, tag_d = 0x8000;

struct NoMemory final : LowerMemory {
    LineReply access(uint64_t, unsigned, LineRequest request, Cycles) override {
        return {request == LineRequest::writeback ? 0u : 50u};
    }
};

GUEST(walk_stop, "mov r15, rsp\n hlt");
// Fifty times: call B, which reads C and writes D.
GUEST(walk_caller,
      "mov ebp, 50\n mov r12, 0x402040\n 1: call r12\n add ebx, eax\n dec ebp\n jne 1b\n syscall");
GUEST(walk_callee,
      ".p2align 6\n ud2\n .p2align 6\n mov eax, [0x481000]\n mov [0x482000], ebp\n mov ecx, [0x481008]\n "
      "ret\n");

class AplWalks : public ::testing::TestWithParam<CoreModel> {
  protected:
    explicit AplWalks(AplRefill refill = AplRefill::hardware) : refill_(refill) {}
    void SetUp() override { build(2); }
    void build(unsigned entries, AplReplacement replacement = AplReplacement::lru) {
        MachineConfig c;
        c.apl_cache.entries = c.apl_cache.ways = entries;
        c.apl_cache.replacement = replacement;
        c.apl_cache.refill = refill_;
        c.core.model = GetParam();
        rig = std::make_unique<Rig>(ProtectionKind::codoms, nullptr, c);
        Core& core = *rig->core;
        const MachineConfig& m = core.config();
        if (GetParam() != CoreModel::functional)
            core.set_timing(make_timing(m, rig->memory, lower, core.state(), core.counters()));
        core.set_model(GetParam());
        rig->user_pages();
        tag(page_a, tag_a);
        tag(page_b, tag_b);
        for (uint64_t a = user_data; a < 0x500000; a += 0x1000) tag(a, tag_a);
        tag(page_c, tag_c);
        tag(page_d, tag_d);
        rig->pte(dcs_page) |= STILE_PTE_CAP_STORAGE;
        for (unsigned v = 0; v < 32; ++v) rig->gate(v, 0x180000);
        rig->load(0x180000, GUEST_BYTES(walk_stop));
        rig->load(0x181000, GUEST_BYTES(walk_stop));
        CpuState& s = core.state();
        s.lstar = 0x181000;
        s.cd.control = 1;
        s.cd.latch = {tag_a, STILE_XFER_SEQ, 0};
        s.cd.dcs_base = s.cd.dcs_ptr = dcs_page;
        s.cd.dcs_limit = dcs_page + 0x1000;
        if (refill_ == AplRefill::hardware) s.cd.apl_root = directory_at | STILE_APL_ROOT_ON;
        // The thread's own stack, wherever it runs.
        s.cd.caps[7] = {user_stack - 0x1000, 0x1000, 0, 0,
                        STILE_CAP_WORD(tag_a, 0, STILE_RIGHT_WRITE, STILE_CAP_SYNC)};
        rig->load(page_a, GUEST_BYTES(walk_caller));
        rig->load(page_b, GUEST_BYTES(walk_callee));
        rig->at<uint32_t>(page_c) = 7;
        next_ = directory_at + 0x1000;
        rig->enter_user(page_a);
    }
    void tag(uint64_t page, uint16_t t) {
        rig->pte(page) = (rig->pte(page) & ~STILE_PTE_TAG(0xffff)) | STILE_PTE_TAG(t);
    }
    void grant(uint16_t from, uint16_t to, unsigned right) {
        const auto below = [this](uint64_t& e) {
            if (!(e & STILE_APL_PRESENT)) e = (next_ += 0x1000) | STILE_APL_PRESENT;
            return e & ~0xfffull;
        };
        const uint64_t second = below(rig->at<uint64_t>(directory_at + 8 * STILE_APL_INDEX1(from)));
        const uint64_t third = below(rig->at<uint64_t>(second + 8 * STILE_APL_INDEX2(from, to)));
        auto& word = rig->at<uint64_t>(third + 8 * STILE_APL_WORD3(to));
        word = (word & ~(3ull << STILE_APL_SHIFT3(to))) | uint64_t{right} << STILE_APL_SHIFT3(to);
    }
    void grant_all() {
        grant(tag_a, tag_b, STILE_RIGHT_CALL);
        grant(tag_b, tag_c, STILE_RIGHT_READ);
        grant(tag_b, tag_d, STILE_RIGHT_WRITE);
    }
    const Counters& counters() { return rig->core->counters(); }
    uint64_t word(unsigned i) { return rig->at<uint64_t>(rig->reg(isa::R15) + 8 * i); }

    AplRefill refill_;
    NoMemory lower;
    std::unique_ptr<Rig> rig;
    uint64_t next_ = 0;
};

INSTANTIATE_TEST_SUITE_P(Models, AplWalks,
                         testing::Values(CoreModel::functional, CoreModel::inorder, CoreModel::ooo),
                         [](const auto& info) { return name_of(info.param); });

}  // namespace

// With two entries every call and every one of the three accesses needs a walk, each time round.
TEST_P(AplWalks, TwoEntriesSufficeForAnything) {
    grant_all();
    ASSERT_EQ(rig->run(), Stop::idle_forever);
    EXPECT_EQ(rig->reg(RBX), 350u) << rig->core->dump();
    EXPECT_EQ(counters().exceptions, 0u);
    EXPECT_EQ(counters().domain_crossings, 100u);
    EXPECT_EQ(counters().apl_transfer_misses, 50u);
    EXPECT_EQ(counters().apl_data_misses, 150u);
    EXPECT_EQ(counters().apl_walks, 200u);
    EXPECT_EQ(rig->at<uint32_t>(page_d), 1u);
    if (GetParam() == CoreModel::functional) {
        EXPECT_EQ(counters().apl_walk_cycles, 0u);
        return;
    }
    // 8 cycles and three hits each once the directory's lines are there.
    EXPECT_GE(counters().apl_walk_cycles, 200u * (8 + 3 * 4));
    if (GetParam() == CoreModel::inorder) {
        EXPECT_LE(counters().apl_walk_cycles, 200u * (8 + 3 * 4) + 10 * 50);
        EXPECT_GE(counters().phase[static_cast<size_t>(Phase::refill)], counters().apl_walk_cycles);
    }
    // Three accesses a call and the two of the stack, whose page is lent to B.
    EXPECT_EQ(counters().apl_data_lookups, 50u * (3 + 1));
}

TEST_P(AplWalks, EnoughEntriesNeedOneWalkForEachPair) {
    build(8);
    grant_all();
    ASSERT_EQ(rig->run(), Stop::idle_forever);
    EXPECT_EQ(rig->reg(RBX), 350u);
    EXPECT_EQ(counters().apl_walks, 3u)
        << "A over B, B over C, B over D; the stack is lent by its own domain";
    EXPECT_EQ(counters().apl_misses, 3u);
    EXPECT_EQ(counters().apl_fills, 4u);
    EXPECT_EQ(counters().apl_evictions, 0u);
    EXPECT_EQ(counters().apl_transfer_lookups, 50u);
}

TEST_P(AplWalks, ARefusalLooksTheSame) {
    grant_all();
    grant(tag_b, tag_d, STILE_RIGHT_READ);
    ASSERT_EQ(rig->run(), Stop::idle_forever);
    EXPECT_EQ(word(0), uint64_t{STILE_CD_RIGHT | STILE_CD_WRITE});
    EXPECT_EQ(rig->core->state().cr2, page_d);
    EXPECT_EQ(rig->core->state().cd.fault_from, tag_b);
    EXPECT_EQ(rig->core->state().cd.fault_to, tag_d);
    EXPECT_EQ(rig->core->state().cd.fault_right, STILE_RIGHT_WRITE | STILE_RIGHT_READ << 8);
    EXPECT_EQ(rig->at<uint32_t>(page_d), 0u);
    build(2);
    grant_all();
    grant(tag_a, tag_b, STILE_RIGHT_NIL);
    ASSERT_EQ(rig->run(), Stop::idle_forever);
    EXPECT_EQ(word(0), uint64_t{STILE_CD_RIGHT | STILE_CD_FETCH});
    EXPECT_EQ(counters().apl_walks, 1u);
}

// What replaces what moves misses, never a result.
TEST_P(AplWalks, EveryPolicyGivesTheSameResult) {
    for (const auto policy :
         {AplReplacement::lru, AplReplacement::plru, AplReplacement::fifo, AplReplacement::random}) {
        for (const unsigned entries : {2u, 4u}) {
            build(entries, policy);
            grant_all();
            ASSERT_EQ(rig->run(), Stop::idle_forever);
            EXPECT_EQ(rig->reg(RBX), 350u);
            EXPECT_EQ(counters().exceptions, 0u);
            EXPECT_EQ(counters().apl_walks, counters().apl_misses);
            if (entries == 4) {
                EXPECT_EQ(counters().apl_walks, 3u);
            } else {
                EXPECT_GE(counters().apl_walks, 100u);
            }
        }
    }
}

GUEST(apl_root,
      "mov ecx, 0xc0011007\n rdmsr\n mov esi, eax\n mov eax, 0x600001\n xor edx, edx\n wrmsr\n rdmsr\n mov "
      "ebp, eax\n"
      "mov edi, edx\n mov eax, 0x57110000\n mov ecx, 1\n cpuid\n mov r9d, edx\n"
      "mov ecx, 0xc0011007\n mov eax, 0x600003\n xor edx, edx\n wrmsr\n hlt");
TEST_P(AplWalks, TheRootIsARegisterOfAMachineThatWalks) {
    for (const AplRefill refill : {AplRefill::hardware, AplRefill::software}) {
        refill_ = refill;
        build(32);
        rig->core->state().cd.apl_root = 0;
        rig->core->state().cpl = 0;
        rig->core->state().cs = 8;
        rig->core->state().r[isa::RSP] = stack_top;
        rig->core->state().rip = code_at;
        rig->load(code_at, GUEST_BYTES(apl_root));
        ASSERT_EQ(rig->run(), Stop::idle_forever);
        EXPECT_EQ(counters().exceptions, 1u);
        EXPECT_EQ(word(0), 0u) << "#GP(0)";
        if (refill == AplRefill::software) {
            EXPECT_EQ(word(1), code_at + 5) << "no such register";
            continue;
        }
        EXPECT_EQ(rig->reg(isa::RSI), 0u) << "after reset";
        EXPECT_EQ(rig->reg(isa::RBP), 0x600001u);
        EXPECT_EQ(rig->reg(isa::RDI), 0u);
        EXPECT_EQ(rig->reg(isa::R9), 16u | STILE_CPUID_APL_WALK);
        EXPECT_EQ(rig->core->state().cd.apl_root, 0x600001u) << "a bit that means nothing is refused";
    }
}

}  // namespace stile::model::test
