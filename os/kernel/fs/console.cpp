// SPDX-License-Identifier: Apache-2.0
//
// The console as a file. It is no terminal: what a program prints goes to a file outside, and TCGETS and its
// kin give ENOTTY, so that C libraries buffer as they do there.
#include "os/kernel/fs/console.h"

#include "os/kernel/base/printk.h"
#include "os/kernel/fs/poll.h"
#include "os/kernel/mm/kmalloc.h"

namespace stile::os {

namespace {

constexpr size_t chunk = 256;  // bytes moved at a time through the kernel stack

class ConsoleFile final : public File {
  public:
    Status read(UserBuffer& to, int64_t&) override {
        size_t given = 0;
        while (to.left) {
            char bytes[chunk];
            size_t n = 0;
            while (n < min(to.left, chunk)) {
                const int c = console_read();
                if (c < 0) break;
                bytes[n++] = static_cast<char>(c);
                if (c == '\n') break;
            }
            if (n == 0) break;  // the input is all there from the start: nothing more is the end
            const size_t copied = to.copy_out(bytes, n);
            given += copied;
            if (copied < n) return given ? static_cast<Status>(given) : -EFAULT;
            if (bytes[n - 1] == '\n') break;
        }
        return static_cast<Status>(given);
    }
    Status write(UserBuffer& from, int64_t&) override {
        size_t taken = 0;
        while (from.left) {
            char bytes[chunk];
            const size_t wanted = min(from.left, chunk), n = from.copy_in(bytes, wanted);
            console_write(bytes, n);
            taken += n;
            if (n < wanted) return taken ? static_cast<Status>(taken) : -EFAULT;
        }
        return static_cast<Status>(taken);
    }
};

}  // namespace

Status open_console(uint32_t flags, File** out) {
    File* f = knew<ConsoleFile>();
    if (!f) return -ENOMEM;
    f->flags = flags;
    *out = f;
    return 0;
}

// No process has one, as under a batch system.
Status open_controlling_terminal(uint32_t, File**) { return -ENXIO; }

}  // namespace stile::os
