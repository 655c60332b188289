// SPDX-License-Identifier: Apache-2.0
//
// System calls, returns to user code, descriptors, control and model-specific registers, CPUID.
#include "model/core/fault.h"
#include "tests/unit/core/rig.h"

namespace stile::model::test {

using isa::RAX;
using isa::RBX;
using isa::RCX;
using isa::RDX;
using isa::RSP;

namespace {

GUEST(stop_here, "mov r15, rsp\n hlt");
constexpr uint64_t kernel_at = 0x190000;

class System : public ::testing::Test {
  protected:
    System() {
        rig.user_pages();
        rig.load(handler_at, GUEST_BYTES(stop_here));
        for (unsigned v = 0; v < 32; ++v) rig.gate(v, handler_at);
    }
    void run_code(std::span<const uint8_t> code, uint64_t at = code_at) {
        rig.load(at, code);
        ASSERT_EQ(rig.run(), Stop::idle_forever) << rig.core->dump();
    }
    uint64_t word(unsigned i) { return rig.at<uint64_t>(rig.reg(isa::R15) + 8 * i); }
    Rig rig;
};

}  // namespace

GUEST(user_calls, "mov ebx, 1000\n std\n 1: mov eax, 7\n syscall\n add rbp, rax\n dec ebx\n jne 1b\n hlt");
GUEST(kernel_entry,
      "swapgs\n mov [gs:0], rsp\n mov rsp, [gs:8]\n push rcx\n push r11\n lea rax, [rax + 35]\n pop r11\n "
      "pop rcx\n mov rsp, [gs:0]\n"
      " swapgs\n sysretq");
TEST_F(System, SyscallAndSysretThereAndBack) {
    CpuState& s = rig.core->state();
    s.lstar = kernel_at;
    s.sfmask = 0x600;  // IF, DF
    s.kernel_gs_base = 0x220000;
    rig.at<uint64_t>(0x220008) = 0x240000;
    rig.load(kernel_at, GUEST_BYTES(kernel_entry));
    rig.enter_user(user_code);
    run_code(GUEST_BYTES(user_calls), user_code);
    EXPECT_EQ(rig.reg(isa::RBP), 42000u);
    EXPECT_EQ(rig.core->counters().syscalls, 1000u);
    EXPECT_EQ(rig.core->counters().kernel_instructions, 1000u * 11 + 2);
    EXPECT_EQ(rig.reg(isa::R11) & flag::DF, flag::DF) << "what user code had";
    EXPECT_EQ(word(1), user_code + 5 + 1 + 5 + 2 + 3 + 2 + 2) << "the #GP of hlt at ring 3";
    EXPECT_EQ(word(2), 0x2bu);
    EXPECT_EQ(s.kernel_gs_base, 0x220000u);
    // The instruction and nothing else of user code belongs to the crossing.
    EXPECT_GE(rig.core->counters().phase[static_cast<size_t>(Phase::entry_exit)], 1000u);
}

GUEST(lone_syscall, "syscall");
TEST_F(System, SyscallNeedsItsEnableBit) {
    rig.core->state().efer &= ~1ull;
    rig.enter_user(user_code);
    run_code(GUEST_BYTES(lone_syscall), user_code);
    EXPECT_EQ(word(0), user_code);
}

GUEST(bad_sysret, "mov rcx, 0x800000000000\n sysretq");
TEST_F(System, SysretToANonCanonicalAddressFaultsInTheKernel) {
    run_code(GUEST_BYTES(bad_sysret));
    EXPECT_EQ(word(0), 0u);
    EXPECT_EQ(word(1), code_at + 10);
    EXPECT_EQ(word(2), 8u);
}

GUEST(to_user, "push 0x23\n push 0x4f0000\n push 0x3202\n push 0x2b\n push 0x400000\n iretq");
GUEST(in_user, "pushfq\n pop rax\n cli\n hlt");
TEST_F(System, IretqEntersRing3WithItsFlags) {
    rig.load(user_code, GUEST_BYTES(in_user));
    run_code(GUEST_BYTES(to_user));
    EXPECT_EQ(rig.reg(RAX) & 0x3200, 0x3200u) << "IOPL 3 lets cli pass, so hlt is what faults";
    EXPECT_EQ(word(1), user_code + 3);
    EXPECT_EQ(word(3) & flag::IF, 0u);
}

GUEST(popf_user, "push 0\n popfq\n pushfq\n pop rbx\n hlt");
TEST_F(System, PopfAtRing3KeepsTheInterruptFlag) {
    rig.enter_user(user_code);
    run_code(GUEST_BYTES(popf_user), user_code);
    EXPECT_EQ(rig.reg(RBX), 0x202u);
}

GUEST(iret_bad_cs,
      "push 0x23\n push 0x4f0000\n push 0x202\n push 0x13\n push 0x400000\n mov rbx, rsp\n iretq");
TEST_F(System, IretqToADataSegmentIsRefused) {
    run_code(GUEST_BYTES(iret_bad_cs));
    EXPECT_EQ(word(0), 0x10u);
    EXPECT_EQ(word(4), rig.reg(RBX));
}

GUEST(load_tr, "mov eax, 0x30\n ltr ax\n str bx\n ltr ax\n hlt");
TEST_F(System, TaskRegisterBecomesBusy) {
    run_code(GUEST_BYTES(load_tr));
    EXPECT_EQ(rig.reg(RBX) & 0xffff, 0x30u);
    EXPECT_EQ(rig.at<uint8_t>(gdt_at + 0x35), 0x8bu);
    EXPECT_EQ(word(0), 0x30u) << "busy: the second load is refused";
    EXPECT_EQ(rig.core->state().tss_base, tss_at);
}

GUEST(segment_bases,
      "mov rax, 0x123456789000\n wrfsbase rax\n rdfsbase rbx\n mov ecx, 0xc0000100\n rdmsr\n mov esi, eax\n "
      "mov edi, edx\n"
      " xor eax, eax\n mov fs, eax\n rdfsbase rbp\n mov rax, 0x800000000000\n wrgsbase rax\n hlt");
TEST_F(System, SegmentBases) {
    run_code(GUEST_BYTES(segment_bases));
    EXPECT_EQ(rig.reg(RBX), 0x123456789000u);
    EXPECT_EQ(rig.reg(isa::RSI), 0x56789000u);
    EXPECT_EQ(rig.reg(isa::RDI), 0x1234u);
    EXPECT_EQ(rig.reg(isa::RBP), 0u) << "a null selector clears the base";
    EXPECT_EQ(word(0), 0u) << "not canonical: #GP(0)";
}

GUEST(unknown_msr, "mov ecx, 0x12345\n rdmsr");
TEST_F(System, UnknownMsrIsAGeneralProtectionFault) {
    run_code(GUEST_BYTES(unknown_msr));
    EXPECT_EQ(word(1), code_at + 5);
}

GUEST(all_cpuid,
      "mov eax, 0\n cpuid\n mov [0x200000], ebx\n mov [0x200004], edx\n mov [0x200008], ecx\n mov eax, 1\n "
      "cpuid\n mov r8d, ecx\n mov r9d, edx\n"
      " mov eax, 4\n xor ecx, ecx\n cpuid\n mov r10d, ecx\n mov r11d, ebx\n mov eax, 0x57110000\n mov ecx, "
      "1\n cpuid\n mov r12d, eax\n mov eax, 0x80000008\n cpuid\n hlt");
TEST_F(System, CpuidTellsTheTruth) {
    run_code(GUEST_BYTES(all_cpuid));
    EXPECT_EQ(std::memcmp(rig.memory.host(0x200000), "StileStileSt", 12), 0);
    EXPECT_EQ(rig.reg(isa::R8) & (1 << 27), 0u) << "OSXSAVE";
    EXPECT_EQ(rig.reg(isa::R8) & (1u | 1 << 9 | 1 << 19 | 1 << 23 | 1 << 30), 0u)
        << "no SSE3, SSSE3, SSE4.1, POPCNT, RDRAND";
    EXPECT_EQ(rig.reg(isa::R9) & (1 << 23 | 1 << 25 | 1 << 26),
              static_cast<uint64_t>(1 << 23 | 1 << 25 | 1 << 26))
        << "MMX, SSE, SSE2";
    EXPECT_EQ(rig.reg(isa::R10) + 1, 64u) << "sets of the L1 data cache";
    EXPECT_EQ(rig.reg(isa::R11) >> 22, 7u) << "ways - 1";
    EXPECT_EQ(rig.reg(isa::R12), rig.config.apl_cache.entries);
    EXPECT_EQ(rig.reg(RAX) & 0xff, 40u);
}

GUEST(crystal, "mov eax, 0x15\n cpuid\n hlt");
TEST_F(System, CrystalOfAFastClockFitsItsRegister) {
    const CpuState state = rig.core->state();
    rig.config.frequency = 10'000'000'000;
    rig.core = std::make_unique<Core>(rig.config, rig.memory, rig, &rig, nullptr);
    rig.core->state() = state;
    run_code(GUEST_BYTES(crystal));
    EXPECT_NEAR(static_cast<double>(rig.reg(RCX) * rig.reg(RBX)), 1e10 * static_cast<double>(rig.reg(RAX)),
                10);
}

GUEST(cr3_switch, "mov rax, cr3\n mov cr3, rax\n mov cr3, rbx\n mov cr3, rax\n hlt");
TEST_F(System, PageTableSwitchesCountChangesOnly) {
    std::memcpy(rig.memory.host(0x300000), rig.memory.host(tables_at), 4096);
    rig.core->state().r[RBX] = 0x300000;
    run_code(GUEST_BYTES(cr3_switch));
    EXPECT_EQ(rig.core->counters().page_table_switches, 2u);
}

// A new mapping is not seen before invlpg drops the old one from data and from fetches.
GUEST(remap, "mov rax, [0x210000]\n mov [rsi], rdi\n invlpg [0x210000]\n mov rbx, [0x210000]\n hlt");
TEST_F(System, InvlpgDropsTheTranslation) {
    rig.at<uint64_t>(0x210000) = 1;
    rig.at<uint64_t>(0x211000) = 2;
    const uint64_t entry = rig.memory.paddr_of(&rig.pte(0x210000));
    rig.map(entry & ~0xfffull, entry & ~0xfffull, P | W);
    rig.core->state().r[isa::RSI] = entry;
    rig.core->state().r[isa::RDI] = 0x211000 | P | W;
    run_code(GUEST_BYTES(remap));
    EXPECT_EQ(rig.reg(RAX), 1u);
    EXPECT_EQ(rig.reg(RBX), 2u);
}

GUEST(remap_gs,
      "mov rax, [0x210000]\n mov [rsi], rdi\n mov ecx, 0x200000\n wrgsbase rcx\n invlpg gs:[0x10000]\n mov "
      "rbx, "
      "[0x210000]\n hlt");
TEST_F(System, InvlpgAddsTheSegmentBase) {
    const uint64_t entry = rig.memory.paddr_of(&rig.pte(0x210000));
    rig.map(entry & ~0xfffull, entry & ~0xfffull, P | W);
    rig.core->state().r[isa::RSI] = entry;
    rig.core->state().r[isa::RDI] = 0x211000 | P | W;
    rig.at<uint64_t>(0x210000) = 1;
    rig.at<uint64_t>(0x211000) = 2;
    run_code(GUEST_BYTES(remap_gs));
    EXPECT_EQ(rig.reg(RAX), 1u);
    EXPECT_EQ(rig.reg(RBX), 2u);
}

GUEST(clear_paging, "mov rax, cr0\n btr eax, 31\n mov cr0, rax");
TEST_F(System, LongModeCannotBeLeft) {
    run_code(GUEST_BYTES(clear_paging));
    EXPECT_EQ(word(0), 0u);
    EXPECT_EQ(word(1), code_at + 3 + 4);
}

GUEST(time, "rdtsc\n mov ebx, eax\n nop\n nop\n nop\n rdtsc\n sub eax, ebx\n hlt");
TEST_F(System, TimeStampCounterIsExact) {
    run_code(GUEST_BYTES(time));
    EXPECT_EQ(rig.reg(RAX), 5u) << "one cycle per instruction";
}

GUEST(breakpoints, "mov eax, 1\n mov dr7, rax");
TEST_F(System, HardwareBreakpointsAreRefusedAloud) {
    run_code(GUEST_BYTES(breakpoints));
    EXPECT_EQ(word(0), code_at + 5);
    EXPECT_EQ(rig.unsupported_at.size(), 1u);
}

GUEST(dr4_is_dr6, "mov rax, dr4\n mov rbx, dr6\n mov rcx, cr4\n or ecx, 8\n mov cr4, rcx\n 1: mov rax, dr4");
TEST_F(System, DebugRegisterAliasesEndWithCr4De) {
    run_code(GUEST_BYTES(dr4_is_dr6));
    EXPECT_EQ(rig.reg(RAX), 0xffff0ff0u);
    EXPECT_EQ(rig.reg(RBX), 0xffff0ff0u);
    EXPECT_EQ(word(0), code_at + (dr4_is_dr6_end - dr4_is_dr6_begin) - 3) << "invalid opcode";
}

GUEST(far_return, "push 8\n lea rax, [rip + 1f]\n push rax\n rex.W retf\n ud2\n 1: mov ebx, 3\n hlt");
TEST_F(System, FarReturn) {
    run_code(GUEST_BYTES(far_return));
    EXPECT_EQ(rig.reg(RBX), 3u);
    EXPECT_EQ(rig.reg(RSP), stack_top);
}

// SS of a return: by the ring returned to (Intel SDM vol. 2, IRET). Null is for 64-bit stacks outside ring 3.
GUEST(iret_with_ss, "push rbx\n push 0x4f0000\n push 2\n push rcx\n push rdx\n mov r14, rsp\n iretq");
GUEST(just_hlt, "hlt");
TEST_F(System, IretqChecksTheStackSegment) {
    struct {
        uint64_t ss, cs, vector, error;
    } const cases[] = {{0x23, 0x2b, VEC_GP, 0},      // arrives: hlt at ring 3
                       {0x10, 0x2b, VEC_GP, 0x10},   // ring 0's
                       {0x13, 0x2b, VEC_GP, 0x10},   // RPL does not help
                       {0x20, 0x2b, VEC_GP, 0x20},   // RPL is not the ring
                       {0x2b, 0x2b, VEC_GP, 0x28},   // code
                       {3, 0x2b, VEC_GP, 0},         // null at ring 3
                       {0x43, 0x2b, VEC_GP, 0x40},   // beyond the table
                       {0x1b, 0x2b, VEC_SS, 0x18}};  // not present
    for (const auto& c : cases) {
        Rig r;
        r.user_pages();
        r.at<uint64_t>(gdt_at + 0x18) = 0x00cf72000000ffff;
        for (unsigned v = 0; v < 32; ++v) {
            r.gate(v, handler_at + 16 * v);
            r.load(handler_at + 16 * v, GUEST_BYTES(stop_here));
        }
        r.load(code_at, GUEST_BYTES(iret_with_ss));
        r.load(user_code, GUEST_BYTES(just_hlt));
        CpuState& s = r.core->state();
        s.r[RBX] = c.ss, s.r[RCX] = c.cs, s.r[RDX] = user_code;
        ASSERT_EQ(r.run(), Stop::idle_forever);
        const uint64_t frame = r.reg(isa::R15);
        EXPECT_EQ((s.rip - handler_at) / 16, c.vector) << c.ss;
        EXPECT_EQ(r.at<uint64_t>(frame), c.error) << c.ss;
        const bool arrived = c.ss == 0x23;
        EXPECT_EQ(r.at<uint64_t>(frame + 16), arrived ? 0x2bu : 8u) << c.ss;
        if (!arrived) {
            EXPECT_EQ(r.at<uint64_t>(frame + 32), r.reg(isa::R14)) << "RSP of a refused return";
        }
    }
}

// Segments that ring 3 could not have loaded are null after the way out; its own stay.
GUEST(load_and_leave,
      "mov eax, 0x10\n mov ds, eax\n mov fs, eax\n mov eax, 0x23\n mov es, eax\n mov gs, eax\n push 0x23\n "
      "push "
      "0x4f0000\n push 2\n push 0x2b\n push 0x400000\n iretq");
TEST_F(System, ReturnToRing3DropsTheKernelsSegments) {
    rig.load(user_code, GUEST_BYTES(just_hlt));
    run_code(GUEST_BYTES(load_and_leave));
    const CpuState& s = rig.core->state();
    EXPECT_EQ(s.ds, 0u);
    EXPECT_EQ(s.fs.selector, 0u);
    EXPECT_EQ(s.es, 0x23u);
    EXPECT_EQ(s.gs.selector, 0x23u);
}

GUEST(ask_for_domains,
      "mov eax, 0x57110000\n xor ecx, ecx\n cpuid\n mov r8d, ebx\n mov eax, 1\n cpuid\n mov r9d, edx\n mov "
      "ecx, 0xc0011000\n rdmsr\n hlt");
TEST_F(System, DomainsAreThereOnlyWhereTheProtectionHasThem) {
    for (const bool paging : {false, true}) {
        Rig r(paging ? ProtectionKind::paging : ProtectionKind::codoms);
        for (unsigned v = 0; v < 32; ++v) r.gate(v, handler_at);
        r.load(handler_at, GUEST_BYTES(stop_here));
        r.load(code_at, GUEST_BYTES(ask_for_domains));
        ASSERT_EQ(r.run(), Stop::idle_forever);
        EXPECT_EQ(r.reg(isa::R8) == 0x4c495453, !paging) << "\"STIL\"";
        EXPECT_EQ(r.reg(isa::R9) & 1 << 11, 0u) << "SEP: there is no sysenter";
        EXPECT_EQ(r.core->state().rip < handler_at, !paging) << "rdmsr of CD_CTL";
    }
}

// Dirty and accessed bits (Intel SDM vol. 3, 4.8): a read accesses, a write dirties, a refused write neither.
GUEST(touch, "mov rax, [0x210000]\n mov [0x211000], rax\n mov [0x212000], rax");
TEST_F(System, AccessedAndDirtyBits) {
    constexpr uint64_t A = 0x20, D = 0x40;
    rig.map(0x212000, 0x212000, P);
    run_code(GUEST_BYTES(touch));
    EXPECT_EQ(word(0), uint64_t{PF_PRESENT | PF_WRITE});
    EXPECT_EQ(rig.pte(0x210000) & (A | D), A);
    EXPECT_EQ(rig.pte(0x211000) & (A | D), A | D);
    EXPECT_EQ(rig.pte(0x212000) & D, 0u);
    EXPECT_EQ(rig.pte(0x213000) & (A | D), 0u);
}

}  // namespace stile::model::test
