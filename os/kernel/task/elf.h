// SPDX-License-Identifier: Apache-2.0
//
// Loading static ELF programs: fixed-address (ET_EXEC) and position-independent (ET_DYN).
#pragma once

#include "os/kernel/fs/inode.h"
#include "os/kernel/task/process.h"

namespace stile::os {

struct ElfSegment {
    uint64_t vaddr, file_offset, file_size, mem_size;
    int prot;
};

// What the headers say, before anything is mapped.
struct ElfImage {
    static constexpr unsigned max_segments = 16;
    Inode* inode = nullptr;
    bool position_independent = false;
    bool wants_dipc = false;  // carries the note of abi/syscall.h
    bool executable_stack = false;
    uint64_t entry = 0;
    uint64_t phdr_vaddr = 0, phdr_entry_size = 0, phdr_count = 0;
    uint64_t low = 0, high = 0;  // page-aligned span of all segments, unbiased
    unsigned segment_count = 0;
    ElfSegment segments[max_segments];
};

Status elf_parse(Inode* inode, ElfImage& out);
// Maps the segments at their addresses + bias into `space` and sets the heap break behind them. Eager: pages
// are filled now, not at the first touch.
Status elf_map(AddressSpace& space, const ElfImage& image, uint64_t bias, bool eager);

// What execve leaves on the new stack.
struct ProgramArguments {
    uint64_t argc = 0, envc = 0;
    char* strings = nullptr;  // argv then envp, NUL-terminated, end to end
    uint64_t bytes = 0;
};
struct ProgramStart {
    uint64_t rip, rsp;
};
// Maps a stack and writes arguments, environment and auxiliary vector to its top.
Status build_stack(AddressSpace& space, const ElfImage& image, uint64_t bias, const ProgramArguments& args,
                   const char* exec_path, ProgramStart& out);

}  // namespace stile::os
