// SPDX-License-Identifier: Apache-2.0
//
// In all of them: rbx is the core, r9 the number of rounds, shared data from 0x200000 on. Increments within
// critical sections are cut in two blocks, so that others may come in between.
#include <cstring>

#include "tests/litmus/stress.h"
#include "tests/unit/core/rig.h"

namespace stile::test {

namespace {

using model::PhysicalMemory;

// By messages the first core starts the others; all go on when all are there.
GUEST(stress_start,
      "mov ecx, 0x802\n rdmsr\n mov ebx, eax\n test eax, eax\n jnz 1f\n"
      "mov ecx, 0x830\n xor edx, edx\n mov eax, 0xc4500\n wrmsr\n mov eax, 0xc4608\n wrmsr\n"
      "1: lock inc dword ptr [0x180010]\n 2: mov eax, [0x180010]\n cmp eax, [0x180014]\n jb 2b\n"
      "mov eax, 0x101000\n jmp rax");

#define ROUNDS "mov r9, qword ptr [0x180000]\n mov edi, 0x200000\n "
#define AGAIN "dec r9\n jnz 1b\n hlt"
// Two counters that only ever change together, in lines of their own; at 192 how often they differed.
#define CRITICAL                                                                                  \
    "mov rax, [rdi + 64]\n cmp rax, [rdi + 128]\n je 7f\n lock inc qword ptr [rdi + 192]\n"       \
    "7: inc rax\n mov [rdi + 64], rax\n jmp 8f\n 8: mov rax, [rdi + 128]\n jmp 9f\n 9: inc rax\n" \
    "mov [rdi + 128], rax\n"

// Each core counts in a word of its own; the words share a line.
GUEST(false_sharing, ROUNDS "lea rdi, [rdi + rbx * 8]\n 1: inc qword ptr [rdi]\n" AGAIN);

GUEST(atomic_counters, ROUNDS
      "1: lock inc qword ptr [rdi]\n mov eax, 1\n lock xadd [rdi + 64], rax\n"
      "2: mov rax, [rdi + 128]\n lea rcx, [rax + 1]\n lock cmpxchg [rdi + 128], rcx\n jne 2b\n"
      "3: mov rax, [rdi + 192]\n mov rdx, [rdi + 200]\n lea rbx, [rax + 1]\n lea rcx, [rdx + 2]\n"
      "lock cmpxchg16b [rdi + 192]\n jne 3b\n" AGAIN);

GUEST(exchange_lock, ROUNDS
      "1: mov eax, 1\n xchg [rdi], eax\n test eax, eax\n jz 3f\n"
      "2: pause\n cmp dword ptr [rdi], 0\n jne 2b\n jmp 1b\n 3: " CRITICAL "mov dword ptr [rdi], 0\n" AGAIN);

GUEST(ticket_lock, ROUNDS
      "1: mov eax, 1\n lock xadd [rdi], eax\n 2: cmp [rdi + 4], eax\n je 3f\n pause\n jmp 2b\n"
      "3: " CRITICAL "inc dword ptr [rdi + 4]\n" AGAIN);

// Mellor-Crummey and Scott 1991: a core waits on a line of its own. rsi is its place in the queue.
GUEST(mcs_lock, ROUNDS
      "mov rsi, rbx\n shl rsi, 6\n add rsi, 0x201000\n"
      "1: mov qword ptr [rsi], 0\n mov qword ptr [rsi + 8], 1\n mov rax, rsi\n xchg [rdi], rax\n"
      "test rax, rax\n jz 3f\n mov [rax], rsi\n 2: cmp qword ptr [rsi + 8], 0\n je 3f\n pause\n jmp 2b\n"
      "3: " CRITICAL
      "mov rcx, [rsi]\n test rcx, rcx\n jnz 5f\n mov rax, rsi\n xor ecx, ecx\n lock cmpxchg [rdi], rcx\n"
      "je 6f\n 4: mov rcx, [rsi]\n test rcx, rcx\n jz 4b\n 5: mov qword ptr [rcx + 8], 0\n 6: " AGAIN);

// Peterson's lock between the cores of a pair: plain stores and a fence. r12 own flag, r13 the other's.
#define PETERSON(fence)                                                                   \
    ROUNDS                                                                                \
    "mov rax, rbx\n shr rax, 1\n shl rax, 12\n add rdi, rax\n mov r8, rbx\n and r8d, 1\n" \
    "mov r14, r8\n xor r14d, 1\n shl r8d, 6\n lea r12, [rdi + r8 + 256]\n xor r8d, 64\n"  \
    "lea r13, [rdi + r8 + 256]\n 1: mov qword ptr [r12], 1\n mov [rdi], r14\n" fence      \
    "2: cmp qword ptr [r13], 0\n je 3f\n cmp [rdi], r14\n je 2b\n 3: " CRITICAL           \
    "mov qword ptr [r12], 0\n" AGAIN
GUEST(peterson, PETERSON("mfence\n "));
GUEST(peterson_without_fence, PETERSON("jmp 6f\n 6: "));

// A ring of 16 messages from each core to the one before it. r12 own ring, r13 the next core's, r8 sent,
// r10 received, r11 what is wrong. A message is the number of the sender and the message's.
GUEST(message_rings, ROUNDS
      "mov r12, rbx\n shl r12, 12\n add r12, rdi\n mov rsi, rbx\n inc esi\n and esi, 3\n mov r13, rsi\n"
      "shl r13, 12\n add r13, rdi\n xor r8d, r8d\n xor r10d, r10d\n xor r11d, r11d\n shl rsi, 32\n"
      "mov r15, rbx\n shl r15, 32\n"
      "1: cmp r8, r9\n je 2f\n mov rax, r8\n sub rax, [r12 + 64]\n cmp rax, 16\n jae 2f\n"
      "mov eax, r8d\n and eax, 15\n lea rcx, [r15 + r8]\n mov [r12 + rax * 8 + 128], rcx\n inc r8\n jmp 4f\n"
      "4: mov [r12], r8\n"
      "2: cmp r10, r9\n je 3f\n cmp [r13], r10\n je 3f\n mov eax, r10d\n and eax, 15\n"
      "mov rcx, [r13 + rax * 8 + 128]\n lea rax, [rsi + r10]\n cmp rcx, rax\n je 5f\n inc r11\n"
      "5: inc r10\n mov [r13 + 64], r10\n"
      "3: lea rax, [r8 + r10]\n shr rax, 1\n cmp rax, r9\n jb 1b\n mov [r12 + 512], r10\n"
      "mov [r12 + 576], r11\n hlt");

uint64_t at(const PhysicalMemory& ram, uint64_t offset) {
    uint64_t v;
    std::memcpy(&v, ram.host(0x200000 + offset), 8);
    return v;
}

using Check = std::string (*)(const PhysicalMemory&, uint64_t rounds);

std::string expect(const char* what, uint64_t is, uint64_t should) {
    if (is == should) return {};
    return std::string(what) + " is " + std::to_string(is) + ", not " + std::to_string(should) + "\n";
}
std::string own_words(const PhysicalMemory& ram, uint64_t rounds) {
    std::string wrong;
    for (unsigned i = 0; i < 4; ++i) wrong += expect("own word", at(ram, 8 * i), rounds);
    return wrong;
}
std::string all_atomic(const PhysicalMemory& ram, uint64_t rounds) {
    return expect("inc", at(ram, 0), 4 * rounds) + expect("xadd", at(ram, 64), 4 * rounds) +
           expect("cmpxchg", at(ram, 128), 4 * rounds) + expect("cmpxchg16b", at(ram, 192), 4 * rounds) +
           expect("cmpxchg16b", at(ram, 200), 8 * rounds);
}
std::string section(const PhysicalMemory& ram, uint64_t from, uint64_t total) {
    return expect("first counter", at(ram, from + 64), total) +
           expect("second counter", at(ram, from + 128), total) +
           expect("times that they differed", at(ram, from + 192), 0);
}
std::string one_section(const PhysicalMemory& ram, uint64_t rounds) { return section(ram, 0, 4 * rounds); }
std::string two_sections(const PhysicalMemory& ram, uint64_t rounds) {
    return section(ram, 0, 2 * rounds) + section(ram, 0x1000, 2 * rounds);
}
std::string messages(const PhysicalMemory& ram, uint64_t rounds) {
    std::string wrong;
    for (unsigned i = 0; i < 4; ++i)
        wrong += expect("messages received", at(ram, 0x1000 * i + 512), rounds) +
                 expect("wrong messages", at(ram, 0x1000 * i + 576), 0);
    return wrong;
}

}  // namespace

std::span<const uint8_t> stress_start_code() { return GUEST_BYTES(stress_start); }

const std::vector<Stress>& stress_programs() {
    static const std::vector<Stress> all = {
        {"false_sharing", GUEST_BYTES(false_sharing), own_words},
        {"atomic_counters", GUEST_BYTES(atomic_counters), all_atomic},
        {"exchange_lock", GUEST_BYTES(exchange_lock), one_section},
        {"ticket_lock", GUEST_BYTES(ticket_lock), one_section},
        {"mcs_lock", GUEST_BYTES(mcs_lock), one_section},
        {"peterson", GUEST_BYTES(peterson), two_sections},
        {"message_rings", GUEST_BYTES(message_rings), messages},
    };
    return all;
}

Stress peterson_that_lacks_its_fence() {
    return {"peterson_without_fence", GUEST_BYTES(peterson_without_fence), two_sections};
}

}  // namespace stile::test
