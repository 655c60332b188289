// SPDX-License-Identifier: Apache-2.0
//
// The boot name service: how processes that share no ancestor hand each other handles. A name is given once.
#include "os/kernel/base/string.h"
#include "os/kernel/dipc/handles.h"
#include "os/kernel/mm/kmalloc.h"

namespace stile::os {
namespace {

struct Name {
    Link link;
    char text[64];
    File* file;
};
constinit List<Name, &Name::link> names;

}  // namespace

Status name_publish(const char* name, File* file) {
    if (!*name) return -EINVAL;
    for (const Name& n : names)
        if (!strcmp(n.text, name)) return -EEXIST;
    auto* n = knew<Name>();
    if (!n) return -ENOMEM;
    copy_string(n->text, name, sizeof n->text);
    n->file = file;
    file_get(file);
    names.push_back(n);
    return 0;
}

Status name_lookup(const char* name) {
    for (Name& n : names) {
        if (strcmp(n.text, name)) continue;
        file_get(n.file);
        return install_file(n.file, true);
    }
    return -ENOENT;
}

}  // namespace stile::os
