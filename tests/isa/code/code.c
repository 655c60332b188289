/* SPDX-License-Identifier: Apache-2.0
 *
 * Code that changes under the processor: by itself (stores.S), through another address, by the kernel, by
 * other mappings, by another process and by another thread. What it prints on the host is what it is to print
 * on the simulated machine. `code KIND` leaves out everything but the self-rewriting functions. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

enum { page = 4096, rwx = PROT_READ | PROT_WRITE | PROT_EXEC };
typedef unsigned (*function)(unsigned value, void* scratch, long view);
typedef unsigned (*constant)(void);

extern const struct {
    const uint8_t *begin, *end;
    const char* name;
} self_rewriting[];

static void die(const char* what) {
    printf("%s: %s\n", what, strerror(errno));
    exit(1);
}
static uint8_t* pages(unsigned n, int prot, int flags, int file) {
    void* p = mmap(0, n * page, prot, flags, file, 0);
    if (p == MAP_FAILED) die("mmap");
    return p;
}
static uint8_t* anonymous(unsigned n) { return pages(n, rwx, MAP_PRIVATE | MAP_ANONYMOUS, -1); }

/* mov eax, value; ret */
static unsigned put_constant(uint8_t* at, uint32_t value) {
    at[0] = 0xb8;
    memcpy(at + 1, &value, 4);
    at[5] = 0xc3;
    return 6;
}
static uint32_t call(const void* at) { return ((constant)(uintptr_t)at)(); }

/* Each function at a place where the page boundary falls before, in and behind its last instructions, with a
 * value after another, written through `run + view`. */
static void self_rewriting_at(uint8_t* run, long view, const char* only) {
    uint8_t scratch[256] __attribute__((aligned(16)));
    for (unsigned i = 0; self_rewriting[i].begin; i++) {
        const char* name = self_rewriting[i].name;
        if (view && strncmp(name, "serial", 6)) continue;
        if (only && strcmp(only, name)) continue;
        const unsigned bytes = (unsigned)(self_rewriting[i].end - self_rewriting[i].begin);
        uint32_t sum = 0;
        for (unsigned behind = 0; behind < bytes + 3; behind += behind < 14 ? 1 : 7) {
            uint8_t* at = run + page - bytes + behind;
            memcpy(at + view, self_rewriting[i].begin, bytes);
            for (unsigned value = 0; value < 5; value++) {
                memset(scratch, 0, sizeof scratch);
                const uint32_t got = ((function)(uintptr_t)at)(value * 0x10204081u, scratch, view);
                sum = sum * 33 + got;
            }
        }
        printf("%s%s %08x\n", name, view ? " elsewhere" : "", sum);
    }
}

static void aliases(void) {
    char name[32];
    snprintf(name, sizeof name, "code.%d", (int)getpid());
    const int file = open(name, O_RDWR | O_CREAT | O_TRUNC, 0700);
    if (file < 0 || ftruncate(file, 3 * page)) die(name);
    unlink(name);
    uint8_t* run = pages(3, PROT_READ | PROT_EXEC, MAP_SHARED, file);
    uint8_t* write_at = pages(3, PROT_READ | PROT_WRITE, MAP_SHARED, file);
    self_rewriting_at(run, write_at - run, 0);
    /* Two runnable views of one page, and the file itself. */
    uint8_t* other = pages(3, PROT_READ | PROT_EXEC, MAP_SHARED, file);
    uint32_t sum = 0;
    for (unsigned i = 0; i < 50; i++) {
        put_constant(write_at + 64, i * 977);
        sum = sum * 7 + call(run + 64) + 3 * call(other + 64);
        uint8_t code[8];
        const unsigned n = put_constant(code, i * 1013);
        if (pwrite(file, code, n, 64) != (ssize_t)n) die("pwrite");
        sum = sum * 5 + call(run + 64) + 3 * call(other + 64);
    }
    printf("views and the file %08x\n", sum);
    close(file);
    munmap(run, 3 * page), munmap(write_at, 3 * page), munmap(other, 3 * page);
}

/* read(2), readv(2) into code that has run, over a page boundary too. */
static void by_the_kernel(void) {
    int p[2];
    if (pipe(p)) die("pipe");
    uint8_t* code = anonymous(3);
    uint32_t sum = 0;
    for (unsigned i = 0; i < 60; i++) {
        uint8_t bytes[8], *at = code + page - 7 + i % 9;
        const unsigned n = put_constant(bytes, i * 0x01030507u);
        if (write(p[1], bytes, n) != (ssize_t)n) die("write");
        if (i % 2) {
            if (read(p[0], at, n) != (ssize_t)n) die("read");
        } else {
            const struct iovec v[2] = {{at, 3}, {at + 3, n - 3}};
            if (readv(p[0], v, 2) != (ssize_t)n) die("readv");
        }
        sum = sum * 31 + call(at);
    }
    printf("read and readv %08x\n", sum);
    /* A write that fails half-way: what arrived before the fault is there. */
    mprotect(code + page, page, PROT_READ | PROT_EXEC);
    uint8_t bytes[8];
    put_constant(bytes, 0x55667788);
    put_constant(code + page - 6, 0);
    sum = call(code + page - 6);
    if (write(p[1], bytes, 6) != 6) die("write");
    if (read(p[0], code + page - 6, 6) != 6) die("read to the end of a page");
    printf("read to the end of a page %08x %08x\n", sum, call(code + page - 6));
    munmap(code, 3 * page);
    close(p[0]), close(p[1]);
}

static volatile sig_atomic_t faults;
static uint8_t* guarded;
static void open_page(int number, siginfo_t* info, void* context) {
    faults++;
    if (mprotect(guarded, page, PROT_READ | PROT_WRITE)) _exit(3);
}
static void close_page(int number, siginfo_t* info, void* context) {
    faults++;
    if (mprotect(guarded, page, PROT_READ | PROT_EXEC)) _exit(3);
}
static void skip_over(int number, siginfo_t* info, void* context) {
    uint8_t* at = (uint8_t*)((ucontext_t*)context)->uc_mcontext.gregs[REG_RIP];
    faults++;
    at[0] = 0x90, at[1] = 0x90; /* ud2 becomes two nops; the instruction starts anew */
}
static void handle(int number, void (*handler)(int, siginfo_t*, void*)) {
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_sigaction = handler;
    action.sa_flags = SA_SIGINFO;
    sigaction(number, &action, 0);
}

static void by_mapping(void) {
    uint32_t sum = 0;
    /* Another page in the same place, with code that was never stored through this address. */
    uint8_t* code = anonymous(2);
    for (unsigned i = 0; i < 40; i++) {
        uint8_t* fresh = anonymous(1);
        put_constant(fresh + 100, i * 7919);
        if (i % 4) call(fresh + 100);
        if (mremap(fresh, page, page, MREMAP_MAYMOVE | MREMAP_FIXED, code) == MAP_FAILED) {
            /* where the kernel does not move to a given place */
            memcpy(code, fresh, page);
            munmap(fresh, page);
        }
        sum = sum * 3 + call(code + 100);
    }
    printf("moved over %08x\n", sum);

    sum = 0;
    for (unsigned i = 0; i < 40; i++) {
        if (mmap(code, page, rwx, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != code) die("mmap over");
        sum += code[100];
        put_constant(code + 100, i * 131);
        sum = sum * 3 + call(code + 100);
        if (i % 3 == 0 && madvise(code, page, MADV_DONTNEED)) die("madvise");
        if (i % 3 == 0) sum += code[100] + 1;
        put_constant(code + 100, i * 137);
        sum = sum * 3 + call(code + 100);
    }
    printf("mapped over %08x\n", sum);

    /* An instruction on two pages, the second of which is replaced. */
    sum = 0;
    uint8_t* two = anonymous(2);
    for (unsigned i = 0; i < 40; i++) {
        put_constant(two + page - 3, i * 0x01234567u);
        sum = sum * 3 + call(two + page - 3);
        if (mmap(two + page, page, rwx, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != two + page)
            die("mmap behind");
        two[page] = (uint8_t)i, two[page + 1] = 1, two[page + 2] = 0xc3;
        sum = sum * 3 + call(two + page - 3);
    }
    printf("second page replaced %08x\n", sum);

    /* Either writable or executable, turned by faults. */
    guarded = anonymous(1);
    if (mprotect(guarded, page, PROT_READ | PROT_EXEC)) die("mprotect");
    sum = 0;
    for (unsigned i = 0; i < 25; i++) {
        handle(SIGSEGV, open_page);
        put_constant(guarded + 40, i * 31337);
        handle(SIGSEGV, close_page);
        sum = sum * 3 + call(guarded + 40);
    }
    signal(SIGSEGV, SIG_DFL);
    printf("turned by faults %08x, %d faults\n", sum, (int)faults);

    /* Holes that a handler fills. */
    faults = 0;
    handle(SIGILL, skip_over);
    sum = 0;
    for (unsigned i = 0; i < 10; i++) {
        code[0] = 0x0f, code[1] = 0x0b;
        put_constant(code + 2, i * 257);
        sum = sum * 3 + call(code) + call(code);
    }
    signal(SIGILL, SIG_DFL);
    printf("filled by a handler %08x, %d faults\n", sum, (int)faults);
    munmap(code, 2 * page), munmap(two, 2 * page), munmap(guarded, page);
}

/* A child has its own copy of private code and the same shared code. */
static void by_another_process(void) {
    uint8_t* own = anonymous(1);
    uint8_t* shared = pages(1, rwx, MAP_SHARED | MAP_ANONYMOUS, -1);
    int down[2], up[2];
    if (pipe(down) || pipe(up)) die("pipe");
    put_constant(own, 1), put_constant(shared, 1);
    uint32_t sum = call(own) + call(shared);
    const pid_t child = fork();
    if (!child) {
        uint32_t i;
        while (read(down[0], &i, 4) == 4 && i != 99) {
            put_constant(own, i * 3 + 1);
            const uint32_t answer = call(own) * 5 + call(shared);
            put_constant(shared, i * 11 + 7);
            if (write(up[1], &answer, 4) != 4) _exit(2);
        }
        _exit(call(own) & 127);
    }
    for (uint32_t i = 0; i < 30; i++) {
        uint32_t answer;
        put_constant(shared, i * 17);
        sum = sum * 3 + call(own) + call(shared);
        if (write(down[1], &i, 4) != 4 || read(up[0], &answer, 4) != 4) die("child");
        sum = sum * 3 + answer + call(own) * 9 + call(shared);
    }
    const uint32_t end = 99;
    int status;
    if (write(down[1], &end, 4) != 4) die("write");
    waitpid(child, &status, 0);
    printf("another process %08x, status %x\n", sum, status);
    munmap(own, page), munmap(shared, page);
    close(down[0]), close(down[1]), close(up[0]), close(up[1]);
}

/* Cross-modifying code as the manual wants it (Intel SDM vol. 3, 8.1.3): one thread stores code and then says
 * so; the other sees that, serializes, and runs it. */
static uint8_t* crossing;
static volatile unsigned turn;
static void serialize(void) {
    unsigned a = 0, b, c = 0, d;
    __asm__ volatile("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d) : : "memory");
}
static void* modify(void* unused) {
    for (unsigned i = 1; i < 60; i++) {
        while (turn != 2 * i - 1) sched_yield();
        put_constant(crossing + i % 3, i * 50021);
        __atomic_store_n(&turn, 2 * i, __ATOMIC_RELEASE);
    }
    return 0;
}
static void by_another_thread(void) {
    crossing = anonymous(1);
    put_constant(crossing, 0);
    pthread_t thread;
    if (pthread_create(&thread, 0, modify, 0)) die("pthread_create");
    uint32_t sum = 0;
    for (unsigned i = 1; i < 60; i++) {
        sum += call(crossing + (i - 1) % 3);
        __atomic_store_n(&turn, 2 * i - 1, __ATOMIC_RELEASE);
        while (__atomic_load_n(&turn, __ATOMIC_ACQUIRE) != 2 * i) sched_yield();
        serialize();
        sum = sum * 3 + call(crossing + i % 3);
    }
    pthread_join(thread, 0);
    printf("another thread %08x\n", sum);
    munmap(crossing, page);
}

/* A small compiler: code after code into the same memory, with data of its own beside it. */
static void compiled(void) {
    uint8_t* code = anonymous(1);
    uint32_t sum = 0, random = 1;
    for (unsigned round = 0; round < 400; round++) {
        uint8_t* p = code + round % 50;
        *p++ = 0xb8; /* mov eax, round */
        memcpy(p, &round, 4), p += 4;
        const unsigned length = 1 + round % 40;
        for (unsigned i = 0; i < length; i++) {
            random = random * 1103515245 + 12345;
            static const uint8_t operation[] = {0x05, 0x2d, 0x35, 0x25,
                                                0x0d}; /* add sub xor and or eax, imm32 */
            *p++ = operation[(random >> 16) % 5];
            memcpy(p, &random, 4), p += 4;
            if (i % 8 == 7) *p++ = 0xeb, *p++ = 1, *p++ = 0x0f; /* jmp over a byte */
        }
        /* inc dword ptr [rip + 2000 - ...]: the counter at code + 2000 */
        const int32_t distance = (int32_t)(code + 2000 - (p + 6));
        *p++ = 0xff, *p++ = 0x05;
        memcpy(p, &distance, 4), p += 4;
        *p++ = 0xc3;
        sum = sum * 31 + call(code + round % 50);
        if (round % 3) sum = sum * 31 + call(code + round % 50);
    }
    uint32_t counted;
    memcpy(&counted, code + 2000, 4);
    printf("compiled %08x, counted %u\n", sum, counted);
    munmap(code, page);
}

int main(int argc, char** argv) {
    setvbuf(stdout, 0, _IOLBF, 0);
    uint8_t* code = anonymous(3);
    self_rewriting_at(code, 0, argc > 1 ? argv[1] : 0);
    if (argc > 1) return 0;
    aliases();
    by_the_kernel();
    by_mapping();
    by_another_process();
    by_another_thread();
    compiled();
    puts("done");
    return 0;
}
