/* SPDX-License-Identifier: Apache-2.0
 *
 * CODOMs as this machine defines it: the numbers that hardware, kernel and proxies share.
 * What is the papers' and what is ours is told apart in docs/codoms.md.
 *
 * Domain          all pages whose page-table entry carries the same 16-bit tag.
 * Current domain  tag of the page that the last instruction was fetched from (at ring 3).
 * APL             per domain, the list of (tag, right) it may touch; own tag: everything.
 *                 Held in kernel memory; the hardware sees it only through the APL cache.
 * Transfer latch  {tag, kind, return address}: where control comes from until the first fetch at the target
 *                 has passed its checks. Entering ring 0 from ring 3 copies it into the thread state below;
 *                 returning to ring 3 reloads it, so an interrupted crossing is checked, never skipped.
 * At ring 0 no fetch is checked, and an access to a supervisor page (U=0) is not either. An access to a
 * user page (U=1) is checked with the rights of latch.tag and of the capability registers: the kernel
 * touches user memory with exactly the rights of the code that called it.
 */
#ifndef STILE_ABI_CODOMS_H
#define STILE_ABI_CODOMS_H

/* Page-table leaf bits (4 KiB and 2 MiB). */
#define STILE_PTE_TAG_LOW_SHIFT 40         /* tag[11:0] in [51:40] */
#define STILE_PTE_TAG_HIGH_SHIFT 55        /* tag[15:12] in [58:55] */
#define STILE_PTE_PRIVILEGED (1ull << 52)  /* code here may run CODOMs' privileged instructions at ring 3 */
#define STILE_PTE_CAP_STORAGE (1ull << 53) /* holds capabilities: ordinary loads and stores are refused */
#define STILE_PTE_TAG(tag)                                               \
    ((((unsigned long long)(tag)&0xfffull) << STILE_PTE_TAG_LOW_SHIFT) | \
     ((((unsigned long long)(tag) >> 12) & 0xfull) << STILE_PTE_TAG_HIGH_SHIFT))
#define STILE_PTE_TAG_OF(pte) ((unsigned)((((pte) >> 40) & 0xfffull) | ((((pte) >> 55) & 0xfull) << 12)))

/* Rights, in order: each includes the ones before it. */
enum stile_right {
    STILE_RIGHT_NIL = 0,
    STILE_RIGHT_CALL = 1,  /* enter at aligned entry points */
    STILE_RIGHT_READ = 2,  /* and load, and jump anywhere */
    STILE_RIGHT_WRITE = 3, /* and store */
};
#define STILE_ENTRY_ALIGN 64 /* bytes; entry points of a call-only edge */

/* Exception #CD. The error code is enum stile_cd_reason | STILE_CD_* bits. CR2 holds the address. For a
 * refused fetch RIP is the target, as for any fetch fault; the MSRs hold who, whom and what. */
#define STILE_VEC_DOMAIN 22
enum stile_cd_reason {
    STILE_CD_RIGHT = 1,      /* no right, or too little */
    STILE_CD_ALIGN = 2,      /* call-only edge entered beside an entry point */
    STILE_CD_APL_MISS = 3,   /* a tag that the check needs is not in the APL cache: refill and retry */
    STILE_CD_RETURN = 4,     /* crossing return does not match the top of the domain capability stack */
    STILE_CD_DCS_BOUNDS = 5, /* domain capability stack overflow or underflow */
    STILE_CD_CAP_PAGE = 6,   /* ordinary access to a capability-storage page, or the reverse */
    STILE_CD_STRADDLE = 7,   /* an instruction lies in two domains */
};
#define STILE_CD_REASON(err) ((err)&0xf)
#define STILE_CD_WRITE 0x10
#define STILE_CD_FETCH 0x20
#define STILE_CD_RING0 0x40 /* the kernel touched user memory on behalf of latch.tag */

/* MSRs (ring 0, and privileged pages may read them through cd.kcs / cd.rddcs). */
#define STILE_MSR_CD_CTL 0xc0011000         /* bit 0: domain checks on. Reset: 0 */
#define STILE_MSR_CD_FAULT_FROM 0xc0011001  /* tag that tried */
#define STILE_MSR_CD_FAULT_TO 0xc0011002    /* tag that was touched; for APL_MISS the tag to load */
#define STILE_MSR_CD_FAULT_RIGHT 0xc0011003 /* needed | had << 8 */
#define STILE_MSR_CD_LATCH 0xc0011004       /* tag | kind << 16, as saved at the last entry to ring 0 */
#define STILE_MSR_CD_LATCH_RET 0xc0011005   /* return address of a pending crossing call */
#define STILE_MSR_CD_FAULT_RIP 0xc0011006   /* for a refused fetch: the transferring instruction */

enum stile_transfer { STILE_XFER_SEQ = 0, STILE_XFER_JUMP = 1, STILE_XFER_CALL = 2, STILE_XFER_RET = 3 };

/* CPUID leaf 0x57110000: eax = highest sub-leaf, ebx/ecx/edx = "STILECODOMS1"; sub-leaf 1: eax = APL cache
 * entries, ebx = capability registers, ecx = entry alignment, edx = tag bits. */
#define STILE_CPUID_LEAF 0x57110000u
#define STILE_CAP_REGS 8

/* A capability as it lies in memory: 32 bytes, 32-byte aligned, in a capability-storage page or in kernel
 * memory. */
struct stile_cap {
    unsigned long long base, length; /* bytes */
    unsigned int right;              /* enum stile_right; NIL: empty register */
    unsigned int flags;              /* 0 in this version */
    unsigned long long reserved;     /* 0 in this version */
};

/* An entry of the domain capability stack: what a crossing call pushes and the crossing return must match.
 * The stack grows up from base; ptr is the next free entry; base <= ptr <= limit. 16 bytes each. */
struct stile_dcs_entry {
    unsigned long long return_address;
    unsigned long long tag; /* of the caller's page */
};

/* Per-thread CODOMs state, stored and loaded whole by cd.save and cd.restore. 64-byte aligned. */
struct stile_cd_state {
    unsigned long long latch; /* tag | kind << 16 */
    unsigned long long latch_ret;
    unsigned long long dcs_ptr, dcs_base, dcs_limit;
    unsigned long long kcs; /* address of this thread's kernel control stack */
    unsigned long long reserved[2];
    struct stile_cap caps[STILE_CAP_REGS];
};

/* cd.aplfill's operand: one APL cache entry. Bit pair s of row (column) is the right of `tag` over the
 * domain in slot s (of the domain in slot s over `tag`). */
#define STILE_APL_MAX_SLOTS 256
struct stile_apl_record {
    unsigned long long slot;
    unsigned long long tag;
    unsigned long long row[STILE_APL_MAX_SLOTS / 32];
    unsigned long long column[STILE_APL_MAX_SLOTS / 32];
};

/* Instructions: 0F op /r with an ordinary ModRM, operands 64-bit, REX as usual; no flags. All of them need
 * ring 0 or a privileged page, else #GP(0). Opcodes are among those that no x86 processor defines.
 *   0F 0A /0 m     cd.save m         store struct stile_cd_state
 *   0F 0A /1 m     cd.restore m      load it
 *   0F 0A /2 m     cd.aplfill m      load one APL cache entry from struct stile_apl_record
 *   0F 0A /3 r     cd.aplinv r       drop the entry of tag r; r = -1: all
 *   0F 0A /4 r     cd.aplvictim r    r := slot to be filled next
 *   0F 0A /5 r     cd.apltag r       r := tag in slot r, or -1 if the slot is empty
 *   0F 0A /6 r     cd.hwtag r        r := slot that holds tag r, or -1
 *   0F 0A /7 r     cd.kcs r          r := this thread's kcs
 *   0F 24 /r m     cd.capld cN, m    load capability register N (ModRM.reg)
 *   0F 25 /r m     cd.capst m, cN    store it
 *   0F 26 /0..2 r  cd.rddcs r        r := dcs ptr, base, limit
 *   0F 27 /0..2 r  cd.wrdcs r        dcs ptr, base, limit := r
 * Any other ModRM under these opcodes raises #UD. */
#define STILE_OP_CD_STATE 0x0a
#define STILE_OP_CD_CAPLD 0x24
#define STILE_OP_CD_CAPST 0x25
#define STILE_OP_CD_RDDCS 0x26
#define STILE_OP_CD_WRDCS 0x27

#if defined(__GNUC__) && defined(__x86_64__) && !defined(__ASSEMBLER__) && defined(STILE_GUEST)
/* Memory forms use [rdi], register forms rax: enough for the kernel, and gas needs no macro. */
static inline void stile_cd_save(struct stile_cd_state* s) {
    __asm__ volatile(".byte 0x0f,0x0a,0x07" : : "D"(s) : "memory");
}
static inline void stile_cd_restore(const struct stile_cd_state* s) {
    __asm__ volatile(".byte 0x0f,0x0a,0x0f" : : "D"(s) : "memory");
}
static inline void stile_cd_aplfill(const struct stile_apl_record* r) {
    __asm__ volatile(".byte 0x0f,0x0a,0x17" : : "D"(r) : "memory");
}
static inline void stile_cd_aplinv(unsigned long long tag) {
    __asm__ volatile(".byte 0x0f,0x0a,0xd8" : : "a"(tag) : "memory");
}
static inline unsigned long long stile_cd_aplvictim(void) {
    unsigned long long r;
    __asm__ volatile(".byte 0x0f,0x0a,0xe0" : "=a"(r));
    return r;
}
static inline long long stile_cd_apltag(unsigned long long slot) {
    __asm__ volatile(".byte 0x0f,0x0a,0xe8" : "+a"(slot));
    return (long long)slot;
}
static inline long long stile_cd_hwtag(unsigned long long tag) {
    __asm__ volatile(".byte 0x0f,0x0a,0xf0" : "+a"(tag));
    return (long long)tag;
}
#endif

#endif
