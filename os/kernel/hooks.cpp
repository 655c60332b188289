// SPDX-License-Identifier: Apache-2.0
//
// The kernel without dIPC: weak answers to dipc_hooks.h.
#include "os/kernel/dipc_hooks.h"

namespace stile::os {

[[gnu::weak]] void domains_start_here() {}
[[gnu::weak]] void dipc_leave_dead_host(TrapFrame*) {}
[[gnu::weak]] uint16_t calling_domain() { return 0; }
[[gnu::weak]] InNameOf::InNameOf(uint16_t) {}
[[gnu::weak]] InNameOf::~InNameOf() {}
[[gnu::weak]] Status dipc_tag_of_new_pages(const AddressSpace& space, uint16_t& tag) {
    tag = space.default_tag;
    return 0;
}
[[gnu::weak]] void dipc_stack_lost(const AddressSpace&, uint64_t, uint64_t) {}
[[gnu::weak]] bool dipc_acts_for_process(stile_os_check) { return true; }
[[gnu::weak]] Status dipc_may_change(AddressSpace&, uint64_t, uint64_t) { return 0; }
[[gnu::weak]] void dipc_enter_handler(uint64_t, uint64_t, uint64_t, uint16_t) {}
[[gnu::weak]] bool dipc_handler_may_use(uint64_t, uint16_t) { return true; }
[[gnu::weak]] void dipc_leave_handler(uint64_t, uint64_t) {}
[[gnu::weak]] void domain_state_forget() {}
[[gnu::weak]] bool dipc_domain_fault(TrapFrame*) { return false; }
[[gnu::weak]] bool dipc_page_fault(uint64_t) { return false; }
[[gnu::weak]] bool dipc_unwind_fault(TrapFrame*, int) { return false; }
[[gnu::weak]] bool dipc_leave_visit(bool, int) { return false; }
[[gnu::weak]] bool dipc_on_visit(const Thread*) { return false; }
[[gnu::weak]] Status dipc_syscall(uint64_t, const uint64_t*) { return -ENOSYS; }
[[gnu::weak]] Status dipc_create_space(const ElfImage&, AddressSpace** space, uint64_t*) {
    return (*space = address_space_create()) ? 0 : -ENOMEM;
}
[[gnu::weak]] Status dipc_image_loaded(Process*, const ElfImage&, uint64_t) { return 0; }
[[gnu::weak]] Status dipc_thread_started(Thread*, TrapFrame*) { return 0; }
[[gnu::weak]] void dipc_thread_exited(Thread*) {}
[[gnu::weak]] void dipc_process_exited(Process*) {}
[[gnu::weak]] Status dipc_forked(Process*, Process*) { return 0; }

}  // namespace stile::os
