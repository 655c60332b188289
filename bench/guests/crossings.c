// SPDX-License-Identifier: Apache-2.0
//
// Nothing but calls of small functions that lie in a protection domain of their own, where there are domains:
// each call and each return is a crossing. Elsewhere they are ordinary calls, and the result is the same.
#include <string.h>
#include <sys/mman.h>

#include "bench/guests/bench.h"
#include "os/lib/codoms.h"

// Copied into a page: position-independent, and each at an entry point.
extern const char code_begin[], code_end[];
__asm__(".pushsection .text\n"
        ".balign 64\n"
        "code_begin:\n"
        "    lea (%rdi, %rsi), %rax\n    ret\n"
        ".balign 64\n"
        "    mov %rdi, %rax\n    rol $13, %rax\n    xor %rsi, %rax\n    ret\n"
        ".balign 64\n"
        "    mov %rdi, %rax\n    sub %rsi, %rax\n    imul $77, %rax, %rax\n    inc %rax\n    ret\n"
        ".balign 64\n"
        "    mov %rsi, %rax\n    test $1, %dil\n    jne 1f\n    xor %rdi, %rax\n1:  ret\n"
        "code_end:\n"
        ".popsection\n");

typedef uint64_t (*function)(uint64_t, uint64_t);

// The page gets a domain of its own; without domains it stays what it is.
static void give_away(char* page) {
    const long own = dipc_dom_default();
    if (own < 0) return;
    const long domain = dipc_dom_create("callee"), callable = dipc_dom_copy(domain, STILE_RIGHT_CALL);
    if (dipc_grant_create(own, callable) < 0 || dipc_dom_remap(domain, own, page, 4096) != 0) abort();
}

int main(int argc, char** argv) {
    const long n = rounds(argc, argv, 20);
    char* page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED) return 1;
    memcpy(page, code_begin, (size_t)(code_end - code_begin));
    if (mprotect(page, 4096, PROT_READ | PROT_EXEC) != 0) return 1;
    give_away(page);
    uint64_t sum = 1;
    for (long i = 0; i < n; ++i)
        for (unsigned k = 0; k < 200000; ++k) sum = ((function)(page + (k & 3) * STILE_ENTRY_ALIGN))(sum, k);
    return report("crossings", sum);
}
