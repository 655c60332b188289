// SPDX-License-Identifier: Apache-2.0
//
// epoll(7). An item watches one file: it is told by the file's queues when something may have happened, and
// joins the ready list; epoll_wait asks the files on that list what holds. Level-triggered items go back to
// its end for as long as something holds, edge-triggered ones wait to be told again.
//
// An item holds no reference to its file. It goes when the file does (epoll_forget), when the epoll file
// does, or by EPOLL_CTL_DEL.
#include <linux/eventpoll.h>

#include "os/kernel/event/event.h"
#include "os/kernel/fs/inode.h"
#include "os/kernel/fs/poll.h"
#include "os/kernel/mm/kmalloc.h"
#include "os/kernel/sys/waiting.h"
#include "os/kernel/task/thread.h"

namespace stile::os {

class EpollFile;

struct EpollItem {
    Link all_link, ready_link;
    EpollItem* next_watch = nullptr;  // of the same file
    EpollFile* owner = nullptr;
    File* file = nullptr;
    int fd = -1;
    uint32_t events = 0;
    uint64_t data = 0;
    Waiter waiters[3];
    PollTable table;
};

namespace {
constexpr uint32_t ep_private = EPOLLET | EPOLLONESHOT | EPOLLWAKEUP | EPOLLEXCLUSIVE;
constexpr unsigned deepest = 5;  // epoll files in epoll files, as Linux
}  // namespace

class EpollFile final : public File {
  public:
    ~EpollFile() override {
        while (EpollItem* i = items_.front()) drop(*i);
    }
    FileKind kind() const override { return FileKind::epoll; }
    Status stat(struct stat& out) override { return stat_nameless(out); }
    Status seek(int64_t, int) override { return position; }

    EpollItem* find(const File* f, int fd) {
        for (EpollItem& i : items_)
            if (i.file == f && i.fd == fd) return &i;
        return nullptr;
    }

    Status add(File* f, int fd, const epoll_event& e) {
        auto* i = knew<EpollItem>();
        if (!i) return -ENOMEM;
        i->owner = this;
        i->file = f;
        i->fd = fd;
        i->table = {i->waiters, sizeof i->waiters / sizeof *i->waiters, 0, false, told, i};
        items_.push_back(i);
        i->next_watch = f->watches;
        f->watches = i;
        set(*i, e);
        return 0;
    }
    void set(EpollItem& i, const epoll_event& e) {
        i.events = e.events | EPOLLERR | EPOLLHUP;
        i.data = e.data;
        i.table.remove_all();
        if (i.file->poll(&i.table) & i.events) now_ready(i);
    }
    void drop(EpollItem& i) {
        i.table.remove_all();
        items_.remove(&i);
        if (i.ready_link.linked()) ready_.remove(&i);
        EpollItem** at = &i.file->watches;
        while (*at != &i) at = &(*at)->next_watch;
        *at = i.next_watch;
        kdelete(&i);
    }

    unsigned poll(PollTable* table) override {
        if (table) table->add(wait_);
        for (EpollItem* i = ready_.front(); i;) {
            EpollItem* next = ready_.next(i);
            if (i->file->poll(nullptr) & i->events & ~ep_private) return POLLIN | POLLRDNORM;
            ready_.remove(i);
            i = next;
        }
        return 0;
    }

    Status wait(UserAddr events, int room, uint64_t deadline, bool no_wait) {
        for (;;) {
            if (const Status n = collect(events, room); n || no_wait) return n;
            const Status s = wait_until(
                wait_, [&] { return !ready_.empty(); }, deadline);
            if (s == -ETIMEDOUT) return 0;
            if (s == -EINTR) current()->restart = Restart::never;
            if (s < 0) return s;
        }
    }

    // Is `target` this file, or watched by it through others?
    bool reaches(const File* target, unsigned depth) const {
        if (this == target || depth > deepest) return true;
        for (const EpollItem& i : items_)
            if (i.file->kind() == FileKind::epoll &&
                static_cast<const EpollFile*>(i.file)->reaches(target, depth + 1))
                return true;
        return false;
    }

  private:
    static void told(Waiter& w) {
        auto& i = *static_cast<EpollItem*>(w.watcher);
        if (i.events & ~(ep_private | EPOLLERR | EPOLLHUP)) i.owner->now_ready(i);
    }
    void now_ready(EpollItem& i) {
        if (i.ready_link.linked()) return;
        ready_.push_back(&i);
        wait_.wake();
    }
    Status collect(UserAddr to, int room) {
        Status given = 0;
        List<EpollItem, &EpollItem::ready_link> again;
        while (given < room) {
            EpollItem* i = ready_.pop_front();
            if (!i) break;
            const epoll_event e{i->file->poll(nullptr) & i->events & ~ep_private, i->data};
            if (!e.events) continue;
            if (put_user(to + static_cast<uint64_t>(given) * sizeof e, e) < 0) {
                again.push_front(i);
                if (!given) given = -EFAULT;
                break;
            }
            given++;
            if (i->events & EPOLLONESHOT)
                i->events &= ep_private;
            else if (!(i->events & EPOLLET))
                again.push_back(i);
        }
        while (EpollItem* i = again.pop_front()) ready_.push_back(i);
        return given;
    }

    List<EpollItem, &EpollItem::all_link> items_;
    List<EpollItem, &EpollItem::ready_link> ready_;
    WaitQueue wait_;
};

void epoll_forget(File& f) {
    while (EpollItem* i = f.watches) i->owner->drop(*i);
}

namespace {

EpollFile* epoll_of(int fd, Status& error) {
    File* f = file_of_fd(fd);
    error = f ? -EINVAL : -EBADF;
    return f && f->kind() == FileKind::epoll ? static_cast<EpollFile*>(f) : nullptr;
}

Status epoll_wait(int fd, UserAddr events, int room, uint64_t deadline, bool no_wait) {
    Status error;
    if (!file_of_fd(fd)) return -EBADF;
    if (room <= 0 || room > 0x7fffffff / static_cast<int>(sizeof(epoll_event))) return -EINVAL;
    if (!user_range_ok(events, static_cast<size_t>(room) * sizeof(epoll_event))) return -EFAULT;
    EpollFile* e = epoll_of(fd, error);
    if (!e) return error;
    file_get(e);
    const Status n = e->wait(events, room, deadline, no_wait);
    file_put(e);
    return n;
}

}  // namespace

extern "C" {

long sys_epoll_create1(int flags) {
    if (flags & ~O_CLOEXEC) return -EINVAL;
    return install_nameless(knew<EpollFile>(), flags);
}
long sys_epoll_create(int size) { return size > 0 ? sys_epoll_create1(0) : -EINVAL; }

long sys_epoll_ctl(int epfd, int operation, int fd, UserAddr event_at) {
    Status error;
    epoll_event e{};
    if (operation != EPOLL_CTL_DEL && get_user(e, event_at) < 0) return -EFAULT;
    File* owner = file_of_fd(epfd);
    File* f = file_of_fd(fd);
    if (!owner || !f) return -EBADF;
    const Inode* inode = f->inode();
    if (inode && (inode->is_regular() || inode->is_directory())) return -EPERM;
    EpollFile* ep = epoll_of(epfd, error);
    if (!ep || f == ep) return -EINVAL;
    if ((e.events & EPOLLEXCLUSIVE) &&
        (operation == EPOLL_CTL_MOD || f->kind() == FileKind::epoll || (e.events & EPOLLONESHOT)))
        return -EINVAL;
    EpollItem* item = ep->find(f, fd);
    switch (operation) {
        case EPOLL_CTL_ADD:
            if (item) return -EEXIST;
            if (f->kind() == FileKind::epoll && static_cast<EpollFile*>(f)->reaches(ep, 1)) return -ELOOP;
            return ep->add(f, fd, e);
        case EPOLL_CTL_MOD:
            if (!item) return -ENOENT;
            if (item->events & EPOLLEXCLUSIVE) return -EINVAL;
            ep->set(*item, e);
            return 0;
        case EPOLL_CTL_DEL:
            if (!item) return -ENOENT;
            ep->drop(*item);
            return 0;
        default:
            return -EINVAL;
    }
}

long sys_epoll_pwait(int fd, UserAddr events, int room, int ms, UserAddr mask, size_t mask_bytes) {
    Timeout t;
    if (ms >= 0) t.set({ms / 1000, ms % 1000 * 1000000ll});
    return with_signal_mask(mask, mask_bytes,
                            [&] { return epoll_wait(fd, events, room, t.deadline, t.no_wait); });
}
long sys_epoll_wait(int fd, UserAddr events, int room, int ms) {
    return sys_epoll_pwait(fd, events, room, ms, 0, 0);
}
long sys_epoll_pwait2(int fd, UserAddr events, int room, UserAddr timeout, UserAddr mask, size_t mask_bytes) {
    Timeout t;
    if (const Status s = t.set_from(timeout); s < 0) return s;
    return with_signal_mask(mask, mask_bytes,
                            [&] { return epoll_wait(fd, events, room, t.deadline, t.no_wait); });
}
}

}  // namespace stile::os
