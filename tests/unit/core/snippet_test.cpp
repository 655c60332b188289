// SPDX-License-Identifier: Apache-2.0
//
// Instructions that random encodings do not reach, as snippets that run natively and on the core: loops,
// stack frames, wide exchanges, bit strings, high bytes. r15 points to 256 bytes of memory; the snippets use
// its upper half as a stack and leave rsp as they found it.
#include <sys/mman.h>

#include <random>

#include "tests/unit/core/rig.h"

namespace stile::model::test {

namespace {

struct SnippetRegs {
    uint64_t r[16], flags;
};
constexpr unsigned snippet_bytes = 256;
constexpr uint64_t arithmetic_flags = 0x8d5;

// void stile_snippet_native(const void* code, SnippetRegs*)
extern "C" void stile_snippet_native(const void* code, SnippetRegs* regs);
__asm__(
    ".pushsection .text\n.globl stile_snippet_native\nstile_snippet_native:\n"
    "push %rbx\n push %rbp\n push %r12\n push %r13\n push %r14\n push %r15\n push %rsi\n push %rdi\n"
    "mov 0(%rsi), %rax\n mov 8(%rsi), %rcx\n mov 16(%rsi), %rdx\n mov 24(%rsi), %rbx\n mov 40(%rsi), %rbp\n "
    "mov 56(%rsi), %rdi\n"
    "mov 64(%rsi), %r8\n mov 72(%rsi), %r9\n mov 80(%rsi), %r10\n mov 88(%rsi), %r11\n mov 96(%rsi), %r12\n "
    "mov 104(%rsi), %r13\n"
    "mov 112(%rsi), %r14\n mov 120(%rsi), %r15\n push 128(%rsi)\n popf\n mov 48(%rsi), %rsi\n call *(%rsp)\n"
    "pushf\n push %rsi\n mov 24(%rsp), %rsi\n mov %rax, 0(%rsi)\n mov %rcx, 8(%rsi)\n mov %rdx, 16(%rsi)\n "
    "mov %rbx, 24(%rsi)\n"
    "mov %rbp, 40(%rsi)\n mov %rdi, 56(%rsi)\n mov %r8, 64(%rsi)\n mov %r9, 72(%rsi)\n mov %r10, 80(%rsi)\n "
    "mov %r11, 88(%rsi)\n"
    "mov %r12, 96(%rsi)\n mov %r13, 104(%rsi)\n mov %r14, 112(%rsi)\n pop 48(%rsi)\n pop 128(%rsi)\n"
    "pop %rdi\n pop %rsi\n pop %r15\n pop %r14\n pop %r13\n pop %r12\n pop %rbp\n pop %rbx\n cld\n "
    "ret\n.popsection\n");

#define STACK_IN "mov r14, rsp\n lea rsp, [r15 + 248]\n"
#define STACK_OUT "\n mov rsp, r14\n mov r14d, 0\n"

GUEST(s_loop,
      "and ecx, 15\n inc ecx\n 1: add rax, rcx\n loop 1b\n mov ecx, 9\n 2: cmp cl, dl\n loopne 2b\n mov ecx, "
      "9\n 3: test ecx, 1\n loope 3b");
GUEST(s_jrcxz,
      "jrcxz 1f\n mov eax, 1\n jmp 2f\n 1: mov eax, 2\n 2: xor ecx, ecx\n jrcxz 3f\n inc eax\n 3: mov rcx, "
      "0x100000000\n jecxz 4f\n add eax, 8\n 4: nop");
GUEST(s_cx8,
      "lock cmpxchg8b [r15 + 16]\n mov r8d, eax\n mov r9d, edx\n mov ebx, 5\n mov ecx, 6\n cmpxchg8b [r15 + "
      "16]");
GUEST(s_cx16, "lock cmpxchg16b [r15 + 32]\n setz r8b\n cmpxchg16b [r15 + 32]\n setz r9b");
GUEST(s_stack, STACK_IN
      "push rax\n push -5\n push 0x12345678\n push word ptr [r15]\n pop word ptr [r15 + 2]\n pop rcx\n pop "
      "qword ptr [r15 + 8]\n pop rdx\n"
      " push rsp\n pop rbx\n sub rbx, r15\n push qword ptr [r15 + 8]\n pop qword ptr [rsp + 8 - 32]\n "
      "pushfq\n pop r8\n and r8d, 0x8d5" STACK_OUT);
GUEST(s_enter, STACK_IN
      "push rbp\n mov rbp, rsp\n enter 16, 0\n mov [rbp - 8], rax\n mov rcx, [rbp - 8]\n leave\n pop r9\n "
      "enter 8, 1\n leave\n mov ebp, 0" STACK_OUT);
GUEST(
    s_call, STACK_IN
    "call 1f\n add rax, 3\n lea rcx, [rip + 2f]\n call rcx\n jmp 3f\n 1: add rax, 100\n ret\n 2: add rax, "
    "1000\n ret 0\n 3: push rax\n lea rcx, [rip + 4f]\n push rcx\n ret 8\n ud2\n 4: xor ecx, ecx" STACK_OUT);
GUEST(s_bits,
      "and rcx, 1023\n bts [r15], rcx\n setc al\n and rdx, 255\n btr [r15 + 64], edx\n setc ah\n sub rcx, "
      "rcx\n mov cx, -9\n btc [r15 + 64], cx\n adc rax, 0\n bt qword ptr [r15], 63\n adc rax, rax");
GUEST(s_high,
      "add ah, bl\n mov bh, ch\n xchg dh, dl\n movzx esi, ah\n sub ch, 77\n inc bh\n cmp ah, dh\n setg cl\n "
      "xor al, ah\n mul ch\n imul bl\n not dh\n neg ah\n shl bh, 3\n movsx r8d, byte ptr [r15]");
GUEST(s_div,
      "mov rdx, rax\n shr rdx, 40\n or rcx, 1\n bts rcx, 62\n div rcx\n mov r8, rax\n mov r9, rdx\n mov rax, "
      "rbx\n cqo\n mov rsi, 12345\n idiv rsi\n mov r10, rax\n mov r11, rdx\n mov eax, ebx\n cdq\n mov esi, "
      "-77\n idiv esi\n mov ax, bx\n mov bl, 200\n mov ah, 3\n div bl");
GUEST(s_flags,
      "stc\n cmc\n adc rax, rbx\n lahf\n mov r8, rax\n sbb rcx, rdx\n sahf\n seta r9b\n setp r10b\n std\n "
      "cld\n inc rdx\n setc r11b\n dec rbx\n setle r12b\n rcl rcx, 1\n rcr rdx, 3\n setc r13b");
GUEST(s_xlat,
      "mov rbx, r15\n xlatb\n mov ecx, 3\n mov rsi, r15\n lea rdi, [r15 + 128]\n rep movsw\n mov rbx, 0\n "
      "mov rsi, 0\n mov rdi, 0");
GUEST(s_addr32,
      "and ecx, 15\n lea r8, [ecx + ecx * 8]\n lea r9, [r9d + 1]\n lea r10d, [r10 + r11]\n mov eax, [r15 + "
      "rcx * 8]\n cmove eax, [r15]\n cmovne r12w, [r15 + 6]\n xadd [r15 + 40], rdx\n cmpxchg [r15 + 48], "
      "rbx\n bswap rdx\n movnti [r15 + 56], rdx");

struct Snippet {
    const char* name;
    const uint8_t *begin, *end;
    uint64_t flags;
};
#define SNIPPET(name, flags) \
    Snippet { #name, name##_begin, name##_end, flags }
const Snippet snippets[] = {SNIPPET(s_loop, 0),
                            SNIPPET(s_jrcxz, 0),
                            SNIPPET(s_cx8, arithmetic_flags),
                            SNIPPET(s_cx16, arithmetic_flags),
                            SNIPPET(s_stack, 0),
                            SNIPPET(s_enter, arithmetic_flags),
                            SNIPPET(s_call, 0),
                            SNIPPET(s_bits, 0x895),
                            SNIPPET(s_high, 0),
                            SNIPPET(s_div, 0),
                            SNIPPET(s_flags, 1),
                            SNIPPET(s_xlat, arithmetic_flags),
                            SNIPPET(s_addr32, arithmetic_flags)};

}  // namespace

class SnippetTest : public ::testing::TestWithParam<Snippet> {};

TEST_P(SnippetTest, MatchesTheHost) {
    const Snippet& snippet = GetParam();
    auto* page = static_cast<uint8_t*>(
        mmap(nullptr, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    const auto size = static_cast<size_t>(snippet.end - snippet.begin);
    std::memcpy(page, snippet.begin, size);
    page[size] = 0xc3;
    std::mt19937_64 rng(42);
    Rig rig;
    for (unsigned round = 0; round < 300; ++round) {
        alignas(64) uint8_t buffer[snippet_bytes];
        for (uint8_t& b : buffer) b = static_cast<uint8_t>(rng());
        SnippetRegs start{};
        for (uint64_t& r : start.r) r = rng() >> rng() % 64;
        start.flags = 0x202 | (rng() & arithmetic_flags);
        if (round % 3 == 0) {  // compare and exchange that succeeds
            std::memcpy(&start.r[0], buffer + (snippet.begin == s_cx8_begin ? 16 : 32), 8);
            std::memcpy(&start.r[2], buffer + (snippet.begin == s_cx8_begin ? 20 : 40), 8);
        }
        rig.write_code(code_at, {snippet.begin, snippet.end});
        std::memcpy(rig.memory.host(data_at), buffer, snippet_bytes);
        CpuState& s = rig.core->state();
        for (unsigned i = 0; i < 16; ++i) s.r[i] = start.r[i];
        s.r[15] = data_at, s.r[4] = stack_top, s.rip = code_at, s.halted = false;
        rig.core->set_rflags(start.flags & ~0x200);
        ASSERT_EQ(rig.run(2000), Stop::idle_forever) << rig.core->dump();

        SnippetRegs host = start;
        host.r[15] = reinterpret_cast<uint64_t>(buffer);
        stile_snippet_native(page, &host);
        for (unsigned i = 0; i < 15; ++i) {
            if (i == 4) continue;
            ASSERT_EQ(host.r[i], s.r[i]) << snippet.name << " round " << round << " register " << i;
        }
        ASSERT_EQ(host.flags & snippet.flags, rig.core->rflags() & snippet.flags)
            << snippet.name << " round " << round;
        // The stack of the snippet holds addresses of its own code and memory: compare what lies below it.
        ASSERT_EQ(std::memcmp(buffer, rig.memory.host(data_at), 160), 0)
            << snippet.name << " round " << round;
        EXPECT_EQ(s.r[4], stack_top);
    }
    munmap(page, 4096);
}
INSTANTIATE_TEST_SUITE_P(All, SnippetTest, ::testing::ValuesIn(snippets),
                         [](const auto& info) { return std::string(info.param.name + 2); });

}  // namespace stile::model::test
