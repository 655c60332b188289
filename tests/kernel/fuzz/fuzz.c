/* SPDX-License-Identifier: Apache-2.0
 *
 * Children make random system calls with arguments that are likely to hurt: fuzz CHILDREN CALLS SEED.
 * Whatever they do to themselves, the kernel must stand, give the memory back and still run an orderly child
 * at the end. */
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/wait.h>
#include <unistd.h>

static unsigned long state;
static unsigned long next(void) {
    unsigned long z = (state += 0x9e3779b97f4a7c15ul);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ul;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebul;
    return z ^ (z >> 31);
}

static char* area;
static const char* const paths[] = {"/",  "/tmp", "/dev/null",   "/tmp/x",       "/dev/zero",
                                    "..", "",     "/dev/binder", "/tmp/../tmp/y"};

static unsigned long argument(void) {
    switch (next() % 16) {
        case 0:
            return next();
        case 1:
            return (unsigned long)-1;
        case 2:
            return 0xffff800000000000ul + next() % (64 << 20);
        case 3:
            return 0xffffffff80200000ul + next() % (1 << 20);
        case 4:
            return 0x7ffffffff000ul - next() % 64;
        case 5:
            return (unsigned long)area + 16 * 4096 - next() % 64; /* the end of what is mapped */
        case 6:
        case 7:
        case 8:
            return (unsigned long)area + next() % (16 * 4096);
        case 9:
            return (unsigned long)area + next() % 16 * 4096;
        case 10:
            return (unsigned long)paths[next() % (sizeof paths / sizeof *paths)];
        case 11:
            return 1ul << next() % 64;
        case 12:
            return next() % 4096;
        case 13:
            return 0;
        default:
            return next() % 24;
    }
}

/* Not those that would end the test itself or escape from its end: signals to others, another process group.
 */
static int excluded(long call) {
    switch (call) {
        case SYS_kill:
        case SYS_tkill:
        case SYS_tgkill:
        case SYS_exit:
        case SYS_exit_group:
        case SYS_setsid:
        case SYS_setpgid:
        case SYS_rt_sigqueueinfo:
        case SYS_rt_tgsigqueueinfo:
            return 1;
        default:
            return 0;
    }
}

/* Linux's own have a gap: none from 335 to 423. */
static long any_call(void) {
    const long n = (long)(next() % 372);
    return n < 335 ? n : n + 89;
}

static void child(unsigned long seed, int calls) {
    state = seed;
    area = mmap(0, 16 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    for (int i = 0; i < 16 * 4096; i++) area[i] = (char)(next() % 8);
    for (int fd = 0; fd < 3; fd++) close(fd);
    for (int i = 0; i < calls; i++) {
        const long call = next() % 8 ? any_call() : (long)(1024 + next() % 12);
        if (!excluded(call))
            syscall(call, argument(), argument(), argument(), argument(), argument(), argument());
    }
    _exit(0);
}

int main(int argc, char** argv) {
    const int children = atoi(argv[1]), calls = atoi(argv[2]);
    const unsigned long seed = strtoul(argv[3], 0, 0);
    if (!strcmp(argv[1], "direct")) child(seed, calls);
    struct sysinfo before, after;
    for (int i = 0; i < children; i++) {
        if (i == children / 2) sysinfo(&before);
        const pid_t pid = fork();
        if (!pid) {
            setpgid(0, 0);
            if (i % 2) child(seed + i, calls);
            /* As a program of its own; dIPC is on from execve. */
            char number[32];
            snprintf(number, sizeof number, "%lu", seed + i);
            execl(argv[0], argv[0], "direct", argv[2], number, (char*)0);
            _exit(1);
        }
        usleep(3000); /* then whoever sleeps or loops is cut short, and what it has forked */
        kill(-pid, SIGKILL);
        kill(pid, SIGKILL);
        for (int status; waitpid(-1, &status, WNOHANG) > 0;) continue;
    }
    usleep(20000);
    for (int status; waitpid(-1, &status, WNOHANG) > 0;) continue;
    sysinfo(&after);
    printf("pages lost: %ld, processes left: %d\n", (long)(before.freeram - after.freeram) / 4096,
           after.procs);
    const pid_t last = fork();
    if (!last) _exit(7);
    int status;
    if (waitpid(last, &status, 0) != last || status != 7 << 8) return 1;
    return after.procs == 1 ? 0 : 2;
}
