// SPDX-License-Identifier: Apache-2.0
//
// Programs that are text: "#!interpreter argument" (Linux fs/binfmt_script.c).
#include "os/kernel/base/string.h"
#include "os/kernel/task/elf.h"

namespace stile::os {
namespace {

constexpr size_t head_size = 256;  // as Linux reads of a file to find out what it is

bool blank(char c) { return c == ' ' || c == '\t'; }

// The words of the first line: where each begins, and terminated. -ENOEXEC: no interpreter is named, or its
// name may go on behind what was read. A file that ends there names the empty path, which is the working
// directory.
Status split_line(char* line, size_t n, const char** interpreter, const char** argument) {
    char* end = strchr(line, '\n');
    const bool ends = !end, cut = ends && n == head_size;
    if (!end) end = line + strlen(line);
    while (end > line + 2 && blank(end[-1])) end--;
    *end = 0;
    char* at = line + 2;
    while (blank(*at)) at++;
    if (!*at) return ends && !cut ? -EACCES : -ENOEXEC;
    *interpreter = at;
    while (*at && !blank(*at)) at++;
    if (!*at) {
        *argument = nullptr;
        return cut ? -ENOEXEC : 0;
    }
    *at++ = 0;
    while (blank(*at)) at++;
    *argument = *at ? at : nullptr;
    return 0;
}

}  // namespace

Status script_interpreter(Inode* inode, const char* path, ProgramArguments& args, size_t limit,
                          char* interpreter, size_t size) {
    char line[head_size + 1];
    const Status n = inode->read_kernel(line, 0, head_size);
    if (n < 2 || line[0] != '#' || line[1] != '!') return 0;
    line[n] = 0;
    const char *name, *argument;
    if (const Status s = split_line(line, static_cast<size_t>(n), &name, &argument); s < 0) return s;
    if (strlen(name) >= size) return -ENAMETOOLONG;
    copy_string(interpreter, name, size);

    const char* const words[] = {name, argument, path};
    size_t added_bytes = 0;
    uint64_t added = 0;
    for (const char* word : words) {
        if (!word) continue;
        added_bytes += strlen(word) + 1;
        added++;
    }
    const size_t first = args.argc ? strlen(args.strings) + 1 : 0;
    if (args.bytes - first + added_bytes > limit) return -E2BIG;
    memmove(args.strings + added_bytes, args.strings + first, args.bytes - first);
    char* to = args.strings;
    for (const char* word : words) {
        if (!word) continue;
        const size_t length = strlen(word) + 1;
        memcpy(to, word, length);
        to += length;
    }
    args.bytes = args.bytes - first + added_bytes;
    args.argc = args.argc - (args.argc ? 1 : 0) + added;
    return 1;
}

}  // namespace stile::os
