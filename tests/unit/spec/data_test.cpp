// SPDX-License-Identifier: Apache-2.0
//
// Sections 2 and 5 of docs/codoms.md, row by row: who may load and store, and with what fault not.
#include "tests/unit/spec/scene.h"

namespace stile::isa::spec::test {

namespace {

class Data : public Scene {};

TEST_F(Data, each_right_includes_the_ones_before_it) {
    for (unsigned r = NIL; r <= WRITE; ++r) {
        grant(ME, YOU, r);
        EXPECT_EQ(load(w, c, OTHER + 8, 8),
                  r >= READ ? fine() : cd(STILE_CD_RIGHT, OTHER + 8, ME, YOU, READ, r));
        EXPECT_EQ(store(w, c, OTHER + 8, 8),
                  r >= WRITE ? fine() : cd(STILE_CD_RIGHT | STILE_CD_WRITE, OTHER + 8, ME, YOU, WRITE, r));
        EXPECT_EQ(check_store(w, c, OTHER + 8, 8), store(w, c, OTHER + 8, 8));
    }
}

TEST_F(Data, own_pages_and_only_they_without_rights) {
    EXPECT_EQ(store(w, c, OWN, 8), fine());
    EXPECT_EQ(load(w, c, OTHER, 1), cd(STILE_CD_RIGHT, OTHER, ME, YOU, READ));
    EXPECT_EQ(load(w, c, ELSE, 1), cd(STILE_CD_RIGHT, ELSE, ME, THIRD, READ));
    grant(YOU, ME, WRITE);
    EXPECT_FALSE(load(w, c, OTHER, 1).allowed()) << "a right goes one way";
    grant(ME, ME, NIL);
    EXPECT_EQ(store(w, c, OWN, 8), fine()) << "right(A, A) is write, whatever a list says";
}

TEST_F(Data, a_store_is_seen_by_a_load) {
    const uint64_t in = 0x1122334455667788;
    uint64_t out = 0;
    EXPECT_EQ(store(w, c, OWN + 3, 8, &in), fine());
    EXPECT_EQ(load(w, c, OWN + 3, 8, &out), fine());
    EXPECT_EQ(out, in);
    EXPECT_EQ(word(OWN), 0x4455667788000000u);
}

TEST_F(Data, page_bits_hold_besides_and_come_first) {
    grant(ME, YOU, WRITE);
    EXPECT_EQ(store(w, c, OTHER_RO, 4), pf(pf_present | pf_write | pf_user, OTHER_RO));
    EXPECT_EQ(load(w, c, OTHER_RO, 4), fine());
    EXPECT_EQ(load(w, c, KERNEL, 4), pf(pf_present | pf_user, KERNEL));
    EXPECT_EQ(load(w, c, MISSING + 5, 4), pf(pf_user, MISSING + 5));
    EXPECT_EQ(store(w, c, MISSING, 4), pf(pf_user | pf_write, MISSING));
    grant(ME, YOU, NIL);
    EXPECT_EQ(store(w, c, OTHER_RO, 4), pf(pf_present | pf_write | pf_user, OTHER_RO))
        << "before the domain's fault";
    EXPECT_EQ(load(w, c, 0x800000000000, 1), gp());
    EXPECT_EQ(load(w, c, 0x7fffffffffff, 2), gp());
}

TEST_F(Data, piece_by_piece_the_lower_first) {
    const uint64_t edge = OTHER + page_bytes;
    grant(ME, YOU, READ);
    EXPECT_EQ(load(w, c, edge - 4, 8), fine());
    EXPECT_EQ(store(w, c, edge - 4, 8), cd(STILE_CD_RIGHT | STILE_CD_WRITE, edge - 4, ME, YOU, WRITE, READ));
    at(edge).tag = THIRD;
    EXPECT_EQ(load(w, c, edge - 4, 8), cd(STILE_CD_RIGHT, edge, ME, THIRD, READ))
        << "CR2: first byte of the piece";
    at(edge).user = false;
    EXPECT_EQ(load(w, c, edge - 4, 8), pf(pf_present | pf_user, edge));
    grant(ME, YOU, NIL);
    EXPECT_EQ(load(w, c, edge - 4, 8), cd(STILE_CD_RIGHT, edge - 4, ME, YOU, READ))
        << "the lower page's domain fault comes before the upper page's page fault";
    const uint64_t in = ~0ull;
    grant(ME, YOU, WRITE);
    EXPECT_FALSE(store(w, c, edge - 4, 8, &in).allowed());
    EXPECT_EQ(word(edge - 8), 0u) << "nothing is written unless all may be";
}

TEST_F(Data, capability_storage_is_closed_to_its_own_domain) {
    EXPECT_EQ(load(w, c, STORAGE, 8), cd(STILE_CD_CAP_PAGE, STORAGE, ME, ME, READ));
    EXPECT_EQ(store(w, c, STORAGE, 8), cd(STILE_CD_CAP_PAGE | STILE_CD_WRITE, STORAGE, ME, ME, WRITE));
    EXPECT_EQ(store(w, c, STORAGE_2, 8), cd(STILE_CD_CAP_PAGE | STILE_CD_WRITE, STORAGE_2, ME, YOU, WRITE))
        << "before the right is looked at";
    EXPECT_EQ(run(Op::capst, {.address = OWN}), cd(STILE_CD_CAP_PAGE | STILE_CD_WRITE, OWN, ME, ME, WRITE));
    EXPECT_EQ(run(Op::capld, {.address = OWN}), cd(STILE_CD_CAP_PAGE, OWN, ME, ME, READ));
    w.checks.cap_page = false;
    EXPECT_EQ(store(w, c, STORAGE, 8), fine());
    EXPECT_EQ(run(Op::capst, {.address = OWN}), fine());
}

// --- capabilities as a source of rights

TEST_F(Data, the_register_or_the_list_whichever_gives_more) {
    for (unsigned list = NIL; list <= WRITE; ++list)
        for (unsigned reg = NIL; reg <= WRITE; ++reg) {
            grant(ME, YOU, list);
            c.caps[5] = cap(OTHER, 64, reg, YOU);
            const unsigned most = std::max(list, reg);
            EXPECT_EQ(effective(w, c, ME, YOU, OTHER, 8), most);
            EXPECT_EQ(load(w, c, OTHER, 8),
                      most >= READ ? fine() : cd(STILE_CD_RIGHT, OTHER, ME, YOU, READ, most));
        }
}

TEST_F(Data, a_register_covers_all_bytes_or_does_not_count) {
    c.caps[0] = cap(OTHER + 100, 16, WRITE, YOU);
    EXPECT_EQ(store(w, c, OTHER + 100, 16), fine());
    EXPECT_EQ(store(w, c, OTHER + 108, 8), fine());
    EXPECT_FALSE(store(w, c, OTHER + 99, 2).allowed());
    EXPECT_FALSE(store(w, c, OTHER + 109, 8).allowed());
    EXPECT_FALSE(store(w, c, OTHER + 116, 1).allowed());
    c.caps[1] = cap(OTHER + 116, 16, WRITE, YOU);
    EXPECT_FALSE(store(w, c, OTHER + 112, 8).allowed()) << "two do not add up";
    const uint64_t edge = OTHER + page_bytes;
    c.caps[2] = cap(edge - 4, 4, WRITE, YOU);
    EXPECT_EQ(store(w, c, edge - 4, 8), cd(STILE_CD_RIGHT | STILE_CD_WRITE, edge, ME, YOU, WRITE));
    c.caps[3] = cap(edge, 4, WRITE, YOU);
    EXPECT_EQ(store(w, c, edge - 4, 8), fine()) << "but each page of an access may have its own";
}

TEST_F(Data, ranges_do_not_wrap) {
    EXPECT_TRUE(covers(cap(~0ull - 7, 8, WRITE, YOU), ~0ull, 1));
    EXPECT_FALSE(covers(cap(~0ull - 7, 16, WRITE, YOU), 0, 1));
    EXPECT_FALSE(covers(cap(8, ~0ull, WRITE, YOU), 0, 1));
    EXPECT_TRUE(covers(cap(8, ~0ull, WRITE, YOU), ~0ull, 1));
    EXPECT_FALSE(covers(cap(64, 0, WRITE, YOU), 64, 1));
}

TEST_F(Data, a_capability_lends_what_its_origin_has_now) {
    c.caps[0] = cap(OTHER, 64, WRITE, THIRD);
    EXPECT_EQ(load(w, c, OTHER, 8), cd(STILE_CD_RIGHT, OTHER, ME, YOU, READ)) << "the origin has no right";
    grant(THIRD, YOU, READ);
    EXPECT_EQ(load(w, c, OTHER, 8), fine());
    EXPECT_EQ(store(w, c, OTHER, 8), cd(STILE_CD_RIGHT | STILE_CD_WRITE, OTHER, ME, YOU, WRITE, READ));
    grant(THIRD, YOU, NIL);
    EXPECT_FALSE(load(w, c, OTHER, 8).allowed()) << "the grant is gone, and what was made from it with it";
    c.caps[0] = cap(OTHER, 64, WRITE, YOU);
    EXPECT_EQ(store(w, c, OTHER, 8), fine());
    at(OTHER).tag = THIRD;
    EXPECT_EQ(store(w, c, OTHER, 8), cd(STILE_CD_RIGHT | STILE_CD_WRITE, OTHER, ME, THIRD, WRITE))
        << "the page is another domain's now";
    w.checks.cap_origin = false;
    EXPECT_EQ(store(w, c, OTHER, 8), fine());
}

TEST_F(Data, a_counter_says_whether_a_capability_lives) {
    c.caps[0] = cap(OTHER, 64, WRITE, YOU, STILE_CAP_ASYNC);
    c.caps[0].counter = STORAGE_2 + 24;
    c.caps[0].value = 5;
    const auto usable = [&] { return load(w, c, OTHER, 8).allowed(); };
    EXPECT_FALSE(usable());
    word(STORAGE_2 + 24, 5);
    EXPECT_TRUE(usable()) << "whatever the domain's right over the counter's page";
    word(STORAGE_2 + 24, 5 | 1ull << 32);
    EXPECT_FALSE(usable()) << "all 8 bytes are compared";
    word(STORAGE_2 + 24, 5);
    at(STORAGE_2).user = false;
    EXPECT_TRUE(usable()) << "read with supervisor rights";
    at(STORAGE_2).cap_storage = false;
    EXPECT_FALSE(usable());
    w.checks.cap_page = false;
    EXPECT_TRUE(usable());
    w.checks.cap_page = true;
    w.pages.erase({0, STORAGE_2 / page_bytes});
    EXPECT_EQ(load(w, c, OTHER, 8), cd(STILE_CD_RIGHT, OTHER, ME, YOU, READ))
        << "unreadable is dead, not a fault";
    w.checks.counter = false;
    EXPECT_TRUE(usable());
    w.checks.counter = true;
    c.caps[0].counter = 0;
    EXPECT_TRUE(usable()) << "no counter";
    page(STORAGE_2, YOU).cap_storage = true;
    c.caps[0].counter = STORAGE_2 + 28;
    word(STORAGE_2 + 24, 5ull << 32);
    EXPECT_FALSE(usable()) << "no counter lies at such an address";
}

TEST_F(Data, empty_registers_give_nothing) {
    c.caps[0] = cap(OTHER, 64, WRITE, YOU, STILE_CAP_EMPTY);
    EXPECT_FALSE(load(w, c, OTHER, 8).allowed());
}

// --- ring 0

TEST_F(Data, the_kernel_has_the_rights_of_who_called_it) {
    kernel_for(ME);
    EXPECT_EQ(load(w, c, OTHER, 8), cd(STILE_CD_RIGHT | STILE_CD_RING0, OTHER, ME, YOU, READ));
    EXPECT_EQ(store(w, c, OTHER, 8),
              cd(STILE_CD_RIGHT | STILE_CD_RING0 | STILE_CD_WRITE, OTHER, ME, YOU, WRITE));
    EXPECT_EQ(store(w, c, OWN, 8), fine());
    c.caps[3] = cap(OTHER, 8, READ, YOU);
    EXPECT_EQ(load(w, c, OTHER, 8), fine()) << "registers count as well";
    kernel_for(YOU);
    EXPECT_EQ(store(w, c, OTHER, 8), fine());
    kernel_for(ME);
    c.caps[3] = {};
    w.checks.deputy = false;
    EXPECT_EQ(store(w, c, OTHER, 8), fine());
}

TEST_F(Data, supervisor_pages_are_the_kernels) {
    kernel_for(ME);
    EXPECT_EQ(store(w, c, KERNEL, 8), fine());
    EXPECT_EQ(load(w, c, DCS, 8), fine()) << "also where they are capability storage";
    EXPECT_EQ(run(Op::capst, {.address = KERNEL}), fine());
    EXPECT_EQ(run(Op::capst, {.address = OWN}),
              cd(STILE_CD_CAP_PAGE | STILE_CD_WRITE | STILE_CD_RING0, OWN, ME, ME, WRITE));
    EXPECT_EQ(load(w, c, MISSING, 8), pf(0, MISSING));
    EXPECT_EQ(store(w, c, OTHER_RO, 8), pf(pf_present | pf_write, OTHER_RO));
    c.write_protect = false;
    grant(ME, YOU, WRITE);
    EXPECT_EQ(store(w, c, OTHER_RO, 8), fine());
    c.ring = 3;
    c.latch.tag = ME;
    EXPECT_EQ(store(w, c, OTHER_RO, 8), pf(pf_present | pf_write | pf_user, OTHER_RO))
        << "CR0.WP is ring 0's";
}

TEST(Documentation, the_example_of_codoms_testing) {
    World w;
    Core core;
    w.pages[{0, 0x400}] = {.tag = 7};
    w.apl[{0, 7}] = STILE_RIGHT_READ;
    EXPECT_TRUE(load(w, core, 0x400010, 8).allowed());
    EXPECT_EQ(store(w, core, 0x400010, 8),
              (Outcome{vec_cd, STILE_CD_RIGHT | STILE_CD_WRITE, 0x400010, 0, 7, WRITE, READ}));
}

// --- switches

TEST_F(Data, switch_data) {
    w.checks.data = false;
    EXPECT_EQ(store(w, c, OTHER, 8), fine());
    EXPECT_EQ(store(w, c, STORAGE_2, 8), cd(STILE_CD_CAP_PAGE | STILE_CD_WRITE, STORAGE_2, ME, YOU, WRITE));
}

TEST_F(Data, nothing_is_checked_while_domains_are_off) {
    c.domains_on = false;
    EXPECT_EQ(store(w, c, OTHER, 8), fine());
    EXPECT_EQ(store(w, c, STORAGE, 8), fine());
    EXPECT_EQ(store(w, c, OTHER_RO, 8), pf(pf_present | pf_write | pf_user, OTHER_RO));
}

}  // namespace

}  // namespace stile::isa::spec::test
