// SPDX-License-Identifier: Apache-2.0
#include "model/timing/branch_predictor.h"

#include <algorithm>
#include <bit>
#include <stdexcept>

namespace stile::model {

BranchPredictor::BranchPredictor(const CoreConfig& config)
    : counters_(config.predictor_entries, 1),
      btb_(config.btb_entries),
      btb_ways_(std::min(4u, config.btb_entries)),
      returns_(config.ras_entries) {
    if (!std::has_single_bit(config.predictor_entries))
        throw std::invalid_argument("core.predictor_entries must be a power of two");
    if (!std::has_single_bit(config.btb_entries))
        throw std::invalid_argument("core.btb_entries must be a power of two");
    btb_set_mask_ = btb_.size() / btb_ways_ - 1;
}

BranchPredictor::Verdict BranchPredictor::resolve(const BranchOutcome& b) {
    switch (b.kind) {
        case BranchKind::none:
            return Verdict::right;
        case BranchKind::conditional:
            if (!direction(b)) {
                if (b.taken) target(b.from, b.target);
                return Verdict::wrong;
            }
            return !b.taken || target(b.from, b.target) ? Verdict::right : Verdict::late_target;
        case BranchKind::call:
            push(b.next);
            [[fallthrough]];
        case BranchKind::direct:
            return target(b.from, b.target) ? Verdict::right : Verdict::late_target;
        case BranchKind::indirect_call:
            push(b.next);
            [[fallthrough]];
        case BranchKind::indirect:
            return target(b.from, b.target) ? Verdict::right : Verdict::wrong;
        case BranchKind::ret:
            return pop() == b.target ? Verdict::right : Verdict::wrong;
    }
    return Verdict::right;
}

bool BranchPredictor::direction(const BranchOutcome& b) {
    uint8_t& counter = counters_[(b.from ^ b.from >> 12 ^ history_) & (counters_.size() - 1)];
    const bool predicted = counter >= 2;
    if (b.taken && counter < 3) ++counter;
    if (!b.taken && counter > 0) --counter;
    history_ = (history_ << 1 | b.taken) & (counters_.size() - 1);
    return predicted == b.taken;
}

bool BranchPredictor::target(uint64_t from, uint64_t target) {
    const uint64_t set = (from ^ from >> 12) & btb_set_mask_;
    Target* way = &btb_[set * btb_ways_];
    if (way->from == from) [[likely]] {
        const bool known = way->target == target;
        way->target = target;
        return known;
    }
    Target* const end = way + btb_ways_;
    Target* slot = std::find_if(way, end, [from](const Target& t) { return t.from == from; });
    const bool known = slot != end && slot->target == target;
    if (slot == end) --slot;
    std::rotate(way, slot, slot + 1);
    way[0] = {from, target};
    return known;
}

void BranchPredictor::push(uint64_t address) {
    if (returns_.empty()) return;
    top_ = top_ + 1 == returns_.size() ? 0 : top_ + 1;
    returns_[top_] = address;
}

uint64_t BranchPredictor::pop() {
    if (returns_.empty()) return ~0ull;
    const uint64_t address = returns_[top_];
    top_ = (top_ == 0 ? returns_.size() : top_) - 1;
    return address;
}

}  // namespace stile::model
