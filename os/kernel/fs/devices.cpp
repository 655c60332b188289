// SPDX-License-Identifier: Apache-2.0
//
// Character devices: the table of them, and those that need no driver of their own.
#include "os/kernel/base/init.h"
#include "os/kernel/base/printk.h"
#include "os/kernel/base/string.h"
#include "os/kernel/fs/console.h"
#include "os/kernel/fs/inode.h"
#include "os/kernel/mm/kmalloc.h"
#include "os/kernel/sys/syscalls.h"

namespace stile::os {

namespace {

struct Device {
    uint64_t number;
    DeviceOpen open;
};
constinit Device devices[24]{};
constinit unsigned device_count = 0;

class DeviceFile : public File {
  public:
    Status write(UserBuffer& from, int64_t&) override {
        const size_t n = from.left;
        from.left = 0;
        return static_cast<Status>(n);
    }
    Status seek(int64_t, int) override { return 0; }
};

class NullFile final : public DeviceFile {
  public:
    Status read(UserBuffer&, int64_t&) override { return 0; }
};

class ZeroFile : public DeviceFile {
  public:
    Status read(UserBuffer& to, int64_t&) override {
        const size_t wanted = to.left, n = to.clear_out(wanted);
        return n || wanted == 0 ? static_cast<Status>(n) : -EFAULT;
    }
    // A mapping of it is anonymous memory.
    bool mappable() const override { return true; }
    Status mmap(AddressSpace&, VmArea&, uint64_t) override { return 0; }
};

class FullFile final : public ZeroFile {
  public:
    Status write(UserBuffer& from, int64_t&) override { return from.left ? -ENOSPC : 0; }
};

// random and urandom: the run's seed stretched, as getrandom(2) gives it.
class RandomFile final : public DeviceFile {
  public:
    Status read(UserBuffer& to, int64_t&) override {
        size_t given = 0;
        while (to.left) {
            uint64_t words[32];
            for (uint64_t& w : words) w = random_u64();
            const size_t wanted = min(to.left, sizeof words), n = to.copy_out(words, wanted);
            given += n;
            if (n < wanted) return given ? static_cast<Status>(given) : -EFAULT;
        }
        return static_cast<Status>(given);
    }
};

template <class T>
Status open_as(uint32_t flags, File** out) {
    File* f = knew<T>();
    if (!f) return -ENOMEM;
    f->flags = flags;
    *out = f;
    return 0;
}

constexpr uint64_t device_number(unsigned major, unsigned minor) { return major << 8 | minor; }

void register_devices() {
    register_device("/dev/null", open_as<NullFile>, device_number(1, 3));
    register_device("/dev/zero", open_as<ZeroFile>, device_number(1, 5));
    register_device("/dev/full", open_as<FullFile>, device_number(1, 7));
    register_device("/dev/random", open_as<RandomFile>, device_number(1, 8));
    register_device("/dev/urandom", open_as<RandomFile>, device_number(1, 9));
    register_device("/dev/tty", open_controlling_terminal, device_number(5, 0));
    register_device("/dev/console", open_console, device_number(5, 1));
}
INITCALL(register_devices);

}  // namespace

void register_device(const char* path, DeviceOpen open, uint64_t number) {
    if (device_count == sizeof devices / sizeof devices[0]) panic("no room for the device %s", path);
    if (!number) number = device_number(10, 200 + device_count);  // miscellaneous devices
    devices[device_count++] = {number, open};
    LastComponent last;
    if (resolve_parent(path, root_inode(), last) < 0) panic("no directory for the device %s", path);
    // A file of the user's at this place goes.
    if (DirectoryEntry* there = last.directory->lookup(last.name, strlen(last.name)))
        last.directory->unlink_child(there);
    make_child(last.directory, last.name, 0020666)->device = number;
    inode_put(last.directory);
}

DeviceOpen device_of_number(uint64_t number) {
    for (unsigned i = 0; i < device_count; i++)
        if (devices[i].number == number) return devices[i].open;
    return nullptr;
}

}  // namespace stile::os
