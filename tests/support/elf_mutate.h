/* SPDX-License-Identifier: Apache-2.0
 *
 * Small ELF programs, and how to spoil them: fields set to values at the edges, bytes flipped, headers
 * swapped, the end cut off. The same seed gives the same file to the host's tests (C++) and to a guest
 * program (C).
 *
 * A sound program ends with status 42: what its second segment holds in the file, plus a byte that must be
 * zero.
 */
#ifndef STILE_TESTS_ELF_MUTATE_H
#define STILE_TESTS_ELF_MUTATE_H

#include <elf.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { ELF_SEED_CAPACITY = 8192, ELF_SEED_PHDRS = 6, ELF_SEED_SHDRS = 5 };
enum {
    ELF_CODE_AT = 0x200,
    ELF_DATA_AT = 0x300,
    ELF_NOTE_AT = 0x340,
    ELF_SHDRS_AT = 0x400,
    ELF_SYMS_AT = 0x600
};
enum { ELF_NAMES_AT = 0x700 };

struct elf_random {
    uint64_t state;
};
static inline uint64_t elf_next(struct elf_random* r) {
    uint64_t z = (r->state += 0x9e3779b97f4a7c15ull);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
    return z ^ (z >> 31);
}
static inline unsigned elf_below(struct elf_random* r, unsigned n) { return (unsigned)(elf_next(r) % n); }

static inline void elf_put(unsigned char* file, size_t at, const void* from, size_t n) {
    memcpy(file + at, from, n);
}

static inline Elf64_Phdr elf_segment_header(uint32_t type, uint32_t flags, uint64_t offset, uint64_t vaddr,
                                            uint64_t file_size, uint64_t mem_size, uint64_t align) {
    Elf64_Phdr p;
    memset(&p, 0, sizeof p);
    p.p_type = type;
    p.p_flags = flags;
    p.p_offset = offset;
    p.p_vaddr = p.p_paddr = vaddr;
    p.p_filesz = file_size;
    p.p_memsz = mem_size;
    p.p_align = align;
    return p;
}

/* A sound program with segments, a note, thread-local data, sections and symbols; it ends with the last name.
 */
static inline size_t elf_seed(unsigned char* file, int position_independent) {
    const uint64_t base = position_independent ? 0x10000 : 0x400000, data = base + 0x2000 + ELF_DATA_AT;
    static const unsigned char code[] = {
        0x8b, 0x3d, 0,    0,    0, 0, /* mov edi, [rip + data] */
        0x03, 0x3d, 0,    0,    0, 0, /* add edi, [rip + bss] */
        0xb8, 0x3c, 0,    0,    0,    /* mov eax, exit */
        0x0f, 0x05, 0x0f, 0x0b,       /* syscall; ud2 */
    };
    static const char names[] = "\0.text\0.data\0.symtab\0.strtab\0_start\0data";
    const uint32_t answer = 42, note[] = {6, 4, 1, 0x6c697453, 0x65, 0};
    const int32_t to_data = (int32_t)(data - (base + ELF_CODE_AT + 6));
    const int32_t to_bss = (int32_t)(data + 0x900 - (base + ELF_CODE_AT + 12));
    memset(file, 0, ELF_NAMES_AT);

    Elf64_Ehdr h;
    memset(&h, 0, sizeof h);
    memcpy(h.e_ident, ELFMAG, SELFMAG);
    h.e_ident[EI_CLASS] = ELFCLASS64;
    h.e_ident[EI_DATA] = ELFDATA2LSB;
    h.e_ident[EI_VERSION] = EV_CURRENT;
    h.e_type = position_independent ? ET_DYN : ET_EXEC;
    h.e_machine = EM_X86_64;
    h.e_version = EV_CURRENT;
    h.e_entry = base + ELF_CODE_AT;
    h.e_phoff = sizeof h;
    h.e_shoff = ELF_SHDRS_AT;
    h.e_ehsize = sizeof h;
    h.e_phentsize = sizeof(Elf64_Phdr);
    h.e_phnum = ELF_SEED_PHDRS;
    h.e_shentsize = sizeof(Elf64_Shdr);
    h.e_shnum = ELF_SEED_SHDRS;
    h.e_shstrndx = 4;
    elf_put(file, 0, &h, sizeof h);

    const Elf64_Phdr phdrs[ELF_SEED_PHDRS] = {
        elf_segment_header(PT_LOAD, PF_R | PF_X, 0, base, ELF_CODE_AT + sizeof code,
                           ELF_CODE_AT + sizeof code, 4096),
        elf_segment_header(PT_LOAD, PF_R | PF_W, ELF_DATA_AT, data, 64, 0x3000, 4096),
        elf_segment_header(PT_LOAD, PF_R, 0, base + 0x8000, 256, 256, 4096),
        elf_segment_header(PT_NOTE, PF_R, ELF_NOTE_AT, base + 0x2000 + ELF_NOTE_AT, sizeof note, sizeof note,
                           4),
        elf_segment_header(PT_TLS, PF_R, ELF_DATA_AT, data, 16, 32, 8),
        elf_segment_header(PT_GNU_STACK, PF_R | PF_W, 0, 0, 0, 0, 16),
    };
    elf_put(file, sizeof h, phdrs, sizeof phdrs);
    elf_put(file, ELF_CODE_AT, code, sizeof code);
    elf_put(file, ELF_CODE_AT + 2, &to_data, 4);
    elf_put(file, ELF_CODE_AT + 8, &to_bss, 4);
    elf_put(file, ELF_DATA_AT, &answer, 4);
    elf_put(file, ELF_NOTE_AT, note, sizeof note);

    Elf64_Shdr s[ELF_SEED_SHDRS];
    memset(s, 0, sizeof s);
    s[1].sh_name = 1, s[1].sh_type = SHT_PROGBITS, s[1].sh_flags = SHF_ALLOC | SHF_EXECINSTR;
    s[1].sh_addr = base + ELF_CODE_AT, s[1].sh_offset = ELF_CODE_AT, s[1].sh_size = sizeof code;
    s[2].sh_name = 7, s[2].sh_type = SHT_PROGBITS, s[2].sh_flags = SHF_ALLOC | SHF_WRITE;
    s[2].sh_addr = data, s[2].sh_offset = ELF_DATA_AT, s[2].sh_size = 64;
    s[3].sh_name = 13, s[3].sh_type = SHT_SYMTAB, s[3].sh_link = 4, s[3].sh_entsize = sizeof(Elf64_Sym);
    s[3].sh_offset = ELF_SYMS_AT, s[3].sh_size = 3 * sizeof(Elf64_Sym);
    s[4].sh_name = 21, s[4].sh_type = SHT_STRTAB, s[4].sh_offset = ELF_NAMES_AT, s[4].sh_size = sizeof names;
    elf_put(file, ELF_SHDRS_AT, s, sizeof s);
    Elf64_Sym symbols[3];
    memset(symbols, 0, sizeof symbols);
    symbols[1].st_name = 29, symbols[1].st_info = ELF64_ST_INFO(STB_GLOBAL, STT_FUNC),
    symbols[1].st_shndx = 1;
    symbols[1].st_value = base + ELF_CODE_AT, symbols[1].st_size = sizeof code;
    symbols[2].st_name = 36, symbols[2].st_info = ELF64_ST_INFO(STB_GLOBAL, STT_OBJECT),
    symbols[2].st_shndx = 2;
    symbols[2].st_value = data, symbols[2].st_size = 64;
    elf_put(file, ELF_SYMS_AT, symbols, sizeof symbols);
    elf_put(file, ELF_NAMES_AT, names, sizeof names);
    return ELF_NAMES_AT + sizeof names;
}

/* Where a field of `bytes` bytes begins. */
struct elf_field {
    unsigned at, bytes;
};
#define ELF_FIELD(type, member) \
    { offsetof(type, member), sizeof(((type*)0)->member) }

static inline uint64_t elf_edge(struct elf_random* r, uint64_t old, size_t size) {
    static const uint64_t edges[] = {0,
                                     1,
                                     2,
                                     3,
                                     7,
                                     16,
                                     55,
                                     56,
                                     57,
                                     64,
                                     255,
                                     256,
                                     1171,
                                     4095,
                                     4096,
                                     4097,
                                     8192,
                                     0xfffe,
                                     0xffff,
                                     0x10000,
                                     0x200000,
                                     0x7fffffff,
                                     0x80000000,
                                     0xffffffff,
                                     0x100000000,
                                     0x7ffffffff000,
                                     0x7fffffffffff,
                                     0x800000000000,
                                     0x7fffffffffffffff,
                                     0x8000000000000000,
                                     0xfffffffffffff000,
                                     0xffffffffffffffc8,
                                     0xffffffffffffffff};
    switch (elf_below(r, 9)) {
        case 0:
            return old + 1;
        case 1:
            return old - 1;
        case 2:
            return old ^ (1ull << elf_below(r, 64));
        case 3:
            return size - elf_below(r, 3) + 1;
        case 4:
            return old + 4096;
        case 5:
            return old - 4096;
        case 6:
            return old | 0x7ffffffffffff000; /* far away, at the same place in its page */
        default:
            return edges[elf_below(r, sizeof edges / sizeof *edges)];
    }
}

static inline void elf_set(unsigned char* file, size_t size, size_t at, unsigned bytes, uint64_t value) {
    for (unsigned i = 0; i < bytes && at + i < size; i++) file[at + i] = (unsigned char)(value >> 8 * i);
}
static inline uint64_t elf_get(const unsigned char* file, size_t size, size_t at, unsigned bytes) {
    uint64_t value = 0;
    for (unsigned i = 0; i < bytes && at + i < size; i++) value |= (uint64_t)file[at + i] << 8 * i;
    return value;
}

static inline void elf_swap_phdrs(struct elf_random* r, unsigned char* file, size_t size, int copy) {
    Elf64_Phdr a, b;
    const size_t x = sizeof(Elf64_Ehdr) + elf_below(r, ELF_SEED_PHDRS) * sizeof a;
    const size_t y = sizeof(Elf64_Ehdr) + elf_below(r, ELF_SEED_PHDRS) * sizeof a;
    if (x + sizeof a > size || y + sizeof b > size) return;
    memcpy(&a, file + x, sizeof a);
    memcpy(&b, file + y, sizeof b);
    memcpy(file + y, &a, sizeof a);
    if (!copy) memcpy(file + x, &b, sizeof b);
}

/* Values on which every kernel agrees. Amounts of memory between 64 MiB and 16 TiB, offsets beyond what some
 * file systems hold, addresses below vm.mmap_min_addr and around the stack, and execute-only pages are the
 * host's affair. */
static inline uint64_t elf_tame(size_t field, uint64_t value) {
    if (field == offsetof(Elf64_Phdr, p_filesz) || field == offsetof(Elf64_Phdr, p_memsz))
        return value >= 1ull << 26 && value < 1ull << 44 ? value | 1ull << 45 : value;
    if (field == offsetof(Elf64_Phdr, p_offset))
        return value >= 1ull << 43 && value < 1ull << 63 ? value | 0x7ffffffffffff000 : value;
    if (field == offsetof(Elf64_Phdr, p_vaddr))
        return value < 0x10000 ? value + 0x10000 : value >= 1ull << 40 ? value | 0x7ffffffff000 : value;
    if (field == offsetof(Elf64_Phdr, p_flags)) return (value & 7) == PF_X ? value | PF_R : value;
    return value;
}

/* Spoils one thing. `tame`: only what behaves alike on every kernel; no bytes are run that were not meant to
 * be. */
static inline size_t elf_mutate_once(struct elf_random* r, unsigned char* file, size_t size, int tame) {
    static const struct elf_field header[] = {
        ELF_FIELD(Elf64_Ehdr, e_type),  ELF_FIELD(Elf64_Ehdr, e_machine),  ELF_FIELD(Elf64_Ehdr, e_version),
        ELF_FIELD(Elf64_Ehdr, e_phoff), ELF_FIELD(Elf64_Ehdr, e_flags),    ELF_FIELD(Elf64_Ehdr, e_phentsize),
        ELF_FIELD(Elf64_Ehdr, e_phnum), ELF_FIELD(Elf64_Ehdr, e_shoff),    ELF_FIELD(Elf64_Ehdr, e_shentsize),
        ELF_FIELD(Elf64_Ehdr, e_shnum), ELF_FIELD(Elf64_Ehdr, e_shstrndx), ELF_FIELD(Elf64_Ehdr, e_entry)};
    static const struct elf_field phdr[] = {ELF_FIELD(Elf64_Phdr, p_offset), ELF_FIELD(Elf64_Phdr, p_filesz),
                                            ELF_FIELD(Elf64_Phdr, p_memsz),  ELF_FIELD(Elf64_Phdr, p_flags),
                                            ELF_FIELD(Elf64_Phdr, p_vaddr),  ELF_FIELD(Elf64_Phdr, p_align)};
    static const struct elf_field shdr[] = {
        ELF_FIELD(Elf64_Shdr, sh_name), ELF_FIELD(Elf64_Shdr, sh_type), ELF_FIELD(Elf64_Shdr, sh_offset),
        ELF_FIELD(Elf64_Shdr, sh_size), ELF_FIELD(Elf64_Shdr, sh_link), ELF_FIELD(Elf64_Shdr, sh_flags)};
    static const struct elf_field symbol[] = {ELF_FIELD(Elf64_Sym, st_name), ELF_FIELD(Elf64_Sym, st_value),
                                              ELF_FIELD(Elf64_Sym, st_size)};
    static const uint32_t types[] = {PT_NULL, PT_LOAD, PT_DYNAMIC,   PT_INTERP,  PT_NOTE,    PT_SHLIB,
                                     PT_PHDR, PT_TLS,  PT_GNU_STACK, 0x70000000, 0x7fffffff, 0xffffffff};
    const struct elf_field* f;
    size_t at;
    switch (elf_below(r, 16)) {
        case 0:
            return elf_below(r, (unsigned)size + 1); /* cut off */
        case 1:
            at = elf_below(r, tame ? 16 : (unsigned)size + 1);
            if (!tame && !elf_below(r, 4) && size) at = size - 1;
            if (at < size) file[at] ^= (unsigned char)(1u << elf_below(r, 8));
            return size;
        case 2:
            elf_swap_phdrs(r, file, size, elf_below(r, 2) && !tame);
            return size;
        case 3:
            at = sizeof(Elf64_Ehdr) + elf_below(r, ELF_SEED_PHDRS) * sizeof(Elf64_Phdr);
            elf_set(file, size, at, 4, types[elf_below(r, sizeof types / sizeof *types)]);
            return size;
        case 4:
        case 5:
        case 6:
            f = &header[elf_below(r, sizeof header / sizeof *header - (tame ? 1 : 0))];
            at = f->at;
            break;
        case 7:
            f = &shdr[elf_below(r, sizeof shdr / sizeof *shdr)];
            at = ELF_SHDRS_AT + elf_below(r, ELF_SEED_SHDRS) * sizeof(Elf64_Shdr) + f->at;
            break;
        case 8:
            f = &symbol[elf_below(r, sizeof symbol / sizeof *symbol)];
            at = ELF_SYMS_AT + elf_below(r, 3) * sizeof(Elf64_Sym) + f->at;
            break;
        default:
            f = &phdr[elf_below(r, sizeof phdr / sizeof *phdr - (tame ? 1 : 0))];
            at = sizeof(Elf64_Ehdr) + elf_below(r, ELF_SEED_PHDRS) * sizeof(Elf64_Phdr) + f->at;
            break;
    }
    uint64_t value = elf_edge(r, elf_get(file, size, at, f->bytes), size);
    if (tame && f >= phdr && f < phdr + sizeof phdr / sizeof *phdr) value = elf_tame(f->at, value);
    elf_set(file, size, at, f->bytes, value);
    return size;
}

/* The file of this seed: a sound one spoilt in one to three places. Returns its size, at most
 * ELF_SEED_CAPACITY. */
static inline size_t elf_mutant(unsigned char* file, uint64_t seed, int tame) {
    struct elf_random r = {seed * 0x2545f4914f6cdd1dull};
    size_t size = elf_seed(file, (int)elf_below(&r, 2));
    for (unsigned n = 1 + elf_below(&r, 3); n > 0; n--) size = elf_mutate_once(&r, file, size, tame);
    return size;
}

#endif
