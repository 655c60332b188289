// SPDX-License-Identifier: Apache-2.0
//
// Which instructions and events let nobody overtake the stores before them (Intel SDM vol. 3, 9.2.3 and 9.3),
// and which may be overtaken.
#include <string>

#include "abi/marker.h"
#include "tests/unit/tso/fixture.h"

namespace stile::model::test {
namespace {

// Two stores around the instruction in question, the second one in a block of its own: what waits when it
// is done is 1 where the instruction emptied the buffer and 2 where it did not.
struct Case {
    const char* name;
    std::span<const uint8_t> code;
    bool drains;
};

#define AROUND(name, text)                                                              \
    GUEST(name, "mov edi, 0x200000\n mov esp, 0x280000\n mov byte ptr [rdi], 1\n " text \
                "\n jmp 1f\n 1: mov byte ptr [rdi + 64], 2\n jmp 2f\n 2: nop dword ptr [rax]\n jmp 2b")

AROUND(a_nop, "nop");
AROUND(a_mfence, "mfence");
AROUND(a_lfence, "lfence");
AROUND(a_sfence, "sfence");
AROUND(a_pause, "pause");
AROUND(a_clflush, "clflush [rdi]");
AROUND(a_load, "mov rax, [rdi + 128]");
AROUND(an_add, "add qword ptr [rdi + 128], 1");
AROUND(a_locked_add, "lock add qword ptr [rdi + 128], 1");
AROUND(a_locked_bts, "lock bts qword ptr [rdi + 128], 1");
AROUND(an_xchg, "xchg [rdi + 128], rax");
AROUND(an_xadd, "lock xadd [rdi + 128], eax");
AROUND(a_cmpxchg, "lock cmpxchg [rdi + 128], rcx");
AROUND(a_cmpxchg16b, "lock cmpxchg16b [rdi + 128]");
AROUND(a_cpuid, "xor eax, eax\n xor ecx, ecx\n cpuid");
AROUND(an_rdtsc, "rdtsc");
AROUND(a_cr3, "mov rax, cr3\n mov cr3, rax");
AROUND(a_cr0, "mov rax, cr0\n mov cr0, rax");
AROUND(a_cr8, "xor eax, eax\n mov cr8, rax");
AROUND(an_invlpg, "invlpg [rdi + 4096]");
AROUND(a_wbinvd, "wbinvd");
AROUND(an_msr, "mov ecx, 0xc0000103\n xor eax, eax\n xor edx, edx\n wrmsr");
AROUND(an_apic_msr, "mov ecx, 0x80b\n xor eax, eax\n xor edx, edx\n wrmsr");
AROUND(a_deadline, "mov ecx, 0x6e0\n xor eax, eax\n xor edx, edx\n wrmsr");
AROUND(an_iretq,
       "mov rax, rsp\n push 0\n push rax\n pushfq\n push 8\n lea rax, [rip + 5f]\n push rax\n iretq\n 5:");
AROUND(a_movs, "mov rsi, 0x201000\n mov rdx, rdi\n add rdi, 256\n mov ecx, 8\n rep movsb\n mov rdi, rdx");
AROUND(a_fxsave, "fxsave [rdi + 512]");
AROUND(a_crossing, "mov qword ptr [rdi + 4092], 1");

const Case cases[] = {
    {"nop", GUEST_BYTES(a_nop), false},
    {"mfence", GUEST_BYTES(a_mfence), true},
    {"lfence", GUEST_BYTES(a_lfence), false},
    {"sfence", GUEST_BYTES(a_sfence), false},
    {"pause", GUEST_BYTES(a_pause), false},
    {"clflush", GUEST_BYTES(a_clflush), false},
    {"load", GUEST_BYTES(a_load), false},
    {"add", GUEST_BYTES(an_add), false},
    {"lock_add", GUEST_BYTES(a_locked_add), true},
    {"lock_bts", GUEST_BYTES(a_locked_bts), true},
    {"xchg", GUEST_BYTES(an_xchg), true},
    {"lock_xadd", GUEST_BYTES(an_xadd), true},
    {"lock_cmpxchg", GUEST_BYTES(a_cmpxchg), true},
    {"lock_cmpxchg16b", GUEST_BYTES(a_cmpxchg16b), true},
    {"cpuid", GUEST_BYTES(a_cpuid), true},
    {"rdtsc", GUEST_BYTES(an_rdtsc), false},
    {"mov_cr3", GUEST_BYTES(a_cr3), true},
    {"mov_cr0", GUEST_BYTES(a_cr0), true},
    {"mov_cr8", GUEST_BYTES(a_cr8), false},
    {"invlpg", GUEST_BYTES(an_invlpg), true},
    {"wbinvd", GUEST_BYTES(a_wbinvd), true},
    {"wrmsr", GUEST_BYTES(an_msr), true},
    {"wrmsr_x2apic", GUEST_BYTES(an_apic_msr), false},
    {"wrmsr_deadline", GUEST_BYTES(a_deadline), false},
    {"iretq", GUEST_BYTES(an_iretq), true},
    {"rep_movs", GUEST_BYTES(a_movs), true},
    {"fxsave", GUEST_BYTES(a_fxsave), true},
    {"page_crossing", GUEST_BYTES(a_crossing), true},
};

void PrintTo(const Case& c, std::ostream* out) { *out << c.name; }

class Drain : public Tso, public testing::WithParamInterface<Case> {};

TEST_P(Drain, EmptiesTheBufferOrNot) {
    rig.load(code_at, GetParam().code);
    for (unsigned i = 0; i < 40 && buffer().size() == 0; ++i) step();
    // On to where the second store has been made.
    for (unsigned i = 0; i < 60; ++i) {
        uint8_t second = 0;
        rig.core->mmu().probe_read(data_at + 64, &second, 1);
        if (second == 2) break;
        step();
    }
    EXPECT_EQ(in_memory(0) & 0xff, GetParam().drains ? 1u : 0u);
    if (!GetParam().drains) {
        EXPECT_EQ(in_memory(64), 0u);  // the second store waits
    }
}

INSTANTIATE_TEST_SUITE_P(Instructions, Drain, testing::ValuesIn(cases),
                         [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace stile::model::test
