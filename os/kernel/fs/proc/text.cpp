// SPDX-License-Identifier: Apache-2.0
//
// Files whose text is written when they are opened.
#include "os/kernel/base/printk.h"
#include "os/kernel/base/string.h"
#include "os/kernel/fs/proc/proc.h"
#include "os/kernel/mm/kmalloc.h"

namespace stile::os {

Text::~Text() { kfree(data_); }

void Text::add_bytes(const char* bytes, size_t n) {
    if (size_ + n > capacity_) {
        size_t wanted = capacity_ ? capacity_ : 256;
        while (wanted < size_ + n) wanted *= 2;
        auto* larger = static_cast<char*>(kmalloc(wanted));
        if (!larger) {
            failed_ = true;
            return;
        }
        if (data_) memcpy(larger, data_, size_);
        kfree(data_);
        data_ = larger;
        capacity_ = wanted;
    }
    memcpy(data_ + size_, bytes, n);
    size_ += n;
}

void Text::add(const char* format, ...) {
    char line[512];
    va_list args;
    va_start(args, format);
    const int n = format_string(line, sizeof line, format, args);
    va_end(args);
    add_bytes(line, min(static_cast<size_t>(n), sizeof line - 1));
}

void Text::swap(Text& other) {
    const auto exchange = [](auto& a, auto& b) {
        const auto kept = a;
        a = b;
        b = kept;
    };
    exchange(data_, other.data_);
    exchange(size_, other.size_);
    exchange(capacity_, other.capacity_);
}

namespace {

class TextFile final : public File {
  public:
    Text text;
    Status read(UserBuffer& to, int64_t& at) override {
        if (static_cast<uint64_t>(at) >= text.size()) return 0;
        const size_t wanted = min(to.left, text.size() - static_cast<size_t>(at));
        const size_t n = to.copy_out(text.data() + at, wanted);
        at += static_cast<int64_t>(n);
        return n || !wanted ? static_cast<Status>(n) : -EFAULT;
    }
    Status seek(int64_t offset, int whence) override {
        if (whence == SEEK_CUR) offset += position;
        if ((whence != SEEK_SET && whence != SEEK_CUR) || offset < 0) return -EINVAL;
        return position = offset;
    }
};

class TextInode final : public Inode {
  public:
    TextInode(SystemText write) : Inode(0100444), system_(write) {}
    TextInode(ProcessText write, int pid) : Inode(0100444), process_(write), pid_(pid) {}
    Status open(uint32_t flags, File** out) override {
        if ((flags & O_ACCMODE) != O_RDONLY) return -EACCES;
        Process* p = process_ ? find_process(pid_) : nullptr;
        if (process_ && !p) return -ESRCH;
        auto* f = knew<TextFile>();
        if (!f) return -ENOMEM;
        if (p)
            process_(f->text, *p);
        else
            system_(f->text);
        if (f->text.failed()) {
            file_put(f);
            return -ENOMEM;
        }
        f->flags = flags;
        *out = f;
        return 0;
    }

  private:
    SystemText system_ = nullptr;
    ProcessText process_ = nullptr;
    int pid_ = 0;
};

}  // namespace

Inode* proc_text_file(SystemText write) { return knew<TextInode>(write); }
Inode* proc_text_file(ProcessText write, int pid) { return knew<TextInode>(write, pid); }

}  // namespace stile::os
