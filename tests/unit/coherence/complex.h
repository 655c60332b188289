// SPDX-License-Identifier: Apache-2.0
//
// Several cores' caches around one directory, without the cores: random loads, stores and fetches, and after
// each of them the whole state is held against what coherence means. The rules are checked from the tags
// themselves and from who wrote what last; nothing here knows how the directory works.
//
// Bugs can be planted where they would be in a real machine: between the directory and a core.
#pragma once

#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "model/systemc/cache_module.h"
#include "model/systemc/last_level_module.h"
#include "model/timing/data_path.h"

namespace stile::test {

enum class Bug { none, lost_invalidation, lost_downgrade, no_recall };

// A core's private caches; asks and answers as CoreModule does.
class Node : public sc_core::sc_module, public model::LowerMemory, public model::SnoopTarget {
  public:
    Node(sc_core::sc_module_name name, const model::MachineConfig& config, const model::Clock& clock);

    model::LineReply access(uint64_t paddr, unsigned bytes, model::LineRequest request,
                            model::Cycles at) override;
    model::SnoopReply snoop(uint64_t paddr, model::Snoop what) override;
    void fetch(uint64_t paddr, model::Cycles at);

    bool has(uint64_t line) const;
    bool may_write(uint64_t line) const;
    bool dirty(uint64_t line) const;

    model::Counters counters;
    model::CacheModule l2;
    model::Cache l1i;
    model::DataPath path;
    Bug bug = Bug::none;
    const uint64_t* requested = nullptr;  // the line that the running operation is about
    std::mt19937_64* random = nullptr;

  private:
    const model::Clock& clock_;
    tlm_utils::simple_initiator_socket<Node> to_l2_{"to_l2"};
    model::LinePayload line_;
};

// Memory that remembers which version of a line it was given last.
class Store : public sc_core::sc_module {
  public:
    Store(sc_core::sc_module_name name, const std::map<uint64_t, uint64_t>& latest);
    tlm_utils::simple_target_socket<Store> socket{"socket"};
    std::map<uint64_t, uint64_t> written;

  private:
    void transport(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay);
    const std::map<uint64_t, uint64_t>& latest_;
};

class Complex {
  public:
    Complex(const model::MachineConfig& config, unsigned lines, uint64_t seed);
    void plant(Bug bug);
    // Returns what is wrong after the first operation that something is wrong after, or nothing.
    std::string run(unsigned operations);

    std::vector<std::unique_ptr<Node>> nodes;
    std::unique_ptr<model::LastLevelModule> llc;

  private:
    void operate();
    std::string wrong(uint64_t line) const;

    const model::MachineConfig config_;
    const model::Clock clock_;
    const unsigned lines_;
    std::map<uint64_t, uint64_t> latest_;             // version of each line, written by stores
    std::vector<std::map<uint64_t, uint64_t>> seen_;  // per core: the version that its copy holds
    std::unique_ptr<Store> store_;
    std::mt19937_64 random_;
    model::Cycles now_ = 1000;
    uint64_t requested_ = 0;
    std::string stale_;
};

}  // namespace stile::test
