/* SPDX-License-Identifier: Apache-2.0
 *
 * Into another domain's code: by every instruction that moves RIP, and beside the doors that there are.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>

#include "tests/security/attacks/attacker.h"

typedef uint64_t (*Function)(void);

int attack_call(void) { return have_secret(((Function)address_of(AT_PRIVATE))()); }

int attack_jump(void) {
    __asm__ volatile("jmp *%0" : : "r"(address_of(AT_GADGET)));
    __builtin_unreachable();
}

int attack_jump_through_memory(void) {
    const uint64_t at = address_of(AT_GADGET);
    __asm__ volatile("jmp *%0" : : "m"(at));
    __builtin_unreachable();
}

/* Code of our own making: the branch is taken. */
int attack_conditional_jump(void) {
    unsigned char* code = page(PROT_READ | PROT_WRITE | PROT_EXEC);
    const int64_t distance = (int64_t)address_of(AT_GADGET) - (int64_t)(code + 8);
    const int32_t offset = (int32_t)distance;
    if (offset != distance) return inconclusive("out of reach of a branch");
    code[0] = 0x31, code[1] = 0xc0; /* xor eax, eax */
    code[2] = 0x0f, code[3] = 0x84; /* je */
    memcpy(code + 4, &offset, 4);
    ((Function)code)();
    return inconclusive("it came back");
}

/* A far return is a jump: it takes no return capability, and needs a right. */
int attack_far_return(void) {
    __asm__ volatile("mov %%cs, %%eax\n push %%rax\n push %0\n lretq" : : "r"(address_of(AT_GADGET)) : "rax");
    __builtin_unreachable();
}

/* An iretq of a program's own: to ring 3, the same selectors. */
int attack_iretq(void) {
    __asm__ volatile(
        "mov %%rsp, %%rcx\n mov %%ss, %%eax\n push %%rax\n push %%rcx\n pushfq\n mov %%cs, %%eax\n"
        "push %%rax\n push %0\n iretq"
        :
        : "r"(address_of(AT_GADGET))
        : "rax", "rcx");
    __builtin_unreachable();
}

/* The function is exported, but through its proxy: without a right over the victim its address is no use. */
int attack_past_the_proxy(void) {
    const long sum = ((long (*)(long, long))address_of(AT_WORK))(20, 22);
    return sum == 42 ? got_in("called the exported function without its proxy") : inconclusive("%ld", sum);
}

/* Behind the proxy's look at RSP: what follows stores at R10 with the proxy's right over the victim. The
 * place is known from os/kernel/dipc/proxy.cpp: nothing in it is secret. */
enum { BEHIND_THE_CHECKS = 35 };
/* Its book-keeping is given the victim's memory instead of the kernel control stack's, and goes through with
 * it. */
static __attribute__((noinline)) long into_the_proxy(uint64_t entry, uint64_t r10, uint64_t rax) {
    __asm__ volatile("mov %2, %%r10\n mov %3, %%r11\n call *%1"
                     : "+a"(rax)
                     : "r"(entry), "r"(r10), "r"(own_kcs()), "D"(20), "S"(22)
                     : "r10", "r11", "rcx", "rdx", "r8", "r9", "memory", "cc");
    return (long)rax;
}
int attack_beside_the_entry(void) {
    const long r = into_the_proxy(proxies[WORK].proxy + BEHIND_THE_CHECKS, address_of(AT_RESULTS), 0);
    return r == 42 ? got_in("a call began behind the proxy's checks") : inconclusive("it gave %ld", r);
}

/* Every multiple of 64 is an entry point to the hardware, and the proxy's other ones hold `ud2`. Without it
 * there would be `mov [rax + 24], rsp`, with the proxy's rights. The rest of the book-keeping is left over
 * from a call that was made in order, from the same place. */
int attack_next_entry(void) {
    const uint64_t results = address_of(AT_RESULTS), record = own_kcs() + 0x1000;
    long r = 0;
    for (uint64_t at = 0; at <= 64; at += 64) r = into_the_proxy(proxies[WORK].proxy + at, record, results);
    return r == 42 ? got_in("the proxy could be entered in its middle") : inconclusive("it gave %ld", r);
}

/* The proxy calls on the stack that RSP points to, and whom it calls has rights over the victim. */
static sigjmp_buf home;
static void come_home(int sig) { siglongjmp(home, 1); }
int attack_proxy_on_victims_stack(void) {
    static char stack[16384] __attribute__((aligned(16)));
    const stack_t alternate = {.ss_sp = stack, .ss_size = sizeof stack};
    struct sigaction a = {.sa_handler = come_home, .sa_flags = SA_ONSTACK | SA_NODEFER};
    const uint64_t at = address_of(AT_RESULTS) + 264;
    sigaltstack(&alternate, 0);
    sigaction(SIGSEGV, &a, 0);
    if (sigsetjmp(home, 1)) return got_in("the proxy took the victim's results for a stack");
    __asm__ volatile("mov %0, %%rsp\n jmp *%1" : : "r"(at), "r"(proxies[LEND].proxy) : "memory");
    __builtin_unreachable();
}

/* No call, no return capability: where the proxy's own `ret` goes is on the stack. It is sent behind the
 * checks. */
int attack_jump_to_the_proxy(void) {
    const uint64_t before = address_of(AT_CALLS);
    __asm__ volatile("lea 1f(%%rip), %%rax\n push %%rax\n push %1\n jmp *%0\n 1:"
                     :
                     : "r"(proxies[WORK].proxy), "r"(proxies[WORK].proxy + BEHIND_THE_CHECKS), "D"(20),
                       "S"(22)
                     : "rax", "r10", "r11", "rcx", "rdx", "r8", "r9", "memory", "cc");
    const uint64_t calls = address_of(AT_CALLS) - before;
    return calls == 2 ? got_in("the proxy returned into its own middle and called once more")
                      : inconclusive("%lu calls", (unsigned long)calls);
}

/* The same, with a call under way: another thread changes the return address, which lies on memory of ours.
 * The callee has a stack of its own, so that nobody but the proxy uses that address. */
static struct stile_entry apart[ENTRIES];
static volatile uint64_t* volatile slot;
static volatile int changed_enough, changing;
static void* change_slot(void* unused) {
    if (stile_run_on(1) < 0) return 0;
    while (!slot) continue;
    for (changing = 1; !changed_enough;) *slot = apart[WORK].proxy + BEHIND_THE_CHECKS;
    changing = 0;
    return 0;
}
static void* call_proxy(void* calls) {
    static uint64_t place[2];
    if (stile_run_on(0) < 0) return 0;
    for (volatile int i = 0; i < 3000; ++i) {
        long a = 20, b = 22, r;
        __asm__ volatile(
            "mov %%rsp, (%[place])\n lea 1f(%%rip), %%rax\n push %%rax\n lea -8(%%rsp), %%rax\n mov %%rax, "
            "8(%[place])\n"
            " mov %[place], %%rbx\n call *%[proxy]\n 1: mov (%%rbx), %%rsp"
            : "=&a"(r), "+D"(a), "+S"(b)
            : [place] "r"(place), [proxy] "r"(apart[WORK].proxy)
            : "rbx", "r10", "r11", "rcx", "rdx", "r8", "r9", "memory", "cc");
        if (r != 42) continue; /* the victim's host is not there yet */
        ++*(volatile uint64_t*)calls;
        slot = (uint64_t*)place[1];
        while (!changing) continue;
    }
    changed_enough = 1;
    while (changing) continue;
    return 0;
}
int attack_return_address_of_proxy(void) {
    pthread_t caller, changer;
    static uint64_t made;
    const uint64_t before = address_of(AT_CALLS);
    if (stile_run_on(1) < 0) return inconclusive("one core only");
    describe(apart, STILE_POLICY_STACK_INTEGRITY_CALLER | STILE_POLICY_STACK_INTEGRITY_CALLEE);
    const long domain = dipc_entry_request(dipc_name_lookup("victim.entries"), apart, ENTRIES);
    if (domain < 0 || dipc_grant_create(own, domain) < 0) return SET_UP_FAILED;
    if (pthread_create(&changer, 0, change_slot, 0) != 0 ||
        pthread_create(&caller, 0, call_proxy, &made) != 0)
        return SET_UP_FAILED;
    pthread_join(caller, 0);
    pthread_join(changer, 0);
    const uint64_t calls = address_of(AT_CALLS) - before;
    return calls > made ? got_in("the proxy returned into its own middle and called once more")
                        : inconclusive("%lu calls", (unsigned long)calls);
}

/* Code that no page has been put in for: the page fault comes between the jump and its check. */
int attack_page_fault_in_between(void) {
    __asm__ volatile("jmp *%0" : : "r"(address_of(AT_LAZY)));
    __builtin_unreachable();
}
