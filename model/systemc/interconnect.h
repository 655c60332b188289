// SPDX-License-Identifier: Apache-2.0
//
// Routes by physical address. Devices see offsets into their page; RAM sees addresses.
#pragma once

#include <tlm_utils/multi_passthrough_initiator_socket.h>
#include <tlm_utils/multi_passthrough_target_socket.h>
#include <systemc>
#include <tlm>
#include <vector>

namespace stile::model {

class Interconnect : public sc_core::sc_module {
  public:
    explicit Interconnect(sc_core::sc_module_name name);

    tlm_utils::multi_passthrough_target_socket<Interconnect> masters{"masters"};

    // In the order in which they are mapped.
    template <class Socket>
    void map(uint64_t base, uint64_t size, Socket& target) {
        slaves_.bind(target);
        ranges_.push_back({base, size});
    }

  private:
    struct Range {
        uint64_t base, size;
    };
    // The slave whose range holds the whole access, or -1; makes the address relative to it.
    int route(tlm::tlm_generic_payload& payload) const;
    void transport(int, tlm::tlm_generic_payload& payload, sc_core::sc_time& delay);
    bool direct(int, tlm::tlm_generic_payload& payload, tlm::tlm_dmi& dmi);
    unsigned debug(int, tlm::tlm_generic_payload& payload);

    tlm_utils::multi_passthrough_initiator_socket<Interconnect> slaves_{"slaves"};
    std::vector<Range> ranges_;
};

}  // namespace stile::model
