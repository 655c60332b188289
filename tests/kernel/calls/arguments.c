/* SPDX-License-Identifier: Apache-2.0
 *
 * Arguments: mostly such that calls succeed, now and then such that they hurt. What could block for ever, end
 * the test or depend on the machine is left out. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "calls.h"

static uint64_t state;
void seed_with(uint64_t seed) { state = seed; }
uint64_t draw(void) {
    uint64_t z = (state += 0x9e3779b97f4a7c15ul);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ul;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebul;
    return z ^ (z >> 31);
}
uint64_t below(uint64_t n) { return draw() % n; }

#define ONE_OF(...)                                                \
    ({                                                             \
        const long pool_[] = {__VA_ARGS__};                        \
        (unsigned long)pool_[below(sizeof pool_ / sizeof *pool_)]; \
    })

static struct Argument number(unsigned long v) {
    struct Argument a = {v, ""};
    snprintf(a.name, sizeof a.name, (long)v < 4096 && (long)v > -4096 ? "%ld" : "%#lx", v);
    return a;
}
static struct Argument named(const char* name, unsigned long v) {
    struct Argument a = {v, ""};
    snprintf(a.name, sizeof a.name, "%s", name);
    return a;
}

/* Where things are in the area; the first page is for what calls write. */
enum { words = 0x1000, vectors = 0x1400, times = 0x1800, sets = 0x1c00, events = 0x2000, names = 0x2400 };

static const char* const paths[] = {"a",   "b",   "c",    "d",  "d/a",   "d/b",    "d/e", "d/e/a", "l",
                                    "l/a", ".",   "d/",   "a/", "d/.",   "d/e/..", "./a", "",      "/",
                                    "..",  "m/a", "d//a", "l/", "d/e/.", "e",      "a/b", "/a"};
enum { path_count = sizeof paths / sizeof *paths, long_paths = 4 };

static const long iovecs[][8] = {{0, 8, 16, 8, 64, 100, 200, 0},
                                 {0, 0, 0, 16, 4000, 4096, 0, 1},
                                 {0, 8, 0x4000 - 8, 16, 0, 8, 0, 8},
                                 {0, 8, 0, -1, 0, 8, 0, 8},
                                 {0x4000, 8, 0, 8, 0, 8, 0, 8}};
/* Two timespecs each. */
static const long specs[][4] = {{0, 0, 0, 0},     {0, 1000, 0, 1000},
                                {0, -1, 0, 0},    {0, 1000000000, 0, 0},
                                {-1, 0, 0, 0},    {0, UTIME_NOW, 0, UTIME_OMIT},
                                {0, 20000, 3, 4}, {0, UTIME_OMIT, 0, UTIME_OMIT}};
static const long long_specs[][4] = {{0, 0, 0, 0},       {0, 0, 900000, 5}, {5, 0, 900000, 999999},
                                     {-1, 0, 900000, 0}, {0, 0, -1, 0},     {0, 1000000000, 900000, 0},
                                     {7, 0, 0, 0}};
static const unsigned long masks[] = {0,         ~0ul,    1ul << (SIGUSR1 - 1), 1ul << (SIGCHLD - 1),
                                      1ul << 33, 0x123456};

void fill_area(void) {
    for (unsigned i = 0; i < 0x1000; i++) AREA[i] = (char)(i * 7 + (i >> 8));
    memset(AREA + 0x1000, 0, 0x3000);
    for (unsigned i = 0; i < 64; i++)
        ((uint32_t*)(AREA + words))[i] = i % 4 ? 0x20000000 + i % 4 : 0; /* nobody's thread number */
    for (unsigned v = 0; v < sizeof iovecs / sizeof *iovecs; v++)
        for (unsigned i = 0; i < 4; i++) {
            ((long*)(AREA + vectors))[v * 8 + i * 2] = (long)AREA + iovecs[v][i * 2];
            ((long*)(AREA + vectors))[v * 8 + i * 2 + 1] = iovecs[v][i * 2 + 1];
        }
    memcpy(AREA + times, specs, sizeof specs);
    memcpy(AREA + times + 0x200, long_specs, sizeof long_specs);
    memcpy(AREA + sets, masks, sizeof masks);
    for (unsigned i = 0; i < 8; i++) {
        struct epoll_event e = {.events = (uint32_t[]){EPOLLIN, EPOLLOUT, EPOLLIN | EPOLLET, 0,
                                                       EPOLLIN | EPOLLONESHOT, EPOLLEXCLUSIVE | EPOLLIN, ~0u,
                                                       EPOLLRDHUP}[i]};
        e.data.u64 = i;
        memcpy(AREA + events + 16 * i, &e, sizeof e);
        ((struct {
            int fd;
            short events, revents;
        }*)(AREA + events + 0x200))[i]
            .fd = (int)i - 1;
        ((struct {
            int fd;
            short events, revents;
        }*)(AREA + events + 0x200))[i]
            .events = (short)(1 << i % 7 | (i & 1 ? 5 : 0));
    }
    for (unsigned i = 0; i < path_count; i++) strcpy(AREA + names + 32 * i, paths[i]);
    memset(AREA + names + 0x400, 'n', 255);
    memset(AREA + names + 0x600, 'n', 256);
    memset(AREA + 0x4000 - 8, 'n', 8); /* without an end */
}

static struct Argument bad_pointer(void) {
    switch (below(7)) {
        case 0:
            return named("null", 0);
        case 1:
            return named("kernel", 0xffffffff80200000ul);
        case 2:
            return named("noncanonical", 0x800000000000ul);
        case 3:
            return named("readonly", (unsigned long)READ_ONLY);
        case 4:
            return named("end-4", (unsigned long)AREA + 0x4000 - 4);
        case 5:
            return named("last", 0x7ffffffffff8ul);
        default:
            return named("end", (unsigned long)AREA + 0x4000);
    }
}
static struct Argument in_area(const char* kind, unsigned at, unsigned step, unsigned count) {
    if (!below(16)) return bad_pointer();
    const unsigned i = (unsigned)below(count);
    struct Argument a = number((unsigned long)AREA + at + step * i);
    snprintf(a.name, sizeof a.name, "%s[%u]", kind, i);
    return a;
}

static struct Argument path(void) {
    if (!below(24)) return bad_pointer();
    if (!below(24)) {
        const unsigned which = (unsigned)below(3);
        return named((const char*[]){"n*255", "n*256", "endless"}[which],
                     (unsigned long)AREA + (which == 2 ? 0x4000 - 8 : names + 0x400 + 0x200 * which));
    }
    const unsigned i = (unsigned)below(below(3) ? 9 : path_count);
    struct Argument a = number((unsigned long)AREA + names + 32 * i);
    snprintf(a.name, sizeof a.name, "\"%s\"", paths[i]);
    return a;
}

static struct Argument descriptor(void) {
    switch (below(14)) {
        case 0:
            return number((unsigned long)-1);
        case 1:
            return number(ONE_OF(77, AT_FDCWD, 0x7fffffff, 1ul << 32, 9999));
        case 2:
            return number(AT_FDCWD);
        default:
            return number(below(12));
    }
}

static unsigned long bits(unsigned count) {
    return below(3)   ? 0
           : below(4) ? 1ul << below(count)
           : below(4) ? 1ul << below(count) | 1ul << below(count)
                      : 1ul << below(32);
}

struct Argument argument(char kind, const struct Call* call, const struct Argument* before) {
    (void)call;
    switch (kind) {
        case '0':
            return number(0);
        case 'f':
            return descriptor();
        case 'g':
            return number(ONE_OF(3, 5, 9, 60, 90));
        case 'G':
            return number(ONE_OF(4, 6, 10, 70, 99));
        case 'p':
            return path();
        case 'b':
        case 'B':
            if (below(10)) return number((unsigned long)AREA + (below(3) ? 0 : 8 * below(64)));
            return bad_pointer();
        case 'n':
            return number(ONE_OF(0, 1, 2, 8, 16, 64, 100, 128, 1000, 4095, 4096, 8192, 0x4000, 0x4001,
                                 1 << 20, -1, 0x7ffff000, 1l << 40));
        case 'o':
            return number(below(3)
                              ? ONE_OF(0, 1, 8, 100, 4095, 4096, 4097, 10000)
                              : ONE_OF(-1, -5000, 100000, 1 << 20, 0x7fffffffffffffff, 1ul << 63, 65536));
        case 'q':
            return below(2) ? number(0) : in_area("offset", times, 32, 8);
        case 'w':
            return number(ONE_OF(0, 0, 1, 1, 2, 2, 3, 4, 5, -1));
        case 'v':
            return in_area("iovec", vectors, 64, sizeof iovecs / sizeof *iovecs);
        case 'c':
            return number(ONE_OF(0, 1, 2, 3, 4, 1, 2, 3, 1024, 1025, -1));
        case 'u':
            return number(ONE_OF(0, 0, 0, 16, 2, 64, 0x7fffffff));
        case 'i':
            if (!strcmp(call->name, "memfd_create")) return number(ONE_OF(0, 1, 2, 3, 16, 64, -1));
            return number(below(8) ? below(5) : ONE_OF(-1, 64, 200, 0x7fffffff, -100, 5, 8, 16));
        case 'l':
            return number(ONE_OF(0, 0, 1, 2));
        case 'x':
        case 'S':
        case 'k':
        case 'z':
            if (kind == 'k') return number(below(8) ? 8 : below(17));
            return number(kind == 'x' ? bits(14) : kind == 'S' ? bits(4) | 2 : 0);
        case 'Z':
            return number(below(6) ? 0 : bits(4));
        case 'O':
            if (!strcmp(call->name, "dup3")) return number(below(3) ? O_CLOEXEC : below(2) ? 0 : O_NONBLOCK);
            return number(below(3) | O_NONBLOCK | (below(2) ? O_CREAT : 0) | (below(4) ? 0 : O_EXCL) |
                          (below(4) ? 0 : O_TRUNC) | (below(4) ? 0 : O_APPEND) |
                          (below(5) ? 0 : O_DIRECTORY) | (below(8) ? 0 : O_NOFOLLOW) |
                          (below(8) ? 0 : O_PATH) | (below(12) ? 0 : 3) | (below(12) ? 0 : O_TMPFILE) |
                          (below(16) ? 0 : O_SYNC));
        case 'm':
            return number(ONE_OF(0644, 0755, 0, 0777, 04755, 01777, 0600, 022, 0177777));
        case 'N':
            return number(ONE_OF(S_IFREG | 0644, S_IFIFO | 0600, 0644, S_IFDIR | 0755, 0170000 | 0600,
                                 S_IFSOCK | 0700));
        case 'U':
            /* One user: files are given to others all the same, so that archives can be unpacked. */
            if (strstr(call->name, "chown")) return number(ONE_OF(0, -1));
            return number(ONE_OF(0, 0, -1, -1, 1000, 0x7fffffff));
        case 'X':
            return number(below(2) ? 0
                                   : ONE_OF(0x100, 0x200, 0x400, 0x800, 0x1000, 0x2000, 0x8000, 0x1100, 1));
        case 'y':
            return number(ONE_OF(0x7ff, 0xfff, 0, 1, 0x80000000, 0xffffffff));
        case 'F':
            return number(ONE_OF(F_DUPFD, F_GETFD, F_SETFD, F_GETFL, F_SETFL, F_GETLK, F_SETLK, F_GETFL,
                                 F_DUPFD_CLOEXEC, F_SETPIPE_SZ, F_GETPIPE_SZ, 99, -1, F_OFD_GETLK));
        case 'A':
            if (before[1].value == F_SETFL)
                return number(O_NONBLOCK | ONE_OF(0, O_APPEND, O_WRONLY, O_CREAT | O_TRUNC, 0));
            if (before[1].value == F_GETLK || before[1].value == F_SETLK || before[1].value == F_OFD_GETLK)
                return in_area("lock", times, 32, 8);
            return number(ONE_OF(0, 1, 2, 10, 60, 100, 1024, 4096, 65536, 65537, -1));
        case 'I':
            return number(ONE_OF(FIONREAD, FIONREAD, TIOCGWINSZ, TCGETS, FIOCLEX, FIONCLEX, 0, 0x1234, -1));
        case 'K':
            return number(LOCK_NB | ONE_OF(LOCK_SH, LOCK_EX, LOCK_UN, LOCK_SH | LOCK_EX, 0, LOCK_EX));
        case 'V':
            return number(ONE_OF(0, 0, 1, 2, 3, 3));
        case 'j':
            if (!strcmp(call->name, "renameat2")) return number(ONE_OF(0, 1, 1, 2, 3, 16));
            return number(below(6) ? below(4) : bits(8));
        case 't':
            /* Without a time it might be for ever. */
            return !strncmp(call->name, "utime", 5) && !below(5) ? number(0) : in_area("times", times, 32, 8);
        case 'T':
            return in_area("timer", times + 0x200, 32, 7);
        case 'Y':
            return number((below(2) ? 0 : O_CLOEXEC) | O_NONBLOCK |
                          (below(6) || !strcmp(call->name, "pipe2") ? 0 : bits(20)));
        case 'E':
            return number(ONE_OF(1, 1, 1, 2, 3, 0, 4));
        case 'e':
            return in_area("event", events, 16, 8);
        case 'Q':
            return in_area("poll", events + 0x200, 8, 8);
        case '*':
            return in_area("times", times, 32, 2);
        case 'C':
            return number(
                ONE_OF(0, 1, 1, strcmp(call->name, "timer_create") ? 3 : 4, 4, 5, 6, 7, 11, 12, 99));
        case 'P': {
            if (!below(20)) return bad_pointer();
            const unsigned long at = below(window_pages) * 4096 + (below(16) ? 0 : 100);
            struct Argument a = number((unsigned long)WINDOW + at);
            snprintf(a.name, sizeof a.name, "w+%#lx", at);
            return a;
        }
        case 'L':
            /* What lies between the window and the stack is not the same everywhere. */
            if (!strcmp(call->name, "mmap") || !strcmp(call->name, "madvise"))
                return number(below(8) ? (1 + below(5)) * 4096 - below(8) / 7 : ONE_OF(0, 1, -1, -4096));
            return number(below(8) ? (1 + below(5)) * 4096 - (below(8) ? 0 : below(4096))
                                   : ONE_OF(0, 1, -1, -4096, 1l << 47, 1l << 46));
        case 'R':
            return number(below(20) ? below(2) ? 3 : below(8) : ONE_OF(8, 16, 0x1000000, -1));
        case 'M':
            return number((below(24) ? below(3) ? MAP_FIXED : MAP_FIXED_NOREPLACE : bits(24)) |
                          (below(12) ? 1 + below(2) : below(4)) | (below(4) ? MAP_ANONYMOUS : 0) |
                          (below(16) ? 0 : MAP_NORESERVE) | (below(16) ? 0 : MAP_POPULATE));
        case 'H':
            return number(below(4) ? 0 : ONE_OF(4096, 8192, 100, -4096, 1l << 40));
        case 'D':
            return number(below(12) ? ONE_OF(0, 3, 3, 3, 7, 5) : below(9));
        case 'J':
            return number(below(3) ? 4
                                   : ONE_OF(0, 1, 2, 3, 10, 11, 14, 15, 18, 19, 16, 17, 22, 23, 26, -1, 63));
        case 's':
            return number(below(6)
                              ? ONE_OF(SIGUSR1, SIGUSR2, SIGCHLD, SIGURG, 33, 34, 64, SIGWINCH, SIGALRM)
                              : ONE_OF(0, 65, -1, 32, SIGPIPE, SIGTERM, SIGKILL, SIGSTOP, SIGCONT, SIGTTOU));
        case 'h':
            return below(4) ? in_area("set", sets, 8, 6) : number(0);
        case '!':
            if (below(8)) {
                const unsigned which = (unsigned)below(4);
                const unsigned long action[4] = {which == 0   ? 0
                                                 : which == 1 ? 1
                                                              : (unsigned long)signal_handler,
                                                 0x04000000 | (below(3) ? 0 : 0x40000000) |
                                                     (below(6) ? 0 : 0x80000000) |
                                                     (below(6) ? 0 : 0x08000000),
                                                 (unsigned long)signal_return, masks[below(6)]};
                memcpy(AREA + words + 0x200, action, sizeof action);
                static const char* const told[] = {"default", "ignore", "handler", "handler"};
                return named(told[which], (unsigned long)AREA + words + 0x200);
            }
            return below(2) ? number(0) : bad_pointer();
        case '%': {
            const unsigned long stack[3] = {(unsigned long)AREA, ONE_OF(0, 0, 2, 1, 4),
                                            ONE_OF(4096, 8192, 2048, 100)};
            memcpy(AREA + words + 0x240, stack, sizeof stack);
            return below(8)   ? named("stack", (unsigned long)AREA + words + 0x240)
                   : below(2) ? number(0)
                              : bad_pointer();
        }
        case '?': { /* struct sigevent */
            const unsigned event[4] = {7, 0, (unsigned)ONE_OF(SIGUSR1, SIGUSR2, 34, 0, 65),
                                       (unsigned)ONE_OF(0, 1, 1, 2, 3, 4)};
            memcpy(AREA + words + 0x280, event, sizeof event);
            return below(3)   ? named("event", (unsigned long)AREA + words + 0x280)
                   : below(3) ? number(0)
                              : bad_pointer();
        }
        case '+': { /* siginfo_t that a program may queue */
            const int info[4] = {7, 0, (int)ONE_OF(-1, -1, -2, 0, -6), 0};
            memcpy(AREA + words + 0x2c0, info, sizeof info);
            return below(12) ? named("info", (unsigned long)AREA + words + 0x2c0) : bad_pointer();
        }
        case '&':
            return below(8) ? in_area("words", words, 128, 4) : number(0);
        case ':':
            switch (below(8)) {
                case 0:
                    return number(ONE_OF(99999999, -99999999, 0x7fffffff));
                default:
                    return named("self", (unsigned long)getpid());
            }
        case '^':
            return number(ONE_OF(-1, -1, 0, 99999999, -99999999));
        case '#': {
            if (!below(16)) return below(2) ? named("end", (unsigned long)AREA + 0x4000) : number(0);
            const unsigned long at = 4 * below(8) + (below(12) ? 0 : 2);
            struct Argument a = number((unsigned long)AREA + words + at);
            snprintf(a.name, sizeof a.name, "word+%lu", at);
            return a;
        }
        case '~':
            return number((below(2) ? 128 : 0) |
                          (below(12) ? ONE_OF(0, 1, 3, 4, 5, 9, 10, 7, 8, 6, 13) : ONE_OF(2, 14, 99, 256)));
        case '$':
            return number(ONE_OF(0, 0, 0, 1));
        case 'r':
            return number(ONE_OF(4, 10, 16, -1));
        case '|':
            return number(ONE_OF(1, 2, 3, 4, 7, 8, 15, 16, 23, 29, 30, 36, 37, 38, 39, 99, 0, -1));
        default:
            return number(0);
    }
}
