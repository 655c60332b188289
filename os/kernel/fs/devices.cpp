// SPDX-License-Identifier: Apache-2.0
//
// Character devices that need no driver of their own: /dev/null, /dev/zero, and the console under its names.
#include "os/kernel/base/init.h"
#include "os/kernel/fs/console.h"
#include "os/kernel/mm/kmalloc.h"

namespace stile::os {

namespace {

class DeviceFile : public File {
  public:
    Status stat(struct stat& out) override {
        File::stat(out);
        out.st_mode = 0020666;  // S_IFCHR
        return 0;
    }
    Status write(UserBuffer& from, int64_t&) override { return static_cast<Status>(from.left); }
    Status seek(int64_t, int) override { return 0; }
};

class NullFile final : public DeviceFile {
  public:
    Status read(UserBuffer&, int64_t&) override { return 0; }
};

class ZeroFile final : public DeviceFile {
  public:
    Status read(UserBuffer& to, int64_t&) override {
        const size_t wanted = to.left, n = to.clear_out(wanted);
        return n || wanted == 0 ? static_cast<Status>(n) : -EFAULT;
    }
    // A mapping of it is anonymous memory.
    Status mmap(AddressSpace&, VmArea&, uint64_t) override { return 0; }
};

template <class T>
Status open_as(uint32_t flags, File** out) {
    File* f = knew<T>();
    if (!f) return -ENOMEM;
    f->flags = flags;
    *out = f;
    return 0;
}

Status open_console_device(uint32_t flags, File** out) {
    *out = open_console(flags);
    return *out ? 0 : -ENOMEM;
}

void register_devices() {
    register_device("/dev/null", open_as<NullFile>);
    register_device("/dev/zero", open_as<ZeroFile>);
    register_device("/dev/console", open_console_device);
    register_device("/dev/tty", open_console_device);
}
INITCALL(register_devices);

}  // namespace

}  // namespace stile::os
