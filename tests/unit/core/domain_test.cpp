// SPDX-License-Identifier: Apache-2.0
//
// Are control transfers between domains checked, whatever happens between the transfer and the first fetch?
// Each refusal is paired with the check off: then the same transfer succeeds.
#include "model/core/fault.h"
#include "model/protection/codoms.h"
#include "tests/unit/core/rig.h"

namespace stile::model::test {

using isa::RAX;
using isa::RBX;

namespace {

GUEST(cd_stop, "mov r15, rsp\n hlt");
GUEST(caller, "mov ebx, 1\n mov rax, 0x402040\n call rax\n mov ebx, 2\n syscall");
GUEST(callee, ".p2align 6\n ud2\n .p2align 6\n mov ecx, 77\n ret\n");

class Domain : public ::testing::Test {
  protected:
    Domain() { build(rig); }
    void build(Rig& r) {
        r.user_pages();
        tag(r, page_a, tag_a);
        tag(r, page_b, tag_b);
        for (uint64_t a = user_data; a < 0x500000; a += 0x1000) r.pte(a) |= STILE_PTE_TAG(tag_a);
        r.pte(dcs_page) |= STILE_PTE_CAP_STORAGE;
        for (unsigned v = 0; v < 32; ++v) r.gate(v, 0x180000);
        r.load(0x180000, GUEST_BYTES(cd_stop));
        r.load(0x181000, GUEST_BYTES(cd_stop));
        CpuState& s = r.core->state();
        s.lstar = 0x181000;
        s.cd.control = 1;
        s.cd.latch = {tag_a, STILE_XFER_SEQ, 0};
        s.cd.dcs_base = s.cd.dcs_ptr = dcs_page;
        s.cd.dcs_limit = dcs_page + 0x1000;
        // The thread's own stack, wherever it runs.
        s.cd.caps[7] = {user_stack - 0x1000, 0x1000, 0, 0,
                        STILE_CAP_WORD(tag_a, 0, STILE_RIGHT_WRITE, STILE_CAP_SYNC)};
        r.load(page_a, GUEST_BYTES(caller));
        r.load(page_b, GUEST_BYTES(callee));
        r.enter_user(page_a);
    }
    static void tag(Rig& r, uint64_t page, uint16_t t) {
        r.pte(page) = (r.pte(page) & ~STILE_PTE_TAG(0xffff)) | STILE_PTE_TAG(t);
    }
    // Slot 0: A, slot 1: B; what A may do with B, and B with A.
    static void grant(Rig& r, unsigned a_over_b, unsigned b_over_a) {
        stile_apl_record record{};
        record.slot = 0, record.tag = tag_a;
        r.core->protection().apl_fill(record);
        record.slot = 1, record.tag = tag_b;
        record.row[0] = b_over_a;
        record.column[0] = a_over_b;
        r.core->protection().apl_fill(record);
    }
    CodomsChecks& checks(Rig& r) { return dynamic_cast<Codoms&>(r.core->protection()).checks; }
    uint64_t word(Rig& r, unsigned i) { return r.at<uint64_t>(r.reg(isa::R15) + 8 * i); }
    bool finished(Rig& r) { return r.reg(RBX) == 2 && r.core->counters().syscalls == 1; }

    Rig rig{ProtectionKind::codoms};
};

}  // namespace

// What was let through while domain checks were off is looked at again once they are on.
GUEST(across, "mov ecx, 5\n syscall");
TEST_F(Domain, StraddlingIsSeenWhenChecksComeOn) {
    constexpr uint64_t at = page_a + 0xffe;
    tag(rig, page_a + 0x1000, tag_b);
    rig.load(at, GUEST_BYTES(across));
    grant(rig, STILE_RIGHT_WRITE, STILE_RIGHT_WRITE);
    for (const uint64_t control : {0, 0, 1}) {
        CpuState& s = rig.core->state();
        s.cd.control = control;
        s.cd.latch = {tag_a, STILE_XFER_SEQ, 0};
        s.halted = false;
        rig.enter_user(at);
        ASSERT_EQ(rig.run(), Stop::idle_forever);
        EXPECT_EQ(rig.core->counters().exceptions, control);
    }
    EXPECT_EQ(STILE_CD_REASON(word(rig, 0)), unsigned{STILE_CD_STRADDLE});
}

TEST_F(Domain, CallAndReturnOverACallOnlyEdge) {
    grant(rig, STILE_RIGHT_CALL, STILE_RIGHT_NIL);
    ASSERT_EQ(rig.run(), Stop::idle_forever);
    EXPECT_TRUE(finished(rig)) << rig.core->dump();
    EXPECT_EQ(rig.reg(isa::RCX), page_a + (caller_end - caller_begin));
    EXPECT_EQ(rig.core->counters().domain_crossings, 2u);
    EXPECT_EQ(rig.core->counters().exceptions, 0u);
    EXPECT_EQ(rig.at<stile_cap>(dcs_page).base, page_a + 5 + 7 + 2);
    EXPECT_EQ(rig.at<stile_cap>(dcs_page).word, STILE_CAP_WORD(tag_a, 0, 0, STILE_CAP_RETURN));
    EXPECT_EQ(rig.core->state().cd.dcs_ptr, dcs_page) << "popped";
    EXPECT_EQ(rig.core->state().cd.saved_latch.tag, tag_a) << "the domain that called the kernel";
}

TEST_F(Domain, CallWithoutARightIsRefusedAtTheTarget) {
    grant(rig, STILE_RIGHT_NIL, STILE_RIGHT_NIL);
    ASSERT_EQ(rig.run(), Stop::idle_forever);
    EXPECT_EQ(word(rig, 0), uint64_t{STILE_CD_RIGHT | STILE_CD_FETCH});
    EXPECT_EQ(word(rig, 1), page_b + 0x40);
    EXPECT_EQ(rig.core->state().cd.fault_from, tag_a);
    EXPECT_EQ(rig.core->state().cd.fault_to, tag_b);
    EXPECT_EQ(rig.core->state().cd.fault_rip, page_a + 12);
    EXPECT_EQ(rig.core->state().cd.saved_latch.kind, STILE_XFER_CALL) << "still pending";

    Rig open(ProtectionKind::codoms);
    build(open);
    grant(open, STILE_RIGHT_NIL, STILE_RIGHT_NIL);
    checks(open).transfer = false;
    ASSERT_EQ(open.run(), Stop::idle_forever);
    EXPECT_TRUE(finished(open));
}

// The kernel fills the APL cache and lets the refused fetch try again: it is still a call.
GUEST(refill, "add rsp, 8\n inc r14\n .byte 0x0f, 0x0a, 0x17\n iretq");
TEST_F(Domain, RefilledMissIsRetriedAsTheCallThatItWas) {
    stile_apl_record record{};
    record.slot = 0, record.tag = tag_a;
    rig.core->protection().apl_fill(record);
    record.slot = 1, record.tag = tag_b, record.column[0] = STILE_RIGHT_CALL;
    rig.at<stile_apl_record>(0x220000) = record;
    rig.load(0x182000, GUEST_BYTES(refill));
    rig.gate(STILE_VEC_DOMAIN, 0x182000);
    rig.core->state().r[isa::RDI] = 0x220000;
    ASSERT_EQ(rig.run(), Stop::idle_forever);
    EXPECT_TRUE(finished(rig)) << rig.core->dump();
    EXPECT_EQ(rig.reg(isa::R14), 1u);
    EXPECT_EQ(rig.core->counters().apl_misses, 1u);
    EXPECT_EQ(rig.core->counters().domain_crossings, 2u);
}

// A page fault on the way: the target page is absent at the call and mapped by the handler.
GUEST(map_in, "add rsp, 8\n inc r14\n mov [rdi], rsi\n iretq");
TEST_F(Domain, CrossingSurvivesAPageFault) {
    for (const bool allowed : {true, false}) {
        Rig r(ProtectionKind::codoms);
        build(r);
        grant(r, allowed ? STILE_RIGHT_CALL : STILE_RIGHT_NIL, STILE_RIGHT_NIL);
        const uint64_t entry = r.memory.paddr_of(&r.pte(page_b));
        r.map(entry & ~0xfffull, entry & ~0xfffull, P | W);
        r.core->state().r[isa::RDI] = entry;
        r.core->state().r[isa::RSI] = r.pte(page_b);
        r.pte(page_b) = 0;
        r.load(0x182000, GUEST_BYTES(map_in));
        r.gate(VEC_PF, 0x182000);
        ASSERT_EQ(r.run(), Stop::idle_forever);
        EXPECT_EQ(r.reg(isa::R14), 1u);
        EXPECT_EQ(finished(r), allowed);
        if (!allowed) {
            EXPECT_EQ(word(r, 0), uint64_t{STILE_CD_RIGHT | STILE_CD_FETCH});
            EXPECT_EQ(r.core->state().cd.fault_rip, page_a + 12) << "the call, not the kernel's iretq";
        }
        if (allowed) {
            EXPECT_EQ(r.at<stile_cap>(dcs_page).base, page_a + 5 + 7 + 2);
        }
    }
}

// Arms a one-shot timer, then goes to user code.
GUEST(arm,
      "xor edx, edx\n mov ecx, 0x80f\n mov eax, 0x1ff\n wrmsr\n mov ecx, 0x83e\n mov eax, 0xb\n wrmsr\n mov "
      "ecx, 0x832\n mov eax, 0x40\n wrmsr\n"
      " push 0x23\n push 0x4f0000\n push 0x202\n push 0x2b\n push 0x400000\n mov ecx, 0x838\n mov eax, r9d\n "
      "wrmsr\n iretq");
static void arm_and_go(Rig& r, unsigned when) {
    CpuState& s = r.core->state();
    r.load(code_at, GUEST_BYTES(arm));
    s.cpl = 0, s.cs = 8, s.ss = 0, s.rip = code_at;
    s.cd.saved_latch = s.cd.latch;
    s.r[isa::RSP] = stack_top;
    s.r[isa::R9] = when;
    r.core->set_rflags(2);
}

// Whenever the timer strikes, a forbidden transfer stays forbidden and an allowed one is made once.
GUEST(eoi,
      "push rax\n push rcx\n push rdx\n mov ecx, 0x80b\n xor eax, eax\n xor edx, edx\n wrmsr\n pop rdx\n pop "
      "rcx\n pop rax\n iretq");
TEST_F(Domain, NoInterruptHidesACrossing) {
    for (unsigned when = 1; when < 12; ++when)
        for (const bool allowed : {true, false}) {
            Rig r(ProtectionKind::codoms);
            build(r);
            grant(r, allowed ? STILE_RIGHT_CALL : STILE_RIGHT_NIL, STILE_RIGHT_NIL);
            r.load(0x183000, GUEST_BYTES(eoi));
            r.gate(0x40, 0x183000);
            arm_and_go(r, when);
            ASSERT_EQ(r.run(), Stop::idle_forever) << r.core->dump();
            EXPECT_EQ(finished(r), allowed) << "tick after " << when;
            EXPECT_EQ(r.core->counters().domain_crossings, allowed ? 2u : 0u);
        }
}

// Code that runs off the end of its page into another domain's.
TEST_F(Domain, FallThroughIsChecked) {
    for (const bool check : {true, false}) {
        Rig r(ProtectionKind::codoms);
        build(r);
        grant(r, STILE_RIGHT_NIL, STILE_RIGHT_NIL);
        checks(r).transfer = check;
        tag(r, page_a + 0x1000, tag_b);
        std::memset(r.memory.host(page_a + 0xff0), 0x90, 16);
        r.at<uint16_t>(page_a + 0x1000) = 0x050f;  // syscall
        r.core->state().rip = page_a + 0xff0;
        ASSERT_EQ(r.run(), Stop::idle_forever);
        EXPECT_EQ(r.core->counters().syscalls, check ? 0u : 1u);
        if (check) {
            EXPECT_EQ(word(r, 1), page_a + 0x1000);
        }
    }
}

TEST_F(Domain, InstructionInTwoDomainsIsRefused) {
    for (const bool check : {true, false}) {
        Rig r(ProtectionKind::codoms);
        build(r);
        grant(r, STILE_RIGHT_WRITE, STILE_RIGHT_WRITE);
        checks(r).straddle = check;
        tag(r, page_a + 0x1000, tag_b);
        const uint8_t code[] = {0xb8, 1, 2, 3, 4, 0x0f, 0x05};  // mov eax, ...; syscall
        std::memcpy(r.memory.host(page_a + 0xffe), code, sizeof code);
        r.core->state().rip = page_a + 0xffe;
        ASSERT_EQ(r.run(), Stop::idle_forever);
        EXPECT_EQ(r.core->counters().syscalls, check ? 0u : 1u);
        if (check) {
            EXPECT_EQ(STILE_CD_REASON(word(r, 0)), unsigned{STILE_CD_STRADDLE});
        }
    }
}

// A loop of crossings is checked each time, not only when its blocks are first found.
GUEST(crossing_loop,
      "mov ebp, 1000\n mov r12, 0x402040\n 1: call r12\n add ebx, ecx\n dec ebp\n jne 1b\n syscall");
TEST_F(Domain, EveryCrossingIsAsked) {
    grant(rig, STILE_RIGHT_CALL, STILE_RIGHT_NIL);
    rig.load(page_a, GUEST_BYTES(crossing_loop));
    ASSERT_EQ(rig.run(), Stop::idle_forever);
    EXPECT_EQ(rig.reg(RBX), 77000u);
    EXPECT_EQ(rig.core->counters().domain_crossings, 2000u);
    EXPECT_EQ(rig.core->counters().apl_transfer_lookups, 1000u) << "a return needs none";
    EXPECT_EQ(rig.core->counters().crossing_calls, 1000u);
    EXPECT_EQ(rig.core->counters().crossing_returns, 1000u);
}

GUEST(read_kcs, ".byte 0x0f, 0x0a, 0xf8\n syscall");
TEST_F(Domain, PrivilegedInstructionsNeedAPrivilegedPage) {
    for (const bool privileged : {true, false}) {
        Rig r(ProtectionKind::codoms);
        build(r);
        if (privileged) r.pte(page_a) |= STILE_PTE_PRIVILEGED;
        r.core->state().cd.kcs = 0xabc0;
        r.load(page_a, GUEST_BYTES(read_kcs));
        ASSERT_EQ(r.run(), Stop::idle_forever);
        EXPECT_EQ(r.core->counters().syscalls, privileged ? 1u : 0u);
        if (privileged) {
            EXPECT_EQ(r.reg(RAX), 0xabc0u);
        }
        EXPECT_EQ(r.core->counters().phase[static_cast<size_t>(Phase::proxy)] > 0, privileged);
    }
}

}  // namespace stile::model::test
