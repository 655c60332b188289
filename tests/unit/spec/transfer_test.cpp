// SPDX-License-Identifier: Apache-2.0
//
// Section 4 of docs/codoms.md, row by row: crossings, the stack of return capabilities, ring 0 and back.
#include "tests/unit/spec/scene.h"

namespace stile::isa::spec::test {

namespace {

class Transfer : public Scene {
  protected:
    Outcome go(stile_transfer kind, uint64_t target, uint64_t back = 0) {
        return transfer(w, c, kind, target, back);
    }
    // Calls from ME into YOU and stays there.
    void call(uint64_t target = OTHER, uint64_t back = OWN + 5) {
        grant(ME, YOU, CALL);
        ASSERT_EQ(go(STILE_XFER_CALL, target, back), fine());
    }
    static constexpr uint32_t fetched = STILE_CD_FETCH;
};

TEST_F(Transfer, entering_needs_a_right_and_at_call_an_entry_point) {
    for (const auto kind : {STILE_XFER_SEQ, STILE_XFER_JUMP, STILE_XFER_CALL})
        for (unsigned r = NIL; r <= WRITE; ++r)
            for (const unsigned offset : {0u, 1u, 32u, 63u, 64u, 4032u}) {
                grant(ME, YOU, r);
                c.latch = {ME, STILE_XFER_SEQ, 0};
                c.dcs_ptr = DCS;
                c.depth = 0;
                const uint64_t to = OTHER + offset;
                Outcome expected;
                if (r == NIL) expected = cd(STILE_CD_RIGHT | fetched, to, ME, YOU, CALL, NIL);
                if (r == CALL && offset % 64 != 0)
                    expected = cd(STILE_CD_ALIGN | fetched, to, ME, YOU, READ, CALL);
                EXPECT_EQ(go(kind, to, OWN + 5), expected) << kind << " " << r << " " << offset;
                const uint64_t back = kind == STILE_XFER_CALL ? OWN + 5 : 0;
                const bool pushed = expected.allowed() && kind == STILE_XFER_CALL;
                EXPECT_EQ(c.dcs_ptr, pushed ? DCS + 32 : DCS);
                EXPECT_EQ(c.depth, pushed ? 1u : 0u);
                if (expected.allowed())
                    EXPECT_EQ(c.latch, (Latch{YOU, STILE_XFER_SEQ, 0}));
                else
                    EXPECT_EQ(c.latch, (Latch{ME, static_cast<uint8_t>(kind), back})) << "it stays pending";
            }
}

TEST_F(Transfer, within_a_domain_nothing_is_asked) {
    c.dcs_ptr = c.dcs_base = c.dcs_limit = MISSING + 1;
    for (const auto kind : {STILE_XFER_SEQ, STILE_XFER_JUMP, STILE_XFER_CALL, STILE_XFER_RET}) {
        EXPECT_EQ(go(kind, PROXY + 5, OWN + 5), fine());
        EXPECT_EQ(c.latch, (Latch{ME, STILE_XFER_SEQ, 0}));
        EXPECT_EQ(c.depth, 0u);
    }
}

TEST_F(Transfer, page_bits_come_first) {
    EXPECT_EQ(go(STILE_XFER_JUMP, MISSING), pf(pf_user | pf_fetch, MISSING));
    EXPECT_EQ(go(STILE_XFER_JUMP, OTHER_NX), pf(pf_present | pf_user | pf_fetch, OTHER_NX));
    EXPECT_EQ(go(STILE_XFER_JUMP, KERNEL), pf(pf_present | pf_user | pf_fetch, KERNEL));
    EXPECT_EQ(c.latch, (Latch{ME, STILE_XFER_JUMP, 0}));
    EXPECT_EQ(go(STILE_XFER_JUMP, 1ull << 47), gp());
    at(STORAGE).executable = true;
    EXPECT_EQ(go(STILE_XFER_JUMP, STORAGE), fine())
        << "capability storage may hold code as far as CODOMs is concerned";
}

TEST_F(Transfer, a_call_leaves_a_one_shot_return_capability) {
    c.depth = 7;
    call(OTHER + 64, OWN + 0x123);
    EXPECT_EQ(cell(DCS), (stile_cap{OWN + 0x123, 0, 0, 0, STILE_CAP_WORD(ME, 7, 0, STILE_CAP_RETURN)}));
    EXPECT_EQ(c.depth, 8u);
    EXPECT_EQ(go(STILE_XFER_RET, OWN + 0x124), cd(STILE_CD_RETURN | fetched, OWN + 0x124, YOU, ME, CALL));
    EXPECT_EQ(go(STILE_XFER_RET, ELSE + 0x123),
              cd(STILE_CD_RETURN | fetched, ELSE + 0x123, YOU, THIRD, CALL));
    grant(YOU, ME, WRITE);
    EXPECT_EQ(go(STILE_XFER_RET, OWN + 0x124).reason(), STILE_CD_RETURN) << "whatever the list says";
    EXPECT_EQ(go(STILE_XFER_RET, OWN + 0x123), fine());
    EXPECT_EQ(c.latch, (Latch{ME, STILE_XFER_SEQ, 0}));
    EXPECT_EQ(c.dcs_ptr, DCS);
    EXPECT_EQ(c.depth, 7u);
    c.latch.tag = YOU;
    EXPECT_EQ(go(STILE_XFER_RET, OWN + 0x123), cd(STILE_CD_DCS_BOUNDS | fetched, OWN + 0x123, YOU, ME, CALL));
}

TEST_F(Transfer, the_address_is_not_enough_the_tag_must_match) {
    call();
    at(OWN).tag = THIRD;
    EXPECT_EQ(go(STILE_XFER_RET, OWN + 5), cd(STILE_CD_RETURN | fetched, OWN + 5, YOU, THIRD, CALL));
}

TEST_F(Transfer, only_a_return_capability_returns) {
    call();
    for (const auto type : {STILE_CAP_EMPTY, STILE_CAP_SYNC, STILE_CAP_ASYNC}) {
        cell(DCS, cap(OWN + 5, 0, NIL, ME, type));
        EXPECT_EQ(go(STILE_XFER_RET, OWN + 5).reason(), STILE_CD_RETURN) << type;
    }
}

TEST_F(Transfer, a_return_needs_no_right_and_jumps_no_return_capability) {
    call();
    EXPECT_EQ(go(STILE_XFER_JUMP, OWN + 5), cd(STILE_CD_RIGHT | fetched, OWN + 5, YOU, ME, CALL));
    grant(YOU, ME, READ);
    EXPECT_EQ(go(STILE_XFER_JUMP, OWN + 5), fine());
    EXPECT_EQ(c.dcs_ptr, DCS + 32) << "a jump uses nothing up";
    EXPECT_EQ(c.depth, 1u);
}

TEST_F(Transfer, a_callee_may_go_on_by_jump_and_another_domain_return_for_it) {
    call();
    grant(YOU, THIRD, CALL);
    EXPECT_EQ(go(STILE_XFER_JUMP, ELSE), fine());
    EXPECT_EQ(go(STILE_XFER_RET, OWN + 5), fine());
    EXPECT_EQ(c.latch.tag, ME);
}

TEST_F(Transfer, privileged_code_returns_to_where_a_return_capability_says_also_at_home) {
    EXPECT_EQ(return_kind(w, c, OWN), STILE_XFER_RET);
    EXPECT_EQ(return_kind(w, c, PROXY), STILE_XFER_PRIVILEGED_RET);
    EXPECT_EQ(return_kind(w, c, PROXY + page_bytes - 1, 3), STILE_XFER_RET) << "half of it is not privileged";
    const auto home = return_kind(w, c, PROXY);
    EXPECT_EQ(go(home, PROXY + 64), cd(STILE_CD_DCS_BOUNDS | fetched, PROXY + 64, ME, ME, CALL));
    cell(DCS, cap(PROXY + 64, 0, NIL, ME, STILE_CAP_RETURN, 3));
    c.dcs_ptr = DCS + 32;
    c.depth = 4;
    EXPECT_EQ(go(home, PROXY + 65), cd(STILE_CD_RETURN | fetched, PROXY + 65, ME, ME, CALL));
    enter_ring0(w, c);  // an interrupt in between changes nothing
    return_to_ring3(w, c, PROXY + 65);
    EXPECT_EQ(fetch(w, c, PROXY + 65).reason(), STILE_CD_RETURN);
    EXPECT_EQ(go(home, PROXY + 64), fine());
    EXPECT_EQ(c.dcs_ptr, DCS);
    EXPECT_EQ(c.depth, 3u);
    w.checks.ret = false;
    EXPECT_EQ(go(home, PROXY + 65), fine());
}

TEST_F(Transfer, bounds_of_the_stack) {
    grant(ME, YOU, CALL);
    const auto refused = cd(STILE_CD_DCS_BOUNDS | fetched, OTHER, ME, YOU, CALL);
    const auto with = [&](uint64_t ptr, uint64_t base, uint64_t limit) {
        c.latch = {ME, STILE_XFER_SEQ, 0};
        c.dcs_ptr = ptr, c.dcs_base = base, c.dcs_limit = limit;
        return go(STILE_XFER_CALL, OTHER, OWN);
    };
    EXPECT_EQ(with(DCS, DCS, DCS + 32), fine());
    EXPECT_EQ(with(DCS, DCS, DCS + 31), refused);
    EXPECT_EQ(with(DCS + 32, DCS, DCS + 32), refused);
    EXPECT_EQ(with(DCS, DCS + 32, DCS + 96), refused);
    EXPECT_EQ(with(DCS + 8, DCS, DCS + 96), refused);
    EXPECT_EQ(with(DCS, DCS, 0), refused);
    EXPECT_EQ(with(~0ull - 31, 0, ~0ull), refused) << "no wrap-around";
    c.depth = STILE_MAX_DEPTH;
    EXPECT_EQ(with(DCS, DCS, DCS + 32), refused);
    c.depth = STILE_MAX_DEPTH - 1;
    EXPECT_EQ(with(DCS, DCS, DCS + 32), fine());

    const auto back = [&](uint64_t ptr, uint64_t base, uint64_t limit) {
        c.latch = {YOU, STILE_XFER_SEQ, 0};
        c.depth = 1;
        c.dcs_ptr = ptr, c.dcs_base = base, c.dcs_limit = limit;
        cell(DCS, {OWN, 0, 0, 0, STILE_CAP_WORD(ME, 0, 0, STILE_CAP_RETURN)});
        return go(STILE_XFER_RET, OWN);
    };
    const auto under = cd(STILE_CD_DCS_BOUNDS | fetched, OWN, YOU, ME, CALL);
    EXPECT_EQ(back(DCS + 32, DCS, DCS + 32), fine());
    EXPECT_EQ(back(DCS + 32, DCS + 1, DCS + 32), under) << "below the base";
    EXPECT_EQ(back(DCS + 32, DCS + 32, DCS + 64), under);
    EXPECT_EQ(back(DCS + 32, DCS, DCS + 31), under) << "above the limit";
    EXPECT_EQ(back(DCS + 40, DCS, DCS + 64), under);
    EXPECT_EQ(back(0, 0, DCS), under) << "no wrap-around";
    w.checks.dcs = false;
    EXPECT_EQ(back(DCS + 32, DCS + 32, DCS + 64), fine());
    EXPECT_EQ(with(DCS + 32, DCS, DCS + 32), fine());
    EXPECT_EQ(with(DCS + 8, DCS, DCS + 96), refused) << "there is no entry at such an address";
}

TEST_F(Transfer, the_right_comes_before_the_stack) {
    c.dcs_limit = DCS;
    EXPECT_EQ(go(STILE_XFER_CALL, OTHER, OWN).reason(), STILE_CD_RIGHT);
    grant(ME, YOU, CALL);
    EXPECT_EQ(go(STILE_XFER_CALL, OTHER + 1, OWN).reason(), STILE_CD_ALIGN);
    EXPECT_EQ(go(STILE_XFER_CALL, OTHER, OWN).reason(), STILE_CD_DCS_BOUNDS);
}

TEST_F(Transfer, the_stack_lies_in_capability_storage) {
    grant(ME, YOU, CALL);
    at(DCS).cap_storage = false;
    EXPECT_EQ(go(STILE_XFER_CALL, OTHER, OWN),
              cd(STILE_CD_CAP_PAGE | STILE_CD_WRITE | fetched, DCS, ME, STACKS, WRITE));
    at(DCS).cap_storage = true;
    at(DCS).writable = false;
    EXPECT_EQ(go(STILE_XFER_CALL, OTHER, OWN), pf(pf_present | pf_write, DCS)) << "the hardware's own access";
    c.write_protect = false;
    EXPECT_EQ(go(STILE_XFER_CALL, OTHER, OWN),
              cd(STILE_CD_CAP_PAGE | STILE_CD_WRITE | fetched, DCS, ME, STACKS, WRITE));
    c.dcs_ptr = c.dcs_base = MISSING, c.dcs_limit = MISSING + 64;
    EXPECT_EQ(go(STILE_XFER_CALL, OTHER, OWN), pf(pf_write, MISSING));
    EXPECT_EQ(c.latch, (Latch{ME, STILE_XFER_CALL, OWN}));

    c.dcs_ptr = c.dcs_base = DCS, c.dcs_limit = DCS + 64;
    at(DCS).writable = true;
    call();
    at(DCS).writable = false;
    at(DCS).cap_storage = false;
    EXPECT_EQ(go(STILE_XFER_RET, OWN + 5), cd(STILE_CD_CAP_PAGE | fetched, DCS, YOU, STACKS, READ));
    w.checks.cap_page = false;
    EXPECT_EQ(go(STILE_XFER_RET, OWN + 5), fine());
}

TEST_F(Transfer, capabilities_open_doors) {
    c.caps[2] = cap(OTHER + 64, 1, CALL, YOU);
    EXPECT_EQ(go(STILE_XFER_JUMP, OTHER), cd(STILE_CD_RIGHT | fetched, OTHER, ME, YOU, CALL));
    EXPECT_EQ(go(STILE_XFER_CALL, OTHER + 64, OWN), fine());
    c.latch = {ME, STILE_XFER_SEQ, 0};
    c.caps[2] = cap(OTHER + 64, 2, CALL, YOU);
    EXPECT_EQ(go(STILE_XFER_JUMP, OTHER + 65), cd(STILE_CD_ALIGN | fetched, OTHER + 65, ME, YOU, READ, CALL));
    c.caps[2] = cap(OTHER + 64, 2, READ, YOU);
    EXPECT_EQ(go(STILE_XFER_JUMP, OTHER + 65), fine());
    c.latch = {ME, STILE_XFER_SEQ, 0};
    c.caps[2] = cap(OTHER + 64, 2, READ, THIRD);
    grant(THIRD, YOU, CALL);
    EXPECT_EQ(go(STILE_XFER_JUMP, OTHER + 65), cd(STILE_CD_ALIGN | fetched, OTHER + 65, ME, YOU, READ, CALL))
        << "no more than the origin may";
    EXPECT_EQ(go(STILE_XFER_JUMP, OTHER + 64), fine());
}

TEST_F(Transfer, what_an_activation_made_dies_with_it) {
    const auto sync = [](unsigned depth) { return cap(OTHER, 8, READ, YOU, STILE_CAP_SYNC, depth); };
    c.depth = 2;
    call();
    c.caps[0] = sync(2);
    c.caps[1] = sync(3);
    c.caps[2] = sync(4095);
    c.caps[3] = cap(OTHER, 8, READ, YOU, STILE_CAP_ASYNC, 3);
    const Core before = c;
    EXPECT_FALSE(go(STILE_XFER_RET, OWN + 6).allowed());
    EXPECT_EQ(c.caps, before.caps) << "a refused return ends nothing";
    EXPECT_EQ(go(STILE_XFER_RET, OWN + 5), fine());
    EXPECT_EQ(c.caps[0], sync(2));
    EXPECT_EQ(c.caps[1], stile_cap{});
    EXPECT_EQ(c.caps[2], stile_cap{});
    EXPECT_EQ(c.caps[3], before.caps[3]) << "asynchronous ones stay";

    w.checks.frame = false;
    call();
    c.caps[1] = sync(3);
    EXPECT_EQ(go(STILE_XFER_RET, OWN + 5), fine());
    EXPECT_EQ(c.caps[1], sync(3));
    EXPECT_EQ(c.depth, 2u);
}

TEST_F(Transfer, an_instruction_lies_in_one_domain) {
    const uint64_t end = OTHER - 2;
    page(OTHER - page_bytes, ME);
    grant(ME, YOU, WRITE);
    EXPECT_EQ(fetch(w, c, end, 2), fine());
    EXPECT_EQ(fetch(w, c, end, 3), cd(STILE_CD_STRADDLE | fetched, OTHER, ME, YOU, READ))
        << "whatever the rights";
    at(OTHER).executable = false;
    EXPECT_EQ(fetch(w, c, end, 3), pf(pf_present | pf_user | pf_fetch, OTHER));
    at(OTHER).executable = true;
    at(OTHER).tag = ME;
    EXPECT_EQ(fetch(w, c, end, 3), fine());
    at(OTHER).tag = YOU;
    w.checks.straddle = false;
    EXPECT_EQ(fetch(w, c, end, 3), fine());
    EXPECT_EQ(c.latch.tag, ME);
}

TEST_F(Transfer, a_crossing_is_complete_when_its_first_page_has_passed) {
    grant(ME, YOU, WRITE);
    at(OTHER + page_bytes).tag = THIRD;
    const uint64_t entry = OTHER + page_bytes - 1;
    EXPECT_EQ(transfer(w, c, STILE_XFER_CALL, entry, OWN, 2),
              cd(STILE_CD_STRADDLE | fetched, OTHER + page_bytes, YOU, THIRD, READ));
    EXPECT_EQ(c.latch, (Latch{YOU, STILE_XFER_SEQ, 0}));
    EXPECT_EQ(c.dcs_ptr, DCS + 32);
    at(OTHER + page_bytes).tag = YOU;
    EXPECT_EQ(fetch(w, c, entry, 2), fine()) << "repeating it does not push again";
    EXPECT_EQ(c.dcs_ptr, DCS + 32);
}

TEST_F(Transfer, a_crossing_cut_in_two_is_checked_in_the_end) {
    // A call whose target page is not there yet: the kernel brings it and goes back.
    grant(ME, YOU, CALL);
    EXPECT_EQ(go(STILE_XFER_CALL, MISSING + 64, OWN + 9).vector, vec_pf);
    enter_ring0(w, c);
    EXPECT_EQ(c.saved_latch, (Latch{ME, STILE_XFER_CALL, OWN + 9}));
    page(MISSING, YOU);
    EXPECT_EQ(fetch(w, c, KERNEL), fine()) << "ring 0 fetches from anywhere";
    return_to_ring3(w, c, MISSING + 64);
    EXPECT_EQ(fetch(w, c, MISSING + 64), fine());
    EXPECT_EQ(cell(DCS).base, OWN + 9);
    EXPECT_EQ(c.latch.tag, YOU);

    // A jump to where there is no right, interrupted before its first fetch.
    c.latch = {THIRD, STILE_XFER_JUMP, 0};
    enter_ring0(w, c);
    enter_ring0(w, c);  // an interrupt in the kernel
    return_to_ring3(w, c, OTHER);
    EXPECT_EQ(fetch(w, c, OTHER), cd(STILE_CD_RIGHT | fetched, OTHER, THIRD, YOU, CALL));
    w.checks.saved_latch = false;
    enter_ring0(w, c);
    return_to_ring3(w, c, OTHER);
    EXPECT_EQ(fetch(w, c, OTHER), fine());
    EXPECT_EQ(c.latch.tag, YOU);
}

TEST_F(Transfer, switches) {
    w.checks.transfer = false;
    EXPECT_EQ(go(STILE_XFER_CALL, OTHER + 1, OWN), fine());
    EXPECT_EQ(c.dcs_ptr, DCS + 32) << "the return capability is pushed all the same";
    w.checks.ret = false;
    EXPECT_EQ(go(STILE_XFER_RET, ELSE + 1), fine());
    EXPECT_EQ(c.dcs_ptr, DCS + 32) << "one that does not match is not used up";
    EXPECT_EQ(go(STILE_XFER_RET, OWN), fine());
    EXPECT_EQ(c.dcs_ptr, DCS) << "one that matches is";
    EXPECT_EQ(go(STILE_XFER_RET, OTHER + 7), fine());

    w.checks = {};
    w.checks.align = false;
    grant(THIRD, YOU, CALL);
    c.latch = {THIRD, STILE_XFER_SEQ, 0};
    EXPECT_EQ(go(STILE_XFER_JUMP, OTHER + 1), fine());
    grant(ME, YOU, NIL);
    c.latch = {ME, STILE_XFER_SEQ, 0};
    EXPECT_EQ(go(STILE_XFER_JUMP, OTHER + 1).reason(), STILE_CD_RIGHT);
}

TEST_F(Transfer, while_domains_are_off_the_latch_stands_still) {
    c.domains_on = false;
    c.dcs_limit = 0;
    EXPECT_EQ(go(STILE_XFER_CALL, OTHER + 1, OWN), fine());
    EXPECT_EQ(c.latch, (Latch{ME, STILE_XFER_SEQ, 0}));
    EXPECT_EQ(go(STILE_XFER_RET, ELSE + 1), fine());
}

}  // namespace

}  // namespace stile::isa::spec::test
