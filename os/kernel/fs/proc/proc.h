// SPDX-License-Identifier: Apache-2.0
//
// /proc, as far as programs look: what ps, df, free, find -samefile, shells (/proc/self/exe, /dev/fd) and C
// libraries read. Its inodes are made when they are asked for, and say what holds at that moment. After
// proc(5).
#pragma once

#include "os/kernel/fs/inode.h"
#include "os/kernel/task/process.h"

namespace stile::os {

// A text that grows. Once memory is out it stays as it is, and says so.
class Text {
  public:
    Text() = default;
    Text(const Text&) = delete;
    ~Text();
    [[gnu::format(printf, 2, 3)]] void add(const char* format, ...);
    void add_bytes(const char* bytes, size_t n);
    const char* data() const { return data_; }
    size_t size() const { return size_; }
    bool failed() const { return failed_; }
    void swap(Text& other);

  private:
    char* data_ = nullptr;
    size_t size_ = 0, capacity_ = 0;
    bool failed_ = false;
};

using SystemText = void (*)(Text& out);
using ProcessText = void (*)(Text& out, Process& process);

struct ProcessFile {
    const char* name;
    ProcessText write;
};
extern const ProcessFile process_files[];
extern const unsigned process_file_count;

// What /proc holds beside the processes; called once, with /proc itself.
void proc_add_system_files(Inode* proc);
Inode* proc_text_file(SystemText write);
Inode* proc_text_file(ProcessText write, int pid);

// /proc/PID, or nullptr. Referenced.
Inode* proc_directory_of(int pid, Inode* proc);

}  // namespace stile::os
