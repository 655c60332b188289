// SPDX-License-Identifier: Apache-2.0
//
// Open files. A File is an open file description; FileTable maps descriptors to them. A device or pipe is a
// subclass that overrides what it can do; the defaults refuse with the errno that Linux gives.
#pragma once

#include <asm/stat.h>
#include <linux/fcntl.h>
#include <linux/fs.h>

#include "os/kernel/arch/usercopy.h"
#include "os/kernel/task/wait.h"

namespace stile::os {

struct VmArea;
struct AddressSpace;
class Inode;
class DipcHandle;
struct PollTable;
struct Pipe;
struct EpollItem;

// Kinds that a system call of their own asks for.
enum class FileKind : uint8_t { other, timer, signals, epoll };

// The user memory of one read or write call: one buffer, or the pieces of an iovec (already copied in).
struct UserPiece {
    UserAddr base;
    uint64_t length;
};
struct UserBuffer {
    const UserPiece* pieces;
    unsigned count;
    size_t left;          // bytes in all pieces from here on
    size_t offset = 0;    // in the first piece
    bool kernel = false;  // the pieces are the kernel's own memory (splice and its kin)

    // Move n <= left bytes; advance by what was moved and return it. Short: a fault in user memory.
    size_t copy_in(void* to, size_t n);
    size_t copy_out(const void* from, size_t n);
    size_t clear_out(size_t n);
};

class File {
  public:
    uint32_t refs = 1;
    uint32_t flags = 0;  // O_*
    int64_t position = 0;
    EpollItem* watches = nullptr;  // os/kernel/event/epoll.cpp

    File() = default;
    File(const File&) = delete;
    virtual ~File();  // runs when the last descriptor goes

    // The access mode 3 is neither: to look at attributes and for ioctl, as Linux has it.
    bool readable() const { return !(flags & (O_WRONLY | O_PATH)); }
    bool writable() const { return ((flags + 1) & 2) && !(flags & O_PATH); }
    bool nonblocking() const { return flags & O_NONBLOCK; }

    // position: where to read or write, advanced by the callee; streams ignore it.
    virtual Status read(UserBuffer& to, int64_t& position);
    virtual Status write(UserBuffer& from, int64_t& position);
    virtual Status seek(int64_t offset, int whence);
    virtual Status ioctl(unsigned command, uint64_t argument);
    virtual bool mappable() const { return false; }
    // `area` is placed and empty; specialise it or refuse. prot and MAP_SHARED are in it.
    virtual Status mmap(AddressSpace& space, VmArea& area, uint64_t offset);
    virtual unsigned poll(PollTable* table);  // POLL* that hold now; joins table's queues if given
    virtual Status stat(struct stat& out);
    virtual Status truncate(int64_t length);
    virtual Status read_directory(UserAddr to, size_t bytes);
    virtual void flush() {}  // at each close(2) of a descriptor
    virtual Pipe* pipe() { return nullptr; }
    virtual const char* label() const { return "anon_inode:[file]"; }  // where it has no path
    virtual FileKind kind() const { return FileKind::other; }
    virtual DipcHandle* dipc_handle() { return nullptr; }  // os/kernel/dipc

    Inode* inode() const { return inode_; }  // what it was opened by name; nullptr: nothing
    void set_inode(Inode* inode);            // takes a reference of its own

  private:
    Inode* inode_ = nullptr;
};

inline void file_get(File* f) { f->refs++; }
void file_put(File* f);

struct FileTable {
    static constexpr unsigned capacity = 256;
    struct Slot {
        File* file = nullptr;
        bool close_on_exec = false;
    };
    uint32_t refs = 1;
    Slot slots[capacity];
};
FileTable* file_table_create();
FileTable* file_table_clone(const FileTable& from);
void file_table_put(FileTable* table);
void file_table_close_on_exec(FileTable& table);

struct FsContext {
    uint32_t refs = 1;
    Inode* cwd = nullptr;
    unsigned umask = 022;
};

// Of the running process. file_of_fd takes no reference: valid until the thread sleeps with others sharing
// the table; take one (file_get) when it may.
File* file_of_fd(int fd);
File* any_file_of_fd(int fd);  // O_PATH's handles too, which most calls refuse
unsigned descriptor_limit();   // RLIMIT_NOFILE, as far as the table goes
// Installs a file, taking over the caller's reference (also on failure). The descriptor or -EMFILE.
Status install_file(File* file, bool close_on_exec, int lowest = 0);
Status close_fd(int fd);

// Character devices: open() on a node of this number (major << 8 | minor) calls `open`. A node of that number
// is made at `path`. 0: the next free number of the miscellaneous devices.
using DeviceOpen = Status (*)(uint32_t flags, File** out);
void register_device(const char* path, DeviceOpen open, uint64_t number = 0);
DeviceOpen device_of_number(uint64_t number);  // nullptr: no such device

}  // namespace stile::os
