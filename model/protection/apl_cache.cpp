// SPDX-License-Identifier: Apache-2.0
#include "model/protection/apl_cache.h"

#include <algorithm>
#include <stdexcept>
#include <string>

namespace stile::model {

AplCache::AplCache(unsigned entries, unsigned ways)
    : ways_(ways), slots_(entries), rights_(size_t{entries} * entries), slot_of_(1 << 16, -1) {
    const auto refuse = [](const std::string& why) {
        throw std::invalid_argument("machine.codoms.apl_cache." + why);
    };
    if (entries < 2 || entries > STILE_APL_MAX_SLOTS)
        refuse("entries: " + std::to_string(entries) + " is out of range; 2 to " +
               std::to_string(STILE_APL_MAX_SLOTS));
    // With one way, two domains of the same set could never be cached together, and a crossing between them
    // would miss for ever.
    if (ways < 2 || ways > entries || entries % ways != 0)
        refuse("ways: " + std::to_string(ways) + " does not fit " + std::to_string(entries) +
               " entries; a divisor of entries, at least 2");
}

unsigned AplCache::victim(uint16_t tag, int64_t keep, int64_t keep_too) const {
    const unsigned first = first_of_set(tag);
    unsigned best = first;
    bool found = false;
    for (unsigned i = first; i < first + ways_; ++i) {
        const Slot& s = slots_[i];
        if (s.tag < 0) return i;
        // Two ways suffice for progress when only one tag is kept: `keep` comes first, `keep_too` if it can.
        if (s.tag == keep || (s.tag == keep_too && ways_ > 2)) continue;
        if (!found || s.used < slots_[best].used) best = i, found = true;
    }
    return best;
}

void AplCache::empty(unsigned slot) {
    if (slots_[slot].tag >= 0) slot_of_[static_cast<size_t>(slots_[slot].tag)] = -1;
    slots_[slot] = {};
    for (unsigned s = 0; s < entries(); ++s)
        rights_[slot * entries() + s] = rights_[s * entries() + slot] = 0;
}

bool AplCache::fill(const stile_apl_record& record) {
    const auto tag = static_cast<uint16_t>(record.tag);
    const unsigned first = first_of_set(tag);
    const auto slot = record.slot >= first && record.slot < first + ways_
                          ? static_cast<unsigned>(record.slot)
                          : first + static_cast<unsigned>(record.slot % ways_);
    bool lost = slots_[slot].tag >= 0;
    if (slot_of_[tag] >= 0) {
        lost = true;  // its rights are being replaced
        empty(static_cast<unsigned>(slot_of_[tag]));
    }
    empty(slot);
    slots_[slot].tag = tag;
    slot_of_[tag] = static_cast<int16_t>(slot);
    touch(slot);
    const auto pair = [](const unsigned long long* words, unsigned s) {
        return static_cast<uint8_t>(words[s / 32] >> (s % 32 * 2) & 3);
    };
    for (unsigned s = 0; s < entries(); ++s) {
        if (slots_[s].tag < 0 || s == slot) continue;
        rights_[slot * entries() + s] = pair(record.row, s);
        rights_[s * entries() + slot] = pair(record.column, s);
    }
    return lost;
}

bool AplCache::invalidate(uint16_t tag) {
    const int slot = slot_of_[tag];
    if (slot < 0) return false;
    empty(static_cast<unsigned>(slot));
    return true;
}

void AplCache::invalidate_all() {
    for (unsigned s = 0; s < entries(); ++s) empty(s);
}

}  // namespace stile::model
