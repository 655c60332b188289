// SPDX-License-Identifier: Apache-2.0
//
// Domains, grants and what of them reaches the APL cache; proxies' code where it matters for safety.
#include "os/kernel/base/boot_info.h"
#include "os/kernel/dipc/domain.h"
#include "os/kernel/dipc/proxy.h"
#include "os/kernel/dipc/shared_table.h"
#include "os/kernel/task/thread.h"
#include "os/kernel/test/test.h"

namespace stile::os {
namespace {

KERNEL_TEST(dipc_rights_are_the_best_of_all_grants) {
    Domain *a = domain_create(nullptr, ""), *b = domain_create(nullptr, "");
    CHECK(a && b && a->tag != b->tag && domain_of_tag(a->tag) == a);
    CHECK(domain_right(a, a) == STILE_RIGHT_WRITE && domain_right(a, b) == STILE_RIGHT_NIL);
    Grant* read = grant_create(a, b, STILE_RIGHT_READ);
    Grant* call = grant_create(a, b, STILE_RIGHT_CALL);
    CHECK(domain_right(a, b) == STILE_RIGHT_READ && domain_right(b, a) == STILE_RIGHT_NIL);
    grant_revoke(read);
    CHECK(domain_right(a, b) == STILE_RIGHT_CALL);
    grant_revoke(read);  // twice does nothing
    grant_put(read);
    domain_kill(b);
    CHECK(b->dead && domain_right(a, b) == STILE_RIGHT_NIL && a->apl.empty());
    grant_put(call);
    CHECK(a->refs == 1 && b->refs == 1);
    const uint16_t tag = a->tag;
    domain_put(a);
    domain_put(b);
    CHECK(!domain_of_tag(tag));
    return true;
}

KERNEL_TEST(dipc_a_killed_domain_survives_its_handles) {
    Domain *a = domain_create(nullptr, ""), *b = domain_create(nullptr, "");
    Grant* g = grant_create(a, b, STILE_RIGHT_WRITE);
    grant_put(g);  // the handle is closed; the grant stays
    domain_put(b);
    CHECK(domain_right(a, b) == STILE_RIGHT_WRITE);
    domain_put(a);  // referenced by the grant in its own list until it is killed
    CHECK(a->refs == 1);
    domain_get(a);
    domain_kill(a);
    const uint16_t tag = a->tag;
    domain_put(a);
    CHECK(!domain_of_tag(tag));
    return true;
}

KERNEL_TEST(dipc_apl_cache_holds_what_the_lists_say) {
    if (!domains_checked()) return true;
    Domain *a = domain_create(nullptr, ""), *b = domain_create(nullptr, "");
    Grant* g = grant_create(a, b, STILE_RIGHT_WRITE);
    apl_load(a->tag);
    apl_load(b->tag);
    const long long slot = stile_cd_hwtag(a->tag);
    CHECK(slot >= 0 && stile_cd_hwtag(b->tag) >= 0 &&
          stile_cd_apltag(static_cast<unsigned long long>(slot)) == a->tag);
    grant_revoke(g);
    CHECK(stile_cd_hwtag(a->tag) < 0);  // and with it every answer drawn from it
    grant_put(g);
    domain_put(a);
    domain_put(b);
    CHECK(stile_cd_hwtag(b->tag) < 0);
    return true;
}

KERNEL_TEST(dipc_every_proxy_guards_its_inner_entry_points) {
    CHECK(shared_table() && kcs_domain());
    Domain *callee = domain_create(nullptr, ""), *own = domain_create(nullptr, "");
    for (uint32_t policy = 0; policy <= STILE_POLICY_HIGH; policy += 0x111) {
        Entry entry{callee, 0x1000, 6, policy % 17, 2, policy};
        Proxy* p = nullptr;
        CHECK(proxies_make(current_process(), own, &entry, 1, &p) == 0);
        CHECK(p->address % STILE_ENTRY_ALIGN == 0 && p->policy == policy && proxy_at(p->unwind) == p);
        for (uint64_t at = p->address + STILE_ENTRY_ALIGN; at < p->address + p->bytes;
             at += STILE_ENTRY_ALIGN) {
            const uint64_t* e = shared_table()->entry(at, false);
            CHECK(e && (*e & STILE_PTE_PRIVILEGED) && !(*e & pte_write) && STILE_PTE_TAG_OF(*e) == own->tag);
            const auto* code = static_cast<const uint8_t*>(direct(*e & pte_address)) + at % page_size;
            CHECK(code[0] == 0x0f && code[1] == 0x0b);  // ud2
        }
    }
    domain_kill(own);
    domain_kill(callee);
    return true;
}

}  // namespace
}  // namespace stile::os
