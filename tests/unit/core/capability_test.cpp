// SPDX-License-Identifier: Apache-2.0
//
// Capabilities as programs use them, on a bare machine: what each instruction refuses and with which fault,
// who may use what is made, and exactly when it dies. Each protection is paired with its rule switched off.
#include "model/core/core_complex.h"
#include "model/core/fault.h"
#include "model/protection/codoms.h"
#include "tests/unit/core/rig.h"

namespace stile::model::test {

using isa::RAX;
using isa::RBX;
using isa::RDX;

namespace {

// Code of A and of B, data of each, and A's capability storage.
constexpr uint64_t code_a = user_code, code_b = user_code + 0x2000, data_a = user_data,
                   data_b = user_data + 0x1000, storage = user_data + 0x2000, dcs = user_data + 0x4000;
constexpr uint16_t tag_hardware = 0x33;

GUEST(cap_stop, "mov r15, rsp\n mov r14, cr2\n hlt");

struct CapabilityMachine : Rig {
    explicit CapabilityMachine(const CodomsChecks& checks = {}, unsigned cores = 1)
        : Rig(ProtectionKind::codoms, nullptr, config_with(checks, cores)) {
        user_pages();
        for (uint64_t a = code_a; a < code_a + 0x2000; a += 0x1000) tag(a, tag_a);
        for (uint64_t a = code_b; a < code_b + 0x2000; a += 0x1000) tag(a, tag_b);
        for (uint64_t a = user_data; a < 0x500000; a += 0x1000) tag(a, tag_a);
        tag(data_b, tag_b);
        pte(storage) |= STILE_PTE_CAP_STORAGE;
        tag(dcs, tag_hardware);
        pte(dcs) |= STILE_PTE_CAP_STORAGE;
        for (unsigned v = 0; v < 32; ++v) gate(v, handler_at + 16 * v);
        for (unsigned v = 0; v < 33; ++v) Rig::load(handler_at + 16 * v, GUEST_BYTES(cap_stop));
        prepare(*core);
    }
    static MachineConfig config_with(const CodomsChecks& checks, unsigned cores) {
        MachineConfig c;
        c.cores = cores;
        c.codoms_checks = checks;
        return c;
    }
    void prepare(Core& c, uint64_t stack = dcs) {
        CpuState& s = c.state();
        s.lstar = handler_at + 16 * 32;
        s.cd.control = 1;
        s.cd.latch = {tag_a, STILE_XFER_SEQ, 0};
        s.cd.dcs_base = s.cd.dcs_ptr = stack;
        s.cd.dcs_limit = stack + 0x800;
        grant(c, STILE_RIGHT_CALL, STILE_RIGHT_NIL);
    }
    // Slot 0: A, slot 1: B, slot 2: the DCS's own.
    static void grant(Core& c, unsigned a_over_b, unsigned b_over_a) {
        stile_apl_record r{};
        r.slot = 0, r.tag = tag_a;
        c.protection().apl_fill(r);
        r.slot = 1, r.tag = tag_b, r.row[0] = b_over_a, r.column[0] = a_over_b;
        c.protection().apl_fill(r);
        r = {};
        r.slot = 2, r.tag = tag_hardware;
        c.protection().apl_fill(r);
    }
    void tag(uint64_t page, uint16_t t) {
        pte(page) = (pte(page) & ~STILE_PTE_TAG(0xffff)) | STILE_PTE_TAG(t);
    }
    void go(std::span<const uint8_t> a, std::span<const uint8_t> b = {}) {
        Rig::load(code_a, a);
        if (!b.empty()) Rig::load(code_b, b);
        enter_user(code_a);
        core->set_rflags(2);
        run();
        ASSERT_TRUE(core->halted()) << core->dump();
    }
    // Of the exception that ended it; -1: the system call at the program's end.
    int vector() {
        return core->counters().syscalls ? -1 : static_cast<int>((core->state().rip - handler_at) / 16);
    }
    uint64_t error() { return at<uint64_t>(reg(isa::R15)); }
    uint64_t fault_rip() { return at<uint64_t>(reg(isa::R15) + 8); }
    void refused(uint64_t with, uint64_t address, uint64_t needed = 0, uint64_t had = 0) {
        EXPECT_EQ(vector(), STILE_VEC_DOMAIN);
        EXPECT_EQ(error(), with);
        EXPECT_EQ(reg(isa::R14), address);
        EXPECT_EQ(core->state().cd.fault_right, needed | had << 8);
    }
    const stile_cap& cap(unsigned i) { return core->state().cd.caps[i]; }
    const Counters& counters() { return core->counters(); }
};

CodomsChecks without(bool CodomsChecks::*rule) {
    CodomsChecks c;
    c.*rule = false;
    return c;
}

#define SYSCALL "\n syscall"
#define BASE(address, length) "mov rax, " #address "\n mov ecx, " #length "\n"
// Of c1: everything about data_a's first 64 bytes.
#define MAKE BASE(0x480000, 0x40) ".byte 0x0f, 0x3b, 0xc8, 3\n"
#define COUNTER "mov edi, 0x482100\n .byte 0x0f, 0x3d, 0x0f\n"  // c1 asynchronous, by the counter in storage
#define CALL_B "mov rdx, 0x402040\n call rdx\n"

}  // namespace

// --- making and cutting

GUEST(cm_make, MAKE ".byte 0x0f, 0x39, 0xcb\n .byte 0x0f, 0x0c, 0xca\n .byte 0x0f, 0x04, 0xce" SYSCALL);
TEST(Capability, IsMadeOfTheCurrentDomainAndSaysSo) {
    CapabilityMachine m;
    m.core->state().cd.depth = 3;
    m.go(GUEST_BYTES(cm_make));
    EXPECT_EQ(m.vector(), -1);
    EXPECT_EQ(m.reg(RBX), data_a);
    EXPECT_EQ(m.reg(RDX), 0x40u);
    EXPECT_EQ(m.reg(isa::RSI), STILE_CAP_WORD(tag_a, 3, STILE_RIGHT_WRITE, STILE_CAP_SYNC));
    EXPECT_EQ(m.counters().capabilities_made, 1u);
}

GUEST(cm_no_right, BASE(0x480000, 0x40) ".byte 0x0f, 0x3b, 0xc8, 0" SYSCALL);
GUEST(cm_right4, BASE(0x480000, 0x40) ".byte 0x0f, 0x3b, 0xc8, 4" SYSCALL);
GUEST(cm_wraps, "mov rax, -16\n mov ecx, 17\n .byte 0x0f, 0x3b, 0xc8, 1" SYSCALL);
GUEST(cm_last, "mov rax, -16\n mov ecx, 16\n .byte 0x0f, 0x3b, 0xc8, 1" SYSCALL);
TEST(Capability, OfNoRightOrBeyondTheEndOfMemoryIsAGeneralProtectionFault) {
    for (const auto code : {GUEST_BYTES(cm_no_right), GUEST_BYTES(cm_right4), GUEST_BYTES(cm_wraps)}) {
        CapabilityMachine m;
        m.go(code);
        EXPECT_EQ(m.vector(), VEC_GP);
        EXPECT_EQ(m.cap(1).word, 0u) << "nothing was changed";
    }
    CapabilityMachine m;
    m.go(GUEST_BYTES(cm_last));
    EXPECT_EQ(m.vector(), -1) << "up to 2^64";
}

GUEST(cr_part, MAKE BASE(0x480010, 0x10) ".byte 0x0f, 0x3c, 0xc8, 2" SYSCALL);
GUEST(cr_longer, MAKE BASE(0x480010, 0x31) ".byte 0x0f, 0x3c, 0xc8, 2" SYSCALL);
GUEST(cr_lower, MAKE BASE(0x47ffff, 0x10) ".byte 0x0f, 0x3c, 0xc8, 2" SYSCALL);
GUEST(cr_stronger, BASE(0x480000, 0x40) ".byte 0x0f, 0x3b, 0xc8, 1\n .byte 0x0f, 0x3c, 0xc8, 2" SYSCALL);
GUEST(cr_empty, BASE(0x480000, 0x40) ".byte 0x0f, 0x3c, 0xc8, 1" SYSCALL);
TEST(Capability, IsCutDownAndNeverWidened) {
    CapabilityMachine part;
    part.go(GUEST_BYTES(cr_part));
    EXPECT_EQ(part.vector(), -1);
    EXPECT_EQ(part.cap(1).base, data_a + 0x10);
    EXPECT_EQ(part.cap(1).word, STILE_CAP_WORD(tag_a, 0, STILE_RIGHT_READ, STILE_CAP_SYNC));

    const struct {
        std::span<const uint8_t> code;
        uint64_t address, asked, had;
    } wider[] = {{GUEST_BYTES(cr_longer), data_a + 0x10, 2, 3},
                 {GUEST_BYTES(cr_lower), data_a - 1, 2, 3},
                 {GUEST_BYTES(cr_stronger), data_a, 2, 1}};
    for (const auto& w : wider) {
        CapabilityMachine m, open(without(&CodomsChecks::cap_range));
        m.go(w.code);
        m.refused(STILE_CD_CAP_RANGE, w.address, w.asked, w.had);
        EXPECT_EQ(m.cap(1).length, 0x40u) << "as it was";
        open.go(w.code);
        EXPECT_EQ(open.vector(), -1);
        EXPECT_EQ(STILE_CAP_RIGHT(open.cap(1).word), STILE_RIGHT_READ);
    }
    CapabilityMachine empty(without(&CodomsChecks::cap_range));
    empty.go(GUEST_BYTES(cr_empty));
    empty.refused(STILE_CD_CAP_RANGE, data_a, 1, 0);
}

GUEST(cc_copies, MAKE ".byte 0x0f, 0x3d, 0xe9\n .byte 0x0f, 0x3d, 0xf1\n .byte 0x0f, 0x36, 0x12" SYSCALL);
TEST(Capability, IsCopiedAndCleared) {
    CapabilityMachine m;
    m.go(GUEST_BYTES(cc_copies));  // c5 := c1; c6 := c1; c1, c4 := empty
    EXPECT_EQ(m.cap(1).word, 0u);
    EXPECT_EQ(m.cap(5).base, data_a);
    EXPECT_EQ(m.cap(6).word, m.cap(5).word);
}

// --- lending to a callee

GUEST(b_load, ".p2align 6\n ud2\n .p2align 6\n mov rbx, [0x480008]\n ret");
GUEST(b_store, ".p2align 6\n ud2\n .p2align 6\n mov qword ptr [0x480008], 9\n ret");
GUEST(b_beside, ".p2align 6\n ud2\n .p2align 6\n mov rbx, [0x48003c]\n ret");

// B returns by the address on A's stack: A lends that, too, in c7.
#define STACK "mov rax, 0x4ef000\n mov ecx, 0x1000\n .byte 0x0f, 0x3b, 0xf8, 3\n"
GUEST(a_whole, STACK "mov qword ptr [0x480008], 77\n" MAKE CALL_B SYSCALL);
GUEST(a_read, STACK
      "mov qword ptr [0x480008], 77\n" BASE(0x480000, 0x40) ".byte 0x0f, 0x3b, 0xc8, 2\n" CALL_B SYSCALL);
GUEST(a_nothing, STACK "mov qword ptr [0x480008], 77\n" CALL_B SYSCALL);
TEST(Capability, LendsACalleeWhatItSaysAndNoMore) {
    CapabilityMachine load, store, none, weak, beside;
    load.go(GUEST_BYTES(a_whole), GUEST_BYTES(b_load));
    EXPECT_EQ(load.vector(), -1) << load.core->dump();
    EXPECT_EQ(load.reg(RBX), 77u);
    EXPECT_GT(load.counters().capability_data, 0u);
    store.go(GUEST_BYTES(a_whole), GUEST_BYTES(b_store));
    EXPECT_EQ(store.vector(), -1);
    EXPECT_EQ(store.at<uint64_t>(data_a + 8), 9u);
    none.go(GUEST_BYTES(a_nothing), GUEST_BYTES(b_load));
    none.refused(STILE_CD_RIGHT, data_a + 8, STILE_RIGHT_READ, STILE_RIGHT_NIL);
    weak.go(GUEST_BYTES(a_read), GUEST_BYTES(b_store));
    weak.refused(STILE_CD_RIGHT | STILE_CD_WRITE, data_a + 8, STILE_RIGHT_WRITE, STILE_RIGHT_READ);
    EXPECT_EQ(weak.at<uint64_t>(data_a + 8), 77u);
    beside.go(GUEST_BYTES(a_whole), GUEST_BYTES(b_beside));
    beside.refused(STILE_CD_RIGHT, data_a + 0x3c, STILE_RIGHT_READ, STILE_RIGHT_NIL);
}

// A claims B's memory: it can say so, but it lends only what A itself has.
GUEST(a_claims, BASE(0x481000, 0x1000) ".byte 0x0f, 0x3b, 0xc8, 3\n mov qword ptr [0x481000], 1" SYSCALL);
TEST(Capability, IsWorthNoMoreThanItsOrigin) {
    CapabilityMachine m, granted, open(without(&CodomsChecks::cap_origin));
    m.go(GUEST_BYTES(a_claims));
    m.refused(STILE_CD_RIGHT | STILE_CD_WRITE, data_b, STILE_RIGHT_WRITE, STILE_RIGHT_CALL);
    CapabilityMachine::grant(*granted.core, STILE_RIGHT_WRITE, STILE_RIGHT_NIL);
    granted.go(GUEST_BYTES(a_claims));
    EXPECT_EQ(granted.vector(), -1);
    open.go(GUEST_BYTES(a_claims));
    EXPECT_EQ(open.at<uint64_t>(data_b), 1u);
}

// B makes a capability over its own data and leaves it in c1 for A.
GUEST(b_leaves, ".p2align 6\n ud2\n .p2align 6\n" BASE(0x481000, 0x1000) ".byte 0x0f, 0x3b, 0xc8, 3\n ret");
GUEST(a_takes, STACK CALL_B "mov rbx, [0x481008]" SYSCALL);
TEST(Capability, OfAnActivationDiesWithIt) {
    CapabilityMachine m, open(without(&CodomsChecks::frame));
    m.go(GUEST_BYTES(a_takes), GUEST_BYTES(b_leaves));
    m.refused(STILE_CD_RIGHT, data_b + 8, STILE_RIGHT_READ, STILE_RIGHT_CALL);
    EXPECT_EQ(m.cap(1).word, 0u);
    EXPECT_EQ(STILE_CAP_TYPE(m.cap(7).word), unsigned{STILE_CAP_SYNC}) << "the caller's own lives on";
    EXPECT_EQ(m.counters().capability_deaths, 1u);
    open.go(GUEST_BYTES(a_takes), GUEST_BYTES(b_leaves));
    EXPECT_EQ(open.vector(), -1);
}

// --- asynchronous ones and their counters

GUEST(as_store, MAKE COUNTER "mov edi, 0x482000\n .byte 0x0f, 0x25, 0x0f\n .byte 0x0f, 0x24, 0x17" SYSCALL);
TEST(AsyncCapability, IsStoredAndLoadedByAnyCode) {
    CapabilityMachine m;
    m.at<uint64_t>(storage + 0x100) = 41;
    m.go(GUEST_BYTES(as_store));  // stored from c1, loaded into c2
    EXPECT_EQ(m.vector(), -1);
    EXPECT_EQ(m.cap(2).counter, storage + 0x100);
    EXPECT_EQ(m.cap(2).value, 41u);
    EXPECT_EQ(m.cap(2).word, STILE_CAP_WORD(tag_a, 0, STILE_RIGHT_WRITE, STILE_CAP_ASYNC));
}

GUEST(sy_store, MAKE "mov edi, 0x482000\n .byte 0x0f, 0x25, 0x0f" SYSCALL);
GUEST(sy_load, "mov edi, 0x482000\n .byte 0x0f, 0x24, 0x0f" SYSCALL);
TEST(AsyncCapability, IsTheOnlyKindThatMayBeStored) {
    CapabilityMachine store, load, open(without(&CodomsChecks::cap_type)), proxy, forged;
    store.go(GUEST_BYTES(sy_store));
    store.refused(STILE_CD_CAP_TYPE | STILE_CD_WRITE, storage);
    const stile_cap sync{data_b, 64, 0, 0, STILE_CAP_WORD(tag_b, 0, STILE_RIGHT_WRITE, STILE_CAP_SYNC)};
    load.at<stile_cap>(storage) = sync;
    load.go(GUEST_BYTES(sy_load));
    load.refused(STILE_CD_CAP_TYPE, storage);
    open.go(GUEST_BYTES(sy_store));
    EXPECT_EQ(open.at<stile_cap>(storage).base, data_a);
    proxy.pte(code_a) |= STILE_PTE_PRIVILEGED;
    proxy.go(GUEST_BYTES(sy_store));
    EXPECT_EQ(proxy.at<stile_cap>(storage).base, data_a);
    forged.pte(code_a) |= STILE_PTE_PRIVILEGED;
    forged.at<stile_cap>(storage) = {code_a, 0, 0, 0, STILE_CAP_WORD(tag_a, 0, 0, STILE_CAP_RETURN)};
    forged.go(GUEST_BYTES(sy_load));
    forged.refused(STILE_CD_CAP_TYPE, storage);
}

GUEST(as_twice, MAKE COUNTER ".byte 0x0f, 0x3d, 0x4f, 8" SYSCALL);
GUEST(as_odd, MAKE "mov edi, 0x482104\n .byte 0x0f, 0x3d, 0x0f" SYSCALL);
GUEST(as_plain, MAKE "mov edi, 0x480100\n .byte 0x0f, 0x3d, 0x0f" SYSCALL);
GUEST(as_used_up, MAKE COUNTER SYSCALL);
TEST(AsyncCapability, IsMadeOfASynchronousOneByACounterInCapabilityStorage) {
    CapabilityMachine twice, odd, plain, used_up;
    twice.go(GUEST_BYTES(as_twice));
    twice.refused(STILE_CD_CAP_TYPE, storage + 0x108);
    odd.go(GUEST_BYTES(as_odd));
    EXPECT_EQ(odd.vector(), VEC_GP);
    plain.go(GUEST_BYTES(as_plain));
    plain.refused(STILE_CD_CAP_PAGE, data_a + 0x100, STILE_RIGHT_READ);
    used_up.at<uint64_t>(storage + 0x100) = STILE_COUNTER_END;
    used_up.go(GUEST_BYTES(as_used_up));
    used_up.refused(STILE_CD_CAP_RANGE, storage + 0x100);
    EXPECT_EQ(STILE_CAP_TYPE(used_up.cap(1).word), unsigned{STILE_CAP_SYNC});
}

// B uses c1 twice, and between the two A's counter is bumped: by cd.caprev in B's name where B may.
GUEST(a_gives, STACK "mov qword ptr [0x480008], 77\n" MAKE COUNTER CALL_B SYSCALL);
GUEST(a_gives_page, STACK
      "mov qword ptr [0x480008], 77\n" BASE(0x480000,
                                            0x1000) ".byte 0x0f, 0x3b, 0xc8, 3\n" COUNTER CALL_B SYSCALL);
GUEST(b_revokes,
      ".p2align 6\n ud2\n .p2align 6\n mov rbx, [0x480008]\n .byte 0x0f, 0x3e, 0x1f\n mov rdx, [0x480008]\n "
      "ret");
GUEST(b_twice, ".p2align 6\n ud2\n .p2align 6\n mov rbx, [0x480008]\n mov rdx, [0x480008]\n ret");
TEST(AsyncCapability, EndsWithTheVeryNextAccessAfterItsRevocation) {
    for (const auto give : {GUEST_BYTES(a_gives), GUEST_BYTES(a_gives_page)}) {
        CapabilityMachine m, open(without(&CodomsChecks::counter));
        for (CapabilityMachine* x : {&m, &open}) {
            x->tag(storage, tag_b);  // so that B may count there; A, which has read, may name it
            CapabilityMachine::grant(*x->core, STILE_RIGHT_READ, STILE_RIGHT_NIL);
            x->go(give, GUEST_BYTES(b_revokes));
            EXPECT_EQ(x->reg(RBX), 77u);
        }
        m.refused(STILE_CD_RIGHT, data_a + 8, STILE_RIGHT_READ, STILE_RIGHT_NIL);
        EXPECT_EQ(m.at<uint64_t>(storage + 0x100), 1u);
        EXPECT_EQ(m.counters().capability_revocations, 1u);
        EXPECT_EQ(open.vector(), -1);
        EXPECT_EQ(open.reg(RDX), 77u);
    }
    CapabilityMachine kept;
    kept.go(GUEST_BYTES(a_gives), GUEST_BYTES(b_twice));
    EXPECT_EQ(kept.vector(), -1);
    EXPECT_EQ(kept.counters().capability_verifications, 1u) << "the second use costs nothing";
}

GUEST(rv_counts, "mov edi, 0x482100\n .byte 0x0f, 0x3e, 0x1f\n .byte 0x0f, 0x3e, 0x1f" SYSCALL);
GUEST(rv_odd, "mov edi, 0x482104\n .byte 0x0f, 0x3e, 0x1f" SYSCALL);
GUEST(rv_plain, "mov edi, 0x480100\n .byte 0x0f, 0x3e, 0x1f" SYSCALL);
GUEST(rv_widens,
      MAKE COUNTER "mov edi, 0x482000\n .byte 0x0f, 0x25, 0x0f\n .byte 0x0f, 0x3e, 0x5f, 8" SYSCALL);
TEST(Revocation, CountsUpToItsEndInCapabilityStorageAndNowhereElse) {
    CapabilityMachine m, end, odd, plain, forge, open(without(&CodomsChecks::cap_type));
    m.go(GUEST_BYTES(rv_counts));
    EXPECT_EQ(m.at<uint64_t>(storage + 0x100), 2u);
    end.at<uint64_t>(storage + 0x100) = STILE_COUNTER_END - 1;
    end.go(GUEST_BYTES(rv_counts));
    EXPECT_EQ(end.at<uint64_t>(storage + 0x100), STILE_COUNTER_END);
    odd.go(GUEST_BYTES(rv_odd));
    EXPECT_EQ(odd.vector(), VEC_GP);
    plain.go(GUEST_BYTES(rv_plain));
    plain.refused(STILE_CD_CAP_PAGE | STILE_CD_WRITE, data_a + 0x100, STILE_RIGHT_WRITE);
    forge.go(GUEST_BYTES(rv_widens));
    forge.refused(STILE_CD_CAP_TYPE | STILE_CD_WRITE, storage + 8);
    EXPECT_EQ(forge.at<stile_cap>(storage).length, 0x40u);
    open.go(GUEST_BYTES(rv_widens));
    EXPECT_EQ(open.at<stile_cap>(storage).length, 0x41u) << "what the rule is for";
}

// The counter is not a counter any more: its page is unmapped, or is ordinary memory.
TEST(Revocation, OfACounterThatCannotBeRead) {
    for (const uint64_t gone :
         std::initializer_list<uint64_t>{0, data_a | P | W | U | STILE_PTE_TAG(tag_a)}) {
        CapabilityMachine m;
        m.go(GUEST_BYTES(a_gives), GUEST_BYTES(b_twice));
        ASSERT_EQ(m.vector(), -1);
        // Once more from B's code, with c1 as it is, and the counter's translation changed.
        m.pte(storage) = gone;
        m.core->mmu().invlpg(storage);
        m.enter_user(code_b + 0x40);
        m.core->state().cd.latch = {tag_b, STILE_XFER_SEQ, 0};
        m.core->state().halted = false;
        m.core->set_rflags(2);
        const auto before = m.counters().domain_faults;
        ASSERT_EQ(m.run(), Stop::idle_forever);
        EXPECT_EQ(m.counters().domain_faults, before + 1);
        EXPECT_EQ(m.reg(isa::R14), data_a + 8);
    }
}

// --- lending what was given

GUEST(sn_lends, MAKE COUNTER ".byte 0x0f, 0x3e, 0xd1" SYSCALL);
GUEST(sn_sync, MAKE ".byte 0x0f, 0x3e, 0xd1" SYSCALL);
TEST(Capability, TurnsSynchronousForTheRunningActivation) {
    CapabilityMachine m, sync;
    m.core->state().cd.depth = 5;
    m.go(GUEST_BYTES(sn_lends));
    EXPECT_EQ(m.cap(1).word, STILE_CAP_WORD(tag_a, 5, STILE_RIGHT_WRITE, STILE_CAP_SYNC));
    EXPECT_EQ(m.cap(1).counter, storage + 0x100) << "whoever gave it can still take it back";
    sync.go(GUEST_BYTES(sn_sync));
    sync.refused(STILE_CD_CAP_TYPE, 0);
}

// --- the domain capability stack

GUEST(st_push, MAKE ".byte 0x0f, 0x3e, 0xc1\n .byte 0x0f, 0x3e, 0xcc" SYSCALL);
GUEST(st_push2, MAKE ".byte 0x0f, 0x3e, 0xc1\n .byte 0x0f, 0x3e, 0xc1" SYSCALL);
GUEST(st_pop, ".byte 0x0f, 0x3e, 0xc9" SYSCALL);
TEST(CapabilityStack, GivesBackWhatWasPushed) {
    CapabilityMachine m;
    m.go(GUEST_BYTES(st_push));
    EXPECT_EQ(m.vector(), -1);
    EXPECT_EQ(m.cap(4).word, m.cap(1).word);
    EXPECT_EQ(m.core->state().cd.dcs_ptr, dcs);
}

TEST(CapabilityStack, IsBounded) {
    CapabilityMachine under, over, open(without(&CodomsChecks::dcs)), odd(without(&CodomsChecks::dcs));
    under.go(GUEST_BYTES(st_pop));
    under.refused(STILE_CD_DCS_BOUNDS, dcs, STILE_RIGHT_READ);
    for (CapabilityMachine* m : {&over, &open}) m->core->state().cd.dcs_limit = dcs + 32;
    over.go(GUEST_BYTES(st_push2));
    over.refused(STILE_CD_DCS_BOUNDS | STILE_CD_WRITE, dcs + 32, STILE_RIGHT_WRITE);
    open.go(GUEST_BYTES(st_push2));
    EXPECT_EQ(open.core->state().cd.dcs_ptr, dcs + 64);
    odd.core->state().cd.dcs_ptr = dcs + 8;
    odd.go(GUEST_BYTES(st_push2));
    odd.refused(STILE_CD_DCS_BOUNDS | STILE_CD_WRITE, dcs + 8, STILE_RIGHT_WRITE);
}

// A callee pops what its caller pushed: the return capability is in the way.
GUEST(b_pops, ".p2align 6\n ud2\n .p2align 6\n .byte 0x0f, 0x3e, 0xc9\n ret");
GUEST(a_pushes, STACK MAKE ".byte 0x0f, 0x3e, 0xc1\n .byte 0x0f, 0x36, 0x02\n" CALL_B SYSCALL);
TEST(CapabilityStack, ReturnCapabilitiesAreNotPopped) {
    CapabilityMachine m, open(without(&CodomsChecks::cap_type));
    m.go(GUEST_BYTES(a_pushes), GUEST_BYTES(b_pops));
    m.refused(STILE_CD_CAP_TYPE, dcs + 32);
    EXPECT_EQ(m.core->state().cd.dcs_ptr, dcs + 64);
    open.go(GUEST_BYTES(a_pushes), GUEST_BYTES(b_pops));
    EXPECT_EQ(STILE_CAP_TYPE(open.cap(1).word), unsigned{STILE_CAP_RETURN});
}

TEST(CapabilityStack, IsCapabilityStorageAndWritable) {
    CapabilityMachine plain, read_only;
    plain.pte(dcs) &= ~STILE_PTE_CAP_STORAGE;
    plain.go(GUEST_BYTES(st_push));
    plain.refused(STILE_CD_CAP_PAGE | STILE_CD_WRITE, dcs, STILE_RIGHT_WRITE);
    EXPECT_EQ(plain.core->state().cd.fault_from, tag_a);
    EXPECT_EQ(plain.core->state().cd.fault_to, tag_hardware);
    read_only.pte(dcs) &= ~uint64_t{W};
    read_only.go(GUEST_BYTES(st_push));
    EXPECT_EQ(read_only.vector(), VEC_PF);
    EXPECT_EQ(read_only.error(), uint64_t{PF_PRESENT | PF_WRITE}) << "the hardware's own access";
}

// --- returns of privileged code

// A "proxy" in A's domain calls and returns within it; the second return goes where nobody called from.
GUEST(pr_call, "call 1f\n mov ebx, 5" SYSCALL "\n 1: ret");
GUEST(pr_astray, "lea rax, [rip + 1f]\n push rax\n ret\n ud2\n 1: mov ebx, 5" SYSCALL);
TEST(PrivilegedReturn, NeedsItsReturnCapabilityWithinTheDomain) {
    for (const auto code : {GUEST_BYTES(pr_call), GUEST_BYTES(pr_astray)}) {
        CapabilityMachine plain, proxy, other, open(without(&CodomsChecks::ret));
        plain.go(code);
        EXPECT_EQ(plain.vector(), -1) << "ordinary code returns where it likes within its domain";
        proxy.pte(code_a) |= STILE_PTE_PRIVILEGED;
        proxy.go(code);
        EXPECT_EQ(STILE_CD_REASON(proxy.error()), unsigned{STILE_CD_DCS_BOUNDS});
        EXPECT_EQ(proxy.core->state().cd.saved_latch.kind, STILE_XFER_PRIVILEGED_RET);
        EXPECT_NE(proxy.reg(RBX), 5u);
        other.pte(code_a) |= STILE_PTE_PRIVILEGED;
        other.core->state().cd.dcs_ptr = dcs + 32;
        other.go(code);
        EXPECT_EQ(other.error(), uint64_t{STILE_CD_RETURN | STILE_CD_FETCH});
        open.pte(code_a) |= STILE_PTE_PRIVILEGED;
        open.go(code);
        EXPECT_EQ(open.reg(RBX), 5u);
    }
}

// An instruction on two pages is privileged only where both are.
GUEST(kcs_at_edge, ".byte 0x0f, 0x0a, 0xf8" SYSCALL);
TEST(PrivilegedCode, IsSoOnBothItsPages) {
    for (const bool both : {false, true}) {
        CapabilityMachine m;
        m.pte(code_a) |= STILE_PTE_PRIVILEGED;
        if (both) m.pte(code_a + 0x1000) |= STILE_PTE_PRIVILEGED;
        m.Rig::load(code_a + 0xffe, GUEST_BYTES(kcs_at_edge));
        m.core->state().cd.kcs = 0xabc0;
        m.enter_user(code_a + 0xffe);
        m.core->set_rflags(2);
        ASSERT_EQ(m.run(), Stop::idle_forever);
        EXPECT_EQ(m.vector(), both ? -1 : int{VEC_GP});
    }
}

// --- several cores

// Core 1 reads on and on through A's capability; what core 0 then does ends it before the next read.
GUEST(rv_spin, "1: mov rdx, [0x480008]\n inc r13\n jmp 1b");
GUEST(rv_revoke, "mov edi, 0x482100\n .byte 0x0f, 0x3e, 0x1f" SYSCALL);
GUEST(rv_overwrite,
      "mov edi, 0x482100\n .byte 0x0f, 0x25, 0x1f" SYSCALL);  // an empty register: 32 bytes of 0
GUEST(rv_kernel, "mov qword ptr [0x600100], 9\n hlt");        // by another mapping of the page
GUEST(rv_beside, "mov qword ptr [0x600180], 9\n hlt");        // another line of it
TEST(Revocation, ReachesTheOtherCore) {
    const struct {
        std::span<const uint8_t> code;
        bool kernel, revokes;
        uint64_t first;  // the counter's value
    } deeds[] = {{GUEST_BYTES(rv_revoke), false, true, 0},
                 {GUEST_BYTES(rv_overwrite), false, true, 3},
                 {GUEST_BYTES(rv_kernel), true, true, 0},
                 {GUEST_BYTES(rv_beside), true, false, 0}};
    for (const auto& deed : deeds)
        for (const bool whole_page : {false, true})
            for (const bool check : {true, false}) {
                CodomsChecks checks;
                checks.counter = check;
                CapabilityMachine m(checks, 2);
                m.map(0x600000, storage, P | W);
                CoreComplex complex(m.config);
                Core other(m.config, m.memory, m, nullptr, nullptr, 1);
                other.set_model(CoreModel::functional);
                complex.add(*m.core);
                complex.add(other);
                m.at<uint64_t>(storage + 0x100) = deed.first;

                CpuState& s = other.state();
                s = m.core->state();
                m.prepare(other, dcs + 0x800);
                s.cpl = 3, s.cs = 0x2b, s.ss = 0x23, s.rip = code_b;
                s.cd.latch = {tag_b, STILE_XFER_SEQ, 0};
                s.cd.caps[1] = {data_a, whole_page ? 0x1000u : 16u, storage + 0x100,
                                static_cast<uint32_t>(deed.first),
                                STILE_CAP_WORD(tag_a, 0, STILE_RIGHT_READ, STILE_CAP_ASYNC)};
                other.set_rflags(2);
                m.Rig::load(code_b, GUEST_BYTES(rv_spin));
                other.run(1000);
                const uint64_t reads = s.r[isa::R13];
                ASSERT_GT(reads, 100u) << other.dump();
                EXPECT_EQ(other.counters().capability_verifications, check ? 1u : 0u);

                if (deed.kernel) {
                    m.Rig::load(code_at, deed.code);
                    m.core->state().rip = code_at;
                    m.run();
                    ASSERT_TRUE(m.core->halted());
                } else {
                    m.go(deed.code);
                    ASSERT_EQ(m.vector(), -1) << m.core->dump();
                }
                other.run(2000);
                if (check && deed.revokes) {
                    EXPECT_LE(s.r[isa::R13], reads + 1);
                    EXPECT_EQ(other.counters().domain_faults, 1u);
                } else {
                    EXPECT_GT(s.r[isa::R13], reads + 100);
                    EXPECT_EQ(other.counters().domain_faults, 0u);
                }
            }
}

}  // namespace stile::model::test
