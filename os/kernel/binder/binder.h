// SPDX-License-Identifier: Apache-2.0
//
// Binder: what the driver's files share. The interface to programs is the real <linux/android/binder.h>, as
// it lies in memory and with its numbers; the behaviour is described in docs/binder.md.
//
// Reading order: this file, device.cpp (open, ioctl, mmap, the end), write.cpp (what programs tell the
// driver), transaction.cpp (one copy, straight into the receiver's mapping), object.cpp (handles translated
// on the way), read.cpp (what the driver tells programs), node.cpp (references counted), buffer.cpp and
// buffer_alloc.cpp.
//
// No locks but the big one (arch/big_lock.h), which is let go only where read.cpp sleeps.
#pragma once

#include <linux/android/binder.h>

#include "os/kernel/base/list.h"
#include "os/kernel/binder/buffer_alloc.h"
#include "os/kernel/fs/file.h"
#include "os/kernel/mm/vm.h"
#include "os/kernel/task/wait.h"

namespace stile::os {
struct Process;
}

namespace stile::os::binder {

struct Node;
struct Ref;
struct Buffer;
struct BinderThread;
struct Transaction;
class BinderProc;

inline constexpr uint32_t no_error = BR_OK;

// Something that a read will turn into words. Lives in whatever it is about.
enum class WorkKind : uint8_t { transaction, complete, node, error };
struct Work {
    Link link;
    WorkKind kind;
    explicit Work(WorkKind k) : kind(k) {}
};
using WorkList = List<Work, &Work::link>;

struct ErrorWork : Work {
    uint32_t word = no_error;  // BR_*
    ErrorWork() : Work(WorkKind::error) {}
};

// A process's handle to a node of another.
struct Ref {
    Link proc_link;  // by handle
    Link node_link;
    BinderProc* proc = nullptr;
    Node* node = nullptr;
    uint32_t handle = 0;
    int strong = 0, weak = 0;
};

// An object of one process that others may call.
struct Node : Work {
    Link proc_link;
    BinderProc* proc = nullptr;  // nullptr: its process has gone
    binder_uintptr_t ptr = 0, cookie = 0;
    uint32_t flags = 0;
    List<Ref, &Ref::node_link> refs;
    int internal_strong = 0;               // refs with strong > 0
    int local_strong = 0, local_weak = 0;  // buffers, transactions and unacknowledged words
    // What the owner has been told, and what it has not acknowledged yet.
    bool has_strong = false, has_weak = false, pending_strong = false, pending_weak = false;
    Node() : Work(WorkKind::node) {}
    bool strongly_held() const { return internal_strong || local_strong; }
    bool weakly_held() const { return !refs.empty() || local_weak || strongly_held(); }
};

// A piece of a receiver's mapping that holds one transaction's bytes.
struct Buffer {
    Link link;
    BufferSlice* slice = nullptr;
    uint64_t data_size = 0, offsets_size = 0;
    Transaction* transaction = nullptr;
    Node* target_node = nullptr;  // strongly held until the buffer is freed; nullptr for a reply
    bool user_may_free = false;   // delivered
    uint64_t offsets_at() const { return (data_size + 7) & ~7ull; }
};

struct Transaction : Work {
    BinderThread* from = nullptr;        // who waits for the answer; nullptr: a reply, or the caller has gone
    Transaction* from_parent = nullptr;  // below it on the caller's stack
    BinderProc* to_proc = nullptr;
    BinderThread* to_thread = nullptr;  // who serves it
    Transaction* to_parent = nullptr;   // below it on the server's stack
    Buffer* buffer = nullptr;           // in to_proc's mapping
    uint32_t code = 0, flags = 0;
    int sender_pid = 0;
    uint32_t sender_euid = 0;
    bool is_reply = false;
    Transaction() : Work(WorkKind::transaction) {}
};

enum Looper : uint32_t { looper_registered = 1, looper_entered = 2, looper_exited = 4, looper_invalid = 8 };

struct BinderThread {
    Link proc_link;
    Link waiting_link;  // asleep and ready for any work of the process
    BinderProc* proc = nullptr;
    int tid = 0;
    uint32_t looper = 0;
    bool need_return = true;    // the first ioctl of a thread never sleeps
    bool process_todo = false;  // something in todo is worth waking for
    WorkList todo;
    Transaction* stack = nullptr;
    ErrorWork return_error;  // of its own last command
    ErrorWork reply_error;   // of the transaction that it waits for
    binder_extended_error extended_error{0, BR_OK, 0};
    WaitQueue wait;
};

// What open() gives: a process's side of Binder.
class BinderProc final : public File, public VmOwner {
  public:
    BinderProc();
    ~BinderProc() override;
    Status ioctl(unsigned command, uint64_t argument) override;
    bool mappable() const override { return true; }
    Status mmap(AddressSpace& space, VmArea& area, uint64_t offset) override;
    unsigned poll(PollTable* table) override;
    void area_closed(VmArea& area) override;

    int pid = 0;
    Process* opener = nullptr;
    List<BinderThread, &BinderThread::proc_link> threads;
    List<BinderThread, &BinderThread::waiting_link> waiting;  // last in, first out
    List<Node, &Node::proc_link> nodes;
    List<Ref, &Ref::proc_link> refs;  // ascending handles
    WorkList todo;
    uint32_t max_threads = 0, requested_threads = 0, started_threads = 0;

    // The mapping. Pages come at first use and stay.
    BufferAllocator allocator;
    List<Buffer, &Buffer::link> buffers;
    AddressSpace* space = nullptr;  // nullptr: not mapped (any more)
    VmArea* area = nullptr;
    uint64_t map_start = 0;
    Page** pages = nullptr;
    bool was_mapped = false;
};

// device.cpp
BinderThread* thread_of_caller(BinderProc& proc);  // made at its first ioctl; nullptr: no memory
void release_thread(BinderThread* thread);
struct Context {
    Node* manager = nullptr;  // handle 0
};
extern Context context;

// write.cpp, read.cpp
Status write_commands(BinderProc& proc, BinderThread& thread, UserAddr buffer, uint64_t size,
                      uint64_t& consumed);
Status read_words(BinderProc& proc, BinderThread& thread, UserAddr buffer, uint64_t size, uint64_t& consumed,
                  bool nonblocking);
// Work for one thread: with `wake` it is worth ending a sleep for; without it waits for other work to come.
void queue_to_thread(BinderThread& thread, Work& work, bool wake);
void queue_to_proc(BinderProc& proc, Work& work);  // any thread of it
void wake_proc(BinderProc& proc);
void dequeue(Work& work);

// transaction.cpp
void transact(BinderProc& proc, BinderThread& thread, const binder_transaction_data& data, bool reply);
// Tells whoever waits for `t` that no answer will come; frees it.
void fail_transaction(Transaction* t, uint32_t word);
void drop_work(WorkList& list);

// object.cpp: translates the object at `at` (already copied into `object`) for the receiver. 0 or -errno.
Status translate_object(BinderThread& sender, BinderProc& target, flat_binder_object& object);
void release_object(BinderProc& proc, const flat_binder_object& object);

// node.cpp
Node* find_node(BinderProc& proc, binder_uintptr_t ptr);
Node* new_node(BinderProc& proc, binder_uintptr_t ptr, binder_uintptr_t cookie, uint32_t flags);
// `teller`: the thread on whose todo the owner learns that it is referenced; nullptr: it must know already.
Status hold_node(Node& node, bool strong, bool by_ref, BinderThread* teller);
void drop_node(Node& node, bool strong, bool by_ref);  // may free it
void free_node_if_unused(Node& node);
Ref* find_ref(BinderProc& proc, uint32_t handle, bool need_strong);
Status hold_ref_for_node(BinderProc& proc, Node& node, bool strong, BinderThread* teller, uint32_t* handle);
Status hold_ref(Ref& ref, bool strong, BinderThread* teller);
void drop_ref(Ref& ref, bool strong);  // may free it
void delete_ref(Ref& ref);

// buffer.cpp
// -ESRCH: nothing mapped; -ENOSPC: no slice is large enough; -ENOMEM.
Status allocate_buffer(BinderProc& proc, uint64_t data, uint64_t offsets, uint64_t extra, Buffer** out);
Buffer* find_buffer(BinderProc& proc, binder_uintptr_t user_address);
// Undoes what the transaction's objects had taken, up to the offset-array byte `objects_end`.
void release_buffer(BinderProc& proc, Buffer* buffer, uint64_t objects_end);
UserAddr user_address(const BinderProc& proc, const Buffer& buffer);
// The one copy: from the running process's memory straight into the receiver's pages.
Status copy_into_buffer(BinderProc& proc, Buffer& buffer, uint64_t at, UserAddr from, uint64_t n);
void write_buffer(BinderProc& proc, Buffer& buffer, uint64_t at, const void* from, uint64_t n);
void read_buffer(const BinderProc& proc, const Buffer& buffer, uint64_t at, void* to, uint64_t n);
void release_pages(BinderProc& proc);

}  // namespace stile::os::binder
