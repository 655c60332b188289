// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/coherence/complex.h"

#include <fmt/format.h>

namespace stile::test {

using namespace model;

Node::Node(sc_core::sc_module_name name, const MachineConfig& config, const Clock& clock)
    : sc_module(name),
      l2("l2", config.l2, config.l2_prefetch, clock),
      l1i("l1i", config.l1i),
      path(config, *this, counters, &l1i),
      clock_(clock) {
    to_l2_.bind(l2.above);
}

LineReply Node::access(uint64_t paddr, unsigned bytes, LineRequest request, Cycles at) {
    const Ticks start = clock_.time(at).value();
    const Ticks done = line_.send(to_l2_, paddr, bytes, request, start);
    if (request == LineRequest::writeback) return {0};
    return {clock_.cycles(sc_core::sc_time::from_value(done - start)), line_.reply().exclusive};
}

SnoopReply Node::snoop(uint64_t paddr, Snoop what) {
    const bool at_times = bug != Bug::none && (*random)() % 16 == 0;
    const bool about_it = paddr == *requested;
    if (at_times && bug == Bug::lost_invalidation && what == Snoop::invalidate && about_it)
        return {true, false};
    if (at_times && bug == Bug::lost_downgrade && what == Snoop::share) return {true, false};
    if (at_times && bug == Bug::no_recall && what == Snoop::invalidate && !about_it) return {};
    SnoopReply reply = l2.snoop(paddr, what);
    reply |= path.snoop(paddr, what);
    reply.present |= what == Snoop::invalidate ? l1i.remove(paddr).present : l1i.find(paddr).present;
    return reply;
}

void Node::fetch(uint64_t paddr, Cycles at) {
    if (l1i.hit(paddr, false)) return;
    access(paddr, 64, LineRequest::fetch, at);
    l1i.insert(paddr, Cache::shared);
    path.share_with_code(paddr);
}

bool Node::has(uint64_t line) const {
    return path.cache().find(line).present || l1i.find(line).present || l2.cache().find(line).present;
}

bool Node::may_write(uint64_t line) const {
    const Cache::Found l1 = path.cache().find(line), second = l2.cache().find(line);
    return (l1.present && !l1.is(Cache::shared)) || (second.present && !second.is(Cache::shared));
}

bool Node::dirty(uint64_t line) const {
    return path.cache().find(line).is(Cache::dirty) || l2.cache().find(line).is(Cache::dirty);
}

Store::Store(sc_core::sc_module_name name, const std::map<uint64_t, uint64_t>& latest)
    : sc_module(name), latest_(latest) {
    socket.register_b_transport(this, &Store::transport);
}

void Store::transport(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay) {
    const auto* request = payload.get_extension<LineExtension>();
    const auto version = latest_.find(payload.get_address());
    if (request->request == LineRequest::writeback && version != latest_.end())
        written[payload.get_address()] = version->second;
    delay += sc_core::sc_time(60, sc_core::SC_NS);
    payload.set_response_status(tlm::TLM_OK_RESPONSE);
}

Complex::Complex(const MachineConfig& config, unsigned lines, uint64_t seed)
    : config_(config), clock_(config.frequency), lines_(lines), seen_(config.cores), random_(seed) {
    llc = std::make_unique<LastLevelModule>("llc", config_.llc, config_.coherence, clock_);
    store_ = std::make_unique<Store>("store", latest_);
    llc->below.bind(store_->socket);
    for (unsigned i = 0; i < config_.cores; ++i) {
        nodes.push_back(std::make_unique<Node>(fmt::format("node{}", i).c_str(), config_, clock_));
        nodes.back()->requested = &requested_;
        nodes.back()->random = &random_;
        llc->attach(nodes.back()->l2.below, *nodes.back());
    }
    sc_core::sc_start(sc_core::SC_ZERO_TIME);
}

void Complex::plant(Bug bug) {
    for (const auto& node : nodes) node->bug = bug;
}

void Complex::operate() {
    const auto core = static_cast<unsigned>(random_() % nodes.size());
    const uint64_t line = random_() % lines_ * 64;
    Node& node = *nodes[core];
    requested_ = line;
    now_ += random_() % 30;
    const unsigned kind = static_cast<unsigned>(random_() % 16);
    if (kind < 9) {
        const bool hit = node.path.cache().find(line).present;
        node.path.load(line, 8, now_, static_cast<unsigned>(random_() % 4));
        if (hit && seen_[core][line] != latest_[line])
            stale_ = fmt::format("core {} read version {} of line {:#x}, which is at {}", core,
                                 seen_[core][line], line, latest_[line]);
        seen_[core][line] = latest_[line];
    } else if (kind < 14) {
        node.path.store(line, 8, now_);
        seen_[core][line] = ++latest_[line];
    } else {
        node.fetch(line, now_);
    }
    // Copies that came without being asked for hold what is current now.
    for (unsigned i = 0; i < nodes.size(); ++i)
        for (uint64_t l = 0; l < lines_ * 64; l += 64)
            if (!nodes[i]->path.cache().find(l).present) seen_[i][l] = latest_[l];
}

std::string Complex::run(unsigned operations) {
    for (unsigned n = 0; n < operations; ++n) {
        operate();
        if (!stale_.empty()) return fmt::format("operation {}: {}", n, stale_);
        for (uint64_t line = 0; line < lines_ * 64; line += 64)
            if (const std::string w = wrong(line); !w.empty())
                return fmt::format("operation {}: line {:#x}: {}", n, line, w);
    }
    return {};
}

std::string Complex::wrong(uint64_t line) const {
    unsigned holders = 0, writers = 0;
    bool dirty = llc->cache().find(line).is(Cache::dirty);
    for (unsigned i = 0; i < nodes.size(); ++i) {
        const Node& node = *nodes[i];
        dirty |= node.dirty(line);
        const bool has = node.has(line), writes = node.may_write(line);
        holders += has;
        writers += writes;
        if (nodes.size() > 1 && has && !(llc->directory().sharers(line) >> i & 1))
            return fmt::format("core {} has it, and the directory does not know", i);
        if (nodes.size() > 1 && writes && !llc->directory().owned(line))
            return fmt::format("core {} may write it, and the directory does not know", i);
        const Cache::Found l1 = node.path.cache().find(line);
        if (l1.present && !l1.is(Cache::shared) && node.l1i.find(line).present)
            return fmt::format("core {} may write it unnoticed by its instruction cache", i);
    }
    if (writers > 1 || (writers == 1 && holders > 1))
        return fmt::format("{} cores may write, {} have it", writers, holders);
    const bool inclusive = config_.coherence.inclusion == Inclusion::inclusive && config_.llc.size != 0;
    if (inclusive && holders > 0 && !llc->cache().find(line).present)
        return fmt::format("{} cores have it, the last level does not", holders);
    const std::map<uint64_t, uint64_t>& written = store_->written;
    const auto latest = latest_.find(line), stored = written.find(line);
    const bool in_memory = latest == latest_.end() || latest->second == 0 ||
                           (stored != written.end() && stored->second == latest->second);
    if (!in_memory && !dirty) return "its last version is nowhere";
    return {};
}

}  // namespace stile::test
