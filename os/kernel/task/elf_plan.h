// SPDX-License-Identifier: Apache-2.0
//
// What execve makes of an ELF file before anything is mapped. Every field of the file is hostile: no sum of
// them may wrap, nothing beyond the file is read. Only bytes are judged here, so this also runs (and is
// fuzzed) outside the kernel.
//
// Which file is refused how follows Linux (fs/binfmt_elf.c), where a mistake has one of two ends: found in
// the headers, execve returns an error; found while segments are mapped, the old program is gone already and
// the process dies of SIGSEGV. Here that is `doomed`.
#pragma once

#include "os/kernel/base/types.h"

namespace stile::os {

// Where the bytes are.
class ElfFile {
  public:
    virtual uint64_t size() const = 0;
    virtual Status read(void* to, uint64_t offset, size_t n) = 0;  // bytes read, fewer at the file's end

  protected:
    ~ElfFile() = default;
};

struct ElfSegment {
    uint64_t vaddr, file_offset, file_size, mem_size;
    uint32_t flags;  // PF_*
};

struct ElfPlan {
    bool position_independent = false;
    bool wants_dipc = false;  // carries the note of abi/syscall.h
    bool executable_stack = false;
    bool doomed = false;  // see above
    uint64_t entry = 0;
    uint64_t phdr_offset = 0, phdr_count = 0;
    uint64_t phdr_vaddr = 0;                                // 0: not in any segment
    uint64_t low = 0, high = 0;                             // page-aligned span of all segments, unbiased
    uint64_t alignment = page_size;                         // the largest that a segment asks for
    uint64_t interpreter_offset = 0, interpreter_size = 0;  // size 0: a static program
};

// 0, or the error that execve returns.
Status elf_plan(ElfFile& file, ElfPlan& out);
// Program header `index` of a file that elf_plan has accepted. 1: a segment to map; 0: something else.
Status elf_segment(ElfFile& file, const ElfPlan& plan, uint64_t index, ElfSegment& out);

}  // namespace stile::os
