// SPDX-License-Identifier: Apache-2.0
//
// signalfd(2): pending signals as bytes to read. Which process's they are is decided at each call: the
// caller's.
#include <linux/signalfd.h>

#include "os/kernel/event/event.h"
#include "os/kernel/fs/poll.h"
#include "os/kernel/mm/kmalloc.h"
#include "os/kernel/task/thread.h"

namespace stile::os {
namespace {

signalfd_siginfo told(const siginfo_t& info) {
    signalfd_siginfo s{};
    s.ssi_signo = static_cast<uint32_t>(info.si_signo);
    s.ssi_errno = info.si_errno;
    s.ssi_code = info.si_code;
    if (info.si_code == SI_TIMER) {
        s.ssi_tid = static_cast<uint32_t>(info._sifields._timer._tid);
        s.ssi_overrun = static_cast<uint32_t>(info._sifields._timer._overrun);
    } else {
        s.ssi_pid = static_cast<uint32_t>(info.si_pid);
        s.ssi_uid = static_cast<uint32_t>(info.si_uid);
    }
    if (info.si_signo == SIGCHLD && info.si_code > 0)
        s.ssi_status = info.si_status;
    else
        s.ssi_int = info._sifields._rt._sigval.sival_int;
    s.ssi_ptr = reinterpret_cast<uint64_t>(info._sifields._rt._sigval.sival_ptr);
    return s;
}

class SignalFile final : public File {
  public:
    explicit SignalFile(SignalSet set) { set_mask(set); }
    FileKind kind() const override { return FileKind::signals; }
    void set_mask(SignalSet set) { mask_ = set & ~signals_unblockable; }

    Status read(UserBuffer& to, int64_t&) override {
        if (to.left < sizeof(signalfd_siginfo)) return -EINVAL;
        Thread* t = current();
        siginfo_t info;
        while (!take(info)) {
            if (nonblocking()) return -EAGAIN;
            const Status s = wait_until(t->process->signal_wait, [&] { return pending() != 0; });
            if (s < 0) return s;
        }
        Status done = 0;
        do {
            const signalfd_siginfo s = told(info);
            if (to.copy_out(&s, sizeof s) != sizeof s) return done ? done : -EFAULT;
            done += sizeof s;
        } while (to.left >= sizeof(signalfd_siginfo) && take(info));
        signal_recompute(t);
        return done;
    }
    unsigned poll(PollTable* table) override {
        if (table) table->add(current()->process->signal_wait);
        return pending() ? POLLIN : 0;
    }
    Status stat(struct stat& out) override { return stat_nameless(out); }
    Status seek(int64_t, int) override { return position; }

  private:
    SignalSet pending() const {
        const Thread* t = current();
        return t->process ? (t->pending.set | t->process->pending.set) & mask_ : 0;
    }
    bool take(siginfo_t& out) {
        Thread* t = current();
        return signal_take(t->pending, ~mask_, out) || signal_take(t->process->pending, ~mask_, out);
    }
    SignalSet mask_ = 0;
};

}  // namespace

extern "C" {

long sys_signalfd4(int fd, UserAddr mask_at, size_t bytes, int flags) {
    SignalSet mask;
    if (bytes != sizeof mask) return -EINVAL;
    if (get_user(mask, mask_at) < 0) return -EFAULT;
    if (flags & ~(O_CLOEXEC | O_NONBLOCK)) return -EINVAL;
    if (fd == -1) return install_nameless(knew<SignalFile>(mask), flags);
    File* f = file_of_fd(fd);
    if (!f) return -EBADF;
    if (f->kind() != FileKind::signals) return -EINVAL;
    static_cast<SignalFile*>(f)->set_mask(mask);
    current()->process->signal_wait.wake_all();
    return fd;
}
long sys_signalfd(int fd, UserAddr mask, size_t bytes) { return sys_signalfd4(fd, mask, bytes, 0); }
}

}  // namespace stile::os
