/* SPDX-License-Identifier: Apache-2.0
 *
 * dIPC for guest programs: its system calls, and the stubs that keep the register properties of a policy.
 * What one side could subvert is in the proxy (os/kernel/dipc/); a stub protects only the side that is
 * compiled with it.
 *
 * Handles are descriptors. Results are the kernel's: -errno on failure.
 */
#ifndef STILE_OS_LIB_DIPC_H
#define STILE_OS_LIB_DIPC_H

#include "abi/codoms.h"
#include "abi/syscall.h"

/* Properties that stubs keep: all four come together in dipc_isolated_call2 and DIPC_ISOLATED_ENTRY. */
#define DIPC_STUB_POLICIES                                                                             \
    (STILE_POLICY_REG_INTEGRITY_CALLER | STILE_POLICY_REG_CONF_CALLER | STILE_POLICY_REG_CONF_CALLEE | \
     STILE_POLICY_REG_INTEGRITY_CALLEE)

#ifndef __ASSEMBLER__
#include <sys/mman.h>
#include <sys/syscall.h>

#include "os/lib/stile.h"

static inline long dipc_dom_default(void) { return stile_syscall3(STILE_SYS_dom_default, 0, 0, 0); }
static inline long dipc_dom_create(const char* name) {
    return stile_syscall3(STILE_SYS_dom_create, (long)name, 0, 0);
}
static inline long dipc_dom_copy(long domain, enum stile_right right) {
    return stile_syscall3(STILE_SYS_dom_copy, domain, right, 0);
}
static inline long dipc_dom_mmap(long domain, void* address, size_t length, int prot) {
    return stile_syscall6(STILE_SYS_dom_mmap, domain, (long)address, (long)length, prot, 0, 0);
}
/* Pages of `from` become pages of `to`: same addresses, contents and page rights. */
static inline long dipc_dom_remap(long to, long from, void* address, size_t length) {
    return stile_syscall6(STILE_SYS_dom_remap, to, from, (long)address, (long)length, 0, 0);
}
static inline long dipc_grant_create(long source, long target) {
    return stile_syscall3(STILE_SYS_grant_create, source, target, 0);
}
/* `source` may call what `target` owns, and do nothing else there. */
static inline long dipc_grant_call(long source, long target) {
    const long callable = dipc_dom_copy(target, STILE_RIGHT_CALL);
    return callable < 0 ? callable : dipc_grant_create(source, callable);
}
static inline long dipc_grant_revoke(long grant) {
    return stile_syscall3(STILE_SYS_grant_revoke, grant, 0, 0);
}
static inline long dipc_entry_register(long domain, const struct stile_entry* entries, size_t n) {
    return stile_syscall3(STILE_SYS_entry_register, domain, (long)entries, (long)n);
}
static inline long dipc_entry_request(long entry, struct stile_entry* entries, size_t n) {
    return stile_syscall3(STILE_SYS_entry_request, entry, (long)entries, (long)n);
}
static inline long dipc_name_publish(const char* name, long handle) {
    return stile_syscall3(STILE_SYS_name_publish, (long)name, handle, 0);
}
static inline long dipc_name_lookup(const char* name) {
    return stile_syscall3(STILE_SYS_name_lookup, (long)name, 0, 0);
}
static inline long dipc_close(long handle) { return stile_syscall3(SYS_close, handle, 0, 0); }

/* Calls a proxy of signature (a, b) -> result as a caller that wants register integrity and confidentiality:
 * live registers are saved, everything that is no argument is zeroed, and what the callee must keep is
 * restored. */
long dipc_isolated_call2(uint64_t proxy, long a, long b);

/* The same call of a caller that trusts its callee: a plain one. It must be a `call` of its own: a jump at
 * the end of a function pushes no return capability, and the way back would be refused. */
static inline long dipc_plain_call2(uint64_t proxy, long a, long b) {
    long result = ((long (*)(long, long))proxy)(a, b);
    __asm__ volatile("" : "+r"(result));
    return result;
}

/* An entry point `name` in front of the C function `function` of at most six integer arguments and one
 * result, for a callee that wants register integrity and confidentiality (os/lib/dipc_stubs.S). */
#define DIPC_ISOLATED_ENTRY(name, function)                                                     \
    extern const char name[];                                                                   \
    __asm__(".pushsection .text.stub, \"ax\"\n .balign 64\n .type " #name ", @function\n" #name \
            ":\n"                                                                               \
            " sub $8, %rsp\n cld\n ldmxcsr dipc_default_mxcsr(%rip)\n fninit\n call " #function \
            "\n"                                                                                \
            " add $8, %rsp\n jmp dipc_leave_isolated\n .size " #name ", .-" #name "\n .popsection")

/* In front of a function that is an entry point itself. */
#define DIPC_PLAIN_ENTRY STILE_STUB __attribute__((aligned(STILE_ENTRY_ALIGN), noinline, used))
#endif
#endif
