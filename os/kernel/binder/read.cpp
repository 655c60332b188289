// SPDX-License-Identifier: Apache-2.0
//
// The read half of BINDER_WRITE_READ: waits for work and turns it into BR_* words. A thread with a call under
// way takes only its own work; an idle one also what came for the process.
#include "os/kernel/binder/binder.h"
#include "os/kernel/mm/kmalloc.h"
#include "os/kernel/task/thread.h"

namespace stile::os::binder {

void queue_to_thread(BinderThread& thread, Work& work, bool wake) {
    thread.todo.push_back(&work);
    if (!wake) return;
    thread.process_todo = true;
    thread.wait.wake_all();
}

void wake_proc(BinderProc& proc) {
    if (BinderThread* t = proc.waiting.front()) {
        List<BinderThread, &BinderThread::waiting_link>::remove(t);
        t->wait.wake_all();
        return;
    }
    // Nobody sleeps in a read: whoever polls is told.
    for (BinderThread& t : proc.threads) t.wait.wake_all();
}

void queue_to_proc(BinderProc& proc, Work& work) {
    proc.todo.push_back(&work);
    wake_proc(proc);
}

void dequeue(Work& work) {
    if (work.link.linked()) work.link.unlink();
}

namespace {

// The largest group of words for one piece of work: a word and a transaction record with its security
// context.
constexpr uint64_t room_for_one = sizeof(uint32_t) + sizeof(binder_transaction_data_secctx);

struct Writer {
    UserAddr at, end;
    Status status = 0;
    uint64_t room() const { return end - at; }
    template <class T>
    void put(const T& value) {
        if (status < 0) return;
        status = put_user(at, value);
        at += sizeof(T);
    }
};

bool takes_any_work(const BinderThread& t) { return !t.stack && t.todo.empty(); }

bool has_work(const BinderProc& proc, const BinderThread& t, bool any) {
    return t.process_todo || t.need_return || (any && !proc.todo.empty());
}

Status wait_for_work(BinderProc& proc, BinderThread& thread, bool any) {
    if (has_work(proc, thread, any)) return 0;
    if (any) proc.waiting.push_front(&thread);
    const Status s = wait_until(thread.wait, [&] { return has_work(proc, thread, any); });
    if (thread.waiting_link.linked()) List<BinderThread, &BinderThread::waiting_link>::remove(&thread);
    return s;
}

void put_node_word(Writer& out, uint32_t word, const Node& node) {
    out.put(word);
    out.put(binder_ptr_cookie{node.ptr, node.cookie});
}

// What the owner knows against what is: as many words as it takes to make them agree.
void tell_about_node(Writer& out, Node& node) {
    const bool strong = node.strongly_held(), weak = node.weakly_held();
    if (weak && !node.has_weak) {
        node.has_weak = node.pending_weak = true;
        node.local_weak++;
        put_node_word(out, BR_INCREFS, node);
    }
    if (strong && !node.has_strong) {
        node.has_strong = node.pending_strong = true;
        node.local_strong++;
        put_node_word(out, BR_ACQUIRE, node);
    }
    if (!strong && node.has_strong) {
        node.has_strong = false;
        put_node_word(out, BR_RELEASE, node);
    }
    if (!weak && node.has_weak) {
        node.has_weak = false;
        put_node_word(out, BR_DECREFS, node);
    }
    if (!weak && !strong) free_node_if_unused(node);
}

void put_transaction(Writer& out, BinderProc& proc, BinderThread& thread, Transaction* t) {
    binder_transaction_data data{};
    Buffer* buffer = t->buffer;
    if (buffer->target_node) {
        data.target.ptr = buffer->target_node->ptr;
        data.cookie = buffer->target_node->cookie;
    }
    data.code = t->is_reply ? 0 : t->code;
    data.flags = t->flags;
    data.sender_pid = t->from ? t->sender_pid : 0;
    data.sender_euid = t->sender_euid;
    data.data_size = buffer->data_size;
    data.offsets_size = buffer->offsets_size;
    data.data.ptr.buffer = user_address(proc, *buffer);
    data.data.ptr.offsets = data.data.ptr.buffer + buffer->offsets_at();
    out.put(static_cast<uint32_t>(t->is_reply ? BR_REPLY : BR_TRANSACTION));
    out.put(data);
    buffer->user_may_free = true;
    if (t->is_reply) {
        buffer->transaction = nullptr;
        kdelete(t);
        return;
    }
    t->to_parent = thread.stack;
    t->to_thread = &thread;
    thread.stack = t;
}

// One piece of work; true when the read ends after it.
bool put_work(Writer& out, BinderProc& proc, BinderThread& thread, Work* work) {
    switch (work->kind) {
        case WorkKind::complete:
            out.put(static_cast<uint32_t>(BR_TRANSACTION_COMPLETE));
            kdelete(work);
            return false;
        case WorkKind::node:
            tell_about_node(out, *static_cast<Node*>(work));
            return false;
        case WorkKind::error: {
            auto* error = static_cast<ErrorWork*>(work);
            out.put(error->word);
            error->word = no_error;
            return false;
        }
        case WorkKind::transaction:
            put_transaction(out, proc, thread, static_cast<Transaction*>(work));
            return true;
    }
    return false;
}

Work* next_work(BinderProc& proc, BinderThread& thread, bool any) {
    if (Work* work = thread.todo.pop_front()) {
        if (thread.todo.empty()) thread.process_todo = false;
        return work;
    }
    return any ? proc.todo.pop_front() : nullptr;
}

bool should_spawn(const BinderProc& proc, const BinderThread& thread) {
    return proc.requested_threads == 0 && proc.waiting.empty() && proc.started_threads < proc.max_threads &&
           (thread.looper & (looper_registered | looper_entered));
}

}  // namespace

Status read_words(BinderProc& proc, BinderThread& thread, UserAddr buffer, uint64_t size, uint64_t& consumed,
                  bool nonblocking) {
    if (consumed > size) return -EINVAL;
    Writer out{buffer + consumed, buffer + size};
    if (consumed == 0) {
        if (out.room() < sizeof(uint32_t)) return -EINVAL;
        out.put(static_cast<uint32_t>(BR_NOOP));
        if (out.status < 0) return out.status;
    }
    for (bool done = false; !done;) {
        const bool any = takes_any_work(thread);
        if (nonblocking && !has_work(proc, thread, any)) return -EAGAIN;
        const Status s = wait_for_work(proc, thread, any);
        if (s < 0) return s;
        while (!done && out.room() >= room_for_one) {
            Work* work = next_work(proc, thread, any);
            if (!work) break;
            done = put_work(out, proc, thread, work);
            if (out.status < 0) return out.status;
        }
        // Nothing but the no-op and no reason to go: sleep again.
        const bool empty = out.at - buffer == sizeof(uint32_t);
        if (!empty || thread.need_return || out.room() < room_for_one) done = true;
    }
    consumed = out.at - buffer;
    if (should_spawn(proc, thread)) {
        proc.requested_threads++;
        return put_user(buffer, static_cast<uint32_t>(BR_SPAWN_LOOPER));
    }
    return 0;
}

}  // namespace stile::os::binder
