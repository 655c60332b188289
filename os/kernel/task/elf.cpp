// SPDX-License-Identifier: Apache-2.0
#include "os/kernel/task/elf.h"

#include <linux/auxvec.h>
#include <linux/elf.h>

#include "abi/syscall.h"
#include "os/kernel/arch/cpu.h"
#include "os/kernel/base/string.h"
#include "os/kernel/sys/syscalls.h"

namespace stile::os {
namespace {

int prot_of(uint32_t flags) {
    return (flags & PF_R ? PROT_READ : 0) | (flags & PF_W ? PROT_WRITE : 0) | (flags & PF_X ? PROT_EXEC : 0);
}

bool has_stile_note(Inode* inode, const Elf64_Phdr& p) {
    uint8_t notes[1024];
    const size_t n = static_cast<size_t>(
        max<Status>(0, inode->read_kernel(notes, p.p_offset, min<uint64_t>(p.p_filesz, sizeof notes))));
    for (size_t at = 0; at + sizeof(Elf64_Nhdr) <= n;) {
        Elf64_Nhdr h;
        memcpy(&h, notes + at, sizeof h);
        const size_t name = at + sizeof h;
        if (h.n_namesz > n || name + h.n_namesz > n) break;
        if (h.n_type == STILE_NOTE_DIPC && h.n_namesz == sizeof STILE_NOTE_NAME &&
            !memcmp(notes + name, STILE_NOTE_NAME, sizeof STILE_NOTE_NAME))
            return true;
        at = name + align_up(h.n_namesz, 4) + align_up(h.n_descsz, 4);
    }
    return false;
}

}  // namespace

Status elf_parse(Inode* inode, ElfImage& out) {
    Elf64_Ehdr h;
    if (!inode->is_regular()) return -EACCES;
    if (inode->read_kernel(&h, 0, sizeof h) != sizeof h || memcmp(h.e_ident, ELFMAG, SELFMAG))
        return -ENOEXEC;
    if (h.e_ident[EI_CLASS] != ELFCLASS64 || h.e_machine != EM_X86_64 ||
        (h.e_type != ET_EXEC && h.e_type != ET_DYN) || h.e_phentsize != sizeof(Elf64_Phdr) || !h.e_phnum ||
        h.e_phnum > 64)
        return -ENOEXEC;
    out = {};
    out.inode = inode;
    out.position_independent = h.e_type == ET_DYN;
    out.entry = h.e_entry;
    out.phdr_entry_size = h.e_phentsize;
    out.phdr_count = h.e_phnum;
    out.low = ~0ull;
    for (unsigned i = 0; i < h.e_phnum; i++) {
        Elf64_Phdr p;
        if (inode->read_kernel(&p, h.e_phoff + i * sizeof p, sizeof p) != sizeof p) return -ENOEXEC;
        if (p.p_type == PT_INTERP) return -ENOEXEC;  // dynamic programs: their loader is not offered
        if (p.p_type == PT_NOTE && has_stile_note(inode, p)) out.wants_dipc = true;
        if (p.p_type == PT_GNU_STACK) out.executable_stack = p.p_flags & PF_X;
        if (p.p_type == PT_PHDR) out.phdr_vaddr = p.p_vaddr;
        if (p.p_type != PT_LOAD || !p.p_memsz) continue;
        if (out.segment_count == ElfImage::max_segments) return -ENOEXEC;
        if (p.p_filesz > p.p_memsz || p.p_vaddr > user_top || p.p_memsz > user_top - p.p_vaddr ||
            (p.p_vaddr - p.p_offset) % page_size || p.p_offset + p.p_filesz > inode->size)
            return -ENOEXEC;
        out.segments[out.segment_count++] = {p.p_vaddr, p.p_offset, p.p_filesz, p.p_memsz,
                                             prot_of(p.p_flags)};
        out.low = min(out.low, align_down(p.p_vaddr, page_size));
        out.high = max(out.high, align_up(p.p_vaddr + p.p_memsz, page_size));
        if (!out.phdr_vaddr && h.e_phoff >= p.p_offset && h.e_phoff < p.p_offset + p.p_filesz)
            out.phdr_vaddr = p.p_vaddr + (h.e_phoff - p.p_offset);
    }
    return out.segment_count ? 0 : -ENOEXEC;
}

Status elf_map(AddressSpace& space, const ElfImage& image, uint64_t bias, bool eager) {
    static constexpr char zeros[page_size] = {};
    for (unsigned i = 0; i < image.segment_count; i++) {
        const ElfSegment& s = image.segments[i];
        const uint64_t start = align_down(s.vaddr, page_size) + bias;
        const uint64_t file_end = s.vaddr + s.file_size + bias,
                       end = align_up(s.vaddr + s.mem_size + bias, page_size);
        uint64_t anonymous_from = start;
        if (s.file_size) {
            anonymous_from = align_up(file_end, page_size);
            const Status m =
                space.map(start, anonymous_from - start, s.prot, MAP_PRIVATE | MAP_FIXED_NOREPLACE,
                          image.inode, align_down(s.file_offset, page_size) >> page_shift);
            if (m < 0) return m;
            if (s.mem_size > s.file_size && file_end < anonymous_from)
                if (const Status w = space.write_bytes(file_end, zeros, anonymous_from - file_end); w < 0)
                    return w;
        }
        if (anonymous_from < end) {
            const Status m = space.map(anonymous_from, end - anonymous_from, s.prot,
                                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, nullptr, 0);
            if (m < 0) return m;
        }
        if (eager)
            if (const Status p = space.populate(start, end - start, s.prot & PROT_WRITE); p < 0) return p;
    }
    space.brk_start = space.brk = image.high + bias;
    return 0;
}

Status build_stack(AddressSpace& space, const ElfImage& image, uint64_t bias, const ProgramArguments& args,
                   const char* exec_path, ProgramStart& out) {
    constexpr uint64_t initial = 33 * page_size, room = 16ull << 20;
    const uint64_t top = space.limit;
    const int prot = PROT_READ | PROT_WRITE | (image.executable_stack ? PROT_EXEC : 0);
    const uint64_t size =
        max(initial, align_up(args.bytes + 8 * (args.argc + args.envc) + 2 * page_size, page_size));
    const Status m = space.map(top - size, size, prot,
                               MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE | MAP_GROWSDOWN, nullptr, 0);
    if (m < 0) return m;
    space.mmap_top = top - room;

    uint64_t sp = top - 16;
    const auto push_bytes = [&](const void* from, size_t n) {
        sp -= n;
        return space.write_bytes(sp, from, n);
    };
    const uint64_t random[2] = {random_u64(), random_u64()};
    if (push_bytes(exec_path, strlen(exec_path) + 1) < 0) return -ENOMEM;
    const uint64_t execfn = sp;
    if (push_bytes("x86_64", 7) < 0) return -ENOMEM;
    const uint64_t platform = sp;
    sp = align_down(sp, 16);
    if (push_bytes(random, sizeof random) < 0) return -ENOMEM;
    const uint64_t random_at = sp;
    if (push_bytes(args.strings, args.bytes) < 0) return -ENOMEM;
    uint64_t string_at = sp;

    const uint64_t aux[][2] = {{AT_PHDR, image.phdr_vaddr + bias},
                               {AT_PHENT, image.phdr_entry_size},
                               {AT_PHNUM, image.phdr_count},
                               {AT_PAGESZ, page_size},
                               {AT_BASE, 0},
                               {AT_FLAGS, 0},
                               {AT_ENTRY, image.entry + bias},
                               {AT_UID, 0},
                               {AT_EUID, 0},
                               {AT_GID, 0},
                               {AT_EGID, 0},
                               {AT_SECURE, 0},
                               {AT_RANDOM, random_at},
                               {AT_HWCAP, cpuid(1).edx},
                               {AT_HWCAP2, cpu().has_fsgsbase ? 2u : 0u},
                               {AT_CLKTCK, 100},
                               {AT_PLATFORM, platform},
                               {AT_EXECFN, execfn},
                               {AT_NULL, 0}};
    const uint64_t words = 1 + args.argc + 1 + args.envc + 1;
    sp = align_down(sp - words * 8 - sizeof aux, 16);
    out = {image.entry + bias, sp};

    uint64_t at = sp;
    const auto word = [&](uint64_t v) {
        const Status s = space.write_bytes(at, &v, 8);
        at += 8;
        return s;
    };
    const char* s = args.strings;
    if (word(args.argc) < 0) return -ENOMEM;
    for (uint64_t i = 0; i < args.argc + args.envc; i++) {
        if (i == args.argc && word(0) < 0) return -ENOMEM;
        if (word(string_at) < 0) return -ENOMEM;
        const size_t n = strlen(s) + 1;
        string_at += n;
        s += n;
    }
    if (!args.envc && word(0) < 0) return -ENOMEM;
    if (word(0) < 0) return -ENOMEM;
    return space.write_bytes(at, aux, sizeof aux);
}

}  // namespace stile::os
