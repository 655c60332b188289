// SPDX-License-Identifier: Apache-2.0
#include "os/kernel/arch/keys.h"

#include "os/kernel/arch/cpu.h"
#include "os/kernel/mm/vm.h"

namespace stile::os {

void set_key_rights(unsigned key, uint32_t rights) {
    write_pkru((read_pkru() & ~(3u << 2 * key)) | rights << 2 * key);
}

bool key_forbids(const VmArea& area, bool write) {
    const uint32_t rights = key_rights(read_pkru(), area.key);
    return (rights & key_no_access) || (write && (rights & key_no_write));
}

int KeySet::allocate() {
    for (int key = 1; key < key_count; key++)
        if (!(allocated >> key & 1)) {
            allocated |= static_cast<uint16_t>(1 << key);
            return key;
        }
    return -1;
}

// Pages that have the key keep it (pkeys(7)).
bool KeySet::release(int key) {
    if (!has(key)) return false;
    allocated &= static_cast<uint16_t>(~(1 << key));
    return true;
}

uint8_t KeySet::execute_only() {
    if (!cpu().has_keys) return 0;
    if (for_code == any_key) for_code = static_cast<int8_t>(allocate());
    if (for_code == any_key) return 0;
    const auto key = static_cast<uint8_t>(for_code);
    if (!(key_rights(read_pkru(), key) & key_no_access)) set_key_rights(key, key_no_access);
    return key;
}

uint8_t KeySet::after_protect(const VmArea& area, int prot, int wanted) {
    if (wanted != any_key) return static_cast<uint8_t>(wanted);
    if (prot == PROT_EXEC) return execute_only();
    return area.key == for_code ? 0 : area.key;
}

}  // namespace stile::os
