// SPDX-License-Identifier: Apache-2.0
//
// The directories and links of /proc.
#include "os/kernel/base/printk.h"
#include "os/kernel/base/string.h"
#include "os/kernel/fs/proc/proc.h"
#include "os/kernel/mm/kmalloc.h"
#include "os/kernel/task/thread.h"

namespace stile::os {

namespace {

constexpr int64_t first_dynamic_cookie = 1 << 16;  // below: entries that stay

// The number that a name spells, or -1.
int number_of(const char* name, size_t length) {
    int v = 0;
    if (!length || length > 9) return -1;
    for (size_t i = 0; i < length; i++) {
        if (name[i] < '0' || name[i] > '9' || (i == 0 && name[0] == '0' && length > 1)) return -1;
        v = v * 10 + (name[i] - '0');
    }
    return v;
}

Status put_text(char* to, size_t bytes, const char* text) {
    const size_t n = min(bytes, strlen(text));
    memcpy(to, text, n);
    return static_cast<Status>(n);
}

Status path_text(Inode* inode, char* to, size_t bytes) {
    auto* path = static_cast<char*>(kmalloc(path_max));
    if (!path) return -ENOMEM;
    Status s = path_of(inode, path, path_max);
    if (s == -ENOENT) {
        copy_string(path, "(deleted)", path_max);
        s = 0;
    }
    if (s >= 0) s = put_text(to, bytes, path);
    kfree(path);
    return s;
}

// exe, cwd, root: links that lead to an inode and not to a name.
class ProcessLink final : public Inode {
  public:
    using Target = Inode* (*)(Process&);
    ProcessLink(Target target, int pid) : Inode(0120777), target_(target), pid_(pid) {}
    Status follow(Inode** out) override {
        Inode* i = find();
        if (!i) return -ENOENT;
        inode_get(i);
        *out = i;
        return 1;
    }
    Status read_link(char* to, size_t bytes) override {
        Inode* i = find();
        return i ? path_text(i, to, bytes) : -ENOENT;
    }

  private:
    Inode* find() const {
        Process* p = find_process(pid_);
        return p && !p->zombie ? target_(*p) : nullptr;
    }
    Target target_;
    int pid_;
};

class DescriptorLink final : public Inode {
  public:
    DescriptorLink(int pid, unsigned fd) : Inode(0120700), pid_(pid), fd_(fd) {}
    Status follow(Inode** out) override {
        const File* f = find();
        if (!f) return -ENOENT;
        if (!f->inode()) return -ENXIO;
        inode_get(f->inode());
        *out = f->inode();
        return 1;
    }
    Status read_link(char* to, size_t bytes) override {
        const File* f = find();
        if (!f) return -ENOENT;
        if (!f->inode()) return put_text(to, bytes, f->label());
        if (f->inode()->links || f->inode() == root_inode() || !f->inode()->is_fifo())
            return path_text(f->inode(), to, bytes);
        char text[40];
        format_string(text, sizeof text, "pipe:[%lu]", f->inode()->number);
        return put_text(to, bytes, text);
    }

  private:
    const File* find() const {
        const Process* p = find_process(pid_);
        return p && p->files ? p->files->slots[fd_].file : nullptr;
    }
    int pid_;
    unsigned fd_;
};

// self and thread-self.
class SelfLink final : public Inode {
  public:
    explicit SelfLink(bool thread) : Inode(0120777), thread_(thread) {}
    Status follow(Inode** out) override {
        *out = proc_directory_of(current_process()->pid, parent);
        return *out ? 1 : -ENOMEM;
    }
    Status read_link(char* to, size_t bytes) override {
        char text[40];
        const int pid = current_process()->pid;
        if (thread_)
            format_string(text, sizeof text, "%d/task/%d", pid, current()->tid);
        else
            format_string(text, sizeof text, "%d", pid);
        return put_text(to, bytes, text);
    }

  private:
    bool thread_;
};

// Directories of one process. They hold a reference to the one above them unless that stays anyway.
class ProcessDirectory : public Inode {
  public:
    ProcessDirectory(unsigned mode, int pid, const char* label, Inode* above)
        : Inode(mode), pid(pid), label(label) {
        links = 2;
        parent = above;
        inode_get(above);
    }
    ~ProcessDirectory() override { inode_put(parent); }
    bool changeable() const override { return false; }
    const int pid;
    const char* const label;  // its name; nullptr: the pid
};

class DescriptorDirectory final : public ProcessDirectory {
  public:
    DescriptorDirectory(int pid, Inode* above) : ProcessDirectory(0040500, pid, "fd", above) {}
    Status find_child(const char* name, size_t length, Inode** out) override {
        const int fd = number_of(name, length);
        const Process* p = find_process(pid);
        if (fd < 0 || static_cast<unsigned>(fd) >= FileTable::capacity || !p || !p->files ||
            !p->files->slots[fd].file)
            return -ENOENT;
        *out = knew<DescriptorLink>(pid, static_cast<unsigned>(fd));
        return *out ? 0 : -ENOMEM;
    }
    Status next_child(int64_t& cookie, NamedInode& out) override {
        const Process* p = find_process(pid);
        if (!p || !p->files) return 0;
        int64_t fd = cookie < first_dynamic_cookie ? 0 : cookie - first_dynamic_cookie + 1;
        while (fd < FileTable::capacity && !p->files->slots[fd].file) fd++;
        if (fd == FileTable::capacity) return 0;
        cookie = first_dynamic_cookie + fd;
        format_string(out.name, sizeof out.name, "%ld", fd);
        out.number = number + static_cast<uint64_t>(fd) + 1;
        out.mode = 0120000;
        return 1;
    }
};

class PidDirectory final : public ProcessDirectory {
  public:
    PidDirectory(int pid, Inode* proc) : ProcessDirectory(0040555, pid, nullptr, proc) {}
    Status find_child(const char* name, size_t length, Inode** out) override {
        if (!find_process(pid)) return -ESRCH;
        Inode* i = nullptr;
        const unsigned which = index_of(name, length);
        if (which < process_file_count)
            i = proc_text_file(process_files[which].write, pid);
        else if (which < process_file_count + link_count)
            i = knew<ProcessLink>(link_targets[which - process_file_count].target, pid);
        else if (which == process_file_count + link_count)
            i = knew<DescriptorDirectory>(pid, this);
        else
            return -ENOENT;
        *out = i;
        return i ? 0 : -ENOMEM;
    }
    Status next_child(int64_t& cookie, NamedInode& out) override {
        const int64_t at = cookie < first_dynamic_cookie ? 0 : cookie - first_dynamic_cookie + 1;
        if (at > process_file_count + link_count) return 0;
        const auto which = static_cast<unsigned>(at);
        copy_string(out.name, name_of(which), sizeof out.name);
        out.mode = which < process_file_count                ? 0100000
                   : which < process_file_count + link_count ? 0120000
                                                             : 0040000;
        out.number = number + which + 1;
        cookie = first_dynamic_cookie + at;
        return 1;
    }
    Status name_of_child(const Inode* child, char (&out)[name_max + 1]) override {
        copy_string(out, static_cast<const ProcessDirectory*>(child)->label, sizeof out);
        return static_cast<Status>(strlen(out));
    }

  private:
    struct NamedTarget {
        const char* name;
        ProcessLink::Target target;
    };
    static constexpr unsigned link_count = 3;
    static constexpr NamedTarget link_targets[link_count] = {
        {"exe", [](Process& p) { return p.program; }},
        {"cwd", [](Process& p) { return p.fs ? p.fs->cwd : nullptr; }},
        {"root", [](Process&) { return root_inode(); }},
    };
    static const char* name_of(unsigned which) {
        if (which < process_file_count) return process_files[which].name;
        return which < process_file_count + link_count ? link_targets[which - process_file_count].name : "fd";
    }
    static unsigned index_of(const char* name, size_t length) {
        unsigned i = 0;
        while (i <= process_file_count + link_count &&
               (strlen(name_of(i)) != length || memcmp(name_of(i), name, length) != 0))
            i++;
        return i;
    }
};

class ProcRoot final : public Inode {
  public:
    ProcRoot() : Inode(0040555) {}
    bool sealed = false;
    bool changeable() const override { return !sealed; }
    Status find_child(const char* name, size_t length, Inode** out) override {
        const int pid = number_of(name, length);
        if (pid < 0) return Inode::find_child(name, length, out);
        if (!find_process(pid)) return -ENOENT;
        *out = proc_directory_of(pid, this);
        return *out ? 0 : -ENOMEM;
    }
    Status next_child(int64_t& cookie, NamedInode& out) override {
        if (cookie < first_dynamic_cookie && Inode::next_child(cookie, out)) return 1;
        const Process* next = nullptr;
        for (Process* p = next_process(nullptr); p; p = next_process(p))
            if (first_dynamic_cookie + p->pid > cookie && (!next || p->pid < next->pid)) next = p;
        if (!next) return 0;
        cookie = first_dynamic_cookie + next->pid;
        format_string(out.name, sizeof out.name, "%d", next->pid);
        out.number = (1ull << 32) + static_cast<uint64_t>(next->pid);
        out.mode = 0040000;
        return 1;
    }
    Status name_of_child(const Inode* child, char (&out)[name_max + 1]) override {
        if (Inode::name_of_child(child, out) < 0)
            format_string(out, sizeof out, "%d", static_cast<const ProcessDirectory*>(child)->pid);
        return static_cast<Status>(strlen(out));
    }
};

}  // namespace

Inode* proc_directory_of(int pid, Inode* proc) {
    Inode* i = knew<PidDirectory>(pid, proc);
    if (i) i->number = (1ull << 32) + static_cast<uint64_t>(pid);
    return i;
}

void proc_init() {
    static constexpr const char* self_links[] = {"self", "thread-self"};
    auto* proc = knew<ProcRoot>();
    if (!proc || root_inode()->link_child("proc", 4, proc) < 0) panic("no memory for /proc");
    proc_add_system_files(proc);
    for (const char* name : self_links) {
        Inode* link = knew<SelfLink>(name[0] == 't');
        if (!link || proc->link_child(name, strlen(name), link) < 0) panic("no memory for /proc");
        inode_put(link);
    }
    proc->sealed = true;
    inode_put(proc);
}

}  // namespace stile::os
