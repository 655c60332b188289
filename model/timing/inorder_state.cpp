// SPDX-License-Identifier: Apache-2.0
#include "model/timing/inorder_state.h"

namespace stile::model {

size_t PipelineStates::Hash::operator()(const PipelineState& s) const {
    uint64_t h = s.start;
    for (const PipelineState::Pending& p : s.pending)
        h = (h ^ (uint64_t{p.ready} << 8 | p.place)) * 0x9e37'79b9'7f4a'7c15ull, h ^= h >> 29;
    return h;
}

const PipelineState* PipelineStates::find() {
    if (!blank_.pending.empty()) return find_busy();
    const PipelineState*& idle = idle_[blank_.start];
    return idle ? idle : idle = find_busy();
}

const PipelineState* PipelineStates::find_busy() {
    if (const auto known = states_.find(blank_); known != states_.end()) return &*known;
    if (full()) return nullptr;
    for (const PipelineState::Pending& p : blank_.pending)
        if (p.ready == PipelineState::most) return nullptr;
    blank_.id = ++last_id_;
    return &*states_.insert(blank_).first;
}

const PipelineState* PipelineStates::after_slow(const PipelineState& state, IssueSlots slots) {
    const IssueSlots at = state.start + slots, first = at & ~slot_mask;
    PipelineState& left = blank(at & slot_mask);
    for (const PipelineState::Pending& p : state.pending)
        if (p.ready > at) left.add(p.place, p.ready - first);
    const PipelineState* const found = find();
    state.wait = slots;
    state.waited = found;
    return found;
}

}  // namespace stile::model
