/* SPDX-License-Identifier: Apache-2.0
 *
 * Random system calls, and what came of each: calls FIRST COUNT CALLS [NUMBER]. Every seed is a process in a
 * directory of its own. The log is the same wherever the kernel does the same. */
#include "calls.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { log_size = 1 << 20, probe_in = 200, probe_out = 201 };
static struct Log {
    unsigned used;
    char text[log_size - sizeof(unsigned)];
}* const log_ = (struct Log*)LOG;

static void say(const char* format, ...) {
    va_list list;
    va_start(list, format);
    const size_t left = sizeof log_->text - log_->used;
    const int n = vsnprintf(log_->text + log_->used, left, format, list);
    if (n > 0 && (size_t)n < left) log_->used += (unsigned)n;
    va_end(list);
}

static long lie_about = -1; /* the number of a system call that is told to be EINVAL: do such things show? */

static volatile unsigned char seen[65];
void signal_handler(int number) { seen[number]++; }
__asm__(".globl signal_return; signal_return: mov $15, %eax; syscall");

static uint64_t hash_of(const void* at, size_t n) {
    uint64_t h = 14695981039346656037ul;
    for (const unsigned char* p = at; n--; p++) h = (h ^ *p) * 1099511628211ul;
    return h;
}

/* A byte of each page of the window goes through a pipe and back: is it readable, writable, and what is in
 * it? */
static void show_window(void) {
    char state[window_pages + 1] = "";
    unsigned sum = 0;
    for (unsigned i = 0; i < window_pages; i++) {
        char* page = WINDOW + i * 4096;
        if (syscall(SYS_write, probe_in, page, 1) != 1) {
            state[i] = '.';
            continue;
        }
        const int writable = syscall(SYS_read, probe_out, page, 1) == 1;
        char c;
        if (!writable) syscall(SYS_read, probe_out, &c, 1);
        state[i] = writable ? 'w' : 'r';
        sum = sum * 31 + *(unsigned char*)page;
        if (writable) page[0] = (char)(i + 1);
    }
    say(" %s %u", state, sum);
}

static void show_stat(const struct stat* s) {
    say(" mode %o links %u owner %u:%u", s->st_mode, (unsigned)s->st_nlink, s->st_uid, s->st_gid);
    if (!S_ISDIR(s->st_mode)) say(" size %ld", (long)s->st_size);
}
static void show_names(const char* at, long n) {
    uint64_t sum = 0;
    for (long i = 0; i < n;) {
        const struct dirent* d = (const struct dirent*)(at + i);
        sum += hash_of(d->d_name, strlen(d->d_name)) * (d->d_type + 1u); /* in whatever order */
        i += d->d_reclen;
    }
    say(" names %lx", sum);
}

static void show(const struct Call* call, const struct Argument* a, long result) {
    struct stat s;
    uint32_t x[12]; /* struct statx, as musl may lack it */
    char text[300];
    const char* at = result >= 0 ? (const char*)a[1].value : 0;
    switch (*call->shows) {
        case 'a':
            say(" area %lx", hash_of(AREA, 4096 * area_pages));
            break;
        case 's':
            if (result) break;
            memcpy(&s, (const char*)a[*call->arguments == 'f' && strlen(call->arguments) > 2 ? 2 : 1].value,
                   sizeof s);
            show_stat(&s);
            break;
        case 'x':
            if (result) break;
            memcpy(x, (const char*)a[4].value, sizeof x);
            say(" mode %o links %u size %u", x[7] & 0xffff, x[4], S_ISDIR(x[7]) ? 0 : x[10]);
            break;
        case 'd':
            if (result > 0 && a[2].value >= 1000) show_names(at, result); /* all of them: in any order */
            break;
        case 'e':
            if (result > 0) say(" events %lx", hash_of(at, 12 * (size_t)result));
            break;
        case 'w':
        case 'W':
            say(" in %s", syscall(SYS_getcwd, text, sizeof text) > 0 ? text : "nowhere");
            break;
        case 'm':
            show_window();
            break;
        default:
            break;
    }
}

static void show_result(const struct Call* call, long result, int error) {
    if (result == -1)
        say(" = %s", strerror(error));
    else if (result >= (long)WINDOW && result < (long)WINDOW + window_pages * 4096)
        say(" = w+%#lx", result - (long)WINDOW);
    else if (result > 0x100000 || (result >= 0 && *call->shows == 'p'))
        say(" = something");
    else
        say(" = %ld", result);
}

static void one_call(unsigned index) {
    const struct Call* call = &calls[below(call_count)];
    struct Argument a[6] = {{0}};
    fill_area();
    say("%u %s(", index, call->name);
    for (unsigned i = 0; call->arguments[i]; i++) {
        a[i] = argument(call->arguments[i], call, a);
        say("%s%s", i ? ", " : "", a[i].name);
    }
    say(")");
    errno = 0;
    const long result =
        syscall(call->number, a[0].value, a[1].value, a[2].value, a[3].value, a[4].value, a[5].value);
    if (call->number == lie_about)
        show_result(call, -1, EINVAL);
    else
        show_result(call, result, errno);
    show(call, a, result);
    for (int i = 1; i <= 64; i++)
        if (seen[i]) say(" signal %d x %u", i, seen[i]), seen[i] = 0;
    say("\n");
}

/* A child that has ended, so that there is something to wait for. */
static void one_child(unsigned index) {
    const int code = (int)below(4);
    const pid_t child = fork();
    if (!child) {
        if (!code) raise(SIGKILL);
        _exit(code);
    }
    siginfo_t info;
    const int waited = waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT);
    say("%u child %s, %s\n", index, child > 0 ? "made" : "refused", waited ? "ignored" : "ended");
}

static void map(char* at, size_t n, int flags) {
    if (mmap(at, n, PROT_READ | PROT_WRITE, flags | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != at) abort();
}
static void child(uint64_t seed, unsigned count) {
    seed_with(seed);
    /* Whoever has started this may have ignored some of them, C libraries their own. */
    const unsigned long nothing[4] = {0};
    for (int n = 1; n <= 64; n++) syscall(SYS_rt_sigaction, n, nothing, 0, 8);
    syscall(SYS_rt_sigprocmask, SIG_SETMASK, nothing, 0, 8);
    int ends[2];
    if (pipe2(ends, O_NONBLOCK | O_CLOEXEC)) abort();
    dup2(ends[1], probe_in), dup2(ends[0], probe_out);
    for (int fd = 0; fd < 20; fd++) close(fd);
    map(AREA, 4096 * area_pages, MAP_PRIVATE);
    map(READ_ONLY, 4096, MAP_PRIVATE);
    mprotect(READ_ONLY, 4096, PROT_READ);
    mkdir("d", 0755), mkdir("d/e", 0700);
    symlink(below(2) ? "d" : "a", "l");
    const int a = open("a", O_RDWR | O_CREAT, 0644), b = open("d/b", O_RDWR | O_CREAT | O_APPEND, 0600);
    if (a != 0 || b != 1) abort();
    fill_area();
    write(a, AREA, 3000);
    pipe2(ends, O_NONBLOCK);
    open("d", O_RDONLY | O_DIRECTORY);
    for (unsigned i = 0; i < count; i++)
        if (below(30))
            one_call(i);
        else
            one_child(i);
    _exit(0);
}

static void one_seed(uint64_t seed, unsigned count) {
    char name[32];
    snprintf(name, sizeof name, "/s%lu", (unsigned long)seed);
    if (mkdir(name, 0755) || chdir(name)) perror(name), exit(2);
    log_->used = 0;
    fflush(stdout);
    const pid_t pid = fork();
    if (!pid) {
        setsid();
        umask(022);
        child(seed, count);
    }
    int status = 0;
    pid_t done = 0;
    const char* how = "";
    for (int i = 0; i < 1000 && !done; i++) {
        done = waitpid(pid, &status, WNOHANG | WUNTRACED);
        if (!done) nanosleep(&(struct timespec){0, 2000000}, 0);
    }
    if (!done || WIFSTOPPED(status)) {
        how = done ? "stopped, " : "stuck, ";
        kill(pid, SIGKILL);
        waitpid(pid, &status, 0);
    }
    say("end %s%s %d\n", how, WIFEXITED(status) ? "exit" : "signal",
        WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
    printf("seed %lu\n%.*sseed %lu is %016lx\n", (unsigned long)seed, (int)log_->used, log_->text,
           (unsigned long)seed, hash_of(log_->text, log_->used));
    if (chdir("/")) exit(2);
}

int main(int argc, char** argv) {
    if (argc < 4) return 2;
    if (argc > 4) lie_about = atol(argv[4]);
    map(LOG, log_size, MAP_SHARED);
    const uint64_t first = strtoul(argv[1], 0, 0), count = strtoul(argv[2], 0, 0);
    for (uint64_t seed = first; seed < first + count; seed++) one_seed(seed, (unsigned)atoi(argv[3]));
    return 0;
}
