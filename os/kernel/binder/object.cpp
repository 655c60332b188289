// SPDX-License-Identifier: Apache-2.0
//
// Objects inside a payload: what is a pointer for its owner becomes a handle for everybody else, and back.
// Each translation takes a reference, which freeing the buffer gives back.
#include "os/kernel/binder/binder.h"

namespace stile::os::binder {

static Status own_object(BinderThread& sender, BinderProc& target, flat_binder_object& object) {
    const bool strong = object.hdr.type == BINDER_TYPE_BINDER;
    Node* node = find_node(*sender.proc, object.binder);
    if (!node) {
        node = new_node(*sender.proc, object.binder, object.cookie, object.flags);
        if (!node) return -ENOMEM;
    } else if (node->cookie != object.cookie) {
        return -EINVAL;
    }
    uint32_t handle = 0;
    const Status s = hold_ref_for_node(target, *node, strong, &sender, &handle);
    if (s < 0) {
        free_node_if_unused(*node);
        return s;
    }
    object.hdr.type = strong ? BINDER_TYPE_HANDLE : BINDER_TYPE_WEAK_HANDLE;
    object.binder = 0;
    object.handle = handle;
    object.cookie = 0;
    return 0;
}

static Status others_object(BinderThread& sender, BinderProc& target, flat_binder_object& object) {
    const bool strong = object.hdr.type == BINDER_TYPE_HANDLE;
    Ref* ref = find_ref(*sender.proc, object.handle, strong);
    if (!ref) return -EINVAL;
    Node& node = *ref->node;
    if (node.proc == &target) {
        const Status s = hold_node(node, strong, false, nullptr);
        if (s < 0) return s;
        object.hdr.type = strong ? BINDER_TYPE_BINDER : BINDER_TYPE_WEAK_BINDER;
        object.binder = node.ptr;
        object.cookie = node.cookie;
        return 0;
    }
    uint32_t handle = 0;
    const Status s = hold_ref_for_node(target, node, strong, nullptr, &handle);
    if (s < 0) return s;
    object.binder = 0;
    object.handle = handle;
    object.cookie = 0;
    return 0;
}

Status translate_object(BinderThread& sender, BinderProc& target, flat_binder_object& object) {
    switch (object.hdr.type) {
        case BINDER_TYPE_BINDER:
        case BINDER_TYPE_WEAK_BINDER:
            return own_object(sender, target, object);
        case BINDER_TYPE_HANDLE:
        case BINDER_TYPE_WEAK_HANDLE:
            return others_object(sender, target, object);
        default:
            // File descriptors and scatter-gather blocks are not offered in this version: as a driver answers
            // a type that it does not know.
            return -EINVAL;
    }
}

void release_object(BinderProc& proc, const flat_binder_object& object) {
    switch (object.hdr.type) {
        case BINDER_TYPE_BINDER:
        case BINDER_TYPE_WEAK_BINDER:
            if (Node* node = find_node(proc, object.binder))
                drop_node(*node, object.hdr.type == BINDER_TYPE_BINDER, false);
            break;
        case BINDER_TYPE_HANDLE:
        case BINDER_TYPE_WEAK_HANDLE:
            if (Ref* ref = find_ref(proc, object.handle, false))
                drop_ref(*ref, object.hdr.type == BINDER_TYPE_HANDLE);
            break;
        default:
            break;
    }
}

}  // namespace stile::os::binder
