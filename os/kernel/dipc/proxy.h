// SPDX-License-Identifier: Apache-2.0
//
// Proxies: the trusted code between a caller and an exported function. Made per request, for the entry's
// signature and the union of both sides' policies; nothing in the code decides at run time what is known
// then.
#pragma once

#include "abi/syscall.h"
#include "os/kernel/dipc/domain.h"

namespace stile::os {

struct Process;

// An exported function as its owner registered it.
struct Entry {
    Domain* domain = nullptr;
    uint64_t address = 0;
    uint32_t int_args = 0, stack_args = 0, results = 0, policy = 0;
};

struct Proxy {
    unsigned index = 0;
    Entry entry;               // holds a reference to the domain
    Domain* domain = nullptr;  // the proxy's own one
    bool cross_process = false;
    uint32_t policy = 0;
    uint64_t address = 0, bytes = 0;
    uint64_t unwind = 0;      // where a call that cannot go on is resumed: returns Kcs::error to the caller
    uint64_t after_call = 0;  // where the callee returns to

    bool separate_stack() const {
        return policy & (STILE_POLICY_STACK_INTEGRITY_CALLER | STILE_POLICY_STACK_CONF_CALLER |
                         STILE_POLICY_STACK_INTEGRITY_CALLEE | STILE_POLICY_STACK_CONF_CALLEE);
    }
    bool separate_dcs() const {
        return policy & (STILE_POLICY_DCS_CONF_CALLER | STILE_POLICY_DCS_CONF_CALLEE);
    }
    bool raised_dcs() const {
        return !separate_dcs() &&
               (policy & (STILE_POLICY_DCS_INTEGRITY_CALLER | STILE_POLICY_DCS_INTEGRITY_CALLEE));
    }
    bool keeps_registers() const {
        return policy & (STILE_POLICY_REG_INTEGRITY_CALLER | STILE_POLICY_REG_INTEGRITY_CALLEE);
    }
    // Where the stacks are the same, register 7 is not the proxy's to set, but who wants his registers back
    // gets this one back too.
    bool keeps_stack_capability() const { return !separate_stack() && keeps_registers(); }
    bool confidential_registers() const {
        return policy & (STILE_POLICY_REG_CONF_CALLER | STILE_POLICY_REG_CONF_CALLEE);
    }
    bool needs_visit() const { return cross_process || separate_stack() || separate_dcs(); }
};

// Makes proxies to `entries` for calls out of `importer`, in `domain`, and maps them. Results in out[].
// The caller must grant `domain` its rights.
inline constexpr unsigned max_entries = 32;
Status proxies_make(Process* importer, Domain* domain, const Entry* entries, unsigned n, Proxy** out);

Proxy* proxy_at(uint64_t address);  // whose code contains the address
Proxy* proxy_of_index(uint64_t index);

}  // namespace stile::os
