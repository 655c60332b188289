// SPDX-License-Identifier: Apache-2.0
#include "os/kernel/dipc/domain.h"

#include "abi/marker.h"
#include "os/kernel/base/boot_info.h"
#include "os/kernel/base/string.h"
#include "os/kernel/mm/kmalloc.h"
#include "os/kernel/task/process.h"

namespace stile::os {
namespace {

constexpr unsigned per_block = 256;
constinit Domain** blocks[(1u << 16) / per_block]{};  // by tag
constinit unsigned highest_tag = 0;

// nullptr: no memory.
Domain** place_of(unsigned tag) {
    Domain**& block = blocks[tag / per_block];
    if (!block && !(block = static_cast<Domain**>(kzalloc(per_block * sizeof(Domain*))))) return nullptr;
    return &block[tag % per_block];
}

void take_out(Grant* g) {
    if (!g->source_link.linked()) return;
    g->source_link.unlink();
    g->target_link.unlink();
    apl_directory_set(g->source->tag, g->target->tag, domain_right(g->source, g->target));
    apl_forget(g->source);
    grant_put(g);
}

}  // namespace

Domain* domain_create(Process* owner, const char* name) {
    const int tag = tag_allocate();
    Domain** place = tag < 0 ? nullptr : place_of(static_cast<unsigned>(tag));
    auto* d = place ? knew<Domain>() : nullptr;
    if (!d) return nullptr;
    *place = d;
    d->tag = static_cast<uint16_t>(tag);
    d->owner = owner;
    copy_string(d->name, name, sizeof d->name);
    highest_tag = max<unsigned>(highest_tag, d->tag);
    if (*name) domain_announce(*d);
    return d;
}

void domain_announce(const Domain& d) {
    STILE_MARK(STILE_MARK_K_DOMAIN, d.tag, d.owner ? d.owner->pid : 0, d.name);
}

void domains_kill_owned(const Process* owner) {
    for (unsigned tag = 1; tag <= highest_tag; tag++)
        if (Domain* d = domain_of_tag(static_cast<uint16_t>(tag)); d && d->owner == owner) domain_kill(d);
}

Domain* domain_of_tag(uint16_t tag) {
    Domain** block = blocks[tag / per_block];
    return block ? block[tag % per_block] : nullptr;
}

void domain_get(Domain* d) { d->refs++; }

void domain_put(Domain* d) {
    if (--d->refs) return;
    domain_kill(d);
    *place_of(d->tag) = nullptr;
    kdelete(d);
}

void domain_kill(Domain* d) {
    d->dead = true;
    d->owner = nullptr;
    while (Grant* g = d->apl.front()) take_out(g);
    while (Grant* g = d->granted_over.front()) take_out(g);
    apl_forget(d);
}

Grant* grant_create(Domain* source, Domain* target, unsigned right) {
    auto* g = knew<Grant>();
    if (!g) return nullptr;
    g->source = source;
    g->target = target;
    g->right = right;
    g->refs = 2;
    domain_get(source);
    domain_get(target);
    source->apl.push_back(g);
    target->granted_over.push_back(g);
    apl_directory_set(source->tag, target->tag, domain_right(source, target));
    apl_forget(source);
    return g;
}

void grant_revoke(Grant* g) { take_out(g); }

void grant_put(Grant* g) {
    if (--g->refs) return;
    Domain *source = g->source, *target = g->target;
    kdelete(g);
    domain_put(source);
    domain_put(target);
}

unsigned domain_right(const Domain* from, const Domain* to) {
    if (from == to) return STILE_RIGHT_WRITE;
    unsigned best = STILE_RIGHT_NIL;
    for (const Grant& g : from->apl)
        if (g.target == to) best = max(best, g.right);
    return best;
}

bool domain_may_write(uint16_t from, uint16_t to) {
    const Domain *source = domain_of_tag(from), *target = domain_of_tag(to);
    return source && target && domain_right(source, target) == STILE_RIGHT_WRITE;
}

}  // namespace stile::os
