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
    STILE_CD_CAP_TYPE = 8,   /* a capability of a type that the instruction may not handle */
    STILE_CD_CAP_RANGE = 9,  /* a derived capability would say more than the one it comes from */
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
#define STILE_MSR_CD_APL_ROOT 0xc0011007    /* physical address of the APL directory | STILE_APL_ROOT_ON */
#define STILE_APL_ROOT_ON 1ull              /* misses are answered by walking it; software refill: #GP(0) */

enum stile_transfer {
    STILE_XFER_SEQ = 0,
    STILE_XFER_JUMP = 1,
    STILE_XFER_CALL = 2,
    STILE_XFER_RET = 3,
    STILE_XFER_PRIVILEGED_RET = 4, /* by code on a privileged page: crossing or not, it needs its capability */
};

/* CPUID leaf 0x57110000: eax = highest sub-leaf, ebx/ecx/edx = "STILECODOMS1"; sub-leaf 1: eax = APL cache
 * entries, ebx = capability registers, ecx = entry alignment, edx = tag bits | STILE_CPUID_APL_WALK. */
#define STILE_CPUID_LEAF 0x57110000u
#define STILE_CPUID_APL_WALK (1u << 16) /* the hardware can walk the APL directory */
#define STILE_CAP_REGS 8

/* Types of capabilities. */
enum stile_cap_type {
    STILE_CAP_EMPTY = 0,
    STILE_CAP_SYNC = 1,   /* lives in registers and on the DCS; dies when its activation returns */
    STILE_CAP_ASYNC = 2,  /* may be stored; lives until its counter is bumped */
    STILE_CAP_RETURN = 3, /* on the DCS only: what a crossing call pushed */
};

/* A capability as it lies in memory: 32 bytes, 32-byte aligned, in a capability-storage page or in kernel
 * memory. It lends the rights of domain `origin`, cut down to `right` and to [base, base + length). */
struct stile_cap {
    unsigned long long base, length; /* bytes; RETURN: base is the return address */
    unsigned long long counter;      /* address of its revocation counter, 0: none */
    unsigned int value;              /* of the counter when it was made */
    unsigned int word;               /* STILE_CAP_WORD */
};
/* origin [15:0], depth [27:16], right [29:28], type [31:30] */
#define STILE_CAP_WORD(origin, depth, right, type)                                                     \
    ((unsigned)((origin)&0xffffu) | (unsigned)((depth)&0xfffu) << 16 | (unsigned)((right)&3u) << 28 | \
     (unsigned)(type) << 30)
#define STILE_CAP_ORIGIN(word) ((word)&0xffffu)
#define STILE_CAP_DEPTH(word) ((word) >> 16 & 0xfffu)
#define STILE_CAP_RIGHT(word) ((word) >> 28 & 3u)
#define STILE_CAP_TYPE(word) ((word) >> 30)

/* The domain capability stack (DCS) holds capabilities, RETURN ones among them. It grows up from base; ptr is
 * the next free entry; base <= ptr <= limit; ptr is 32-byte aligned. */
#define STILE_DCS_ENTRY sizeof(struct stile_cap)
/* Activations: a crossing call begins one, a crossing return ends it. Depth 0: the thread's first. */
#define STILE_MAX_DEPTH 4095

/* A revocation counter: 8 bytes, 8-byte aligned, in a capability-storage page. Only cd.caprev counts; it stops
 * at this value, which no capability has. */
#define STILE_COUNTER_END 0xffffffffull

/* The APL directory, for a machine that walks it: pages of 4 KiB of physical memory, three levels. An entry of
 * the first two is the next page's address | STILE_APL_PRESENT; where one is absent the right is nil.
 *   level 1: 512 x 8 bytes, by source tag [15:7]
 *   level 2: 512 x 8 bytes, by source tag [6:0] and target tag [15:14]
 *   level 3: 16,384 x 2 bits, by target tag [13:0]: the right */
#define STILE_APL_PRESENT 1ull
#define STILE_APL_INDEX1(from) ((unsigned)(from) >> 7 & 511u)
#define STILE_APL_INDEX2(from, to) (((unsigned)(from)&127u) << 2 | ((unsigned)(to) >> 14 & 3u))
#define STILE_APL_WORD3(to) ((unsigned)(to) >> 5 & 511u) /* which 8 bytes of the level 3 page */
#define STILE_APL_SHIFT3(to) (((unsigned)(to)&31u) * 2u) /* and where in them */

/* Per-thread CODOMs state, stored and loaded whole by cd.save and cd.restore. 64-byte aligned. */
struct stile_cd_state {
    unsigned long long latch; /* tag | kind << 16 */
    unsigned long long latch_ret;
    unsigned long long dcs_ptr, dcs_base, dcs_limit;
    unsigned long long kcs;   /* address of this thread's kernel control stack */
    unsigned long long depth; /* of the running activation */
    unsigned long long reserved;
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

/* Instructions: 0F op /r with an ordinary ModRM, operands 64-bit, REX as usual; no flags. Opcodes are among
 * those that no x86 processor defines. Ring 0 or a privileged page, else #GP(0):
 *   0F 0A /0 m     cd.save m         store struct stile_cd_state
 *   0F 0A /1 m     cd.restore m      load it
 *   0F 0A /2 m     cd.aplfill m      load one APL cache entry from struct stile_apl_record
 *   0F 0A /3 r     cd.aplinv r       drop the entry of tag r; r = -1: all
 *   0F 0A /4 r     cd.aplvictim r    r := slot to be filled next
 *   0F 0A /5 r     cd.apltag r       r := tag in slot r, or -1 if the slot is empty
 *   0F 0A /6 r     cd.hwtag r        r := slot that holds tag r, or -1
 *   0F 0A /7 r     cd.kcs r          r := this thread's kcs
 *   0F 26 /0..2 r  cd.rddcs r        r := dcs ptr, base, limit
 *   0F 27 /0..2 r  cd.wrdcs r        dcs ptr, base, limit := r
 * Anywhere; N = ModRM.reg, D = the current domain (at ring 0 that of the saved latch):
 *   0F 3B /r r ib  cd.capmk cN, r, ib   cN := sync {base r, length RCX, right ib, origin D, depth now}
 *   0F 3C /r r ib  cd.caprst cN, r, ib  cN := cN cut down to {base r, length RCX, right ib}
 *   0F 3D /r r     cd.capmov cN, cM     M = ModRM.rm
 *   0F 3D /r m     cd.capasy cN, m64    cN := cN as async, revoked by the counter at m64
 *   0F 3E /0 r     cd.cappush cM        onto the DCS
 *   0F 3E /1 r     cd.cappop cM         off it
 *   0F 3E /2 r     cd.capsyn cM         async -> sync, of this activation, counter kept
 *   0F 3E /3 m     cd.caprev m64        counter + 1: what names it is dead on every core
 *   0F 36 ib       cd.capclr ib         empties the registers in the mask
 *   0F 24 /r m     cd.capld cN, m       load; unprivileged code: async and empty ones only
 *   0F 25 /r m     cd.capst m, cN       store; likewise
 *   0F 39 /r r     cd.capbase r, cN     r := base
 *   0F 0C /r r     cd.caplen r, cN      r := length
 *   0F 04 /r r     cd.capattr r, cN     r := word, see STILE_CAP_WORD
 * Any other ModRM under these opcodes raises #UD. */
#define STILE_OP_CD_STATE 0x0a
#define STILE_OP_CD_CAPLD 0x24
#define STILE_OP_CD_CAPST 0x25
#define STILE_OP_CD_RDDCS 0x26
#define STILE_OP_CD_WRDCS 0x27
#define STILE_OP_CD_CAPMK 0x3b
#define STILE_OP_CD_CAPRST 0x3c
#define STILE_OP_CD_CAPMOV 0x3d /* registers; memory: cd.capasy */
#define STILE_OP_CD_CAPOP 0x3e  /* /0 push, /1 pop, /2 syn, /3 rev */
#define STILE_OP_CD_CAPCLR 0x36
#define STILE_OP_CD_CAPBASE 0x39
#define STILE_OP_CD_CAPLEN 0x0c
#define STILE_OP_CD_CAPATTR 0x04

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
