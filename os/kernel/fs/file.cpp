// SPDX-License-Identifier: Apache-2.0
//
// Descriptors, and what a file answers to a request that its kind does not know.
#include "os/kernel/fs/file.h"

#include "os/kernel/base/string.h"
#include "os/kernel/event/event.h"
#include "os/kernel/fs/inode.h"
#include "os/kernel/fs/lock.h"
#include "os/kernel/fs/poll.h"
#include "os/kernel/mm/kmalloc.h"
#include "os/kernel/task/thread.h"

namespace stile::os {

// Walks the pieces; move(kernel offset, user address, n) returns the bytes it could not move.
template <class Move>
static size_t walk_pieces(UserBuffer& b, size_t n, Move move) {
    size_t done = 0;
    n = min(n, b.left);
    while (done < n) {
        const size_t in_piece = b.pieces->length - b.offset;
        if (in_piece == 0) {
            b.pieces++;
            b.count--;
            b.offset = 0;
            continue;
        }
        const size_t part = min(in_piece, n - done);
        const size_t missed = move(done, b.pieces->base + b.offset, part);
        done += part - missed;
        b.offset += part - missed;
        if (missed) break;
    }
    b.left -= done;
    return done;
}

size_t UserBuffer::copy_in(void* to, size_t n) {
    return walk_pieces(*this, n, [&](size_t at, UserAddr user, size_t part) -> size_t {
        if (!kernel) return user_copy_in(static_cast<char*>(to) + at, user, part);
        memcpy(static_cast<char*>(to) + at, reinterpret_cast<const void*>(user), part);
        return 0;
    });
}
size_t UserBuffer::copy_out(const void* from, size_t n) {
    return walk_pieces(*this, n, [&](size_t at, UserAddr user, size_t part) -> size_t {
        if (!kernel) return user_copy_out(user, static_cast<const char*>(from) + at, part);
        memcpy(reinterpret_cast<void*>(user), static_cast<const char*>(from) + at, part);
        return 0;
    });
}
size_t UserBuffer::clear_out(size_t n) {
    return walk_pieces(*this, n, [&](size_t, UserAddr user, size_t part) -> size_t {
        if (!kernel) return user_clear(user, part);
        memset(reinterpret_cast<void*>(user), 0, part);
        return 0;
    });
}

Status File::read(UserBuffer&, int64_t&) { return -EINVAL; }
Status File::write(UserBuffer&, int64_t&) { return -EINVAL; }
Status File::seek(int64_t, int) { return -ESPIPE; }
Status File::ioctl(unsigned, uint64_t) { return -ENOTTY; }
Status File::mmap(AddressSpace&, VmArea&, uint64_t) { return -ENODEV; }
unsigned File::poll(PollTable*) { return POLLIN | POLLOUT | POLLRDNORM | POLLWRNORM; }
Status File::stat(struct stat& out) {
    if (inode_) {
        inode_->fill_stat(out);
        return 0;
    }
    __builtin_memset(&out, 0, sizeof out);
    out.st_nlink = 1;
    out.st_blksize = page_size;
    return 0;
}
Status File::truncate(int64_t) { return -EINVAL; }
Status File::read_directory(UserAddr, size_t) { return -ENOTDIR; }

File::~File() {
    if (!inode_) return;
    if (inode_->is_regular() && writable()) inode_->writers--;
    locks_drop_owner(*inode_, this);
    inode_put(inode_);
}

void File::set_inode(Inode* inode) {
    if (inode) inode_get(inode);
    if (inode_) inode_put(inode_);
    inode_ = inode;
}

void file_put(File* f) {
    if (--f->refs) return;
    if (f->watches) epoll_forget(*f);
    kdelete(f);
}

FileTable* file_table_create() { return knew<FileTable>(); }

FileTable* file_table_clone(const FileTable& from) {
    FileTable* table = file_table_create();
    if (!table) return nullptr;
    for (unsigned i = 0; i < FileTable::capacity; i++) {
        table->slots[i] = from.slots[i];
        if (table->slots[i].file) file_get(table->slots[i].file);
    }
    return table;
}

static void close_slot(FileTable& table, FileTable::Slot& slot) {
    File* f = slot.file;
    slot = {};
    f->flush();
    if (f->inode()) locks_drop_owner(*f->inode(), &table);
    file_put(f);
}

void file_table_put(FileTable* table) {
    if (--table->refs) return;
    for (auto& slot : table->slots)
        if (slot.file) close_slot(*table, slot);
    kdelete(table);
}

void file_table_close_on_exec(FileTable& table) {
    for (auto& slot : table.slots)
        if (slot.file && slot.close_on_exec) close_slot(table, slot);
}

static FileTable::Slot* slot_of(int fd) {
    if (fd < 0 || static_cast<unsigned>(fd) >= FileTable::capacity) return nullptr;
    FileTable::Slot* slot = &current_process()->files->slots[fd];
    return slot->file ? slot : nullptr;
}

File* file_of_fd(int fd) {
    FileTable::Slot* slot = slot_of(fd);
    return slot && !(slot->file->flags & O_PATH) ? slot->file : nullptr;
}
File* any_file_of_fd(int fd) {
    FileTable::Slot* slot = slot_of(fd);
    return slot ? slot->file : nullptr;
}

unsigned descriptor_limit() {
    return static_cast<unsigned>(
        min<uint64_t>(current_process()->limits[RLIMIT_NOFILE].rlim_cur, FileTable::capacity));
}

Status install_file(File* file, bool close_on_exec, int lowest) {
    FileTable& table = *current_process()->files;
    const unsigned limit = descriptor_limit();
    for (unsigned fd = static_cast<unsigned>(max(lowest, 0)); fd < limit; fd++)
        if (!table.slots[fd].file) {
            table.slots[fd] = {file, close_on_exec};
            return fd;
        }
    file_put(file);
    return -EMFILE;
}

Status close_fd(int fd) {
    FileTable::Slot* slot = slot_of(fd);
    if (!slot) return -EBADF;
    close_slot(*current_process()->files, *slot);
    return 0;
}

}  // namespace stile::os
