/* SPDX-License-Identifier: Apache-2.0
 *
 * program ATTACK: two threads of a caller, on two cores, against a gate of policy `high` (os/lib/domain/).
 * Exit status 0: it held; 77: broken in; 3: nothing was tried. What was counted is printed.
 */
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include "os/lib/codoms.h"
#include "os/lib/domain.h"
#include "tests/kernel/gates/meeting.h"
#include "tests/kernel/gates/server.h"

enum { TRIES = 400 };
STILE_DOMAIN_BOUNDS();

static uint64_t entry;
static sigjmp_buf again;

/* A stack of ours, lent to the gate as the one that it is called on always is. */
static char fake[8192] __attribute__((aligned(4096)));
#define FAKE_TOP (fake + 4096)
#define SLOT ((volatile uint64_t*)FAKE_TOP - 1)
static volatile uint64_t back; /* what the call leaves in the slot */

static long call_on_fake(long code) {
    long r;
    uint64_t at = entry, zero = 0;
    char* top = FAKE_TOP;
    stile_cap_make(6, fake, sizeof fake, STILE_RIGHT_WRITE);
    __asm__ volatile(
        "push %%rbp\n push %%rbx\n mov %%rsp, %%rbx\n lea 1f(%%rip), %%rax\n mov %%rax, %[back]\n"
        " mov %%rdx, %%rsp\n call *%%rcx\n 1: mov %%rbx, %%rsp\n pop %%rbx\n pop %%rbp"
        : "=&a"(r), [back] "=m"(back), "+D"(code), "+d"(top), "+c"(at), "+S"(zero)
        :
        : "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "memory", "cc");
    return r;
}

/* Where the gate would take RSP for the end of the stack that is free. */
static uint64_t middle_of_gate(void) {
    /* mov %rsp, %rcx, which is stored next; or mov %rsp, there at once. */
    static const unsigned char taken[][3] = {{0x48, 0x89, 0xe1}, {0x48, 0x89, 0x25}};
    const uint64_t end = (uint64_t)stile_domain_gate_end - sizeof *taken;
    for (uint64_t p = (uint64_t)stile_domain_gate; p < end; ++p)
        for (int i = 0; i < 2; ++i)
            if (memcmp((const void*)p, taken[i], sizeof *taken) == 0) return p;
    return 0;
}

static volatile uint64_t middle;
static volatile int changing, over;
static void* change_slot(void* unused) {
    if (stile_run_on(1) < 0) _exit(INCONCLUSIVE);
    changing = 1;
    for (unsigned pause = 0; !over; pause = (pause + 7) % 64) {
        *SLOT = middle;
        for (volatile unsigned i = 0; i < pause; ++i) continue;
        *SLOT = back;
        for (volatile unsigned i = 0; i < 64 - pause; ++i) continue;
    }
    return 0;
}
static void try_again(int sig) { siglongjmp(again, sig); }

/* The address that the gate returns to lies in memory of ours. */
static int return_address(void) {
    pthread_t t;
    volatile int refused = 0, returned = 0, invalid = 0;
    handle_faults(try_again, 0);
    if (stile_run_on(0) < 0 || !middle || pthread_create(&t, 0, change_slot, 0) != 0) return INCONCLUSIVE;
    while (!changing) continue;
    for (volatile int i = 0; i < TRIES; ++i) {
        const int sig = sigsetjmp(again, 0);
        if (sig == 0) {
            const uint64_t frame = (uint64_t)call_on_fake(WHERE);
            if (frame - (uint64_t)fake < sizeof fake) {
                printf("the server runs on our memory, after %d calls\n", i);
                return BROKEN_IN;
            }
            ++returned;
        } else if (sig == SIGILL) {
            ++invalid;
        } else {
            ++refused;
        }
    }
    over = 1;
    pthread_join(t, 0);
    printf("calls %d: returned %d, refused %d, given up %d\n", TRIES, returned, refused, invalid);
    return returned && refused + invalid ? 0 : INCONCLUSIVE;
}

/* The server has one stack. */
static long call_meeting(void) { return codoms_isolated_call2(entry, MEET, 0); }
static int stack(void) {
    const int r = let_them_meet(call_meeting);
    return r == 0 && codoms_isolated_call2(entry, MET, 0) != 0 ? INCONCLUSIVE : r;
}

int main(int argc, char** argv) {
    entry = (uint64_t)stile_domain_server.isolated;
    middle = middle_of_gate();
    if (argc < 2 || stile_domain_split("server", 1) < 0) return INCONCLUSIVE;
    const int r = strcmp(argv[1], "return_address") == 0 ? return_address() : stack();
    fflush(stdout);
    _exit(r);
}
