// SPDX-License-Identifier: Apache-2.0
#include "model/protection/apl_cache.h"

#include <algorithm>
#include <bit>
#include <stdexcept>
#include <string>

#include "model/checkpoint/archive.h"

namespace stile::model {

namespace {

void check_shape(unsigned entries, unsigned ways, AplReplacement replacement) {
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
    if (replacement == AplReplacement::plru && !std::has_single_bit(ways))
        refuse("ways: " + std::to_string(ways) + " makes no tree for plru; a power of two");
}

}  // namespace

AplCache::AplCache(unsigned entries, unsigned ways, AplReplacement replacement)
    : ways_((check_shape(entries, ways, replacement), ways)),
      slots_(entries, -1),
      rights_(size_t{entries} * entries),
      slot_of_(1 << 16, -1),
      replacement_(replacement, entries / ways, ways) {}

unsigned AplCache::victim(uint16_t tag, int64_t keep, int64_t keep_too) const {
    if (slot_of_[tag] >= 0) return static_cast<unsigned>(slot_of_[tag]);
    const unsigned set = set_of(tag), first = set * ways_;
    const auto way_of = [&](int64_t kept) {
        const int slot = kept >= 0 && kept <= 0xffff ? slot_of_[static_cast<size_t>(kept)] : -1;
        return slot >= 0 && static_cast<unsigned>(slot) / ways_ == set ? slot - static_cast<int>(first) : -1;
    };
    for (unsigned i = first; i < first + ways_; ++i)
        if (slots_[i] < 0) return i;
    // Two ways suffice for progress when only one tag is kept: `keep` comes first, `keep_too` if it can.
    return first + replacement_.choose(set, way_of(keep), ways_ > 2 ? way_of(keep_too) : -1);
}

void AplCache::empty(unsigned slot) {
    if (slots_[slot] >= 0) slot_of_[static_cast<size_t>(slots_[slot])] = -1;
    slots_[slot] = -1;
    for (unsigned s = 0; s < entries(); ++s)
        rights_[slot * entries() + s] = rights_[s * entries() + slot] = 0;
}

// True when somebody lost the slot.
bool AplCache::take(unsigned slot, uint16_t tag) {
    const bool lost = slots_[slot] >= 0;
    evictions_ += lost;
    empty(slot);
    slots_[slot] = tag;
    slot_of_[tag] = static_cast<int16_t>(slot);
    replacement_.filled(slot / ways_, slot % ways_);
    return lost;
}

bool AplCache::fill(const stile_apl_record& record) {
    const auto tag = static_cast<uint16_t>(record.tag);
    const unsigned first = set_of(tag) * ways_;
    const auto slot = record.slot >= first && record.slot < first + ways_
                          ? static_cast<unsigned>(record.slot)
                          : first + static_cast<unsigned>(record.slot % ways_);
    const bool replaced = slot_of_[tag] >= 0;
    if (replaced) empty(static_cast<unsigned>(slot_of_[tag]));
    const bool lost = take(slot, tag);
    const auto pair = [](const unsigned long long* words, unsigned s) {
        return static_cast<uint8_t>(words[s / 32] >> (s % 32 * 2) & 3);
    };
    for (unsigned s = 0; s < entries(); ++s) {
        if (slots_[s] < 0 || s == slot) continue;
        rights_[slot * entries() + s] = pair(record.row, s);
        rights_[s * entries() + slot] = pair(record.column, s);
    }
    return replaced || lost;
}

bool AplCache::add(uint16_t tag, int64_t keep) {
    const unsigned slot = victim(tag, keep, -1);
    const bool lost = take(slot, tag);
    for (unsigned s = 0; s < entries(); ++s)
        rights_[slot * entries() + s] = rights_[s * entries() + slot] = unknown;
    return lost;
}

void AplCache::learn(uint16_t from, uint16_t to, uint32_t right) {
    rights_[static_cast<unsigned>(slot_of_[from]) * entries() + static_cast<unsigned>(slot_of_[to])] =
        static_cast<uint8_t>(right);
}

bool AplCache::invalidate(uint16_t tag) {
    const int slot = slot_of_[tag];
    if (slot < 0) return false;
    empty(static_cast<unsigned>(slot));
    return true;
}

unsigned AplCache::invalidate_all() {
    unsigned dropped = 0;
    for (unsigned s = 0; s < entries(); ++s) {
        dropped += slots_[s] >= 0;
        empty(s);
    }
    return dropped;
}

void AplCache::archive(StateArchive& a) {
    const size_t slots = slots_.size(), rights = rights_.size();
    a(slots_, rights_, replacement_, evictions_);
    if (slots_.size() != slots || rights_.size() != rights)
        StateArchive::refuse("its APL cache has another shape");
    if (!a.loading()) return;
    std::fill(slot_of_.begin(), slot_of_.end(), -1);
    for (size_t s = 0; s < slots; ++s) {
        if (slots_[s] < -1 || slots_[s] > 0xffff) StateArchive::refuse("there is no such domain tag");
        if (slots_[s] >= 0) slot_of_[static_cast<size_t>(slots_[s])] = static_cast<int16_t>(s);
    }
}

}  // namespace stile::model
