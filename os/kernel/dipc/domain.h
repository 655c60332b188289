// SPDX-License-Identifier: Apache-2.0
//
// Domains and who may do what to whom. A domain's APL is the list of grants it is the source of; the APL
// cache is filled from these lists when the hardware misses (refill.cpp).
#pragma once

#include "abi/codoms.h"
#include "os/kernel/base/list.h"

namespace stile::os {

struct Process;
struct Domain;

struct Grant {
    Link source_link;  // in the source's APL
    Link target_link;  // in the target's list of those who have rights over it
    Domain* source = nullptr;
    Domain* target = nullptr;
    unsigned right = STILE_RIGHT_NIL;
    uint32_t refs = 1;  // the handle's; the lists' one while it is in force
};

struct Domain {
    uint16_t tag = 0;
    uint32_t refs = 1;
    Process* owner = nullptr;  // nullptr: the kernel, or dead
    bool dead = false;
    bool stacks = false, capability_stacks = false;  // some proxy gives visitors such ones of their own
    char name[32] = {};
    List<Grant, &Grant::source_link> apl;
    List<Grant, &Grant::target_link> granted_over;
};

// nullptr without memory or when all 65,535 tags are those of living domains (tags.cpp).
Domain* domain_create(Process* owner, const char* name);
void domain_announce(const Domain& d);  // tells the observer
void domains_kill_owned(const Process* owner);
Domain* domain_of_tag(uint16_t tag);  // nullptr: nobody's
void domain_get(Domain* d);
void domain_put(Domain* d);
// Takes it out of every APL. Its pages are the address space's affair.
void domain_kill(Domain* d);

// nullptr without memory. The result carries a reference for the caller beside that of the lists.
Grant* grant_create(Domain* source, Domain* target, unsigned right);
void grant_revoke(Grant* g);
void grant_put(Grant* g);

unsigned domain_right(const Domain* from, const Domain* to);
bool domain_may_write(uint16_t from, uint16_t to);  // tags; false where one is nobody's

// Tags (tags.cpp).
int tag_allocate();           // -1: none is left
void tags_sweep_registers();  // of this CPU, of capabilities of domains that are gone

// The APL directory of a machine that walks it (apl_directory.cpp); without effect on others.
bool apl_walked();
bool apl_directory_set(uint16_t from, uint16_t to, unsigned right);  // false: no memory
void apl_directory_start_here();                                     // on this CPU, with domain checks

// The APL cache (refill.cpp).
void apl_forget(const Domain* d);  // after its rights, or rights over it, changed
void apl_load(uint16_t tag);       // as after a miss

}  // namespace stile::os
