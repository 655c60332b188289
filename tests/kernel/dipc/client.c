/* SPDX-License-Identifier: Apache-2.0
 *
 * client SCENARIO low|high|POLICY-BITS [SEED]. Exit status 0: as it should be; 1..99: the scenario's own; 100
 * and more: set-up failed.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "os/lib/channel.h"
#include "os/lib/codoms.h"
#include "tests/kernel/dipc/entries.h"

static struct stile_entry e[ENTRIES];
static unsigned policy;
static long own, proxies;

#define P0(i) ((long (*)(void))e[i].proxy)
#define P1(i) ((long (*)(long))e[i].proxy)
#define P2(i) ((long (*)(long, long))e[i].proxy)

static int connect_to_server(int grant) {
    own = dipc_dom_default();
    const long exported = wait_for_name("test.entries");
    describe(e, policy);
    if (own < 0 || exported < 0) return 100;
    if ((proxies = dipc_entry_request(exported, e, ENTRIES)) < 0) return 101;
    if (grant && dipc_grant_create(own, proxies) < 0) return 102;
    return 0;
}

static int call(void) {
    for (long i = 0; i < 10; ++i)
        if (P2(ADD)(i, 1000) != i + 1000) return 1;
    const long me = stile_syscall3(SYS_getpid, 0, 0, 0), other = P0(WHO)();
    if (other <= 0 || other == me) return 2;
    if (stile_syscall3(SYS_getpid, 0, 0, 0) != me) return 3;
    return 0;
}

static int warm(void) {
    for (long i = 0; i < 20; ++i) P2(ADD)(i, 1);
    for (long i = 0; i < 100; ++i) {
        STILE_MARK(STILE_MARK_CALL_BEGIN, i, 0, 0);
        const long r = P2(ADD)(i, 1);
        STILE_MARK(STILE_MARK_CALL_END, i, 0, 0);
        if (r != i + 1) return 1;
    }
    return 0;
}

/* The status is the secret if it can be read. */
static int secret(void) { return (int)*(volatile long*)P0(SECRET)(); }

/* The kernel must not read it for us either. */
static int kernel_deputy(void) {
    int pipe_fds[2];
    const long at = P0(SECRET)();
    if (pipe(pipe_fds) != 0) return 100;
    const long r = stile_syscall3(SYS_write, pipe_fds[1], at, 8);
    return r == -EFAULT ? 0 : 1;
}

/* Nor write it: a new thread's number at an address of the server's. */
static int thread_deputy(void) {
    static char room[4096] __attribute__((aligned(16)));
    const long at = P0(SECRET)();
    /* CLONE_VM | FS | FILES | SIGHAND | THREAD | SYSVSEM | CHILD_SETTID; the thread ends at once. */
    long r;
    register long r10 __asm__("r10") = at;
    register long r8 __asm__("r8") = 0;
    __asm__ volatile("syscall\n test %%rax, %%rax\n jnz 1f\n mov $60, %%eax\n xor %%edi, %%edi\n syscall\n 1:"
                     : "=a"(r)
                     : "a"(SYS_clone), "D"(0x1050f00), "S"(room + sizeof room), "d"(0), "r"(r10), "r"(r8)
                     : "rcx", "r11", "memory");
    if (r <= 0) return 1;
    for (int i = 0; i < 10; ++i) stile_syscall3(SYS_sched_yield, 0, 0, 0);
    return P0(UNTOUCHED)() ? 0 : 2;
}

static int crash(void) {
    for (int i = 0; i < 3; ++i) {
        long r;
        /* Under `low` nobody keeps the callee-saved registers for us. */
        __asm__ volatile("call *%1"
                         : "=a"(r)
                         : "r"(e[CRASH].proxy)
                         : "rbx", "r12", "r13", "r14", "r15", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10",
                           "r11", "memory", "cc");
        if (r != -EFAULT) return 1;
        if (P2(ADD)(3, 4) != 7) return 2;
    }
    return 0;
}

static int many(void) {
    long (*f)(long, long, long, long, long, long, long, long, long) = (void*)e[MANY].proxy;
    return f(1, 2, 3, 4, 5, 6, 7, 8, 9) == 1 + 4 + 9 + 16 + 25 + 36 + 49 + 64 + 81 ? 0 : 1;
}

DIPC_PLAIN_ENTRY static long back(long n) { return n == 0 ? 5 : P1(CALL_BACK)(n - 1) + 10; }

static int nested_with(unsigned back_policy) {
    struct stile_entry mine = {
        .address = (unsigned long)back, .int_args = 1, .results = 1, .policy = back_policy};
    const long exported = dipc_entry_register(own, &mine, 1);
    if (exported < 0 || dipc_name_publish("test.back", exported) < 0) return 103;
    /* server(3) = back(3)+1 = server(2)+10+1 ... back(0) = 5. */
    for (int i = 0; i < 3; ++i) {
        const long r = P1(CALL_BACK)(3);
        if (r != 5 + 3 * 10 + 4 * 1) return r < 0 ? (int)-r : 99;
    }
    return 0;
}
static int nested(void) { return nested_with(policy); }
/* Every other call has the properties that the one before lacks. */
static int nested_mixed(void) { return nested_with(~policy & STILE_POLICY_HIGH); }

static int no_grant(void) { return (int)P2(ADD)(1, 2); }

static int beside_entry(void) { return (int)((long (*)(void))(e[ADD].proxy + 16))(); }
static int next_entry(void) { return (int)((long (*)(void))(e[ADD].proxy + 64))(); }
/* Without a right over the server's domain its entry point is out of reach: only the proxy leads there. */
static int straight_to_callee(void) { return (int)((long (*)(long, long))P0(CODE)())(1, 2); }

static int wild_stack(void) {
    char* elsewhere = stile_channel_memory(8192);
    long r;
    __asm__ volatile("mov %%rsp, %%rbx\n mov %2, %%rsp\n call *%1\n mov %%rbx, %%rsp"
                     : "=a"(r)
                     : "r"(e[ADD].proxy), "r"(elsewhere + 4096)
                     : "rbx", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "memory", "cc");
    return (int)r;
}

/* 0: the callee could not touch our frame; 7: it could. */
static int shared_stack(void) {
    volatile long mine = 0;
    const long theirs = P1(STACK)(0);
    const long distance = theirs - (long)&mine;
    const int same = distance > -65536 && distance < 65536;
    if (same != (policy == STILE_POLICY_LOW)) return 1;
    const long r = dipc_isolated_call2(e[STACK].proxy, (long)&mine, 0);
    if (policy == STILE_POLICY_LOW) return r == 0 && mine == 7 ? 0 : 2;
    return r == -EFAULT && mine == 0 ? 0 : 3;
}

static int dead(void) {
    if (P2(ADD)(1, 2) != 3) return 1;
    if (P0(LEAVE)() < 0) return 2;
    for (int i = 0; i < 1000; ++i) {
        const long r = dipc_isolated_call2(e[ADD].proxy, 1, 2);
        if (r == -EOWNERDEAD) return 0;
        if (r != 3) return 3;
        stile_syscall3(SYS_sched_yield, 0, 0, 0);
    }
    return 4;
}

static int exit_in_visit(void) {
    if (dipc_isolated_call2(e[EXIT].proxy, 0, 0) != -EFAULT) return 1;
    if (P2(ADD)(1, 2) != 3) return 2;
    if (dipc_isolated_call2(e[EXIT].proxy, 1, 0) != -EOWNERDEAD) return 3;
    for (int i = 0; i < 100; ++i) stile_syscall3(SYS_sched_yield, 0, 0, 0);
    return dipc_isolated_call2(e[ADD].proxy, 1, 2) == -EOWNERDEAD ? 0 : 4;
}

/* The server is killed while we sleep in a system call on its behalf. */
static int killed_asleep(void) {
    const long server = P0(WHO)();
    const long child = stile_syscall3(SYS_fork, 0, 0, 0);
    if (child == 0) {
        for (int i = 0; i < 50; ++i) stile_syscall3(SYS_sched_yield, 0, 0, 0);
        stile_syscall3(SYS_kill, server, SIGKILL, 0);
        stile_syscall3(SYS_exit_group, 0, 0, 0);
    }
    if (dipc_isolated_call2(e[BLOCK].proxy, 0, 0) != -EOWNERDEAD) return 1;
    if (dipc_isolated_call2(e[ADD].proxy, 1, 2) != -EOWNERDEAD) return 2;
    int status;
    return stile_syscall6(SYS_wait4, child, (long)&status, 0, 0, 0, 0) == child ? 0 : 3;
}

static volatile int alarms;
static void on_alarm(int sig) { alarms += sig == SIGALRM; }

/* The handler is ours: it runs when we are back. */
static int signal_on_visit(void) {
    signal(SIGALRM, on_alarm);
    const struct itimerval soon = {.it_value = {0, 1000}};
    for (int i = 0; i < 3; ++i) {
        alarms = 0;
        if (setitimer(ITIMER_REAL, &soon, 0) != 0) return 1;
        if (P1(SPIN)(4000000) != 4000000) return 2;
        for (volatile long k = 0; k < 8000000 && !alarms; ++k) continue;
        if (alarms != 1) return 3;
    }
    return 0;
}

/* 400 KiB of a callee's frames: under `low` on our stack, which grows. */
static int deep(void) {
    if (policy != STILE_POLICY_LOW) return P1(DEEP)(10) == 10 ? 0 : 1;
    return P1(DEEP)(100) == 100 ? 0 : 2;
}

/* One call too many fails; those before it do not. */
static int too_deep(void) {
    struct stile_entry mine = {.address = (unsigned long)back, .int_args = 1, .results = 1, .policy = policy};
    const long exported = dipc_entry_register(own, &mine, 1);
    if (exported < 0 || dipc_name_publish("test.back", exported) < 0) return 103;
    /* Calls alternate: server(n) makes 2n + 2 of them, and 32 may be under way. */
    if (P1(CALL_BACK)(15) != 5 + 15 * 10 + 16) return 1;
    if (P1(CALL_BACK)(16) != -EAGAIN + 16 * 10 + 16) return 2;
    return P1(CALL_BACK)(15) == 5 + 15 * 10 + 16 ? 0 : 3;
}

static void* visit(void* at) {
    long* r = at;
    r[0] = P2(ADD)(1, 2);
    if (r[0] == 3) r[1] = P0(TLS)();
    return at;
}

/* Each visiting thread has a thread structure of the server's to itself, or is turned away. */
static int threads(void) {
    pthread_t thread[3];
    long r[3][2] = {{0}};
    const long mine = P0(TLS)();
    if (pthread_create(&thread[0], 0, visit, r[0]) != 0 || pthread_join(thread[0], 0) != 0) return 1;
    if (r[0][0] != -EAGAIN) return 2;
    if (P1(HOSTS)(2) != 0) return 3;
    for (int i = 0; i < 10; ++i) stile_syscall3(SYS_sched_yield, 0, 0, 0);
    for (int round = 0; round < 3; ++round) {
        for (int i = 0; i < 2; ++i)
            if (pthread_create(&thread[i], 0, visit, r[i]) != 0) return 4;
        for (int i = 0; i < 2; ++i) {
            if (pthread_join(thread[i], 0) != 0) return 5;
            if (r[i][0] != 3 || r[i][1] == mine) return 6;
        }
    }
    return P0(TLS)() == mine ? 0 : 7;
}

/* Revocation reaches the next call. */
static int revoked(void) {
    const long grant = dipc_grant_create(own, proxies);
    if (grant < 0 || P2(ADD)(1, 2) != 3) return 1;
    if (dipc_grant_revoke(grant) != 0) return 2;
    return (int)P2(ADD)(1, 2);
}

/* A thread goes on on another CPU while it visits, and at home; its visit is the same. */
static int moves(void) {
    const long mine = P0(TLS)();
    for (long i = 0; i < 40; ++i) {
        const long there = i % 2, back = (i / 2) % 2;
        if (P1(MOVE)(there) != there) return 1;
        if (run_on(back) != back) return 2;
        if (P2(ADD)(i, 5) != i + 5 || P0(TLS)() != mine) return 3;
    }
    return 0;
}

static void* call_often(void* cpu) {
    if (run_on((long)cpu) != (long)cpu) return (void*)1;
    const long tls = P0(TLS)();
    for (long i = 0; i < 3000; ++i)
        if (P2(ADD)(i, (long)cpu) != i + (long)cpu || (i % 100 == 0 && P0(TLS)() != tls)) return (void*)2;
    return 0;
}
/* Both CPUs call at the same time. */
static int at_once(void) {
    pthread_t thread;
    if (P1(HOSTS)(2) != 0) return 1;
    for (int round = 0; round < 3; ++round) {
        void* r = (void*)9;
        if (pthread_create(&thread, 0, call_often, (void*)1) != 0) return 3;
        if (call_often((void*)0)) return 4;
        if (pthread_join(thread, &r) != 0 || r) return 5;
    }
    return 0;
}

static volatile int ready, gone;
static volatile long* guarded;
static __attribute__((noreturn)) void* keep_reading(void* unused) {
    run_on(1);
    for (;;) {
        const int was_gone = gone;
        (void)*guarded;
        ready = 1;
        if (was_gone) stile_syscall3(SYS_exit_group, 9, 0, 0); /* must not come here */
    }
}
/* What is revoked on one CPU cannot be used on another. */
static int revoked_elsewhere(void) {
    pthread_t thread;
    const long d = dipc_dom_create("private");
    guarded = (void*)dipc_dom_mmap(d, 0, 4096, 3);
    const long grant = dipc_grant_create(own, d);
    if (grant < 0 || run_on(0) != 0) return 1;
    if (pthread_create(&thread, 0, keep_reading, 0) != 0) return 2;
    while (!ready) continue;
    if (dipc_grant_revoke(grant) != 0) return 3;
    gone = 1;
    for (;;) continue;
}

static void* stay_there(void* r) {
    run_on(1);
    ready = 1;
    *(long*)r = dipc_isolated_call2(e[SPIN].proxy, 2000000000, 0);
    return 0;
}
/* The server ends while another CPU executes its code. */
static int dead_elsewhere(void) {
    pthread_t thread;
    long r = 0;
    if (run_on(0) != 0 || P1(HOSTS)(2) != 0) return 1;
    for (int i = 0; i < 100; ++i) stile_syscall3(SYS_sched_yield, 0, 0, 0);
    if (pthread_create(&thread, 0, stay_there, &r) != 0) return 2;
    while (!ready) continue;
    for (volatile int i = 0; i < 100000; ++i) continue;
    if (dipc_isolated_call2(e[EXIT].proxy, 1, 0) != -EOWNERDEAD) return 3;
    if (pthread_join(thread, 0) != 0) return 4;
    return r == -EOWNERDEAD ? 0 : 5;
}

static int forked(void) {
    const long child = stile_syscall3(SYS_fork, 0, 0, 0);
    if (child == 0) stile_syscall3(SYS_exit_group, dipc_dom_default() == -ENOSYS ? 9 : 1, 0, 0);
    int status = 0;
    if (stile_syscall6(SYS_wait4, child, (long)&status, 0, 0, 0, 0) != child) return 1;
    if (status != 9 << 8) return 2;
    return P2(ADD)(1, 2) == 3 ? 0 : 3;
}

static int handles(void) {
    const long weak = dipc_dom_copy(own, STILE_RIGHT_READ);
    if (weak < 0) return 1;
    if (dipc_dom_copy(weak, STILE_RIGHT_WRITE) != -EPERM) return 2;
    if (dipc_grant_create(weak, own) != -EPERM) return 3;
    if (dipc_grant_create(own, 77) != -EBADF) return 4;
    if (dipc_dom_mmap(weak, 0, 4096, 3) != -EPERM) return 5;
    if (dipc_entry_register(own, e, 0) != -EINVAL) return 6;
    struct stile_entry bad = {.address = (unsigned long)back + 1};
    if (dipc_entry_register(own, &bad, 1) != -EINVAL) return 7;
    bad.address = (unsigned long)e & ~63ul;
    if (dipc_entry_register(own, &bad, 1) != -EFAULT) return 8;
    const long exported = dipc_name_lookup("test.entries");
    struct stile_entry wrong[ENTRIES];
    describe(wrong, policy);
    wrong[ADD].int_args = 3;
    if (dipc_entry_request(exported, wrong, ENTRIES) != -EINVAL) return 9;
    if (dipc_entry_request(exported, wrong, 1) != -EINVAL) return 10;
    if (dipc_name_lookup("test.nobody") != -ENOENT) return 11;
    if (dipc_name_publish("test.entries", exported) != -EEXIST) return 12;
    if (stile_syscall3(STILE_SYS_visit_prepare, 0, 0, 0) != -EPERM) return 13;
    return 0;
}

/* A caller says how long its request is; the server's handler must not believe what is longer than there is
 * room for. */
static int too_long(void) {
    struct stile_channel ch;
    void* in;
    if (stile_channel_open(&ch, "dipc", CHANNEL_BYTES) != 0) return 1;
    if (ch.mechanism->connect(&ch) != 0) return 2;
    if (stile_channel_call(&ch, 0, CHANNEL_BYTES, &in) != CHANNEL_BYTES) return 3;
    if (stile_channel_call(&ch, 0, CHANNEL_BYTES + 1, &in) != -EINVAL) return 4;
    return stile_channel_call(&ch, 0, (size_t)-CHANNEL_BYTES, &in) == -EINVAL ? 0 : 5;
}

/* Pages of a domain of our own: out of reach until granted, and again after. */
static int own_domain(void) {
    const long d = dipc_dom_create("private");
    const long at = dipc_dom_mmap(d, 0, 8192, 3);
    if (d < 0 || at < 0) return 1;
    const long grant = dipc_grant_create(own, d);
    if (grant < 0) return 2;
    *(volatile long*)at = 5;
    if (dipc_grant_revoke(grant) != 0) return 3;
    if (stile_syscall6(STILE_SYS_dom_remap, own, d, at, 4096, 0, 0) != 0) return 4;
    if (*(volatile long*)at != 5) return 5;
    return (int)*(volatile long*)(at + 4096) + 6; /* must not come here */
}

/* One access to two foreign domains. */
static int two_domains(void) {
    const long a = dipc_dom_create("a"), b = dipc_dom_create("b");
    const long at = dipc_dom_mmap(a, 0, 8192, 3);
    if (stile_syscall6(STILE_SYS_dom_remap, b, a, at + 4096, 4096, 0, 0) != 0) return 1;
    if (dipc_grant_create(own, a) < 0 || dipc_grant_create(own, b) < 0) return 2;
    *(volatile long*)(at + 4092) = 0x1122334455667788;
    return *(volatile long*)(at + 4092) == 0x1122334455667788 ? 0 : 3;
}

/* Anything may be asked of the kernel, in any order; it must not fall over, and the server must not notice.
 */
static uint64_t random_state = 88172645463325252ull;
static uint64_t below(uint64_t n) {
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state % n;
}

static int any_request(void) {
    static struct stile_entry scratch[ENTRIES];
    static char names[4][8] = {"a", "b", "c", ""};
    const long secret_at = P0(SECRET)(), code_at = P0(CODE)();
    long mine[8] = {0};
    for (int i = 0; i < 8; ++i) mine[i] = (long)stile_channel_memory(12 * 4096) + 4096;
    long checked = 0;
    for (int i = 0; i < 20000; ++i) {
        const long foreign[] = {secret_at & ~4095l,
                                code_at & ~4095l,
                                (long)e[ADD].proxy & ~4095l,
                                0x7e0040000000,
                                0x7e0040002000,
                                0x7e0040004000,
                                0,
                                (long)0xffff800000000000,
                                (long)0xffffffff80200000,
                                0x7ffffffff000,
                                -4096};
        const long page = below(2) ? mine[below(8)] + (long)below(4) * 4096
                                   : foreign[below(sizeof foreign / sizeof *foreign)];
        const long length = (long)below(6) * 4096 - 4096 * (below(20) == 0);
        /* The grant that we call through, made last by connect_to_server(), is left alone. */
        long fd = (long)below(60);
        const long other = (long)below(60);
        if (fd == own + 3) ++fd;
        describe(scratch, (unsigned)below(1u << 12));
        scratch[0].address = (uint64_t)(below(2) ? (long)back : page);
        scratch[below(ENTRIES)].stack_args = (uint32_t)below(20);
        long r = 0;
        switch (below(20)) {
            case 0:
                r = dipc_dom_default();
                break;
            case 1:
                r = dipc_dom_create(below(8) ? names[below(4)] : (const char*)page);
                break;
            case 2:
                r = dipc_dom_copy(fd, (enum stile_right)below(6));
                break;
            case 3:
                r = dipc_dom_mmap(fd, (void*)(below(2) ? 0 : page), (size_t)length, (int)below(9));
                break;
            case 4:
                r = stile_syscall6(STILE_SYS_dom_remap, fd, other, page, length, 0, 0);
                break;
            case 5:
                r = dipc_grant_create(fd, other);
                break;
            case 6:
                r = dipc_grant_revoke(fd);
                break;
            case 7:
                r = dipc_entry_register(fd, below(4) ? scratch : (void*)page, below(20));
                break;
            case 8:
                r = below(50) ? 0 : dipc_entry_request(fd, below(4) ? scratch : (void*)page, below(20));
                break;
            case 9:
                r = dipc_name_publish(below(8) ? names[below(4)] : (const char*)page, fd);
                break;
            case 10:
                r = dipc_name_lookup(names[below(4)]);
                break;
            case 11:
                r = stile_syscall3(STILE_SYS_visit_prepare, fd, other, page);
                break;
            case 12:
                r = dipc_close(3 + (long)below(57));
                break;
            case 13:
                r = stile_syscall6(SYS_mprotect, page, length, (long)below(8), 0, 0, 0);
                break;
            case 14:
                r = stile_syscall6(SYS_madvise, page, length, 4, 0, 0, 0);
                break;
            case 15:
                r = stile_syscall6(SYS_mremap, page, 4096, length, (long)below(2), 0, 0);
                break;
            case 16:
                r = stile_syscall6(SYS_mmap, page, length, 3,
                                   0x22 | (long)below(2) * 0x10 * (page >= mine[0]), -1, 0);
                break;
            case 17:
                r = stile_syscall6(SYS_munmap, page, length, 0, 0, 0, 0);
                break;
            case 18:
                r = stile_syscall6(SYS_write, fd < 3 ? 3 : fd, page, length, 0, 0, 0);
                break;
            default:
                r = stile_syscall6(SYS_futex, page, 129, 1, 0, 0, 0);
                break;
        }
        checked += r >= 0;
        if (i % 1000 == 0 && (P2(ADD)(i, 1) != i + 1 || !P0(UNTOUCHED)())) return 1;
    }
    return checked > 1000 ? 0 : 2;
}

/* A second request that needs more of the same visit than the first. */
static int upgraded(void) {
    if (P2(ADD)(1, 2) != 3) return 1;
    policy = STILE_POLICY_HIGH;
    struct stile_entry low[ENTRIES];
    memcpy(low, e, sizeof e);
    const int r = connect_to_server(1);
    if (r) return r;
    for (int i = 0; i < 3; ++i) {
        if (P2(ADD)(1, 2) != 3) return 2;
        if (((long (*)(long, long))low[ADD].proxy)(3, 4) != 7) return 3;
    }
    return 0;
}

/* 9: the callee saw what we held; 8: it took our stack's capability away. */
static int capabilities(void) {
    for (int i = 0; i < 3; ++i) {
        const uint64_t base = stile_cap_base(7), length = stile_cap_length(7);
        stile_cap_make(0, &own, 8, STILE_RIGHT_WRITE);
        stile_cap_make(3, &own, 8, STILE_RIGHT_WRITE);
        stile_cap_push(0);
        const long seen = policy ? dipc_isolated_call2(e[CAPS].proxy, 0, 0) : P0(CAPS)();
        if (stile_cap_base(7) != base || stile_cap_length(7) != length) return 8;
        stile_cap_pop(0);
        if (stile_cap_base(0) != (uint64_t)&own || stile_cap_word(1)) return 7;
        if (seen) return 9;
    }
    return 0;
}

static const struct scenario {
    const char* name;
    int (*run)(void);
    int grant;
} scenarios[] = {{"call", call, 1},
                 {"warm", warm, 1},
                 {"secret", secret, 1},
                 {"kernel_deputy", kernel_deputy, 1},
                 {"thread_deputy", thread_deputy, 1},
                 {"crash", crash, 1},
                 {"many", many, 1},
                 {"nested", nested, 1},
                 {"nested_mixed", nested_mixed, 1},
                 {"no_grant", no_grant, 0},
                 {"beside_entry", beside_entry, 1},
                 {"next_entry", next_entry, 1},
                 {"straight_to_callee", straight_to_callee, 1},
                 {"wild_stack", wild_stack, 1},
                 {"shared_stack", shared_stack, 1},
                 {"dead", dead, 1},
                 {"revoked", revoked, 0},
                 {"forked", forked, 1},
                 {"handles", handles, 1},
                 {"exit_in_visit", exit_in_visit, 1},
                 {"killed_asleep", killed_asleep, 1},
                 {"signal_on_visit", signal_on_visit, 1},
                 {"deep", deep, 1},
                 {"too_deep", too_deep, 1},
                 {"any_request", any_request, 1},
                 {"threads", threads, 1},
                 {"moves", moves, 1},
                 {"at_once", at_once, 1},
                 {"revoked_elsewhere", revoked_elsewhere, 1},
                 {"dead_elsewhere", dead_elsewhere, 1},
                 {"two_domains", two_domains, 1},
                 {"upgraded", upgraded, 1},
                 {"capabilities", capabilities, 1},
                 {"own_domain", own_domain, 1},
                 {"too_long", too_long, 1}};

int main(int argc, char** argv) {
    if (argc < 3) return 110;
    if (argc > 3) random_state ^= (uint64_t)atol(argv[3]) << 20;
    policy = strcmp(argv[2], "high") == 0 ? (unsigned)STILE_POLICY_HIGH : (unsigned)atol(argv[2]);
    for (unsigned i = 0; i < sizeof scenarios / sizeof *scenarios; ++i) {
        if (strcmp(argv[1], scenarios[i].name) != 0) continue;
        const int r = connect_to_server(scenarios[i].grant);
        return r ? r : scenarios[i].run();
    }
    return 111;
}
