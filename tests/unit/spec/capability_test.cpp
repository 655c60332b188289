// SPDX-License-Identifier: Apache-2.0
//
// Sections 6 and 7 of docs/codoms.md, row by row: the instructions that any code may execute.
#include "tests/unit/spec/scene.h"

namespace stile::isa::spec::test {

namespace {

constexpr uint32_t type_w = STILE_CD_CAP_TYPE | STILE_CD_WRITE;
constexpr uint64_t end_of_memory = ~0ull;

class Capability : public Scene {
  protected:
    stile_cap& c0 = c.caps[0];
};

TEST_F(Capability, capmk_makes_a_synchronous_one_of_the_current_domain) {
    c.depth = 17;
    for (unsigned right = CALL; right <= WRITE; ++right) {
        EXPECT_EQ(run(Op::capmk, {.n = 6, .r = OTHER + 1, .rcx = 99, .imm = static_cast<uint8_t>(right)}),
                  fine());
        EXPECT_EQ(c.caps[6], cap(OTHER + 1, 99, right, ME, STILE_CAP_SYNC, 17)) << "no right is asked for";
    }
    EXPECT_EQ(run(Op::capmk, {.r = OTHER, .rcx = 1, .imm = 0}), gp());
    EXPECT_EQ(run(Op::capmk, {.r = OTHER, .rcx = 1, .imm = 4}), gp());
    EXPECT_EQ(run(Op::capmk, {.r = OTHER, .rcx = 1, .imm = 0x81}), gp());
    EXPECT_EQ(run(Op::capmk, {.r = end_of_memory, .rcx = 2, .imm = 1}), gp());
    EXPECT_EQ(run(Op::capmk, {.r = end_of_memory, .rcx = 1, .imm = 1}), fine()) << "up to 2^64";
    EXPECT_EQ(run(Op::capmk, {.r = 5, .rcx = 0, .imm = 1}), fine());
    kernel_for(THIRD);
    EXPECT_EQ(run(Op::capmk, {.n = 1, .r = OTHER, .rcx = 1, .imm = 1}), fine());
    EXPECT_EQ(STILE_CAP_ORIGIN(c.caps[1].word), THIRD) << "the kernel makes it in its caller's name";
}

TEST_F(Capability, caprst_only_narrows) {
    const stile_cap whole = {1000, 100, STORAGE, 3, STILE_CAP_WORD(YOU, 5, READ, STILE_CAP_ASYNC)};
    struct Row {
        uint64_t base, length;
        unsigned right;
        bool may;
    };
    for (const Row& row : {Row{1000, 100, READ, true}, Row{1001, 99, READ, true}, Row{1000, 99, CALL, true},
                           Row{1100, 0, READ, true}, Row{1000, 100, WRITE, false}, Row{999, 100, READ, false},
                           Row{1001, 100, READ, false}, Row{1000, 101, READ, false},
                           Row{1101, 0, READ, false}, Row{0, end_of_memory, READ, false}}) {
        c0 = whole;
        const Outcome o =
            run(Op::caprst, {.r = row.base, .rcx = row.length, .imm = static_cast<uint8_t>(row.right)});
        if (row.may) {
            EXPECT_EQ(o, fine()) << row.base << " " << row.length;
            const stile_cap part{row.base, row.length, STORAGE, 3,
                                 STILE_CAP_WORD(YOU, 5, row.right, STILE_CAP_ASYNC)};
            EXPECT_EQ(c0, part) << "the rest is the original's";
        } else {
            EXPECT_EQ(o, cd(STILE_CD_CAP_RANGE, row.base, ME, ME, row.right, READ))
                << row.base << " " << row.length;
        }
    }
    c0 = whole;
    EXPECT_EQ(run(Op::caprst, {.r = 1000, .rcx = 1, .imm = 0}), gp());
    EXPECT_EQ(run(Op::caprst, {.r = 1000, .rcx = 1, .imm = 4}), gp());
    EXPECT_EQ(run(Op::caprst, {.r = 1000, .rcx = end_of_memory, .imm = 1}), gp());
    c0 = {};
    EXPECT_EQ(run(Op::caprst, {.r = 0, .rcx = 0, .imm = CALL}), cd(STILE_CD_CAP_RANGE, 0, ME, ME, CALL, NIL));
    w.checks.cap_range = false;
    EXPECT_EQ(run(Op::caprst, {.r = 0, .rcx = 0, .imm = CALL}).reason(), STILE_CD_CAP_RANGE)
        << "nothing to widen";
    c0 = whole;
    EXPECT_EQ(run(Op::caprst, {.r = 5, .rcx = 5000, .imm = WRITE}), fine());
    EXPECT_EQ(c0.length, 5000u);
}

TEST_F(Capability, caprst_of_the_whole_end_of_memory) {
    c0 = cap(end_of_memory - 9, 10, READ, ME);
    EXPECT_EQ(run(Op::caprst, {.r = end_of_memory, .rcx = 1, .imm = READ}), fine());
    EXPECT_EQ(run(Op::caprst, {.r = end_of_memory - 1, .rcx = 1, .imm = READ}).reason(), STILE_CD_CAP_RANGE);
}

TEST_F(Capability, capmov_and_capclr) {
    c.caps[3] = {1, 2, 3, 4, STILE_CAP_WORD(YOU, 5, READ, STILE_CAP_SYNC)};
    EXPECT_EQ(run(Op::capmov, {.n = 7, .m = 3}), fine());
    EXPECT_EQ(c.caps[7], c.caps[3]);
    EXPECT_EQ(run(Op::capclr, {.imm = 0x88}), fine());
    for (const stile_cap& each : c.caps) EXPECT_EQ(each, stile_cap{});
}

TEST_F(Capability, capasy_binds_to_a_counter_for_good) {
    const stile_cap fresh = cap(OWN, 64, WRITE, ME, STILE_CAP_SYNC, 9);
    word(STORAGE + 40, 77);
    const Instruction i{.address = STORAGE + 40};
    c0 = fresh;
    EXPECT_EQ(run(Op::capasy, i), fine());
    EXPECT_EQ(c0, (stile_cap{OWN, 64, STORAGE + 40, 77, STILE_CAP_WORD(ME, 0, WRITE, STILE_CAP_ASYNC)}));
    EXPECT_EQ(run(Op::capasy, i), cd(STILE_CD_CAP_TYPE, STORAGE + 40, ME, ME)) << "it is one already";
    EXPECT_EQ(run(Op::capsyn, {.m = 0}), fine());
    EXPECT_EQ(run(Op::capasy, i), cd(STILE_CD_CAP_TYPE, STORAGE + 40, ME, ME)) << "it has a counter already";
    c0 = {};
    EXPECT_EQ(run(Op::capasy, i), cd(STILE_CD_CAP_TYPE, STORAGE + 40, ME, ME));
    c0 = cap(OWN, 64, WRITE, YOU);
    EXPECT_EQ(run(Op::capasy, i), cd(STILE_CD_CAP_TYPE, STORAGE + 40, ME, ME)) << "another domain's rights";
    w.checks.cap_type = false;
    EXPECT_EQ(run(Op::capasy, i), fine());
    w.checks.cap_type = true;
    EXPECT_EQ(run(Op::capasy, {.address = STORAGE + 44}), gp()) << "alignment before type";
    c0 = fresh;
    EXPECT_EQ(run(Op::capasy, {.address = STORAGE + 44}), gp());
    EXPECT_EQ(run(Op::capasy, {.address = OWN}), cd(STILE_CD_CAP_PAGE, OWN, ME, ME, READ));
    EXPECT_EQ(run(Op::capasy, {.address = STORAGE_2}), cd(STILE_CD_RIGHT, STORAGE_2, ME, YOU, READ));
    EXPECT_EQ(run(Op::capasy, {.address = MISSING}), pf(pf_user, MISSING));
    grant(ME, YOU, READ);
    EXPECT_EQ(run(Op::capasy, {.address = STORAGE_2}), fine()) << "reading it is enough";
    for (const uint64_t used_up : {STILE_COUNTER_END, STILE_COUNTER_END + 1, ~0ull}) {
        c0 = fresh;
        word(STORAGE + 40, used_up);
        EXPECT_EQ(run(Op::capasy, i), cd(STILE_CD_CAP_RANGE, STORAGE + 40, ME, ME));
    }
    word(STORAGE + 40, STILE_COUNTER_END - 1);
    EXPECT_EQ(run(Op::capasy, i), fine());
}

TEST_F(Capability, capsyn_lends_for_the_running_activation) {
    c.depth = 6;
    c0 = {OTHER, 64, STORAGE, 3, STILE_CAP_WORD(YOU, 0, READ, STILE_CAP_ASYNC)};
    EXPECT_EQ(run(Op::capsyn, {.m = 0}), fine());
    EXPECT_EQ(c0, (stile_cap{OTHER, 64, STORAGE, 3, STILE_CAP_WORD(YOU, 6, READ, STILE_CAP_SYNC)}));
    EXPECT_EQ(run(Op::capsyn, {.m = 0}), cd(STILE_CD_CAP_TYPE, 0, ME, ME));
    EXPECT_EQ(run(Op::capsyn, {.m = 1}), cd(STILE_CD_CAP_TYPE, 0, ME, ME));
}

TEST_F(Capability, caprev_counts_and_stops) {
    EXPECT_EQ(run(Op::caprev, {.address = STORAGE + 16}), fine());
    EXPECT_EQ(word(STORAGE + 16), 1u);
    word(STORAGE + 24, STILE_COUNTER_END - 1);
    for (int i = 0; i < 3; ++i) {
        EXPECT_EQ(run(Op::caprev, {.address = STORAGE + 24}), fine());
        EXPECT_EQ(word(STORAGE + 24), STILE_COUNTER_END);
    }
    EXPECT_EQ(STILE_CAP_TYPE(cell(STORAGE).word), unsigned{STILE_CAP_EMPTY})
        << "four counters never look like a capability";
    EXPECT_EQ(run(Op::caprev, {.address = STORAGE + 4}), gp());
    EXPECT_EQ(run(Op::caprev, {.address = OWN}), cd(STILE_CD_CAP_PAGE | STILE_CD_WRITE, OWN, ME, ME, WRITE));
    grant(ME, YOU, READ);
    EXPECT_EQ(run(Op::caprev, {.address = STORAGE_2}),
              cd(STILE_CD_RIGHT | STILE_CD_WRITE, STORAGE_2, ME, YOU, WRITE, READ));
    EXPECT_EQ(run(Op::caprev, {.address = MISSING}), pf(pf_user | pf_write, MISSING));
    at(STORAGE).writable = false;
    EXPECT_EQ(run(Op::caprev, {.address = STORAGE}), pf(pf_user | pf_write | pf_present, STORAGE));
}

TEST_F(Capability, caprev_does_not_count_in_a_stored_capability) {
    c0 = cap(OWN, 8, READ, ME, STILE_CAP_ASYNC);
    ASSERT_EQ(run(Op::capst, {.address = STORAGE + 32}), fine());
    for (unsigned field = 0; field < 32; field += 8)
        EXPECT_EQ(run(Op::caprev, {.address = STORAGE + 32 + field}),
                  cd(type_w, STORAGE + 32 + field, ME, ME));
    w.checks.cap_type = false;
    EXPECT_EQ(run(Op::caprev, {.address = STORAGE + 40}), fine());
    ASSERT_EQ(run(Op::capld, {.address = STORAGE + 32}), fine());
    EXPECT_EQ(c0.length, 9u) << "what the rule is for";
}

TEST_F(Capability, push_and_pop) {
    const stile_cap a = cap(OWN, 1, READ, ME, STILE_CAP_SYNC, 3),
                    b = cap(OTHER, 2, READ, YOU, STILE_CAP_ASYNC);
    c.caps[0] = a, c.caps[1] = b;
    EXPECT_EQ(run(Op::cappush, {.m = 0}), fine());
    EXPECT_EQ(run(Op::cappush, {.m = 1}), fine());
    EXPECT_EQ(run(Op::cappush, {.m = 2}), fine()) << "an empty one, too";
    EXPECT_EQ(cell(DCS), a);
    EXPECT_EQ(c.dcs_ptr, DCS + 96);
    EXPECT_EQ(run(Op::cappop, {.m = 1}), fine());
    EXPECT_EQ(c.caps[1], stile_cap{});
    EXPECT_EQ(run(Op::cappop, {.m = 4}), fine());
    EXPECT_EQ(c.caps[4], b);
    EXPECT_EQ(run(Op::cappop, {.m = 5}), fine());
    EXPECT_EQ(c.caps[5], a) << "the depth is that of its making";
    EXPECT_EQ(run(Op::cappop, {.m = 5}), cd(STILE_CD_DCS_BOUNDS, DCS, ME, ME, READ));
    c.dcs_ptr = DCS + 128;
    EXPECT_EQ(run(Op::cappush, {.m = 5}), cd(STILE_CD_DCS_BOUNDS | STILE_CD_WRITE, DCS + 128, ME, ME, WRITE));
    c.dcs_ptr = DCS + 8;
    EXPECT_EQ(run(Op::cappush, {.m = 5}), cd(STILE_CD_DCS_BOUNDS | STILE_CD_WRITE, DCS + 8, ME, ME, WRITE));
    EXPECT_EQ(run(Op::cappop, {.m = 5}), cd(STILE_CD_DCS_BOUNDS, DCS + 8, ME, ME, READ));
    c.dcs_ptr = DCS + 160;
    EXPECT_EQ(run(Op::cappop, {.m = 5}), cd(STILE_CD_DCS_BOUNDS, DCS + 160, ME, ME, READ))
        << "above the limit";
    w.checks.dcs = false;
    EXPECT_EQ(run(Op::cappop, {.m = 5}), fine());
    EXPECT_EQ(run(Op::cappush, {.m = 5}), fine());
}

TEST_F(Capability, a_raised_base_hides_what_lies_below) {
    EXPECT_EQ(run(Op::cappush, {.m = 0}), fine());
    c.dcs_base = c.dcs_ptr;
    EXPECT_EQ(run(Op::cappop, {.m = 0}), cd(STILE_CD_DCS_BOUNDS, DCS + 32, ME, ME, READ));
}

TEST_F(Capability, no_callee_pops_what_its_caller_pushed) {
    c0 = cap(OWN, 64, WRITE, ME);
    EXPECT_EQ(run(Op::cappush, {.m = 0}), fine());
    grant(ME, YOU, CALL);
    ASSERT_EQ(transfer(w, c, STILE_XFER_CALL, OTHER, OWN + 5), fine());
    EXPECT_EQ(run(Op::cappop, {.m = 1}), cd(STILE_CD_CAP_TYPE, DCS + 32, YOU, YOU));
    w.checks.cap_type = false;
    EXPECT_EQ(run(Op::cappop, {.m = 1}), fine());
    EXPECT_EQ(run(Op::cappop, {.m = 1}), fine());
    EXPECT_EQ(c.caps[1], c0);
}

TEST_F(Capability, the_stack_is_capability_storage_that_the_hardware_touches) {
    at(DCS).cap_storage = false;
    EXPECT_EQ(run(Op::cappush, {.m = 0}), cd(STILE_CD_CAP_PAGE | STILE_CD_WRITE, DCS, ME, STACKS, WRITE));
    c.dcs_ptr = DCS + 32;
    EXPECT_EQ(run(Op::cappop, {.m = 0}), cd(STILE_CD_CAP_PAGE, DCS, ME, STACKS, READ));
    w.checks.cap_page = false;
    EXPECT_EQ(run(Op::cappop, {.m = 0}), fine());
    w.checks.cap_page = true;
    c.dcs_ptr = c.dcs_base = MISSING, c.dcs_limit = MISSING + 64;
    EXPECT_EQ(run(Op::cappush, {.m = 0}), pf(pf_write, MISSING));
    c.dcs_ptr += 32;
    EXPECT_EQ(run(Op::cappop, {.m = 0}), pf(0, MISSING));
}

TEST_F(Capability, storage_holds_asynchronous_and_empty_ones) {
    c0 = cap(OTHER, 64, READ, YOU, STILE_CAP_ASYNC);
    EXPECT_EQ(run(Op::capst, {.n = 0, .address = STORAGE + 64}), fine());
    EXPECT_EQ(run(Op::capld, {.n = 1, .address = STORAGE + 64}), fine());
    EXPECT_EQ(c.caps[1], c0);
    EXPECT_EQ(run(Op::capst, {.n = 2, .address = STORAGE + 64}), fine());
    EXPECT_EQ(run(Op::capld, {.n = 1, .address = STORAGE + 64}), fine());
    EXPECT_EQ(c.caps[1], stile_cap{});
    word(STORAGE + 64, 5);
    EXPECT_EQ(run(Op::capld, {.n = 1, .address = STORAGE + 64}), fine());
    EXPECT_EQ(c.caps[1], stile_cap{}) << "a counter loads as an empty register";
    EXPECT_EQ(run(Op::capld, {.address = STORAGE + 16}), gp());
    EXPECT_EQ(run(Op::capst, {.address = STORAGE + 16}), gp());
}

TEST_F(Capability, synchronous_ones_do_not_leave_their_thread) {
    c0 = cap(OWN, 64, WRITE, ME);
    EXPECT_EQ(run(Op::capst, {.address = STORAGE}), cd(type_w, STORAGE, ME, ME));
    EXPECT_EQ(run(Op::capst, {.address = STORAGE + 8}), gp()) << "alignment before type";
    EXPECT_EQ(run(Op::capst, {.address = MISSING}), cd(type_w, MISSING, ME, ME)) << "type before the access";
    cell(STORAGE, c0);
    EXPECT_EQ(run(Op::capld, {.n = 1, .address = STORAGE}), cd(STILE_CD_CAP_TYPE, STORAGE, ME, ME));
    EXPECT_EQ(run(Op::capst, {.rip = PROXY, .address = STORAGE}), fine())
        << "privileged code keeps them there";
    EXPECT_EQ(run(Op::capld, {.rip = PROXY, .n = 1, .address = STORAGE}), fine());
    EXPECT_EQ(
        run(Op::capld, {.rip = PROXY + page_bytes - 1, .bytes = 4, .n = 1, .address = STORAGE}).reason(),
        STILE_CD_CAP_TYPE)
        << "only where all of the instruction is privileged";
    w.checks.cap_type = false;
    EXPECT_EQ(run(Op::capld, {.n = 1, .address = STORAGE}), fine());
    EXPECT_EQ(run(Op::capst, {.address = STORAGE}), fine());
}

TEST_F(Capability, return_capabilities_are_never_loaded) {
    cell(STORAGE, cap(OWN, 0, NIL, ME, STILE_CAP_RETURN));
    for (const bool check : {true, false}) {
        w.checks.cap_type = check;
        EXPECT_EQ(run(Op::capld, {.rip = PROXY, .address = STORAGE}), cd(STILE_CD_CAP_TYPE, STORAGE, ME, ME));
    }
    kernel_for(ME);
    EXPECT_EQ(run(Op::capld, {.address = STORAGE}), cd(STILE_CD_CAP_TYPE | STILE_CD_RING0, STORAGE, ME, ME));
}

TEST_F(Capability, storage_of_others_wants_their_right) {
    EXPECT_EQ(run(Op::capld, {.address = STORAGE_2}), cd(STILE_CD_RIGHT, STORAGE_2, ME, YOU, READ));
    EXPECT_EQ(run(Op::capst, {.address = STORAGE_2}),
              cd(STILE_CD_RIGHT | STILE_CD_WRITE, STORAGE_2, ME, YOU, WRITE));
    c.caps[1] = cap(STORAGE_2, 32, WRITE, YOU, STILE_CAP_ASYNC);
    EXPECT_EQ(run(Op::capst, {.n = 1, .address = STORAGE_2}), fine()) << "a capability will do";
    EXPECT_EQ(run(Op::capld, {.n = 2, .address = STORAGE_2}), fine());
    EXPECT_EQ(run(Op::capld, {.n = 2, .address = STORAGE_2 + 32}).reason(), STILE_CD_RIGHT);
}

TEST_F(Capability, what_a_register_says) {
    c.caps[4] = {11, 22, 33, 44, STILE_CAP_WORD(YOU, 5, READ, STILE_CAP_ASYNC)};
    uint64_t v = 0;
    EXPECT_EQ(run(Op::capbase, {.n = 4}, &v), fine());
    EXPECT_EQ(v, 11u);
    EXPECT_EQ(run(Op::caplen, {.n = 4}, &v), fine());
    EXPECT_EQ(v, 22u);
    EXPECT_EQ(run(Op::capattr, {.n = 4}, &v), fine());
    EXPECT_EQ(v, c.caps[4].word);
}

}  // namespace

}  // namespace stile::isa::spec::test
