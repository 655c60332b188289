/* SPDX-License-Identifier: Apache-2.0
 *
 * Stile's own system calls. Everything below 1024 is Linux x86-64. Errors are -errno, as on Linux.
 * Calls and their meaning follow dIPC (EuroSys'17, section 5; see docs/dipc.md); numbers are our choice.
 *
 * Handles to domains, grants and entries are file descriptors: close(2) drops them.
 */
#ifndef STILE_ABI_SYSCALL_H
#define STILE_ABI_SYSCALL_H

#define STILE_SYS_dom_default 1024 /* () -> owner handle of the process's default domain */
#define STILE_SYS_dom_create 1025  /* (name) -> owner handle of a new domain */
#define STILE_SYS_dom_copy 1026    /* (dom, right) -> weaker handle; EPERM when not weaker or equal */
#define STILE_SYS_dom_mmap 1027    /* (dom, addr, length, prot) -> address; owner only */
#define STILE_PROT_CAPS 0x10000    /* in dom_mmap's prot, beside PROT_READ and PROT_WRITE: capability storage */
#define STILE_SYS_dom_remap 1028   /* (dst, src, addr, length): move pages between owned domains */
#define STILE_SYS_grant_create \
    1029 /* (src, dst) -> grant: src's APL gets dst at the right held in dst; owner of src */
#define STILE_SYS_grant_revoke 1030   /* (grant) */
#define STILE_SYS_entry_register 1031 /* (dom, struct stile_entry *, n) -> entry handle; owner of dom */
#define STILE_SYS_entry_request \
    1032 /* (entry, struct stile_entry *, n) -> domain handle (call) of the proxies; fills .proxy */
#define STILE_SYS_name_publish 1033 /* (name, handle): put a handle into the boot name service */
#define STILE_SYS_name_lookup 1034  /* (name) -> handle duplicated into the caller; ENOENT until published */
#define STILE_SYS_visit_prepare \
    1035 /* proxies only: make this thread's state in the entry's process (cold path) */
#define STILE_SYS_visit_host \
    1036 /* () lends this thread's TLS to a visiting thread; sleeps, returns -EINTR only */

#ifndef __ASSEMBLER__
/* Isolation properties; `policy: low` is 0 and `high` all of them. */
enum stile_policy {
    STILE_POLICY_REG_INTEGRITY_CALLER = 1 << 0, /* caller's stub */
    STILE_POLICY_REG_CONF_CALLER = 1 << 1,      /* caller's stub */
    STILE_POLICY_REG_CONF_CALLEE = 1 << 2,      /* callee's stub */
    STILE_POLICY_REG_INTEGRITY_CALLEE = 1 << 3,
    STILE_POLICY_STACK_INTEGRITY_CALLER = 1 << 4,
    STILE_POLICY_STACK_CONF_CALLER = 1 << 5, /* stacks apart: the proxy */
    STILE_POLICY_STACK_INTEGRITY_CALLEE = 1 << 6,
    STILE_POLICY_STACK_CONF_CALLEE = 1 << 7,
    STILE_POLICY_DCS_INTEGRITY_CALLER = 1 << 8, /* DCS base raised: the proxy */
    STILE_POLICY_DCS_CONF_CALLER = 1 << 9,      /* DCS apart: the proxy */
    STILE_POLICY_DCS_INTEGRITY_CALLEE = 1 << 10,
    STILE_POLICY_DCS_CONF_CALLEE = 1 << 11,
    STILE_POLICY_LOW = 0,
    STILE_POLICY_HIGH = (1 << 12) - 1,
};

/* An exported function. Exporter and importer must state the same signature; the policy in force is the
 * union of both. */
struct stile_entry {
    unsigned long long address; /* exporter: STILE_ENTRY_ALIGN-aligned, in the domain */
    unsigned int int_args;      /* 0..6, in registers */
    unsigned int stack_args;    /* 8-byte words on the stack */
    unsigned int results;       /* 0..2: rax, rdx */
    unsigned int policy;        /* enum stile_policy */
    unsigned long long proxy;   /* importer: out, the address to call */
};
#endif

/* An ELF note of this name and type in a static position-independent executable asks for a place in the
 * shared page table ("dIPC-enabled"). Without it a process has a page table of its own. */
#define STILE_NOTE_NAME "Stile"
#define STILE_NOTE_DIPC 1

#endif
