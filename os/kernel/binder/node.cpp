// SPDX-License-Identifier: Apache-2.0
//
// Nodes and the references to them. The owner of a node is told when the first reference comes (INCREFS,
// ACQUIRE) and when the last one has gone (RELEASE, DECREFS); the words are made in read.cpp from the counts
// as they are when it reads, so changes in between cost it nothing.
#include "os/kernel/binder/binder.h"
#include "os/kernel/mm/kmalloc.h"

namespace stile::os::binder {

Node* find_node(BinderProc& proc, binder_uintptr_t ptr) {
    for (Node& n : proc.nodes)
        if (n.ptr == ptr) return &n;
    return nullptr;
}

Node* new_node(BinderProc& proc, binder_uintptr_t ptr, binder_uintptr_t cookie, uint32_t flags) {
    Node* n = knew<Node>();
    if (!n) return nullptr;
    n->proc = &proc;
    n->ptr = ptr;
    n->cookie = cookie;
    n->flags = flags;
    proc.nodes.push_back(n);
    return n;
}

Status hold_node(Node& node, bool strong, bool by_ref, BinderThread* teller) {
    if (strong) {
        if (by_ref) {
            // A handle can be made strong only while the owner knows that it is held strongly.
            if (!teller && node.internal_strong == 0 && !(&node == context.manager && node.has_strong))
                return -EINVAL;
            node.internal_strong++;
        } else {
            node.local_strong++;
        }
        if (!node.has_strong && teller) {
            dequeue(node);
            queue_to_thread(*teller, node, false);
        }
        return 0;
    }
    if (!by_ref) node.local_weak++;
    if (!node.has_weak && !node.link.linked()) {
        if (!teller) return -EINVAL;
        queue_to_thread(*teller, node, false);
    }
    return 0;
}

void free_node_if_unused(Node& node) {
    if (node.weakly_held()) return;
    dequeue(node);
    if (node.proc) List<Node, &Node::proc_link>::remove(&node);
    kdelete(&node);
}

void drop_node(Node& node, bool strong, bool by_ref) {
    if (strong) {
        (by_ref ? node.internal_strong : node.local_strong)--;
        if (node.strongly_held()) return;
    } else {
        if (!by_ref) node.local_weak--;
        if (node.weakly_held()) return;
    }
    if (node.proc && (node.has_strong || node.has_weak)) {
        if (!node.link.linked()) queue_to_proc(*node.proc, node);
        return;
    }
    free_node_if_unused(node);
}

Ref* find_ref(BinderProc& proc, uint32_t handle, bool need_strong) {
    for (Ref& r : proc.refs) {
        if (r.handle < handle) continue;
        return r.handle == handle && (!need_strong || r.strong > 0) ? &r : nullptr;
    }
    return nullptr;
}

static Ref* ref_to(BinderProc& proc, Node& node) {
    for (Ref& r : node.refs)
        if (r.proc == &proc) return &r;
    return nullptr;
}

// The lowest free handle; 0 is kept for the context manager.
static Ref* new_ref(BinderProc& proc, Node& node) {
    Ref* ref = knew<Ref>();
    if (!ref) return nullptr;
    ref->proc = &proc;
    ref->node = &node;
    ref->handle = &node == context.manager ? 0 : 1;
    Ref* after = nullptr;  // the first ref with a larger handle
    for (Ref& r : proc.refs) {
        if (r.handle > ref->handle) {
            after = &r;
            break;
        }
        if (r.handle == ref->handle) ref->handle++;
    }
    if (after)
        List<Ref, &Ref::proc_link>::insert_before(after, ref);
    else
        proc.refs.push_back(ref);
    node.refs.push_back(ref);
    return ref;
}

Status hold_ref(Ref& ref, bool strong, BinderThread* teller) {
    int& count = strong ? ref.strong : ref.weak;
    if (count == 0) {
        const Status s = hold_node(*ref.node, strong, true, teller);
        if (s < 0) return s;
    }
    count++;
    return 0;
}

Status hold_ref_for_node(BinderProc& proc, Node& node, bool strong, BinderThread* teller, uint32_t* handle) {
    Ref* ref = ref_to(proc, node);
    if (!ref && !(ref = new_ref(proc, node))) return -ENOMEM;
    const Status s = hold_ref(*ref, strong, teller);
    if (s < 0) {
        if (ref->strong == 0 && ref->weak == 0) delete_ref(*ref);
        return s;
    }
    if (handle) *handle = ref->handle;
    return 0;
}

void delete_ref(Ref& ref) {
    Node& node = *ref.node;
    List<Ref, &Ref::proc_link>::remove(&ref);
    if (ref.strong > 0) drop_node(node, true, true);
    List<Ref, &Ref::node_link>::remove(&ref);
    kdelete(&ref);
    drop_node(node, false, true);
}

void drop_ref(Ref& ref, bool strong) {
    if (strong) {
        if (ref.strong == 0) return;  // a program's mistake that concerns nobody else
        if (--ref.strong == 0) drop_node(*ref.node, true, true);
    } else {
        if (ref.weak == 0) return;
        ref.weak--;
    }
    if (ref.strong == 0 && ref.weak == 0) delete_ref(ref);
}

}  // namespace stile::os::binder
