// SPDX-License-Identifier: Apache-2.0
#include "os/kernel/task/elf_plan.h"

#include <linux/elf.h>

#include "abi/syscall.h"
#include "os/kernel/base/string.h"

namespace stile::os {
namespace {

constexpr uint64_t phdr_table_limit = 65536;  // bytes, as Linux
constexpr uint64_t interpreter_limit = 4096;  // PATH_MAX
constexpr uint64_t file_limit = 1ull << 63;   // no file offset is larger

bool read_all(ElfFile& file, void* to, uint64_t offset, size_t n) {
    return file.read(to, offset, n) == static_cast<Status>(n);
}

bool has_stile_note(ElfFile& file, const Elf64_Phdr& p) {
    uint8_t notes[1024];
    const Status got = file.read(notes, p.p_offset, min<uint64_t>(p.p_filesz, sizeof notes));
    const uint64_t n = got > 0 ? static_cast<uint64_t>(got) : 0;
    for (uint64_t at = 0; at + sizeof(Elf64_Nhdr) <= n;) {
        Elf64_Nhdr h;
        memcpy(&h, notes + at, sizeof h);
        const uint64_t name = at + sizeof h;
        if (h.n_namesz > n - name) break;
        if (h.n_type == STILE_NOTE_DIPC && h.n_namesz == sizeof STILE_NOTE_NAME &&
            !memcmp(notes + name, STILE_NOTE_NAME, sizeof STILE_NOTE_NAME))
            return true;
        at = name + align_up(h.n_namesz, 4) + align_up(h.n_descsz, 4);
    }
    return false;
}

// An odd end of the table counts as no table at all.
bool phdr_table_fits(const ElfFile& file, const Elf64_Ehdr& h) {
    const uint64_t bytes = uint64_t{h.e_phnum} * sizeof(Elf64_Phdr);
    return h.e_phentsize == sizeof(Elf64_Phdr) && bytes && bytes <= phdr_table_limit &&
           h.e_phoff <= file.size() && bytes <= file.size() - h.e_phoff;
}

Status check_interpreter(ElfFile& file, const Elf64_Phdr& p) {
    if (p.p_filesz < 2 || p.p_filesz > interpreter_limit) return -ENOEXEC;
    char last;
    if (p.p_offset >= file_limit) return -EINVAL;
    if (!read_all(file, &last, p.p_offset + p.p_filesz - 1, 1)) return -EIO;
    return last ? -ENOEXEC : 0;
}

constexpr uint64_t file_end = file_limit - page_size;  // the last page rounds up to no offset

// Whether Linux could map it: mmap's rules for the part in the file, then its own for the whole.
bool mappable(const Elf64_Phdr& p) {
    if (p.p_filesz > p.p_memsz || p.p_vaddr >= user_top || p.p_memsz > user_top - p.p_vaddr) return false;
    if (!p.p_filesz) return true;
    return (p.p_vaddr - p.p_offset) % page_size == 0 && p.p_offset < file_end &&
           p.p_filesz <= file_end - p.p_offset;
}

void add_segment(const Elf64_Phdr& p, ElfPlan& plan) {
    const bool first = plan.high == 0;
    const uint64_t start = align_down(p.p_vaddr, page_size), end = align_up(p.p_vaddr + p.p_memsz, page_size);
    plan.low = first ? start : min(plan.low, start);
    plan.high = max(plan.high, end);
    if (p.p_align && !(p.p_align & (p.p_align - 1)))
        plan.alignment = max<uint64_t>(plan.alignment, p.p_align);
    if (plan.phdr_offset >= p.p_offset && plan.phdr_offset - p.p_offset < p.p_filesz)
        plan.phdr_vaddr = p.p_vaddr + (plan.phdr_offset - p.p_offset);
}

}  // namespace

Status elf_plan(ElfFile& file, ElfPlan& out) {
    // As Linux: a file that is too short for the header is taken to go on in zeros, and class, byte order and
    // version are not looked at.
    Elf64_Ehdr h = {};
    if (file.read(&h, 0, sizeof h) < SELFMAG || memcmp(h.e_ident, ELFMAG, SELFMAG)) return -ENOEXEC;
    if ((h.e_type != ET_EXEC && h.e_type != ET_DYN) || h.e_machine != EM_X86_64 || !phdr_table_fits(file, h))
        return -ENOEXEC;
    out = {};
    out.position_independent = h.e_type == ET_DYN;
    out.entry = h.e_entry;
    out.phdr_offset = h.e_phoff;
    out.phdr_count = h.e_phnum;
    for (uint64_t i = 0; i < h.e_phnum; i++) {
        Elf64_Phdr p;
        if (!read_all(file, &p, h.e_phoff + i * sizeof p, sizeof p)) return -ENOEXEC;
        switch (p.p_type) {
            case PT_INTERP:
                if (out.interpreter_size) break;
                if (const Status s = check_interpreter(file, p); s < 0) return s;
                out.interpreter_offset = p.p_offset;
                out.interpreter_size = p.p_filesz;
                break;
            case PT_NOTE:
                out.wants_dipc |= has_stile_note(file, p);
                break;
            case PT_GNU_STACK:
                out.executable_stack = p.p_flags & PF_X;
                break;
            case PT_LOAD:
                if (mappable(p))
                    add_segment(p, out);
                else
                    out.doomed = true;
                break;
            default:
                break;
        }
    }
    // Where a position-independent file lies is chosen for its whole span; a fixed entry must be an address.
    if (out.position_independent ? out.high == out.low && out.high : out.entry >= user_top) out.doomed = true;
    return 0;
}

Status elf_segment(ElfFile& file, const ElfPlan& plan, uint64_t index, ElfSegment& out) {
    Elf64_Phdr p;
    if (!read_all(file, &p, plan.phdr_offset + index * sizeof p, sizeof p)) return -ENOEXEC;
    if (p.p_type != PT_LOAD) return 0;
    if (!mappable(p)) return -EINVAL;
    out = {p.p_vaddr, p.p_offset, p.p_filesz, p.p_memsz, p.p_flags};
    return 1;
}

}  // namespace stile::os
