/* SPDX-License-Identifier: Apache-2.0
 *
 * Protection keys (pkeys(7)): system calls, faults, what a thread, a child, a new program and a handler find
 * in PKRU. On a processor without them, the answers of the system calls. */
#include "check.h"

#include <cpuid.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <sys/ucontext.h>
#include <sys/utsname.h>

#define PAGE 4096ul
#define INITIAL 0x55555554u
enum { no_access = 1, no_write = 2 };

static int key_alloc(unsigned long flags, unsigned long rights) {
    return (int)syscall(SYS_pkey_alloc, flags, rights);
}
static int key_free(int key) { return (int)syscall(SYS_pkey_free, key); }
static int key_protect(volatile void* at, size_t bytes, int prot, int key) {
    return (int)syscall(SYS_pkey_mprotect, at, bytes, prot, key);
}
static unsigned rdpkru(void) {
    unsigned a, d;
    __asm__ volatile(".byte 0x0f, 0x01, 0xee" : "=a"(a), "=d"(d) : "c"(0));
    return a;
}
static void wrpkru(unsigned v) {
    __asm__ volatile(".byte 0x0f, 0x01, 0xef" : : "a"(v), "c"(0), "d"(0) : "memory");
}
static void rights(int key, unsigned r) { wrpkru((rdpkru() & ~(3u << 2 * key)) | r << 2 * key); }

static char* pages(unsigned n) {
    return mmap(0, n * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static sigjmp_buf back;
static siginfo_t info;
static long trap, error_code;
static unsigned in_handler;
static void catch (int number, siginfo_t* i, void* context) {
    const greg_t* g = ((ucontext_t*)context)->uc_mcontext.gregs;
    info = *i;
    trap = g[REG_TRAPNO];
    error_code = g[REG_ERR];
    in_handler = rdpkru();
    siglongjmp(back, 1);
}

/* 0: the access went through; else the error code of a fault that names `key`. Who jumps out of a handler
 * keeps the handler's PKRU, so it is put back. */
static long attempt(volatile char* at, int write, int key) {
    const unsigned before = rdpkru();
    memset(&info, 0, sizeof info);
    if (!sigsetjmp(back, 1)) {
        if (write)
            *at = 77;
        else
            (void)*at;
        return 0;
    }
    wrpkru(before);
    CHECK(info.si_signo == SIGSEGV && info.si_addr == at && trap == 14);
    CHECK(info.si_code == SEGV_PKUERR && info.si_pkey == (unsigned)key);
    CHECK(in_handler == INITIAL);
    return error_code;
}

static void without(void) {
    char* p = pages(1);
    CHECK_ERROR(key_alloc(0, 0), EINVAL);
    CHECK_ERROR(key_alloc(1, 0), EINVAL);
    CHECK_ERROR(key_free(0), EINVAL);
    CHECK_ERROR(key_free(1), EINVAL);
    CHECK_ERROR(key_protect(p, PAGE, PROT_READ, 0), EINVAL);
    CHECK_ERROR(key_protect(p, PAGE, PROT_READ, 1), EINVAL);
    CHECK_ERROR(key_protect(p + 1, PAGE, PROT_READ, -1), EINVAL);
    CHECK(key_protect(p, 0, PROT_READ, 5) == 0);
    CHECK(key_protect(p, PAGE, PROT_READ, -1) == 0);
}

static void allocation(void) {
    char* p = pages(1);
    int keys[15];
    CHECK(rdpkru() == INITIAL);
    CHECK_ERROR(key_alloc(1, 0), EINVAL);
    CHECK_ERROR(key_alloc(0, 4), EINVAL);
    CHECK_ERROR(key_protect(p, PAGE, PROT_READ, 1), EINVAL);
    for (int i = 0; i < 15; i++) {
        keys[i] = key_alloc(0, (unsigned)i % 4);
        CHECK(keys[i] == i + 1);
        CHECK((rdpkru() >> 2 * (i + 1) & 3) == (unsigned)i % 4);
    }
    CHECK_ERROR(key_alloc(0, 0), ENOSPC);
    CHECK(key_free(7) == 0);
    CHECK_ERROR(key_free(7), EINVAL);
    CHECK_ERROR(key_free(-1), EINVAL);
    CHECK_ERROR(key_free(16), EINVAL);
    CHECK_ERROR(key_protect(p, PAGE, PROT_READ, 7), EINVAL);
    CHECK_ERROR(key_protect(p, PAGE, PROT_READ, 16), EINVAL);
    CHECK_ERROR(key_protect(p, PAGE, PROT_READ, -2), EINVAL);
    CHECK(key_protect(p, PAGE, PROT_READ, 8) == 0);
    CHECK(key_alloc(0, no_write) == 7);
    for (int i = 0; i < 15; i++) CHECK(key_free(keys[i]) == 0);
    wrpkru(INITIAL);
    munmap(p, PAGE);
}

static void accesses(void) {
    char* p = pages(4);
    const int key = key_alloc(0, 0), other = key_alloc(0, no_access);
    CHECK(key_protect(p, PAGE * 2, PROT_READ | PROT_WRITE, key) == 0);
    p[0] = 1;
    CHECK(attempt(p, 1, key) == 0);
    rights(key, no_write);
    CHECK(attempt(p, 0, key) == 0 && p[0] == 77);
    CHECK(attempt(p, 1, key) == 0x27);
    CHECK(attempt(p + PAGE, 1, key) == 6); /* its page is not there yet */
    rights(key, no_access);
    CHECK(attempt(p, 0, key) == 0x25);
    CHECK(attempt(p, 1, key) == 0x27);
    CHECK(attempt(p + PAGE, 0, key) == 4);
    CHECK(attempt(p + 2 * PAGE, 1, 0) == 0);
    /* Another key for the same page: the closed one of the two counts. */
    rights(key, 0);
    CHECK(attempt(p, 0, key) == 0);
    CHECK(key_protect(p, PAGE, PROT_READ | PROT_WRITE, other) == 0);
    CHECK(attempt(p, 0, other) == 0x25);
    /* The key counts before the page's rights, which still count when it is open. */
    CHECK(mprotect(p, PAGE, PROT_READ) == 0);
    CHECK(attempt(p, 1, other) == 0x27);
    rights(other, 0);
    if (!sigsetjmp(back, 1)) {
        *(volatile char*)p = 1;
        CHECK(!"came back");
    }
    CHECK(info.si_code == SEGV_ACCERR && error_code == 7);
    /* Nobody but mprotect changes keys: a new mapping has key 0, a moved one its own. */
    rights(other, no_access);
    char* moved = mremap(p, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, p + 3 * PAGE);
    CHECK(moved == p + 3 * PAGE && attempt(moved, 0, other) == 0x25);
    CHECK(mmap(p, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == p);
    CHECK(attempt(p, 0, 0) == 0);
    /* A freed key still marks its pages. */
    CHECK(key_free(other) == 0 && attempt(moved, 0, other) == 0x25);
    CHECK(key_free(key) == 0);
    munmap(p, 4 * PAGE);
    wrpkru(INITIAL);
}

static void kernel_accesses(void) {
    char* p = pages(1);
    int ends[2];
    const int key = key_alloc(0, 0);
    CHECK(pipe(ends) == 0 && key_protect(p, PAGE, PROT_READ | PROT_WRITE, key) == 0);
    strcpy(p, "hello");
    CHECK(write(ends[1], p, 6) == 6);
    rights(key, no_write);
    CHECK(write(ends[1], p, 6) == 6);
    CHECK_ERROR(read(ends[0], p, 6), EFAULT);
    rights(key, no_access);
    CHECK_ERROR(write(ends[1], p, 6), EFAULT);
    CHECK_ERROR(open(p, O_RDONLY), EFAULT);
    rights(key, 0);
    memset(p, 0, 6);
    CHECK(read(ends[0], p, 6) == 6 && !strcmp(p, "hello"));
    /* Not there yet, and then not allowed. */
    CHECK(munmap(p, PAGE) == 0 && mmap(p, PAGE, 3, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == p);
    CHECK(key_protect(p, PAGE, PROT_READ | PROT_WRITE, key) == 0);
    rights(key, no_access);
    CHECK_ERROR(read(ends[0], p, 6), EFAULT);
    CHECK(key_free(key) == 0);
    wrpkru(INITIAL);
    close(ends[0]), close(ends[1]);
    munmap(p, PAGE);
}

static char* mended;
static void mend(int number, siginfo_t* i, void* context) {
    info = *i;
    in_handler = rdpkru();
    wrpkru(INITIAL & ~(3u << 10)); /* is gone on the way back */
    key_protect(mended, PAGE, PROT_READ | PROT_WRITE, 0);
}
static void handlers(void) {
    const int key = key_alloc(0, no_access), stack_key = key_alloc(0, 0);
    mended = pages(1);
    CHECK(key_protect(mended, PAGE, PROT_READ | PROT_WRITE, key) == 0);
    on_signal(SIGSEGV, mend, 0);
    const unsigned before = rdpkru();
    *(volatile char*)mended = 3;
    CHECK(mended[0] == 3 && info.si_code == SEGV_PKUERR && in_handler == INITIAL);
    CHECK(rdpkru() == before);
    /* Since Linux 6.12 a closed alternate stack is no obstacle to writing the frame; the handler cannot use
     * it. */
    struct utsname u;
    int major = 0, minor = 0;
    uname(&u);
    sscanf(u.release, "%d.%d", &major, &minor);
    if (major > 6 || (major == 6 && minor >= 12)) {
        const pid_t child = fork();
        if (!child) {
            char* at = pages(8);
            key_protect(at, 8 * PAGE, PROT_READ | PROT_WRITE, stack_key);
            const stack_t alt = {.ss_sp = at, .ss_size = 8 * PAGE};
            sigaltstack(&alt, 0);
            on_signal(SIGUSR1, note_signal, SA_ONSTACK);
            rights(stack_key, no_access);
            raise(SIGUSR1); /* the handler's first push */
            _exit(1);
        }
        const int status = status_of(child);
        CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
    }
    CHECK(key_free(key) == 0 && key_free(stack_key) == 0);
    on_signal(SIGSEGV, catch, SA_NODEFER);
    wrpkru(INITIAL);
    munmap(mended, PAGE);
}

static void children(const char* self) {
    char* p = pages(1);
    const int key = key_alloc(0, 0);
    CHECK(key_protect(p, PAGE, PROT_READ | PROT_WRITE, key) == 0);
    p[0] = 1;
    rights(key, no_write);
    const unsigned mine = rdpkru();
    pid_t child = fork();
    if (!child) {
        int ok = rdpkru() == mine && attempt(p, 1, key) == 0x27;
        rights(key, 0); /* copied at this write, and keeps its key */
        ok &= attempt(p, 1, key) == 0;
        rights(key, no_access);
        ok &= attempt(p, 0, key) == 0x25;
        ok &= key_free(key) == 0 && key_alloc(0, 0) == key;
        _exit(!ok || failed);
    }
    CHECK(status_of(child) == 0);
    CHECK(p[0] == 1 && rdpkru() == mine && attempt(p, 1, key) == 0x27);
    child = fork();
    if (!child) {
        execl(self, self, "pkru", (char*)0);
        _exit(1);
    }
    CHECK(status_of(child) == 0);
    CHECK(key_free(key) == 0);
    wrpkru(INITIAL);
    munmap(p, PAGE);
}

/* Two threads that hand the processor to each other, each with rights of its own. */
static char* theirs;
static volatile int go_on = 1, wrong, turns;
static pthread_barrier_t begun;
static void* other_thread(void* inherited) {
    if (rdpkru() != (unsigned)(uintptr_t)inherited) wrong++;
    wrpkru(INITIAL | 0xff0);
    const unsigned mine = rdpkru();
    pthread_barrier_wait(&begun);
    while (go_on) {
        sched_yield();
        turns++;
        if (rdpkru() != mine) wrong++;
    }
    return 0;
}
static void threads(void) {
    const int key = key_alloc(0, 0);
    pthread_t thread;
    theirs = pages(1);
    CHECK(key_protect(theirs, PAGE, PROT_READ | PROT_WRITE, key) == 0);
    pthread_barrier_init(&begun, 0, 2);
    CHECK(pthread_create(&thread, 0, other_thread, (void*)(uintptr_t)rdpkru()) == 0);
    pthread_barrier_wait(&begun);
    const unsigned mine = rdpkru();
    for (int i = 0; i < 200; i++) {
        theirs[0]++;
        sched_yield();
        if (rdpkru() != mine) wrong++;
    }
    go_on = 0;
    pthread_join(thread, 0);
    CHECK(wrong == 0 && turns > 0 && theirs[0] == (char)200);
    CHECK(key_free(key) == 0);
    wrpkru(INITIAL);
}

/* What may only be executed cannot be read. */
static void execute_only(void) {
    char* p = pages(1);
    memcpy(p, "\xb8\x2a\x00\x00\x00\xc3", 6); /* mov eax, 42; ret */
    CHECK(mprotect(p, PAGE, PROT_EXEC) == 0);
    CHECK(((int (*)(void))(uintptr_t)p)() == 42);
    memset(&info, 0, sizeof info);
    const unsigned before = rdpkru();
    if (!sigsetjmp(back, 1)) {
        (void)*(volatile char*)p;
        CHECK(!"came back");
    }
    wrpkru(before);
    CHECK(info.si_code == SEGV_PKUERR);
    const int key = (int)info.si_pkey;
    CHECK(key > 0 && key < 16);
    CHECK_ERROR(key_free(key), EINVAL); /* it is the kernel's */
    CHECK_ERROR(key_protect(p, PAGE, PROT_READ, key), EINVAL);
    CHECK(mprotect(p, PAGE, PROT_READ | PROT_EXEC) == 0 && p[1] == 42);
    /* A key does not speak about fetches. */
    const int closed = key_alloc(0, no_access);
    CHECK(key_protect(p, PAGE, PROT_READ | PROT_EXEC, closed) == 0);
    CHECK(((int (*)(void))(uintptr_t)p)() == 42);
    CHECK(attempt(p, 0, closed) == 0x25);
    CHECK(key_free(closed) == 0);
    wrpkru(INITIAL);
    munmap(p, PAGE);
}

int main(int argc, char** argv) {
    unsigned a, b, c = 0, d;
    const int present = __get_cpuid_count(7, 0, &a, &b, &c, &d) && (c & 1 << 4);
    CHECK(present || !getenv("KEYS")); /* who runs it may know better */
    if (argc > 1) return !present || rdpkru() != INITIAL;
    if (present) {
        on_signal(SIGSEGV, catch, SA_NODEFER);
        allocation();
        accesses();
        kernel_accesses();
        handlers();
        children(argv[0]);
        threads();
        execute_only();
    } else {
        without();
    }
    return END;
}
