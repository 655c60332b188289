// SPDX-License-Identifier: Apache-2.0
//
// Loading static ELF programs: fixed-address (ET_EXEC) and position-independent (ET_DYN).
#pragma once

#include "os/kernel/fs/inode.h"
#include "os/kernel/task/elf_plan.h"
#include "os/kernel/task/process.h"

namespace stile::os {

// What the headers say, before anything is mapped.
struct ElfImage : ElfPlan {
    Inode* inode = nullptr;
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

// "#!interpreter [argument]": puts them and the script's path in front, replacing argv[0]. 1, 0 if it is no
// script, or -errno. `limit` is the room at args.strings.
Status script_interpreter(Inode* inode, const char* path, ProgramArguments& args, size_t limit,
                          char* interpreter, size_t size);

}  // namespace stile::os
