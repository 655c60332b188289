// SPDX-License-Identifier: Apache-2.0
//
// What programs hold in their hands: file descriptors of domains, grants and entries, and the names under
// which they can be passed on.
#pragma once

#include "os/kernel/dipc/domain.h"
#include "os/kernel/dipc/proxy.h"
#include "os/kernel/fs/file.h"

namespace stile::os {

class DipcHandle : public File {
  public:
    enum class Kind : uint8_t { domain, grant, entry };
    const Kind kind;
    explicit DipcHandle(Kind kind) : kind(kind) {}
    DipcHandle* dipc_handle() override { return this; }
};

inline constexpr unsigned right_owner = STILE_RIGHT_WRITE + 1;

class DomainHandle final : public DipcHandle {
  public:
    static constexpr Kind own_kind = Kind::domain;
    Domain* const domain;
    const unsigned right;  // enum stile_right or right_owner
    DomainHandle(Domain* d, unsigned right) : DipcHandle(own_kind), domain(d), right(right) { domain_get(d); }
    ~DomainHandle() override { domain_put(domain); }
};

// Closing it leaves the grant in force.
class GrantHandle final : public DipcHandle {
  public:
    static constexpr Kind own_kind = Kind::grant;
    Grant* const grant;
    explicit GrantHandle(Grant* g) : DipcHandle(own_kind), grant(g) {}  // takes over the reference
    ~GrantHandle() override { grant_put(grant); }
};

class EntryHandle final : public DipcHandle {
  public:
    static constexpr Kind own_kind = Kind::entry;
    Domain* const domain;
    const unsigned count;
    Entry entries[max_entries];
    EntryHandle(Domain* d, unsigned count) : DipcHandle(own_kind), domain(d), count(count) { domain_get(d); }
    ~EntryHandle() override { domain_put(domain); }
};

// nullptr: not a descriptor of such a handle.
template <class T>
T* handle_of_fd(long fd) {
    File* f = file_of_fd(static_cast<int>(fd));
    DipcHandle* h = f ? f->dipc_handle() : nullptr;
    return h && h->kind == T::own_kind ? static_cast<T*>(h) : nullptr;
}

Status name_publish(const char* name, File* file);
Status name_lookup(const char* name);

}  // namespace stile::os
