// SPDX-License-Identifier: Apache-2.0
#include "os/kernel/task/elf.h"

#include <linux/auxvec.h>
#include <linux/elf.h>

#include "os/kernel/arch/cpu.h"
#include "os/kernel/base/string.h"
#include "os/kernel/mm/page.h"
#include "os/kernel/sys/syscalls.h"

namespace stile::os {
namespace {

int prot_of(uint32_t flags) {
    return (flags & PF_R ? PROT_READ : 0) | (flags & PF_W ? PROT_WRITE : 0) | (flags & PF_X ? PROT_EXEC : 0);
}

class InodeFile final : public ElfFile {
  public:
    explicit InodeFile(Inode* inode) : inode_(inode) {}
    uint64_t size() const override { return inode_->size; }
    Status read(void* to, uint64_t offset, size_t n) override { return inode_->read_kernel(to, offset, n); }

  private:
    Inode* inode_;
};

// A later segment takes the place of what it overlaps, as on Linux; only the first may find nothing there.
Status map_segment(AddressSpace& space, Inode* inode, const ElfSegment& s, uint64_t bias, uint32_t fixed) {
    static constexpr char zeros[page_size] = {};
    const int prot = prot_of(s.flags);
    const uint64_t start = align_down(s.vaddr, page_size) + bias;
    const uint64_t file_end = s.vaddr + s.file_size + bias,
                   end = align_up(s.vaddr + s.mem_size + bias, page_size);
    uint64_t anonymous_from = start;
    // Linux's overcommit_memory 0: what alone is more than the machine has is refused, not found out later.
    const bool own_pages = s.mem_size > s.file_size || (prot & PROT_WRITE);
    if (own_pages && (end - start) >> page_shift > total_page_count()) return -ENOMEM;
    if (s.file_size) {
        anonymous_from = align_up(file_end, page_size);
        const Status m = space.map(start, anonymous_from - start, prot, MAP_PRIVATE | fixed, inode,
                                   align_down(s.file_offset, page_size) >> page_shift);
        if (m < 0) return m;
        // What the page holds behind the segment stays where nobody may write.
        if (s.mem_size > s.file_size && file_end < anonymous_from && (prot & PROT_WRITE))
            if (const Status w = space.write_bytes(file_end, zeros, anonymous_from - file_end); w < 0)
                return w;
    }
    if (anonymous_from >= end) return 0;
    // Zeroed memory is writable whatever the segment's flags say: Linux makes it as it makes the heap.
    const Status m =
        space.map(anonymous_from, end - anonymous_from, PROT_READ | PROT_WRITE | (prot & PROT_EXEC),
                  MAP_PRIVATE | MAP_ANONYMOUS | fixed, nullptr, 0);
    return m < 0 ? m : 0;
}

}  // namespace

Status elf_parse(Inode* inode, ElfImage& out) {
    if (!inode->is_regular()) return -EACCES;
    InodeFile file(inode);
    const Status s = elf_plan(file, out);
    out.inode = inode;
    return s;
}

Status elf_map(AddressSpace& space, const ElfImage& image, uint64_t bias, bool eager) {
    InodeFile file(image.inode);
    uint32_t fixed = MAP_FIXED_NOREPLACE;
    for (uint64_t i = 0; i < image.phdr_count; i++) {
        ElfSegment s;
        const Status is_segment = elf_segment(file, image, i, s);
        if (is_segment < 0) return is_segment;
        if (!is_segment || !s.mem_size) continue;
        if (const Status m = map_segment(space, image.inode, s, bias, fixed); m < 0) return m;
        fixed = MAP_FIXED;
        const uint64_t start = align_down(s.vaddr, page_size) + bias,
                       end = align_up(s.vaddr + s.mem_size + bias, page_size);
        if (eager)
            if (const Status p = space.populate(start, end - start, s.flags & PF_W); p < 0) return p;
    }
    space.brk_start = space.brk = image.high + bias;
    return 0;
}

Status build_stack(AddressSpace& space, const ElfImage& image, uint64_t bias, const ProgramArguments& args,
                   const char* exec_path, ProgramStart& out) {
    constexpr uint64_t initial = 33 * page_size, room = 16ull << 20, guard = 256 * page_size;
    const uint64_t top = space.limit;
    const int prot = PROT_READ | PROT_WRITE | (image.executable_stack ? PROT_EXEC : 0);
    const uint64_t size =
        max(initial, align_up(args.bytes + 8 * (args.argc + args.envc) + 2 * page_size, page_size));
    const Status m = space.map(top - size, size, prot,
                               MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE | MAP_GROWSDOWN, nullptr, 0);
    if (m < 0) return m;
    // Mappings begin below where the stack may grow to.
    const uint64_t most = space.table->shared ? room : (space.limit - space.base) / 4;
    space.mmap_top = top - max(room, min(most, align_up(min(space.stack_limit, most), page_size) + guard));

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

    const uint64_t aux[][2] = {{AT_PHDR, image.phdr_vaddr ? image.phdr_vaddr + bias : 0},
                               {AT_PHENT, sizeof(Elf64_Phdr)},
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
                               {AT_MINSIGSTKSZ, 2048},
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
