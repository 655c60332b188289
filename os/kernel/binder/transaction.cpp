// SPDX-License-Identifier: Apache-2.0
//
// A transaction, from the sender's command to the receiver's queue. The sender's own system call copies the
// payload once, straight into the receiver's mapping; objects are translated on the way, so that no
// untranslated word is ever visible there.
#include "os/kernel/base/printk.h"
#include "os/kernel/binder/binder.h"
#include "os/kernel/mm/kmalloc.h"
#include "os/kernel/task/thread.h"

namespace stile::os::binder {

namespace {

// The word that the sender gets, and the errno that BINDER_GET_EXTENDED_ERROR explains it with.
struct Failure {
    uint32_t word = no_error;
    Status error = 0;
    explicit operator bool() const { return word != no_error; }
};
Failure failed(Status error) { return {BR_FAILED_REPLY, error}; }
Failure dead(Status error) { return {BR_DEAD_REPLY, error}; }

Failure find_target(BinderProc& proc, uint32_t handle, Node** out) {
    Node* node = context.manager;
    if (handle != 0) {
        Ref* ref = find_ref(proc, handle, true);
        if (!ref) return failed(-EINVAL);
        node = ref->node;
    } else if (node && node->proc == &proc) {
        return failed(-EINVAL);
    }
    if (!node || !node->proc) return dead(-EINVAL);
    *out = node;
    return {};
}

// A thread of the target that (indirectly) waits for this very call gets it: nested calls stay in one thread.
Failure find_nested_thread(BinderThread& thread, BinderProc& target, BinderThread** out) {
    Work* head = thread.todo.front();
    if (head && head->kind == WorkKind::transaction) return failed(-EPROTO);
    if (!thread.stack) return {};
    if (thread.stack->to_thread != &thread) return failed(-EPROTO);
    for (Transaction* t = thread.stack; t; t = t->from_parent)
        if (t->from && t->from->proc == &target) {
            *out = t->from;
            break;
        }
    return {};
}

// One flat object at `offset` of the payload; `copied` bytes before it are in the buffer already.
Status copy_object(BinderThread& thread, BinderProc& target, Buffer& buffer,
                   const binder_transaction_data& data, uint64_t offset, uint64_t& copied) {
    flat_binder_object object;
    if (offset % sizeof(uint32_t) != 0 || offset < copied || buffer.data_size < sizeof object ||
        offset > buffer.data_size - sizeof object)
        return -EINVAL;
    Status s = copy_into_buffer(target, buffer, copied, data.data.ptr.buffer + copied, offset - copied);
    if (s < 0) return s;
    s = copy_from_user(&object, data.data.ptr.buffer + offset, sizeof object);
    if (s < 0) return s;
    s = translate_object(thread, target, object);
    if (s < 0) return s;
    write_buffer(target, buffer, offset, &object, sizeof object);
    copied = offset + sizeof object;
    return 0;
}

// On failure `objects_end` says how much of the offset array has been translated and must be undone.
Status copy_payload(BinderThread& thread, BinderProc& target, Buffer& buffer,
                    const binder_transaction_data& data, uint64_t& objects_end) {
    const uint64_t offsets_at = buffer.offsets_at();
    Status s = copy_into_buffer(target, buffer, offsets_at, data.data.ptr.offsets, data.offsets_size);
    if (s < 0) return s;
    uint64_t copied = 0;
    for (objects_end = 0; objects_end < data.offsets_size; objects_end += sizeof(binder_size_t)) {
        binder_size_t offset;
        read_buffer(target, buffer, offsets_at + objects_end, &offset, sizeof offset);
        s = copy_object(thread, target, buffer, data, offset, copied);
        if (s < 0) return s;
    }
    return copy_into_buffer(target, buffer, copied, data.data.ptr.buffer + copied, data.data_size - copied);
}

// Who takes it: the nested thread, else the thread of the target that went to sleep last, else whoever comes.
void deliver_call(Transaction* t, BinderThread* nested) {
    BinderProc& target = *t->to_proc;
    BinderThread* taker = nested;
    if (!taker && (taker = target.waiting.front()))
        List<BinderThread, &BinderThread::waiting_link>::remove(taker);
    if (taker) {
        queue_to_thread(*taker, *t, true);
    } else {
        target.todo.push_back(t);
        wake_proc(target);
    }
}

void pop_caller_stack(Transaction* t) {
    t->from->stack = t->from_parent;
    t->from = nullptr;
}

struct Route {
    BinderProc* target = nullptr;
    Node* node = nullptr;             // of a call
    BinderThread* nested = nullptr;   // of a call
    Transaction* answered = nullptr;  // of a reply
};

Failure route_reply(BinderThread& thread, Route& route) {
    Transaction* t = thread.stack;
    if (!t || t->to_thread != &thread) return failed(-EPROTO);
    thread.stack = t->to_parent;
    route.answered = t;
    if (!t->from) return dead(-ESRCH);
    if (t->from->stack != t) {
        route.answered = nullptr;
        return failed(-EPROTO);
    }
    route.target = t->from->proc;
    return {};
}

Failure route_call(BinderProc& proc, BinderThread& thread, const binder_transaction_data& data,
                   Route& route) {
    Failure f = find_target(proc, data.target.handle, &route.node);
    if (f) return f;
    route.target = route.node->proc;
    if (data.flags & TF_ONE_WAY) {
        printk("binder: pid %d: one-way transactions are not offered in this version\n", proc.pid);
        return failed(-EOPNOTSUPP);
    }
    return find_nested_thread(thread, *route.target, &route.nested);
}

Failure fill(BinderThread& thread, const binder_transaction_data& data, Route& route, Transaction& t) {
    if (data.offsets_size % sizeof(binder_size_t) != 0) return failed(-EINVAL);
    Buffer* buffer = nullptr;
    Status s = allocate_buffer(*route.target, data.data_size, data.offsets_size, 0, &buffer);
    if (s < 0) return s == -ESRCH ? dead(s) : failed(s);
    buffer->transaction = &t;
    t.buffer = buffer;
    if (route.node) {
        hold_node(*route.node, true, false, nullptr);
        buffer->target_node = route.node;
    }
    uint64_t objects_end = 0;
    s = copy_payload(thread, *route.target, *buffer, data, objects_end);
    if (s < 0) {
        release_buffer(*route.target, buffer, objects_end);
        return failed(s);
    }
    return {};
}

void report(BinderThread& thread, const Failure& failure, const Route& route) {
    thread.extended_error.command = failure.word;
    thread.extended_error.param = static_cast<int>(failure.error);
    if (!route.answered) {
        thread.return_error.word = failure.word;
        queue_to_thread(thread, thread.return_error, true);
        return;
    }
    // The server has done its part; it is the caller who learns that the answer is lost.
    thread.return_error.word = BR_TRANSACTION_COMPLETE;
    queue_to_thread(thread, thread.return_error, true);
    if (route.answered->from) {
        route.answered->from->extended_error.command = failure.word;
        route.answered->from->extended_error.param = static_cast<int>(failure.error);
    }
    fail_transaction(route.answered, failure.word);
}

}  // namespace

void transact(BinderProc& proc, BinderThread& thread, const binder_transaction_data& data, bool reply) {
    Route route;
    Failure failure = reply ? route_reply(thread, route) : route_call(proc, thread, data, route);
    Transaction* t = nullptr;
    Work* complete = nullptr;
    if (!failure) {
        t = knew<Transaction>();
        complete = knew<Work>(WorkKind::complete);
        failure = t && complete ? fill(thread, data, route, *t) : failed(-ENOMEM);
    }
    if (failure) {
        kdelete(t);
        kdelete(complete);
        report(thread, failure, route);
        return;
    }
    t->to_proc = route.target;
    t->code = data.code;
    t->flags = data.flags;
    t->sender_euid = 0;
    t->is_reply = reply;
    if (reply) {
        BinderThread* caller = route.answered->from;
        queue_to_thread(thread, *complete, true);
        pop_caller_stack(route.answered);
        kdelete(route.answered);
        queue_to_thread(*caller, *t, true);
        return;
    }
    t->sender_pid = proc.pid;
    t->from = &thread;
    t->from_parent = thread.stack;
    thread.stack = t;
    // Waits on the sender's own queue until there is something worth returning for: the answer.
    queue_to_thread(thread, *complete, false);
    deliver_call(t, route.nested);
}

void fail_transaction(Transaction* t, uint32_t word) {
    while (t) {
        if (BinderThread* caller = t->from) {
            pop_caller_stack(t);
            if (caller->reply_error.word == no_error) {
                caller->reply_error.word = word;
                queue_to_thread(*caller, caller->reply_error, true);
            }
            if (t->buffer) t->buffer->transaction = nullptr;
            kdelete(t);
            return;
        }
        // The caller has gone; if it was itself serving somebody, that one is told.
        Transaction* parent = t->from_parent;
        if (t->buffer) t->buffer->transaction = nullptr;
        kdelete(t);
        t = parent;
    }
}

void drop_work(WorkList& list) {
    while (Work* work = list.pop_front()) {
        switch (work->kind) {
            case WorkKind::transaction: {
                auto* t = static_cast<Transaction*>(work);
                if (t->is_reply) {
                    if (t->buffer) t->buffer->transaction = nullptr;
                    kdelete(t);
                } else {
                    fail_transaction(t, BR_DEAD_REPLY);
                }
                break;
            }
            case WorkKind::complete:
                kdelete(work);
                break;
            case WorkKind::node:
            case WorkKind::error:
                break;  // belongs to its node or thread
        }
    }
}

}  // namespace stile::os::binder
