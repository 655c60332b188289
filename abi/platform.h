/* SPDX-License-Identifier: Apache-2.0
 *
 * The physical address map and the boot contract between the loader and the kernel. Our choice.
 *
 * RAM is one piece from physical 0. Devices sit at the top of the 40-bit physical space, so RAM of any
 * size needs no hole. The local APIC is reached through x2APIC MSRs (Intel SDM vol. 3, 11.12) only.
 *
 * Boot. The loader puts the kernel's ELF segments at their p_paddr, the initial ramdisk (cpio "newc")
 * and a struct stile_boot_info above it, and enters e_entry in long mode, ring 0, interrupts off, with
 *   rdi = physical address of the boot info,
 *   CR3 = page tables made by the loader, 2 MiB supervisor pages, writable and executable:
 *         physical p at STILE_DIRECT_BASE + p for all RAM and, uncached, the device region;
 *         physical 0..1 GiB at STILE_KERNEL_BASE; physical 0..1 GiB at 0 (for the first instructions),
 *   CR0 = PE|NE|WP|AM|PG|MP|ET, CR4 = PAE|PGE|OSFXSR|OSXMMEXCPT, EFER = LME|LMA|NXE|SCE,
 *   flat 64-bit code in CS (selector 8), null data selectors, no IDT, RSP undefined.
 * Everything from free_phys up to mem_bytes is the kernel's to use.
 */
#ifndef STILE_ABI_PLATFORM_H
#define STILE_ABI_PLATFORM_H

#define STILE_DIRECT_BASE 0xffff800000000000ull
#define STILE_KERNEL_BASE 0xffffffff80000000ull
#define STILE_KERNEL_PHYS 0x200000ull /* kernel's first segment */

#define STILE_MMIO_BASE 0xff00000000ull
#define STILE_MMIO_SIZE 0x200000ull
/* Console: an 8-bit write to DATA prints; a 64-bit read gives the next input byte or all ones. */
#define STILE_CONSOLE_DATA (STILE_MMIO_BASE + 0x0000)
/* Power: a 32-bit write ends the run. The value is a wait(2) status of the main process, or one of: */
#define STILE_POWER_OFF (STILE_MMIO_BASE + 0x1000)
#define STILE_POWER_PANIC 0x10001u
#define STILE_POWER_DEADLOCK 0x10002u

/* Archive: a 64-bit write to LENGTH appends that many bytes of memory, from the physical address last written
 * to ADDRESS, to a stream that leaves the machine: a cpio archive ("newc") of the files that were asked for.
 */
#define STILE_ARCHIVE_ADDRESS (STILE_MMIO_BASE + 0x2000)
#define STILE_ARCHIVE_LENGTH (STILE_MMIO_BASE + 0x2008)

#define STILE_BOOT_MAGIC 0x31454c495453ull /* "STILE1" */
#define STILE_BOOT_MAX_PROCESSES 32
#define STILE_BOOT_STRINGS 131072

#ifndef __ASSEMBLER__
/* One process that the kernel starts at boot. Strings are offsets into stile_boot_info.strings;
 * argv and envp are argc and envc NUL-terminated strings laid end to end. */
struct stile_boot_process {
    unsigned int path;
    unsigned int argc, argv;
    unsigned int envc, envp;
    unsigned int stdin_path;  /* 0: no input */
    unsigned int cwd;         /* 0: the root */
    unsigned long long cores; /* bit i: may run on core i; 0: on all */
};

/* The first process is the main one: the machine powers off with its wait status when it ends. */
struct stile_boot_info {
    unsigned long long magic;
    unsigned long long mem_bytes;
    unsigned long long initrd_phys, initrd_bytes;
    unsigned long long free_phys;
    unsigned long long seed;       /* for AT_RANDOM and getrandom */
    unsigned long long tsc_hz;     /* also the rate of the APIC timer before its divider */
    unsigned long long tick_hz;    /* os.tick: preemption timer */
    unsigned long long checks_off; /* bit i: do without enum stile_os_check i (abi/checks.h) */
    unsigned int tag_limit;        /* domain tags from 1 below it are given out; 0: all there are */
    unsigned int cpus;
    unsigned int protection;     /* enum stile_protection */
    unsigned int self_test;      /* 1: run the kernel's own tests, then power off */
    unsigned int kernel_profile; /* 0: tiny */
    unsigned int flush_apl;      /* 1: empty the APL cache when threads are switched */
    unsigned int n_processes;
    unsigned int n_keep, keep; /* paths, laid end to end, that go to the archive when the main process ends */
    struct stile_boot_process processes[STILE_BOOT_MAX_PROCESSES];
    char strings[STILE_BOOT_STRINGS];
};

enum stile_protection {
    STILE_PROTECTION_NONE = 0,   /* dIPC processes share one table, no domain check */
    STILE_PROTECTION_PAGING = 1, /* a table per process, no dIPC */
    STILE_PROTECTION_CODOMS = 2, /* dIPC processes share one table, domains checked */
};

#endif

#endif
