// SPDX-License-Identifier: Apache-2.0
//
// Does the pipe's ring keep bytes in order, wrap, fill at 64 KiB and keep small writes whole? Do paths
// resolve?
#include "os/kernel/fs/inode.h"
#include "os/kernel/fs/pipe.h"
#include "os/kernel/task/sched.h"
#include "os/kernel/test/test.h"

namespace stile::os {
namespace {

struct UserPages {
    uint64_t at;
    explicit UserPages(uint64_t bytes)
        : at(static_cast<uint64_t>(current_process()->space->map(0, bytes, PROT_READ | PROT_WRITE,
                                                                 MAP_PRIVATE | MAP_ANONYMOUS, nullptr, 0))),
          size(bytes) {}
    ~UserPages() { current_process()->space->unmap(at, size); }
    uint64_t size;
};

Status move(File* f, uint64_t at, size_t n, bool write) {
    const UserPiece piece{at, n};
    UserBuffer b{&piece, 1, n};
    int64_t position = 0;
    return write ? f->write(b, position) : f->read(b, position);
}

uint8_t pattern(uint64_t i) { return static_cast<uint8_t>(i * 131 + (i >> 8)); }

}  // namespace

KERNEL_TEST(pipe_keeps_order_across_its_ends) {
    File *r, *w;
    CHECK(pipe_create(O_NONBLOCK, &r, &w) == 0);
    const UserPages from(8 * page_size), to(8 * page_size);
    uint64_t sent = 0, received = 0;
    for (unsigned round = 0; round < 300; round++) {
        const size_t n = 1 + round * 977 % 9000;
        for (size_t i = 0; i < n; i++) CHECK(put_user(from.at + i, pattern(sent + i)) == 0);
        const Status wrote = move(w, from.at, n, true);
        if (wrote > 0) sent += static_cast<uint64_t>(wrote);
        const Status got = move(r, to.at, 1 + round * 613 % 8000, false);
        CHECK(got > 0);
        for (Status i = 0; i < got; i++) {
            uint8_t b;
            CHECK(get_user(b, to.at + static_cast<uint64_t>(i)) == 0 &&
                  b == pattern(received + static_cast<uint64_t>(i)));
        }
        received += static_cast<uint64_t>(got);
    }
    file_put(w);
    for (Status got; (got = move(r, to.at, 8 * page_size, false)) > 0;)
        received += static_cast<uint64_t>(got);
    CHECK(received == sent);
    CHECK(move(r, to.at, 1, false) == 0);  // the end, once the writer has gone
    file_put(r);
    return true;
}

KERNEL_TEST(pipe_is_full_at_64_kib_and_small_writes_are_whole) {
    File *r, *w;
    CHECK(pipe_create(O_NONBLOCK, &r, &w) == 0);
    const UserPages data(32 * page_size);
    CHECK(move(w, data.at, 32 * page_size, true) == 16 * static_cast<Status>(page_size));
    CHECK(move(w, data.at, 1, true) == -EAGAIN);
    CHECK(move(r, data.at, page_size - 1, false) == static_cast<Status>(page_size) - 1);
    CHECK(move(w, data.at, page_size, true) == -EAGAIN);  // one byte is still in the oldest page
    CHECK(move(r, data.at, 1, false) == 1);
    CHECK(move(w, data.at, page_size, true) == static_cast<Status>(page_size));
    file_put(w);
    file_put(r);
    return true;
}

KERNEL_TEST(pipe_copy_faults_lose_nothing) {
    File *r, *w;
    CHECK(pipe_create(O_NONBLOCK, &r, &w) == 0);
    const UserPages data(2 * page_size);
    CHECK(current_process()->space->unmap(data.at + page_size, page_size) == 0);
    CHECK(move(w, 16, 8, true) == -EFAULT);
    CHECK(move(w, data.at, 100, true) == 100);
    CHECK(move(r, 16, 100, false) == -EFAULT);
    // As Linux: a piece that does not fit whole is neither given nor taken.
    CHECK(move(r, data.at + page_size - 40, 100, false) == -EFAULT);
    CHECK(move(w, data.at + page_size - 40, 100, true) == -EFAULT);
    CHECK(move(r, data.at, 100, false) == 100);
    file_put(w);
    file_put(r);
    return true;
}

KERNEL_TEST(pages_of_a_pipe_come_back) {
    const UserPages data(32 * page_size);
    CHECK(current_process()->space->populate(data.at, data.size, true) == 0);
    uint64_t before = 0;
    for (int i = 0; i < 3; i++) {
        before = free_page_count();
        File *r, *w;
        CHECK(pipe_create(O_NONBLOCK, &r, &w) == 0);
        CHECK(move(w, data.at, data.size, true) > 0);
        file_put(r);
        file_put(w);
    }
    CHECK(free_page_count() == before);
    return true;
}

KERNEL_TEST(paths_resolve) {
    Inode *a, *b;
    CHECK(resolve("/", root_inode(), true, &a) == 0 && a == root_inode());
    CHECK(resolve("/dev/../dev/./null", root_inode(), true, &b) == 0 && b->is_device());
    inode_put(b);
    CHECK(resolve("dev/null", root_inode(), true, &b) == 0);
    inode_put(b);
    CHECK(resolve("/dev/null/x", root_inode(), true, &b) == -ENOTDIR);
    CHECK(resolve("/nowhere", root_inode(), true, &b) == -ENOENT);
    CHECK(resolve("/dev/null/", root_inode(), true, &b) == -ENOTDIR);
    inode_put(a);
    LastComponent last;
    CHECK(resolve_parent("/tmp/new", root_inode(), last) == 0 && last.name[0] == 'n');
    inode_put(last.directory);
    return true;
}

KERNEL_TEST(files_grow_shrink_and_read_zeros) {
    Inode* i = inode_create(0100644);
    char b[8] = {1};
    CHECK(i && i->write_kernel("tail", 3 * page_size - 2, 4) == 4);
    CHECK(i->size == 3 * page_size + 2 && i->read_kernel(b, 100, 8) == 8 && b[0] == 0);
    CHECK(i->read_kernel(b, 3 * page_size - 2, 8) == 4 && b[0] == 't' && b[3] == 'l');
    i->resize(3 * page_size - 1);
    i->resize(3 * page_size + 2);
    CHECK(i->read_kernel(b, 3 * page_size - 2, 8) == 4 && b[0] == 't' && b[1] == 0 && b[2] == 0);
    inode_put(i);
    return true;
}

}  // namespace stile::os
