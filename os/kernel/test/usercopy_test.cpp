// SPDX-License-Identifier: Apache-2.0
//
// Do copies from and to user memory stop exactly where user memory stops?
#include "os/kernel/arch/usercopy.h"
#include "os/kernel/base/string.h"
#include "os/kernel/task/thread.h"
#include "os/kernel/test/test.h"

namespace stile::os {
namespace {

// One readable and writable page with nothing behind it.
uint64_t lone_page() {
    AddressSpace& s = *current_process()->space;
    const Status at =
        s.map(0, 2 * page_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, nullptr, 0);
    if (at < 0 || s.unmap(static_cast<uint64_t>(at) + page_size, page_size) < 0) return 0;
    return static_cast<uint64_t>(at);
}

}  // namespace

KERNEL_TEST(copies_stop_at_the_byte) {
    const uint64_t a = lone_page();
    CHECK(a);
    char bytes[64];
    memset(bytes, 7, sizeof bytes);
    for (unsigned inside = 0; inside <= 33; inside++) {
        const uint64_t at = a + page_size - inside;
        CHECK(user_copy_out(at, bytes, inside) == 0);
        CHECK(user_copy_out(at, bytes, 40) == 40 - inside);
        CHECK(user_copy_in(bytes, at, 40) == 40 - inside);
        CHECK(user_clear(at, 40) == 40 - inside);
        CHECK(copy_from_user(bytes, at, inside + 1) == -EFAULT);
    }
    CHECK(current_process()->space->unmap(a, page_size) == 0);
    return true;
}

KERNEL_TEST(kernel_addresses_are_no_user_addresses) {
    char byte = 0;
    CHECK(user_copy_in(&byte, STILE_DIRECT_BASE, 1) == 1);
    CHECK(user_copy_in(&byte, user_top - 1, 2) == 2);
    CHECK(user_copy_in(&byte, ~0ull, 1) == 1);
    CHECK(user_copy_out(reinterpret_cast<uint64_t>(&byte), &byte, 1) == 1);
    CHECK(copy_string_from_user(&byte, STILE_KERNEL_BASE, 1) == -EFAULT);
    return true;
}

KERNEL_TEST(strings_end_at_nul_room_or_fault) {
    const uint64_t a = lone_page();
    char text[16];
    CHECK(a && copy_to_user(a, "hello", 6) == 0);
    CHECK(copy_string_from_user(text, a, sizeof text) == 5 && !strcmp(text, "hello"));
    CHECK(copy_string_from_user(text, a, 5) == -ENAMETOOLONG);
    CHECK(copy_to_user(a + page_size - 3, "abc", 3) == 0);
    CHECK(copy_string_from_user(text, a + page_size - 3, sizeof text) == -EFAULT);
    CHECK(current_process()->space->unmap(a, page_size) == 0);
    return true;
}

KERNEL_TEST(read_only_pages_refuse_the_kernel_too) {
    AddressSpace& s = *current_process()->space;
    const Status at = s.map(0, page_size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, nullptr, 0);
    CHECK(at > 0);
    int v = 1;
    CHECK(get_user(v, static_cast<uint64_t>(at)) == 0 && v == 0);
    CHECK(put_user(static_cast<uint64_t>(at), v) == -EFAULT);
    CHECK(s.unmap(static_cast<uint64_t>(at), page_size) == 0);
    return true;
}

}  // namespace stile::os
