// SPDX-License-Identifier: Apache-2.0
#include "model/timing/branch_predictor.h"

#include <algorithm>
#include <bit>
#include <stdexcept>

namespace stile::model {
namespace {

constexpr unsigned bits_per_target = 4;

}  // namespace

BranchPredictor::BranchPredictor(const PredictorConfig& config, Counters& counters)
    : counters_(counters),
      direction_(config),
      btb_(config.btb_entries),
      btb_ways_(std::min(config.btb_ways, config.btb_entries)),
      by_path_(config.indirect_entries),
      returns_(config.return_stack) {
    if (btb_ways_ == 0 || btb_.size() % btb_ways_ != 0 || !std::has_single_bit(btb_.size() / btb_ways_))
        throw std::invalid_argument("core.predictor.btb: entries / ways must be a power of two");
    if (config.indirect_entries != 0 && !std::has_single_bit(config.indirect_entries))
        throw std::invalid_argument("core.predictor.indirect_entries must be a power of two");
    btb_set_mask_ = btb_.size() / btb_ways_ - 1;
    const unsigned bits = bits_per_target * config.indirect_history;
    path_mask_ = bits >= 64 ? ~0ull : (1ull << bits) - 1;
}

BranchPredictor::Verdict BranchPredictor::resolve_other(const BranchOutcome& b) {
    switch (b.kind) {
        case BranchKind::call:
            push(b.next);
            [[fallthrough]];
        case BranchKind::direct:
            if (known(b)) return Verdict::right;
            return late(b);
        case BranchKind::indirect_call:
            push(b.next);
            [[fallthrough]];
        case BranchKind::indirect:
            return indirect(b);
        case BranchKind::ret:
            ++counters_.returns;
            if (pop() == b.target) return Verdict::right;
            ++counters_.return_mispredicts;
            ++counters_.branch_mispredicts;
            return Verdict::wrong;
        case BranchKind::none:
        case BranchKind::conditional:
            break;
    }
    return Verdict::right;
}

BranchPredictor::Verdict BranchPredictor::wrong_direction(const BranchOutcome& b) {
    if (b.taken) look_up(b.from, b.target);
    ++counters_.conditional_mispredicts;
    ++counters_.branch_mispredicts;
    return Verdict::wrong;
}

BranchPredictor::Verdict BranchPredictor::late(const BranchOutcome& b) {
    if (look_up(b.from, b.target)) return Verdict::right;
    ++counters_.branch_resteers;
    return Verdict::late_target;
}

BranchPredictor::Verdict BranchPredictor::indirect(const BranchOutcome& b) {
    ++counters_.indirect_branches;
    const bool by_address = look_up(b.from, b.target);
    bool right = by_address;
    if (!by_path_.empty()) {
        const uint64_t mixed = ((b.from << 1 ^ path_) + (b.from >> 7)) * 0x9e37'79b9'7f4a'7c15ull;
        Target& t = by_path_[mixed >> 40 & (by_path_.size() - 1)];
        if (t.from == b.from) {
            right = t.target == b.target;
            t.target = b.target;
        } else if (!by_address) {
            t = {b.from, b.target};
        }
        const uint64_t folded = b.target ^ b.target >> 4 ^ b.target >> 8;
        path_ = (path_ << bits_per_target ^ (folded & 0xff)) & path_mask_;
    }
    if (right) return Verdict::right;
    ++counters_.indirect_mispredicts;
    ++counters_.branch_mispredicts;
    return Verdict::wrong;
}

bool BranchPredictor::look_up(uint64_t from, uint64_t target) {
    Target* const way = set_of(from);
    Target* const end = way + btb_ways_;
    Target* slot = std::find_if(way, end, [from](const Target& t) { return t.from == from; });
    const bool known = slot != end && slot->target == target;
    if (slot == end) --slot;
    std::move_backward(way, slot, slot + 1);
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
