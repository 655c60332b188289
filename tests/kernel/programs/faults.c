/* SPDX-License-Identifier: Apache-2.0
 *
 * What each exception of the processor is to a program: signal, code, address, and the trap number and error
 * code of the context. */
#include "check.h"

#include <setjmp.h>
#include <stdint.h>
#include <sys/ucontext.h>

static sigjmp_buf back;
static siginfo_t info;
static long trap, error_code;

static void catch (int number, siginfo_t* i, void* context) {
    const greg_t* g = ((ucontext_t*)context)->uc_mcontext.gregs;
    info = *i;
    trap = g[REG_TRAPNO];
    error_code = g[REG_ERR];
    /* Linux and this kernel leave AC as it was: the handler's own accesses would be checked. */
    __asm__ volatile("pushfq\n andl $~0x40000, (%%rsp)\n popfq" : : : "memory", "cc");
    siglongjmp(back, 1);
}

#define EXPECT(signal, code, vector, error) \
    CHECK(info.si_signo == (signal));       \
    CHECK(info.si_code == (code));          \
    CHECK(trap == (vector));                \
    CHECK(error_code == (error))
#define FAULT(...)                     \
    memset(&info, 0, sizeof info);     \
    if (!sigsetjmp(back, 1)) {         \
        __asm__ volatile(__VA_ARGS__); \
        CHECK(!"came back");           \
    }
#define WITH_AC "pushfq\n orl $0x40000, (%%rsp)\n popfq\n"

static void alignment(void) {
    static _Alignas(16) char data[64];
    char* volatile at = data + 1;
    FAULT(WITH_AC "movl (%0), %%eax" : : "r"(at) : "eax", "memory", "cc");
    EXPECT(SIGBUS, BUS_ADRALN, 17, 0);
    CHECK(info.si_addr == 0);
    FAULT(WITH_AC "movups (%0), %%xmm0\n movw %%ax, (%0)" : : "r"(at + 15 - 1 + 1) : "xmm0", "memory", "cc");
    EXPECT(SIGBUS, BUS_ADRALN, 17, 0);
    int sum = 0; /* aligned accesses and bytes pass */
    __asm__ volatile(WITH_AC "movzbl (%1), %0\n addl 3(%1), %0\n pushfq\n andl $~0x40000, (%%rsp)\n popfq"
                     : "=&r"(sum)
                     : "r"(at)
                     : "memory", "cc");
    CHECK(sum == 0);
    /* A system call made with AC set works, and AC is there after it. */
    long pid, flags;
    __asm__ volatile(WITH_AC "syscall\n pushfq\n popq %1\n pushfq\n andl $~0x40000, (%%rsp)\n popfq"
                     : "=a"(pid), "=r"(flags)
                     : "0"(39)
                     : "rcx", "r11", "memory", "cc");
    CHECK(pid == getpid() && (flags & 0x40000));
}

static void addresses(void) {
    const uint64_t hole = 0x800000000000;
    FAULT("movq (%0), %%rax" : : "r"(hole) : "rax", "memory");
    EXPECT(SIGSEGV, SI_KERNEL, 13, 0);
    CHECK(info.si_addr == 0);
    FAULT("pushq %%rbp\n movq %0, %%rbp\n movq (%%rbp), %%rax\n popq %%rbp" : : "r"(hole) : "rax", "memory");
    EXPECT(SIGBUS, SI_KERNEL, 12, 0);
    FAULT("jmp *%0" : : "r"(hole) : "memory");
    EXPECT(SIGSEGV, SI_KERNEL, 13, 0);
    FAULT("movl (%0), %%eax" : : "r"(0x1234L) : "eax", "memory");
    EXPECT(SIGSEGV, SEGV_MAPERR, 14, 4);
    CHECK(info.si_addr == (void*)0x1234);
    FAULT("movl %%eax, (%0)" : : "r"(&addresses) : "memory");
    EXPECT(SIGSEGV, SEGV_ACCERR, 14, 7);
}

static void instructions(void) {
    FAULT("hlt" : : : "memory");
    EXPECT(SIGSEGV, SI_KERNEL, 13, 0);
    FAULT("inb $0x80, %%al" : : : "eax", "memory");
    EXPECT(SIGSEGV, SI_KERNEL, 13, 0);
    FAULT("int $0x40" : : : "memory");
    EXPECT(SIGSEGV, SI_KERNEL, 13, 0x40 * 8 + 2);
    FAULT("int $4" : : : "memory");
    EXPECT(SIGSEGV, SI_KERNEL, 4, 0);
    FAULT("movl $0x1234, %%eax\n movl %%eax, %%ds" : : : "eax", "memory");
    EXPECT(SIGSEGV, SI_KERNEL, 13, 0x1234);
    FAULT("ud2" : : : "memory");
    EXPECT(SIGILL, ILL_ILLOPN, 6, 0);
    FAULT("int3" : : : "memory");
    EXPECT(SIGTRAP, SI_KERNEL, 3, 0);
    FAULT(".byte 0xf1" : : : "memory");
    EXPECT(SIGTRAP, TRAP_BRKPT, 1, 0);
    FAULT("pushfq\n orl $0x100, (%%rsp)\n popfq\n nop\n nop" : : : "memory", "cc");
    EXPECT(SIGTRAP, TRAP_TRACE, 1, 0);
    FAULT("xorl %%ecx, %%ecx\n movl $1, %%eax\n cltd\n divl %%ecx" : : : "eax", "ecx", "edx", "cc");
    EXPECT(SIGFPE, FPE_INTDIV, 0, 0);
}

static void floating_point(void) {
    static const struct {
        unsigned unmask;
        double a, b;
        int code;
    } cases[] = {{1, 0, 0, FPE_FLTINV},
                 {4, 1, 0, FPE_FLTDIV},
                 {8, 1e308, 1e-10, FPE_FLTOVF},
                 {0x10, 1e-308, 1e10, FPE_FLTUND},
                 {0x20, 1, 3, FPE_FLTRES}};
    for (volatile unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
        const unsigned masked = 0x1f80, mxcsr = masked & ~(cases[i].unmask << 7);
        FAULT("ldmxcsr %0\n divsd %2, %1" : : "m"(mxcsr), "x"(cases[i].a), "x"(cases[i].b) : "memory");
        __asm__ volatile("ldmxcsr %0" : : "m"(masked));
        EXPECT(SIGFPE, cases[i].code, 19, 0);
        const unsigned short all = 0x37f, control = (unsigned short)(all & ~cases[i].unmask);
        double quotient;
        FAULT("fninit\n fldcw %1\n fldl %2\n fdivl %3\n fstpl %0\n fwait"
              : "=m"(quotient)
              : "m"(control), "m"(cases[i].a), "m"(cases[i].b)
              : "memory");
        __asm__ volatile("fnclex\n fninit" : : : "memory");
        EXPECT(SIGFPE, cases[i].code, 16, 0);
    }
}

int main(void) {
    static const int signals[] = {SIGBUS, SIGSEGV, SIGILL, SIGTRAP, SIGFPE};
    for (unsigned i = 0; i < sizeof signals / sizeof *signals; i++) on_signal(signals[i], catch, 0);
    alignment();
    addresses();
    instructions();
    floating_point();
    return END;
}
