/* SPDX-License-Identifier: Apache-2.0
 *
 * Markers: how guest code tells the observer outside the machine that something begins or ends.
 *
 * A marker is the long NOP `nopl disp32(%rax)` (0F 1F 80 disp32) whose displacement is
 * STILE_MARK_MAGIC | code. A real processor executes it as the NOP that it is, so a marked program
 * also runs natively. Stile retires it in zero cycles and does not count it as an instruction.
 * Arguments are read from rdi, rsi and rdx; nothing is written.
 *
 * Codes below 0x100 are for any program; codes from 0x100 are obeyed from ring 0 only.
 */
#ifndef STILE_ABI_MARKER_H
#define STILE_ABI_MARKER_H

#define STILE_MARK_MAGIC 0x57110000u

enum stile_mark {
    STILE_MARK_ROI_BEGIN = 0x01, /* region of interest: core model switches here if asked to */
    STILE_MARK_ROI_END = 0x02,
    STILE_MARK_CALL_BEGIN = 0x03, /* one timed call; rdi = call number */
    STILE_MARK_CALL_END = 0x04,
    STILE_MARK_CENSUS_ARM = 0x05,  /* sender's last store is done; rdi = nonce seed, rsi = payload bytes */
    STILE_MARK_CENSUS_STOP = 0x06, /* receiver is about to do its first load */
    STILE_MARK_CHECKED = 0x07,     /* rdi = 1 if what arrived was right byte for byte, else 0 */
    STILE_MARK_REFUSED = 0x08,     /* the mechanism refuses this combination; rdi = errno, rsi = why
                                    * (NUL-terminated) or 0 */
    STILE_MARK_REPORT = 0x09, /* rdi = NUL-terminated name, rsi = value: a figure of the workload's own */
    STILE_MARK_ROI_WARM_UP = 0x0a, /* the region of interest follows its warm-up: core model switches here */

    STILE_MARK_K_SWITCH = 0x100,     /* rdi = tid left, rsi = tid entered; just before the stacks change */
    STILE_MARK_K_EXEC = 0x101,       /* rdi = pid, rsi = path (kernel string), rdx = load bias of the image */
    STILE_MARK_K_EXIT = 0x102,       /* rdi = pid, rsi = wait status as in wait(2) */
    STILE_MARK_K_KILLED = 0x103,     /* rdi = pid, rsi = struct stile_kill_info * (kernel address) */
    STILE_MARK_K_ENOSYS = 0x104,     /* rdi = system-call number nobody implements */
    STILE_MARK_K_TICK_BEGIN = 0x105, /* an interrupt that is not the doing of what it breaks into (timer,
                                      * another CPU's request): first and last thing its handler does */
    STILE_MARK_K_TICK_END = 0x106,
    STILE_MARK_K_BOOTED = 0x107,   /* first user process is about to run */
    STILE_MARK_K_PANIC = 0x108,    /* rdi = message (kernel string) */
    STILE_MARK_K_DEADLOCK = 0x109, /* nothing runnable, nothing that could ever wake */
    STILE_MARK_K_DOMAIN = 0x10a,   /* rdi = tag, rsi = pid of the owner, rdx = name (kernel string) */
    STILE_MARK_K_PROXY = 0x10b,    /* rdi = first address, rsi = bytes, rdx = policy bits */
    STILE_MARK_K_FORK = 0x10c,     /* rdi = parent pid, rsi = child pid */
    STILE_MARK_K_CURRENT = 0x10d,  /* rdi = tid, rsi = pid it now runs for (dispatch of a new thread) */
    STILE_MARK_K_TEST = 0x10e, /* kernel self-test: rdi = name (kernel string), rsi = 1 passed, 0 failed */
    STILE_MARK_K_UNWOUND = 0x10f, /* rdi = pid that the thread acted for, rsi = struct stile_kill_info * (kernel
                                   * address): a fault that ended a call into it, not a process */
};

/* Values of stile_kill_info.vector that are no exceptions. */
#define STILE_KILL_EXEC 0xfe   /* the program given to execve could not be put into memory */
#define STILE_KILL_SIGNAL 0xff /* it was sent the signal */

/* Why a process was killed; pointed to by STILE_MARK_K_KILLED. All fields little-endian. */
struct stile_kill_info {
    unsigned long long signal; /* Linux signal number */
    unsigned long long vector; /* exception vector, or STILE_KILL_* */
    unsigned long long error;  /* error code of the exception */
    unsigned long long rip;
    unsigned long long address;  /* CR2, or the address that the protection unit refused */
    unsigned long long from_tag; /* domain that tried (vector STILE_VEC_DOMAIN only) */
    unsigned long long to_tag;   /* domain that was touched */
    unsigned long long needed;   /* enum stile_right that was missing */
    unsigned long long had;      /* enum stile_right that was held */
};

#if defined(__GNUC__) && defined(__x86_64__) && !defined(__ASSEMBLER__)
#define STILE_MARK_STR_(x) #x
/* STILE_MARK(code, a, b, c): code must be an integer constant. The memory clobber pins the marker
 * between the stores and loads around it. */
#define STILE_MARK(code, a, b, c)                                                              \
    __asm__ volatile(".byte 0x0f, 0x1f, 0x80; .long %c0"                                       \
                     :                                                                         \
                     : "i"(STILE_MARK_MAGIC | (unsigned)(code)), "D"((unsigned long long)(a)), \
                       "S"((unsigned long long)(b)), "d"((unsigned long long)(c))              \
                     : "memory")
#endif

/* The i-th 8-byte payload word of a census or checked call: unique, reproducible (splitmix64). */
static inline unsigned long long stile_nonce(unsigned long long seed, unsigned long long i) {
    unsigned long long z = seed + (i + 1) * 0x9e3779b97f4a7c15ull;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
    return z ^ (z >> 31);
}

#endif
