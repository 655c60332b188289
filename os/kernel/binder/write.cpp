// SPDX-License-Identifier: Apache-2.0
//
// The write half of BINDER_WRITE_READ: BC_* words in order, until the buffer is used up or one of them fails.
// A bad handle or pointer in a book-keeping word is the program's own affair: as in Linux it is passed over.
#include "os/kernel/binder/binder.h"

namespace stile::os::binder {

namespace {

// Reads the words' arguments; the first fault or the end of the buffer sticks.
struct Reader {
    UserAddr at, end;
    Status status = 0;
    template <class T>
    bool get(T& out) {
        if (status < 0) return false;
        if (end - at < sizeof(T)) {
            status = -EINVAL;
            return false;
        }
        status = get_user(out, at);
        at += sizeof(T);
        return status == 0;
    }
};

void change_ref(BinderProc& proc, uint32_t word, uint32_t handle) {
    const bool strong = word == BC_ACQUIRE || word == BC_RELEASE;
    const bool more = word == BC_ACQUIRE || word == BC_INCREFS;
    if (more && handle == 0) {
        if (context.manager && context.manager->proc != &proc)
            hold_ref_for_node(proc, *context.manager, strong, nullptr, nullptr);
        return;
    }
    Ref* ref = find_ref(proc, handle, false);
    if (!ref) return;
    if (more)
        hold_ref(*ref, strong, nullptr);
    else
        drop_ref(*ref, strong);
}

void acknowledge(BinderProc& proc, bool strong, binder_uintptr_t ptr, binder_uintptr_t cookie) {
    Node* node = find_node(proc, ptr);
    if (!node || node->cookie != cookie) return;
    bool& pending = strong ? node->pending_strong : node->pending_weak;
    if (!pending) return;
    pending = false;
    drop_node(*node, strong, false);
}

void free_buffer(BinderProc& proc, binder_uintptr_t address) {
    Buffer* buffer = find_buffer(proc, address);
    if (buffer && buffer->user_may_free) release_buffer(proc, buffer, buffer->offsets_size);
}

void set_looper(BinderProc& proc, BinderThread& thread, uint32_t word) {
    if (word == BC_EXIT_LOOPER) {
        thread.looper |= looper_exited;
    } else if (word == BC_ENTER_LOOPER) {
        if (thread.looper & looper_registered) thread.looper |= looper_invalid;
        thread.looper |= looper_entered;
    } else {
        if ((thread.looper & looper_entered) || proc.requested_threads == 0) {
            thread.looper |= looper_invalid;
        } else {
            proc.requested_threads--;
            proc.started_threads++;
        }
        thread.looper |= looper_registered;
    }
}

Status one_command(BinderProc& proc, BinderThread& thread, uint32_t word, Reader& reader) {
    uint32_t handle;
    binder_uintptr_t address;
    binder_ptr_cookie node;
    binder_transaction_data data;
    switch (word) {
        case BC_TRANSACTION:
        case BC_REPLY:
            if (reader.get(data)) transact(proc, thread, data, word == BC_REPLY);
            break;
        case BC_FREE_BUFFER:
            if (reader.get(address)) free_buffer(proc, address);
            break;
        case BC_INCREFS:
        case BC_ACQUIRE:
        case BC_RELEASE:
        case BC_DECREFS:
            if (reader.get(handle)) change_ref(proc, word, handle);
            break;
        case BC_INCREFS_DONE:
        case BC_ACQUIRE_DONE:
            if (reader.get(node)) acknowledge(proc, word == BC_ACQUIRE_DONE, node.ptr, node.cookie);
            break;
        case BC_REGISTER_LOOPER:
        case BC_ENTER_LOOPER:
        case BC_EXIT_LOOPER:
            set_looper(proc, thread, word);
            break;
        default:
            return -EINVAL;
    }
    return reader.status;
}

}  // namespace

Status write_commands(BinderProc& proc, BinderThread& thread, UserAddr buffer, uint64_t size,
                      uint64_t& consumed) {
    if (consumed > size) return -EINVAL;
    Reader reader{buffer + consumed, buffer + size};
    while (reader.at < reader.end && thread.return_error.word == no_error) {
        uint32_t word;
        if (!reader.get(word)) return reader.status;
        const Status s = one_command(proc, thread, word, reader);
        if (s < 0) return s;
        consumed = reader.at - buffer;
    }
    return 0;
}

}  // namespace stile::os::binder
