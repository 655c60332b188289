/* SPDX-License-Identifier: Apache-2.0
 *
 * program SCENARIO. Exit status 0: as it should be; 1..99: the scenario's own; 100 and more: set-up failed.
 * An attack that succeeds exits with 77.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#include "tests/kernel/codoms/neighbours.h"

enum { BROKEN_IN = 77, PAGE = 4096 };

static long own;
static struct room room;
static volatile long victim __attribute__((aligned(64))) = 5;
static char** arguments;

static int in_a_room(int (*attack)(void)) {
    const int r = room_open(&room, own);
    return r ? r : attack();
}

/* ---- capability storage ---- */

static int roundtrip(void) {
    char* page = (char*)stile_cap_pages(own, 2 * PAGE);
    if ((long)page < 0) return 101;
    uint64_t* counter = (uint64_t*)(page + PAGE);
    struct stile_cap* slot = (struct stile_cap*)page;
    static char data[64];
    stile_cap_make(2, data, sizeof data, STILE_RIGHT_READ);
    stile_cap_restrict(2, data + 8, 16, STILE_RIGHT_READ);
    stile_cap_async(2, counter);
    stile_cap_store(slot + 3, 2);
    stile_cap_clear(1 << 2);
    if (stile_cap_word(2) || stile_cap_base(2)) return 1;
    stile_cap_load(4, slot + 3);
    stile_cap_move(5, 4);
    if (stile_cap_base(5) != (uint64_t)(data + 8) || stile_cap_length(5) != 16) return 2;
    if (STILE_CAP_TYPE(stile_cap_word(5)) != STILE_CAP_ASYNC) return 3;
    stile_cap_sync(5);
    stile_cap_push(5);
    stile_cap_clear(0x7f);
    stile_cap_pop(6);
    if (STILE_CAP_TYPE(stile_cap_word(6)) != STILE_CAP_SYNC || stile_cap_length(6) != 16) return 4;
    stile_cap_revoke(counter);
    stile_cap_load(4, slot + 4);
    return stile_cap_word(4) ? 5 : 0;
}

static int plain_load(void) { return *(volatile int*)stile_cap_pages(own, PAGE); }
static int kernel_load(void) {
    int ends[2];
    if (pipe(ends) != 0) return 100;
    return stile_syscall3(SYS_write, ends[1], stile_cap_pages(own, PAGE), 8) == -EFAULT ? 0 : BROKEN_IN;
}

static int storage_calls(void) {
    char* at = (char*)stile_cap_pages(own, 4 * PAGE);
    if ((long)at < 0) return 101;
    stile_cap_make(0, at, 1, STILE_RIGHT_READ);
    stile_cap_async(0, (uint64_t*)(at + 2 * PAGE));
    stile_cap_store((struct stile_cap*)(at + 3 * PAGE), 0);
    if (mprotect(at, PAGE, PROT_READ | PROT_EXEC) == 0 || errno != EACCES) return 1;
    if (madvise(at, PAGE, MADV_DONTNEED) == 0 || errno != EINVAL) return 2;
    if (madvise(at, PAGE, MADV_DOFORK) == 0 || errno != EINVAL) return 3;
    /* Rights of the page can go and come; a moved page keeps what it holds. */
    if (mprotect(at, 4 * PAGE, PROT_NONE) != 0 || mprotect(at, 4 * PAGE, PROT_READ | PROT_WRITE) != 0)
        return 4;
    char* moved = mremap(at + 3 * PAGE, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, at + 64 * PAGE);
    if (moved != at + 64 * PAGE) {
        /* There may be something: anywhere then. */
        moved = mremap(at + 3 * PAGE, PAGE, 2 * PAGE, MREMAP_MAYMOVE);
        if (moved == MAP_FAILED) return 5;
    }
    stile_cap_load(1, (struct stile_cap*)moved);
    if (stile_cap_base(1) != (uint64_t)at) return 6;
    if (munmap(at, PAGE) != 0) return 7;
    if (dipc_dom_mmap(own, at, PAGE, PROT_READ | PROT_WRITE) == (long)at) return 8;
    if (mmap(at, PAGE, PROT_READ, MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED ||
        errno != EPERM)
        return 9;
    if (mprotect(at, PAGE, PROT_READ) == 0) return 10;
    if (munmap(at, 4 * PAGE) != 0) return 11;
    return dipc_dom_mmap(own, 0, PAGE, PROT_READ | PROT_EXEC | STILE_PROT_CAPS) == -EINVAL ? 0 : 12;
}

/* Numbers that would be a capability, in a page that is given back and comes again as capability storage. */
static int recycled_page(void) {
    struct stile_cap forged = {.base = (uint64_t)&victim,
                               .length = 8,
                               .word = STILE_CAP_WORD(1, 0, STILE_RIGHT_WRITE, STILE_CAP_ASYNC)};
    for (int i = 0; i < 8; ++i) {
        char* page = mmap(0, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        for (unsigned at = 0; at < PAGE; at += sizeof forged) memcpy(page + at, &forged, sizeof forged);
        munmap(page, PAGE);
        stile_cap_load(0, (struct stile_cap*)(stile_cap_pages(own, PAGE) + 2048));
        if (stile_cap_word(0)) return BROKEN_IN;
    }
    return 0;
}

/* The room is lent a word, the loan is revoked, and the counter's page renewed. */
static int revived(int by_discard) {
    char* counters = (char*)stile_cap_pages(own, PAGE);
    stile_cap_make(0, (void*)&victim, 8, STILE_RIGHT_READ);
    stile_cap_async(0, (uint64_t*)counters);
    if (gadget(&room, gadget_load, (long)&victim, 0, 0, 0, 0, 0) != 5) return 1;
    stile_cap_revoke((uint64_t*)counters);
    if (by_discard) {
        madvise(counters, PAGE, MADV_DONTNEED);
    } else {
        munmap(counters, PAGE);
        if (dipc_dom_mmap(own, counters, PAGE, PROT_READ | PROT_WRITE | STILE_PROT_CAPS) != (long)counters)
            return 2;
    }
    stile_cap_load(1, (struct stile_cap*)(counters + 64)); /* the page is there */
    return gadget(&room, gadget_load, (long)&victim, 0, 0, 0, 0, 0) == 5 ? BROKEN_IN : 3;
}
static int revived_by_map(void) { return revived(0); }
static int revived_by_discard(void) { return revived(1); }

static int forked(void) {
    char* at = (char*)stile_cap_pages(own, PAGE);
    stile_cap_make(0, at, 1, STILE_RIGHT_READ);
    stile_cap_async(0, (uint64_t*)(at + 64));
    stile_cap_store((struct stile_cap*)at, 0);
    const pid_t child = fork();
    if (child == 0) {
        if (stile_cap_word(0)) _exit(3);
        *(volatile char*)at;
        _exit(4);
    }
    int status = 0;
    if (waitpid(child, &status, 0) != child) return 101;
    if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGSEGV)
        return WIFEXITED(status) ? WEXITSTATUS(status) : 5;
    if (stile_cap_base(0) != (uint64_t)at) return 1;
    stile_cap_load(1, (struct stile_cap*)at);
    return stile_cap_base(1) == (uint64_t)at ? 0 : 2;
}

static int spawned(void) {
    pid_t child;
    char* const argv[] = {arguments[0], "nothing", 0};
    char* const envp[] = {0};
    stile_cap_make(0, &child, 1, STILE_RIGHT_READ);
    for (int i = 0; i < 3; ++i) {
        int status = 1;
        if (posix_spawn(&child, arguments[0], 0, 0, argv, envp) != 0) return 1;
        if (waitpid(child, &status, 0) != child || status != 0) return 2;
    }
    if (posix_spawn(&child, "/bin/none", 0, 0, argv, envp) != ENOENT) return 4;
    return stile_cap_base(0) == (uint64_t)&child ? 0 : 3;
}

/* ---- registers and the capability stack belong to the thread ---- */

static int stack_grows(void) {
    stile_cap_make(0, &victim, 8, STILE_RIGHT_READ);
    for (int i = 0; i < 4000; ++i) {
        stile_cap_restrict(0, (char*)&victim, 8, STILE_RIGHT_READ);
        stile_cap_push(0);
    }
    for (int i = 0; i < 4000; ++i) {
        stile_cap_pop(1);
        if (stile_cap_base(1) != (uint64_t)&victim) return 1;
    }
    return 0;
}
static int stack_overflows(void) {
    for (int i = 0; i < 5000; ++i) stile_cap_push(0);
    return BROKEN_IN;
}
static int stack_underflows(void) {
    stile_cap_pop(0);
    return BROKEN_IN;
}

static volatile int started, failed;
static void* keeps_its_registers(void* number) {
    char* mark = (char*)&victim + 8 * (long)number;
    stile_cap_make(3, mark, 8, STILE_RIGHT_READ);
    stile_cap_push(3);
    __atomic_fetch_add(&started, 1, __ATOMIC_SEQ_CST);
    while (started < 6) sched_yield();
    for (int i = 0; i < 300; ++i) {
        if (stile_cap_base(3) != (uint64_t)mark) failed = 1;
        stile_cap_push(3);
        if (i % 3 == 0) sched_yield();
        stile_cap_pop(3);
    }
    stile_cap_clear(1 << 3);
    stile_cap_pop(3);
    if (stile_cap_base(3) != (uint64_t)mark) failed = 2;
    return 0;
}
static int threads(void) {
    pthread_t t[6];
    for (long i = 0; i < 6; ++i)
        if (pthread_create(&t[i], 0, keeps_its_registers, (void*)i) != 0) return 101;
    for (int i = 0; i < 6; ++i) pthread_join(t[i], 0);
    return failed;
}

/* From core to core, with registers full, entries pushed, and a room to call from everywhere. */
static int migrates(void) {
    const long cores = sysconf(_SC_NPROCESSORS_ONLN);
    uint64_t* counter = (uint64_t*)stile_cap_pages(own, PAGE);
    stile_cap_make(3, &arguments, 8, STILE_RIGHT_READ);
    stile_cap_make(4, &victim, 8, STILE_RIGHT_READ);
    stile_cap_async(4, counter);
    for (long i = 0; i < 40; ++i) {
        unsigned long mask = 1ul << (i % cores);
        stile_cap_push(3);
        if (stile_syscall3(SYS_sched_setaffinity, 0, sizeof mask, (long)&mask) != 0) return 101;
        if (stile_cap_base(3) != (uint64_t)&arguments || stile_cap_base(4) != (uint64_t)&victim) return 1;
        if (gadget(&room, gadget_load, (long)&victim, 0, 0, 0, 0, 0) != 5) return 2;
        if (i % 3 == 2) {
            stile_cap_pop(5);
            if (stile_cap_base(5) != (uint64_t)&arguments) return 3;
        }
    }
    stile_cap_revoke(counter);
    return GADGET_SYSCALL(&room, SYS_time, &victim, 0, 0, 0) == -EFAULT ? 0 : BROKEN_IN;
}

static void* what_it_finds(void* result) {
    unsigned long found = 0;
    found |= stile_cap_word(0) | stile_cap_word(1) | stile_cap_word(6);
    *(unsigned long*)result = found;
    return 0;
}
static int new_thread(void) {
    unsigned long found = 0;
    pthread_t t;
    stile_cap_make(0, &victim, 8, STILE_RIGHT_WRITE);
    stile_cap_make(6, &victim, 8, STILE_RIGHT_WRITE);
    if (pthread_create(&t, 0, what_it_finds, &found) != 0) return 101;
    pthread_join(t, 0);
    return found ? BROKEN_IN : 0;
}
static int executed(void) {
    stile_cap_make(0, &victim, 8, STILE_RIGHT_WRITE);
    execl(arguments[0], arguments[0], "registers", (char*)0);
    return 101;
}
static int registers(void) {
    unsigned long found = 0;
    what_it_finds(&found);
    return found ? BROKEN_IN : 0;
}

/* ---- a room without rights, and the kernel ---- */

static int denied(long result, long error) { return result == error ? 0 : result < 0 ? 50 : BROKEN_IN; }

static int calls_of_a_room(void) {
    const long page = (long)mmap(0, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    *(volatile long*)page = 1;
    const long results[] = {
        GADGET_SYSCALL(&room, SYS_mprotect, page, PAGE, PROT_NONE, 0),
        GADGET_SYSCALL(&room, SYS_madvise, page, PAGE, MADV_DONTNEED, 0),
        GADGET_SYSCALL(&room, SYS_mremap, page, PAGE, 2 * PAGE, MREMAP_MAYMOVE),
        gadget(&room, gadget_syscall, SYS_mmap, page, PAGE, PROT_READ,
               MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS, -1),
        GADGET_SYSCALL(&room, SYS_munmap, page, PAGE, 0, 0),
    };
    for (unsigned i = 0; i < sizeof results / sizeof *results; ++i)
        if (denied(results[i], -EPERM))
            return denied(results[i], -EPERM) == BROKEN_IN ? BROKEN_IN : (int)i + 1;
    if (*(volatile long*)page != 1) return 20;
    /* Its own pages are its own. */
    return GADGET_SYSCALL(&room, SYS_mprotect, room.code, PAGE, PROT_READ | PROT_EXEC, 0) == 0 ? 0 : 21;
}

static int handles_of_a_room(void) {
    static char name[] = "x";
    const long page = (long)mmap(0, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    const long domain_calls[] = {
        GADGET_SYSCALL(&room, STILE_SYS_dom_default, 0, 0, 0, 0),
        GADGET_SYSCALL(&room, STILE_SYS_grant_create, room.domain, own, 0, 0),
        GADGET_SYSCALL(&room, STILE_SYS_dom_remap, room.domain, own, page, PAGE),
        GADGET_SYSCALL(&room, STILE_SYS_dom_create, name, 0, 0, 0),
    };
    for (unsigned i = 0; i < sizeof domain_calls / sizeof *domain_calls; ++i)
        if (domain_calls[i] != -EPERM) return domain_calls[i] >= 0 ? BROKEN_IN : (int)i + 1;
    return 0;
}

/* Every system call, with addresses of ours wherever one could be asked for: nothing is written there, and
 * nothing of it is read. What ends or replaces the process, or takes its descriptors, is left out: that is
 * not memory. */
static void wake_up(int sig) { (void)sig; }
static int every_call(void) {
    static const unsigned short spared[] = {SYS_close,        SYS_dup2,  SYS_dup3,  SYS_close_range,
                                            SYS_pause,        SYS_alarm, SYS_exit,  SYS_exit_group,
                                            SYS_clone,        SYS_fork,  SYS_vfork, SYS_clone3,
                                            SYS_rt_sigreturn, SYS_kill,  SYS_tkill, SYS_tgkill};
    long* page = mmap(0, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    int in[2], out[2];
    if (pipe2(in, O_NONBLOCK) != 0 || pipe2(out, O_NONBLOCK) != 0) return 101;
    for (unsigned i = 0; i < PAGE / 8; ++i) page[i] = 0x5ec7e7000000 + i;
    const struct sigaction wake = {.sa_handler = wake_up}; /* from calls that sleep */
    const struct itimerval often = {{0, 1000}, {0, 1000}};
    if (sigaction(SIGALRM, &wake, 0) != 0) return 102;
    const long at = (long)page + 64;
    const long patterns[][5] = {
        {at, at, at, at, at}, {in[0], at, 64, 0, 0}, {out[1], at, 64, 0, 0},   {at, 64, 0, 0, 0},
        {in[0], at, 1, 0, 0}, {out[1], at, 1, 0, 0}, {AT_FDCWD, at, at, 0, 0}, {1, 2, at, at, 8},
        {0, at, at, 8, 8},    {0, 0, at, 0, 0},      {0, 1, 2, at, 0},         {AT_FDCWD, 0, at, 0x1000, 0}};
    int refused = 0;
    for (unsigned n = 0; n < 470 + 20; ++n) {
        const long number = n < 470 ? n : STILE_SYS_dom_default + n - 470;
        int left_out = 0;
        for (unsigned i = 0; i < sizeof spared / sizeof *spared; ++i) left_out |= spared[i] == number;
        for (unsigned p = 0; p < sizeof patterns / sizeof *patterns && !left_out; ++p) {
            const long* a = patterns[p];
            write(in[1], "12345678", 8);
            setitimer(ITIMER_REAL, &often, 0);
            refused += gadget(&room, gadget_syscall, number, a[0], a[1], a[2], a[3], a[4]) == -EFAULT;
            for (unsigned i = 0; i < PAGE / 8; ++i)
                if (page[i] != 0x5ec7e7000000 + i) {
                    printf("call %ld, pattern %u\n", number, p);
                    return BROKEN_IN;
                }
            char c;
            if (read(out[0], &c, 1) != -1) {
                printf("call %ld, pattern %u\n", number, p);
                return BROKEN_IN;
            }
        }
    }
    return refused > 300 ? 0 : 1;
}

/* Two pieces, the first lent, the second not: what was lent goes. */
static int mixed_vector(void) {
    static char lent[16] = "0123456789abcdef";
    static struct iovec pieces[2];
    int ends[2];
    char got[32];
    pieces[0] = (struct iovec){lent, 8};
    pieces[1] = (struct iovec){(void*)&victim, 8};
    if (pipe2(ends, O_NONBLOCK) != 0) return 101;
    stile_cap_make(0, lent, sizeof lent, STILE_RIGHT_WRITE);
    stile_cap_make(1, pieces, sizeof pieces, STILE_RIGHT_READ);
    /* Pipes take and give a short vector whole or not at all, as Linux's. */
    if (GADGET_SYSCALL(&room, SYS_writev, ends[1], pieces, 2, 0) != -EFAULT) return BROKEN_IN;
    if (read(ends[0], got, sizeof got) != -1 || errno != EAGAIN) return 1;
    write(ends[1], "abcdefghijklmnop", 16);
    if (GADGET_SYSCALL(&room, SYS_readv, ends[0], pieces, 2, 0) != -EFAULT) return BROKEN_IN;
    return victim == 5 && memcmp(lent + 8, "89abcdef", 8) == 0 ? 0 : BROKEN_IN;
}

/* The child of a room's fork would be a room without walls. */
static int fork_of_a_room(void) {
    const long r = GADGET_SYSCALL(&room, SYS_clone, SIGCHLD, 0, 0, 0);
    if (r != 0) return denied(r, -EPERM);
    _exit(gadget(&room, gadget_load, (long)&victim, 0, 0, 0, 0, 0) == 5 ? 0 : 1);
}

static int weak_handle(void) {
    const long readable = dipc_dom_copy(room.domain, STILE_RIGHT_READ);
    char* page = (char*)dipc_dom_mmap(room.domain, 0, PAGE, PROT_READ | PROT_WRITE);
    if (dipc_grant_create(own, readable) < 0) return 101;
    if (*(volatile char*)page != 0) return 1;
    *(volatile char*)page = 1;
    return BROKEN_IN;
}

static int remap_of_others(void) {
    char* page = (char*)dipc_dom_mmap(room.domain, 0, PAGE, PROT_READ | PROT_WRITE);
    const long third = dipc_dom_create("third");
    return denied(dipc_dom_remap(own, third, page, PAGE), -EPERM);
}

/* The number of a thread that has ended, written where the room said, when the default domain runs. */
static volatile int ready;
static void* ends_elsewhere(void* unused) {
    (void)unused;
    GADGET_SYSCALL(&room, SYS_set_tid_address, &victim, 0, 0, 0);
    ready = 1;
    stile_syscall3(SYS_exit, 0, 0, 0);
    return 0;
}
static int late_write(void) {
    pthread_t t;
    pthread_attr_t detached;
    pthread_attr_init(&detached);
    pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
    if (pthread_create(&t, &detached, ends_elsewhere, 0) != 0) return 101;
    while (!ready) sched_yield();
    for (int i = 0; i < 50; ++i) sched_yield();
    return victim == 5 ? 0 : BROKEN_IN;
}

static int thread_on_others_stack(void) {
    enum { FLAGS = 0x50f00 }; /* VM FS FILES SIGHAND THREAD SYSVSEM */
    victim = 5;
    const long r = gadget(&room, gadget_clone, FLAGS, (long)&victim + 8, 6, 0, 0, 0);
    if (r < 0) return 1;
    for (int i = 0; i < 50; ++i) sched_yield();
    return victim == 5 ? 2 : BROKEN_IN;
}

/* A proxy into our domain may write there. A thread of the room's whose stack lies among our data asks it to.
 */
static long table[512];
DIPC_PLAIN_ENTRY static long served(void) {
    if (table[400] != 400) _exit(BROKEN_IN);
    return 0;
}
static int proxy_on_others_stack(void) {
    struct stile_entry e = {.address = (unsigned long)served, .results = 1};
    const long exported = dipc_entry_register(own, &e, 1);
    const long proxies = dipc_entry_request(exported, &e, 1);
    if (exported < 0 || proxies < 0 || dipc_grant_create(room.domain, proxies) < 0) return 101;
    for (long i = 0; i < 512; ++i) table[i] = i;
    if (gadget(&room, gadget_clone_jump, 0x50f00, (long)&table[400], (long)e.proxy, 0, 0, 0) < 0) return 1;
    for (int i = 0; i < 50; ++i) sched_yield();
    return 2;
}

/* ---- signals ---- */

static volatile int handled;
static volatile uint32_t seen;
static void handler(int sig) {
    (void)sig;
    seen = stile_cap_word(0) | stile_cap_word(5);
    stile_cap_make(0, 0, 1, STILE_RIGHT_READ);
    stile_cap_push(0);
    stile_cap_pop(1);
    handled++;
}
static int interrupted(void) {
    struct sigaction a = {.sa_handler = handler};
    sigaction(SIGUSR1, &a, 0);
    for (int i = 1; i <= 40; ++i) {
        stile_cap_make(0, &victim, 8, STILE_RIGHT_READ);
        if (GADGET_SYSCALL(&room, SYS_tgkill, getpid(), stile_syscall3(SYS_gettid, 0, 0, 0), SIGUSR1, 0) != 0)
            return 1;
        if (handled != i) return 2;
        if (seen) return 3;
        if (stile_cap_base(0) != (uint64_t)&victim || stile_cap_word(1)) return 4;
        raise(SIGUSR1);
        handled--;
        if (handled != i || stile_cap_base(0) != (uint64_t)&victim) return 5;
    }
    return gadget(&room, gadget_load, (long)&victim, 0, 0, 0, 0, 0) == 5 ? 0 : 6;
}
static int on_another_stack(void) {
    static char alternate[1 << 14];
    stack_t s = {.ss_sp = alternate, .ss_size = sizeof alternate};
    struct sigaction a = {.sa_handler = handler, .sa_flags = SA_ONSTACK};
    if (sigaltstack(&s, 0) != 0) return 101;
    sigaction(SIGUSR1, &a, 0);
    for (int i = 1; i <= 3; ++i)
        if (GADGET_SYSCALL(&room, SYS_tgkill, getpid(), stile_syscall3(SYS_gettid, 0, 0, 0), SIGUSR1, 0) !=
                0 ||
            handled != i)
            return 1;
    return 0;
}

static int installs_handler(void) {
    /* The room wants to be in the middle of us when a signal comes. */
    static struct {
        const void* handler;
        unsigned long flags;
        void (*restorer)(void);
        unsigned long mask;
    } action;
    action.handler = (char*)(long)&handler + 4;
    stile_cap_make(0, &action, sizeof action, STILE_RIGHT_READ);
    const long r = GADGET_SYSCALL(&room, SYS_rt_sigaction, SIGUSR1, &action, 0, 8);
    if (r == -EPERM) return 0;
    return r == 0 ? BROKEN_IN : 1;
}

static void never_called(void) { _exit(BROKEN_IN); }
static int returns_from_no_signal(void) {
    /* What rt_sigreturn reads, with room for the call's own needs below. */
    static struct {
        char below[1 << 14];
        ucontext_t context;
        char above[1024];
    } frame __attribute__((aligned(64)));
    frame.context.uc_mcontext.gregs[REG_RIP] = (long)never_called;
    frame.context.uc_mcontext.gregs[REG_RSP] = (long)&frame.context - 4096 - 8;
    stile_cap_make(0, &frame, sizeof frame, STILE_RIGHT_WRITE);
    return (int)gadget(&room, gadget_sigreturn, (long)&frame.context, 0, 0, 0, 0, 0);
}

/* ---- revocation, several cores ---- */

static volatile long word __attribute__((aligned(64)));
static long core_of_reader;
static void* reads_on(void* by_capability) {
    unsigned long mask = 1ul << core_of_reader;
    stile_syscall3(SYS_sched_setaffinity, 0, sizeof mask, (long)&mask);
    if (by_capability) {
        stile_cap_make(0, (void*)&word, 8, STILE_RIGHT_READ);
        stile_cap_async(0, by_capability);
    }
    gadget(&room, gadget_load, (long)&word, 0, 0, 0, 0, 0);
    ready = 1;
    gadget(&room, gadget_wait_for, (long)&word, 2, 0, 0, 0, 0);
    _exit(BROKEN_IN);
}
static int revoked_elsewhere(int by_capability) {
    const long grant =
        by_capability ? 0 : dipc_grant_create(room.domain, dipc_dom_copy(own, STILE_RIGHT_READ));
    uint64_t* counter = by_capability ? (uint64_t*)stile_cap_pages(own, PAGE) : 0;
    pthread_t t;
    core_of_reader = sysconf(_SC_NPROCESSORS_ONLN) > 1;
    if (grant < 0 || (long)counter < 0 || pthread_create(&t, 0, reads_on, counter) != 0) return 101;
    while (!ready) sched_yield();
    for (volatile int i = 0; i < 2000; ++i) {
    }
    if (by_capability)
        stile_cap_revoke(counter);
    else if (dipc_grant_revoke(grant) != 0)
        return 102;
    word = 2;
    for (int i = 0; i < 3; ++i) sched_yield();
    for (volatile int i = 0; i < 100000; ++i) {
    }
    return 3; /* the reader should have died of it */
}
static int grant_revoked(void) { return revoked_elsewhere(0); }
static int counter_bumped(void) { return revoked_elsewhere(1); }

/* A pipe with nothing in it: the room's read sleeps, and finds its right gone when there is something. */
static int ends[2];
static void* revokes_and_writes(void* grant) {
    for (int i = 0; i < 20; ++i) sched_yield();
    for (volatile int i = 0; i < 20000; ++i) {
    }
    if (dipc_grant_revoke((long)grant) == 0) write(ends[1], "12345678", 8);
    return 0;
}
static int revoked_during_a_call(void) {
    pthread_t t;
    const long grant = dipc_grant_create(room.domain, own);
    if (grant < 0 || pipe(ends) != 0 || pthread_create(&t, 0, revokes_and_writes, (void*)grant) != 0)
        return 102;
    const long r = GADGET_SYSCALL(&room, SYS_read, ends[0], &victim, 8, 0);
    return r == -EFAULT && victim == 5 ? 0 : BROKEN_IN;
}

/* ---- tags ---- */

static int many_domains(void) {
    for (int i = 0; i < 500; ++i) {
        const long d = dipc_dom_create("short");
        if (d < 0) return 1;
        char* page = (char*)dipc_dom_mmap(d, 0, PAGE, PROT_READ | PROT_WRITE);
        if ((long)page < 0 || dipc_close(d) != 0 || munmap(page, PAGE) != 0) return 2;
    }
    return 0;
}
static int all_alive(void) {
    int i = 0;
    while (dipc_dom_create("long") >= 0) ++i;
    return dipc_dom_create("long") == -ENOSPC && i > 5 ? 0 : 1;
}

/* The room, on its way out, lends out everything it will ever have. Who gets its tag pays for it. */
static sigjmp_buf refused;
static void was_refused(int sig) {
    (void)sig;
    siglongjmp(refused, 1);
}
static int heir(void) {
    struct room gone;
    const struct sigaction a = {.sa_handler = was_refused};
    if (room_open(&gone, own) != 0 || sigaction(SIGSEGV, &a, 0) != 0) return 101;
    uint64_t* counter = (uint64_t*)stile_cap_pages(own, PAGE);
    struct stile_cap* kept = (struct stile_cap*)stile_cap_pages(own, PAGE);
    const long may_read = dipc_grant_create(gone.domain, own);
    if ((long)counter < 0 || (long)kept < 0 || may_read < 0) return 102;
    gadget(&gone, gadget_make_async, 0, 1l << 47, (long)counter, 0, 0, 0);
    if (STILE_CAP_TYPE(stile_cap_word(2)) != STILE_CAP_ASYNC) return 1;
    stile_cap_store(kept, 2);
    if (dipc_grant_revoke(may_read) != 0 || dipc_grant_revoke(gone.may_call) != 0) return 2;
    munmap(gone.code, PAGE);
    for (long i = own + 1; i < 64; ++i) dipc_close(i);
    for (int i = 0; i < 60; ++i) {
        const long d = dipc_dom_create("heir");
        volatile char* page = mmap(0, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (d < 0) return 3;
        *page = 9;
        if (dipc_dom_remap(d, own, (void*)page, PAGE) < 0) return 4;
        stile_cap_load(1, kept);
        if (sigsetjmp(refused, 1) == 0 && *page == 9) return BROKEN_IN;
        munmap((void*)page, PAGE);
        dipc_close(d);
    }
    return STILE_CAP_TYPE(stile_cap_word(1)) == STILE_CAP_EMPTY && stile_cap_word(2) == 0 ? 0 : 5;
}

static int in_a_gate(void) { return signal_in_a_gate(arguments[0]); }
static int in_a_gate_attacker(void) { return signal_in_a_gate_attacker(arguments[2]); }
static int replays(void) { return signal_replayed(arguments[0]); }
static int replays_attacker(void) { return signal_replayed_attacker(arguments[2], arguments[3]); }
static int maps_code(void) { return code_of_a_room(&room, own); }
static int shares_code(void) { return code_of_two_domains(&room, own); }
static int frees_its_stack(void) { return stack_of_a_room(&room, own); }

static int nothing(void) { return 0; }

int main(int argc, char** argv) {
    static const struct {
        const char* name;
        int (*run)(void);
        int with_room;
    } scenarios[] = {
        {"nothing", nothing, 0},
        {"roundtrip", roundtrip, 0},
        {"plain_load", plain_load, 0},
        {"kernel_load", kernel_load, 0},
        {"storage_calls", storage_calls, 0},
        {"recycled_page", recycled_page, 0},
        {"revived_by_map", revived_by_map, 1},
        {"revived_by_discard", revived_by_discard, 1},
        {"forked", forked, 0},
        {"spawned", spawned, 0},
        {"stack_grows", stack_grows, 0},
        {"stack_overflows", stack_overflows, 0},
        {"stack_underflows", stack_underflows, 0},
        {"threads", threads, 0},
        {"migrates", migrates, 1},
        {"new_thread", new_thread, 0},
        {"executed", executed, 0},
        {"registers", registers, 0},
        {"calls_of_a_room", calls_of_a_room, 1},
        {"handles_of_a_room", handles_of_a_room, 1},
        {"every_call", every_call, 1},
        {"mixed_vector", mixed_vector, 1},
        {"fork_of_a_room", fork_of_a_room, 1},
        {"weak_handle", weak_handle, 1},
        {"remap_of_others", remap_of_others, 1},
        {"late_write", late_write, 1},
        {"thread_on_others_stack", thread_on_others_stack, 1},
        {"proxy_on_others_stack", proxy_on_others_stack, 1},
        {"interrupted", interrupted, 1},
        {"on_another_stack", on_another_stack, 1},
        {"installs_handler", installs_handler, 1},
        {"returns_from_no_signal", returns_from_no_signal, 1},
        {"grant_revoked", grant_revoked, 1},
        {"counter_bumped", counter_bumped, 1},
        {"revoked_during_a_call", revoked_during_a_call, 1},
        {"many_domains", many_domains, 0},
        {"all_alive", all_alive, 0},
        {"heir", heir, 0},
        {"signal_in_a_gate", in_a_gate, 0},
        {"signal_in_a_gate_attacker", in_a_gate_attacker, 0},
        {"signal_replayed", replays, 0},
        {"signal_replayed_attacker", replays_attacker, 0},
        {"code_of_a_room", maps_code, 1},
        {"code_of_two_domains", shares_code, 1},
        {"stack_of_a_room", frees_its_stack, 1},
    };
    arguments = argv;
    own = dipc_dom_default();
    if (argc < 2 || own < 0) return 100;
    for (unsigned i = 0; i < sizeof scenarios / sizeof *scenarios; ++i)
        if (!strcmp(argv[1], scenarios[i].name))
            return scenarios[i].with_room ? in_a_room(scenarios[i].run) : scenarios[i].run();
    return 99;
}
