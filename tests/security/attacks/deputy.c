/* SPDX-License-Identifier: Apache-2.0
 *
 * The kernel may touch everything. It must not do so for a program that may not: system calls with a
 * neighbour's buffer, by every route that leads from a pointer to memory.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#include "tests/security/attacks/attacker.h"

#define CALL3(n, a, b, c) stile_syscall3(n, (long)(a), (long)(b), (long)(c))
#define CALL6(n, a, b, c, d, e, f) \
    stile_syscall6(n, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f))

static int ends[2];
static int pipe_holding(const void* bytes, size_t n) {
    return pipe(ends) == 0 && (!n || write(ends[1], bytes, n) == (ssize_t)n);
}
/* What the kernel put into the pipe for us. */
static int secret_in_pipe(long result) {
    uint64_t value = 0;
    if (result < 0) return told_no(result);
    if (read(ends[0], &value, sizeof value) != sizeof value) return inconclusive("the pipe is empty");
    return have_secret(value);
}
static int overwrote(long result, const char* what) {
    return result < 0 ? told_no(result) : got_in("the kernel wrote over %s", what);
}

int attack_write_from(void) {
    if (!pipe_holding(0, 0)) return SET_UP_FAILED;
    return secret_in_pipe(CALL3(SYS_write, ends[1], address_of(AT_SECRET), 8));
}
int attack_read_into(void) {
    if (!pipe_holding("overwritten", 8)) return SET_UP_FAILED;
    return overwrote(CALL3(SYS_read, ends[0], address_of(AT_SECRET), 8), "the secret");
}
/* The first part is ours, the second is not. */
int attack_writev_mixed(void) {
    uint64_t ours = 1, value = 0;
    const struct iovec parts[] = {{&ours, 8}, {(void*)address_of(AT_SECRET), 8}};
    if (!pipe_holding(0, 0)) return SET_UP_FAILED;
    const long r = CALL3(SYS_writev, ends[1], parts, 2);
    if (r < 16) return told_no(r < 0 ? r : -14 /* EFAULT: the rest was refused */);
    if (read(ends[0], &value, 8) != 8) return inconclusive("the pipe is empty");
    return secret_in_pipe(r);
}
int attack_readv_mixed(void) {
    uint64_t ours = 1;
    const struct iovec parts[] = {{&ours, 8}, {(void*)address_of(AT_RESULTS), 8}};
    if (!pipe_holding("0123456701234567", 16)) return SET_UP_FAILED;
    const long r = CALL3(SYS_readv, ends[0], parts, 2);
    return r < 16 ? told_no(r < 0 ? r : -14) : got_in("the kernel wrote over the results");
}
/* The list of buffers itself lies in the victim: its results are taken for addresses and lengths. */
int attack_vector_in_victim(void) {
    if (!pipe_holding(0, 0)) return SET_UP_FAILED;
    const long r = CALL3(SYS_writev, ends[1], address_of(AT_PAGE) + 4088, 0);
    const long s = CALL3(SYS_writev, ends[1], address_of(AT_FRAME), 1); /* {0, 0} */
    return r == 0 && s == 0 ? got_in("the kernel read a vector of the victim's") : told_no(s);
}
int attack_file_at_offset(void) {
    const int file = open("/taken", O_RDWR | O_CREAT, 0600);
    uint64_t value = 0;
    const long r = CALL6(SYS_pwrite64, file, address_of(AT_SECRET), 8, 0, 0, 0);
    if (r < 0) return told_no(r);
    if (pread(file, &value, 8, 0) != 8) return inconclusive("the file is empty");
    return have_secret(value);
}
int attack_pages_into_pipe(void) {
    const struct iovec part = {(void*)address_of(AT_SECRET), 8};
    if (!pipe_holding(0, 0)) return SET_UP_FAILED;
    return secret_in_pipe(CALL6(SYS_vmsplice, ends[1], &part, 1, 0, 0, 0));
}
int attack_random_bytes(void) {
    return overwrote(CALL3(SYS_getrandom, address_of(AT_SECRET), 8, 0), "the secret");
}
int attack_clock(void) {
    return overwrote(CALL3(SYS_clock_gettime, 0, address_of(AT_RESULTS), 0), "the results");
}
int attack_file_status(void) {
    return overwrote(CALL3(SYS_stat, "/", address_of(AT_RESULTS), 0), "the results");
}
int attack_new_pipe(void) { return overwrote(CALL3(SYS_pipe, address_of(AT_SECRET), 0, 0), "the secret"); }
int attack_old_action(void) {
    return overwrote(CALL6(SYS_rt_sigaction, SIGUSR1, 0, address_of(AT_RESULTS), 8, 0, 0), "the results");
}
int attack_old_mask(void) {
    return overwrote(CALL6(SYS_rt_sigprocmask, SIG_BLOCK, 0, address_of(AT_SECRET), 8, 0, 0), "the secret");
}
int attack_working_folder(void) {
    return overwrote(CALL3(SYS_getcwd, address_of(AT_SECRET), 8, 0), "the secret");
}
int attack_poll_results(void) {
    /* The secret's low half is no descriptor, which the answer says: POLLNVAL. */
    return overwrote(CALL3(SYS_poll, address_of(AT_SECRET), 1, 0), "the secret");
}
int attack_affinity(void) {
    return overwrote(CALL3(SYS_sched_getaffinity, 0, 8, address_of(AT_SECRET)), "the secret");
}
int attack_child_status(void) {
    const pid_t child = fork();
    if (child == 0) _exit(5);
    return overwrote(CALL6(SYS_wait4, child, address_of(AT_SECRET), 0, 0, 0, 0), "the secret");
}
/* A path that is the victim's memory: the answer tells whether such a file exists. */
int attack_path(void) {
    const long r = CALL3(SYS_open, address_of(AT_PAGE), O_RDONLY, 0);
    return r == -14 ? told_no(r)
                    : got_in("the kernel looked for a file by the victim's bytes (result %ld)", r);
}
/* FUTEX_WAKE_OP with FUTEX_OP_SET 0. */
int attack_futex_word(void) {
    static uint32_t ours;
    const long r = CALL6(SYS_futex, &ours, 5, 0, 0, address_of(AT_WORD), 0);
    return overwrote(r, "the victim's futex word");
}
/* EAGAIN says that the word is another, anything else that the guess was right. */
int attack_futex_oracle(void) {
    const struct timespec soon = {0, 1000};
    const long wrong = CALL6(SYS_futex, address_of(AT_WORD), 0, 2, &soon, 0, 0);
    if (wrong == -14) return told_no(wrong);
    const long right = CALL6(SYS_futex, address_of(AT_WORD), 0, 1, &soon, 0, 0);
    return wrong == -11 && right == -110 ? got_in("the kernel compared the victim's word for us")
                                         : inconclusive("%ld and %ld", wrong, right);
}
/* A thread's number, written when it begins, and zero when it ends. */
static long thread_with(unsigned long flags, uint64_t parent_at, uint64_t child_at) {
    static char stack[4096] __attribute__((aligned(16)));
    long r;
    register uint64_t r10 __asm__("r10") = child_at;
    register uint64_t r8 __asm__("r8") = 0;
    __asm__ volatile("syscall\n test %%rax, %%rax\n jnz 1f\n mov $60, %%eax\n xor %%edi, %%edi\n syscall\n 1:"
                     : "=a"(r)
                     : "a"(SYS_clone), "D"(0x50f00 | flags), "S"(stack + sizeof stack), "d"(parent_at),
                       "r"(r10), "r"(r8)
                     : "rcx", "r11", "memory");
    for (int i = 0; i < 20; ++i) stile_syscall3(SYS_sched_yield, 0, 0, 0);
    return r;
}
/* These fail in silence, as on Linux: whether the victim was touched is for it to say. */
int attack_thread_number(void) {
    const long r = thread_with(0x01000000 /* CHILD_SETTID */, 0, address_of(AT_SECRET));
    return r < 0 ? told_no(r) : told_nothing();
}
int attack_thread_number_for_parent(void) {
    const long r = thread_with(0x00100000 /* PARENT_SETTID */, address_of(AT_SECRET), 0);
    return r < 0 ? told_no(r) : told_nothing();
}
int attack_thread_end(void) {
    const long r = thread_with(0x00200000 /* CHILD_CLEARTID */, 0, address_of(AT_WORD));
    return r < 0 ? told_no(r) : told_nothing();
}
/* A list of robust mutexes that leads to the victim: a word there that holds the thread's number would be
 * marked as that of an owner who died. Some of the victim's results are small numbers, and threads are cheap.
 */
static volatile int went_on;
static void* robust_thread(void* results) {
    static struct {
        void* next;
        long offset;
        void* pending;
    } head;
    const long self = CALL3(SYS_gettid, 0, 0, 0);
    for (long i = 0; i < 64; ++i) {
        if (i * i + 1 != self) continue;
        head.next = &head;
        head.pending = (uint64_t*)results + i;
        CALL3(SYS_set_robust_list, &head, sizeof head, 0);
        CALL3(SYS_exit, 0, 0, 0);
    }
    went_on = 1;
    return 0;
}
int attack_robust_list(void) {
    const uint64_t results = address_of(AT_RESULTS);
    for (int i = 0; i < 20; ++i) {
        pthread_t thread;
        went_on = 0;
        if (pthread_create(&thread, 0, robust_thread, (void*)results) != 0) return SET_UP_FAILED;
        for (int k = 0; k < 50; ++k) stile_syscall3(SYS_sched_yield, 0, 0, 0);
        if (!went_on) return told_nothing();
    }
    return inconclusive("no thread had a fitting number");
}
/* The signal frame goes to the alternate stack. The handler leaves that at once. */
static sigjmp_buf home;
static char leave_on[4096] __attribute__((aligned(16)));
char* attack_leave_on = leave_on + sizeof leave_on - 8;
__attribute__((noreturn)) void attack_come_home(void) { siglongjmp(home, 1); }
__attribute__((naked)) static void handler(int sig) {
    __asm__("mov attack_leave_on(%rip), %rsp\n jmp attack_come_home");
}
int attack_signal_frame(void) {
    const uint64_t top = address_of(AT_FRAME) + 2048;
    const stack_t there = {.ss_sp = (void*)(top - 8192), .ss_size = 8192};
    const long r = CALL3(SYS_sigaltstack, &there, 0, 0);
    if (r < 0) return told_no(r);
    struct sigaction a = {.sa_handler = handler, .sa_flags = SA_ONSTACK};
    if (sigaction(SIGUSR1, &a, 0) != 0) return SET_UP_FAILED;
    if (sigsetjmp(home, 1)) return got_in("the kernel built a signal frame in the victim");
    raise(SIGUSR1);
    return inconclusive("nothing happened");
}
/* rt_sigreturn loads the floating-point registers from where the frame says: XMM0 lies 160 bytes into it. */
static uint64_t image_at;
static void load_from_victim(int sig, siginfo_t* info, void* context) {
    ((ucontext_t*)context)->uc_mcontext.fpregs = (void*)image_at;
}
int attack_signal_return_from_victim(void) {
    struct sigaction a = {.sa_sigaction = load_from_victim, .sa_flags = SA_SIGINFO};
    uint64_t value;
    long r = CALL3(SYS_getpid, 0, 0, 0);
    image_at = address_of(AT_SECRET) - 160;
    if (sigaction(SIGUSR1, &a, 0) != 0) return SET_UP_FAILED;
    __asm__ volatile("syscall\n movq %%xmm0, %1"
                     : "=a"(r), "=r"(value)
                     : "a"(SYS_kill), "D"(r), "S"(SIGUSR1)
                     : "rcx", "r11", "xmm0", "memory");
    return have_secret(value);
}
int attack_old_stack(void) {
    return overwrote(CALL3(SYS_sigaltstack, 0, address_of(AT_RESULTS), 0), "the results");
}
int attack_old_timer(void) {
    return overwrote(CALL3(SYS_getitimer, ITIMER_REAL, address_of(AT_RESULTS), 0), "the results");
}
int attack_machine_name(void) {
    return overwrote(CALL3(SYS_uname, address_of(AT_RESULTS), 0, 0), "the results");
}
int attack_resident_pages(void) {
    void* ours = page(PROT_READ);
    return overwrote(CALL3(SYS_mincore, ours, 4096, address_of(AT_SECRET)), "the secret");
}
/* dIPC's own calls take pointers, too. */
int attack_entries_in_victim(void) {
    const long r = dipc_entry_request(wait_for_name("victim.entries"),
                                      (struct stile_entry*)address_of(AT_RESULTS), ENTRIES);
    return r == -14 ? told_no(r)
                    : got_in("the kernel compared the victim's memory with a signature (result %ld)", r);
}
int attack_name_in_victim(void) {
    const long r = dipc_name_lookup((const char*)address_of(AT_SECRET));
    return r == -14 ? told_no(r) : got_in("the kernel took the secret for a name (result %ld)", r);
}
