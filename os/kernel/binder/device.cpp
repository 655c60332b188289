// SPDX-License-Identifier: Apache-2.0
//
// /dev/binder: opening it makes a process known to Binder, ioctl talks, mmap makes the place where payloads
// arrive, and closing it (or dying) tells everybody who waits.
#include "os/kernel/base/init.h"
#include "os/kernel/binder/binder.h"
#include "os/kernel/fs/poll.h"
#include "os/kernel/mm/kmalloc.h"
#include "os/kernel/task/thread.h"

namespace stile::os::binder {

Context context;

namespace {

constexpr uint64_t largest_mapping = 4ull << 20;  // usable bytes, whatever was asked for

Status open_binder(uint32_t flags, File** out) {
    auto* proc = knew<BinderProc>();
    if (!proc) return -ENOMEM;
    proc->flags = flags;
    *out = proc;
    return 0;
}

void register_binder() { register_device("/dev/binder", open_binder); }
INITCALL(register_binder);

BinderThread* known_thread(BinderProc& proc, int tid) {
    for (BinderThread& t : proc.threads)
        if (t.tid == tid) return &t;
    return nullptr;
}

Status write_read(BinderProc& proc, BinderThread& thread, UserAddr argument) {
    binder_write_read bwr;
    Status s = get_user(bwr, argument);
    if (s < 0) return s;
    if (bwr.write_size > 0) {
        uint64_t consumed = bwr.write_consumed;
        s = write_commands(proc, thread, bwr.write_buffer, bwr.write_size, consumed);
        bwr.write_consumed = consumed;
        if (s < 0) bwr.read_consumed = 0;
    }
    if (s == 0 && bwr.read_size > 0) {
        uint64_t consumed = bwr.read_consumed;
        s = read_words(proc, thread, bwr.read_buffer, bwr.read_size, consumed, proc.nonblocking());
        bwr.read_consumed = consumed;
        if (!proc.todo.empty()) wake_proc(proc);
    }
    const Status copied = put_user(argument, bwr);
    return copied < 0 ? copied : s;
}

Status become_manager(BinderProc& proc) {
    if (context.manager) return -EBUSY;
    Node* node = new_node(proc, 0, 0, 0);
    if (!node) return -ENOMEM;
    node->local_strong = node->local_weak = 1;
    node->has_strong = node->has_weak = true;
    context.manager = node;
    return 0;
}

// Its process has gone: callers find it dead; it stays as long as somebody has a handle to it.
void bury_node(Node& node) {
    List<Node, &Node::proc_link>::remove(&node);
    dequeue(node);
    if (&node == context.manager) context.manager = nullptr;
    node.proc = nullptr;
    node.local_strong = node.local_weak = 0;
    free_node_if_unused(node);
}

}  // namespace

BinderThread* thread_of_caller(BinderProc& proc) {
    const int tid = current()->tid;
    if (BinderThread* t = known_thread(proc, tid)) return t;
    auto* t = knew<BinderThread>();
    if (!t) return nullptr;
    t->proc = &proc;
    t->tid = tid;
    proc.threads.push_back(t);
    return t;
}

void release_thread(BinderThread* thread) {
    Transaction* unanswered = nullptr;  // the call that it was serving last
    bool first = true;
    for (Transaction* t = thread->stack; t;) {
        if (t->to_thread == thread) {
            if (first) unanswered = t;
            t->to_proc = nullptr;
            t->to_thread = nullptr;
            if (t->buffer) t->buffer->transaction = nullptr;
            t->buffer = nullptr;
            t = t->to_parent;
        } else {
            t->from = nullptr;
            t = t->from_parent;
        }
        first = false;
    }
    thread->stack = nullptr;
    if (unanswered) fail_transaction(unanswered, BR_DEAD_REPLY);
    drop_work(thread->todo);
    if (thread->waiting_link.linked()) List<BinderThread, &BinderThread::waiting_link>::remove(thread);
    List<BinderThread, &BinderThread::proc_link>::remove(thread);
    kdelete(thread);
}

BinderProc::BinderProc()
    : pid(current_process()->pid), opener(current_process()), allocator(kmalloc, kfree) {}

BinderProc::~BinderProc() {
    while (BinderThread* t = threads.front()) release_thread(t);
    while (Node* n = nodes.front()) bury_node(*n);
    while (Ref* r = refs.front()) delete_ref(*r);
    drop_work(todo);
    while (Buffer* b = buffers.front()) {
        // What its objects referred to went with the handles and nodes above.
        if (b->transaction) b->transaction->buffer = nullptr;
        List<Buffer, &Buffer::link>::remove(b);
        kdelete(b);
    }
    if (area) area->owner = nullptr;
    release_pages(*this);
}

Status BinderProc::ioctl(unsigned command, uint64_t argument) {
    BinderThread* thread = thread_of_caller(*this);
    if (!thread) return -ENOMEM;
    Status s = 0;
    switch (command) {
        case BINDER_WRITE_READ:
            s = write_read(*this, *thread, argument);
            break;
        case BINDER_VERSION:
            s = put_user(argument, binder_version{BINDER_CURRENT_PROTOCOL_VERSION});
            break;
        case BINDER_SET_MAX_THREADS:
            s = get_user(max_threads, argument);
            break;
        case BINDER_SET_CONTEXT_MGR:
        case BINDER_SET_CONTEXT_MGR_EXT:
            s = become_manager(*this);
            break;
        case BINDER_GET_EXTENDED_ERROR:
            s = put_user(argument, thread->extended_error);
            thread->extended_error = {0, BR_OK, 0};
            break;
        case BINDER_THREAD_EXIT:
            release_thread(thread);
            return 0;
        default:
            s = -EINVAL;
    }
    thread->need_return = false;
    return s;
}

Status BinderProc::mmap(AddressSpace& owner_space, VmArea& new_area, uint64_t) {
    if (current_process() != opener) return -EINVAL;
    if (new_area.prot & PROT_WRITE) return -EPERM;
    if (was_mapped) return -EBUSY;
    const uint64_t bytes = min(new_area.size(), largest_mapping);
    pages = static_cast<Page**>(kzalloc((bytes >> page_shift) * sizeof(Page*)));
    if (!pages) return -ENOMEM;
    if (!allocator.init(bytes)) {
        kfree(pages);
        pages = nullptr;
        return -ENOMEM;
    }
    was_mapped = true;
    space = &owner_space;
    area = &new_area;
    map_start = new_area.start;
    new_area.flags |= vm_dont_copy | vm_dont_expand | vm_no_write_ever | vm_no_fault;
    new_area.owner = this;
    return 0;
}

void BinderProc::area_closed(VmArea&) {
    space = nullptr;
    area = nullptr;
}

unsigned BinderProc::poll(PollTable* table) {
    BinderThread* thread = thread_of_caller(*this);
    if (!thread) return POLLERR;
    if (table) table->add(thread->wait);
    const bool any = !thread->stack && thread->todo.empty();
    return thread->process_todo || (any && !todo.empty()) ? POLLIN : 0;
}

}  // namespace stile::os::binder
