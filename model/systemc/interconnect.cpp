// SPDX-License-Identifier: Apache-2.0
#include "model/systemc/interconnect.h"

namespace stile::model {

Interconnect::Interconnect(sc_core::sc_module_name name) : sc_module(name) {
    masters.register_b_transport(this, &Interconnect::transport);
    masters.register_get_direct_mem_ptr(this, &Interconnect::direct);
    masters.register_transport_dbg(this, &Interconnect::debug);
}

int Interconnect::route(tlm::tlm_generic_payload& payload) const {
    const uint64_t address = payload.get_address(), bytes = payload.get_data_length();
    for (size_t i = 0; i < ranges_.size(); ++i) {
        const Range& r = ranges_[i];
        if (address < r.base || address - r.base >= r.size || bytes > r.size - (address - r.base)) continue;
        payload.set_address(address - r.base);
        return static_cast<int>(i);
    }
    return -1;
}

void Interconnect::transport(int, tlm::tlm_generic_payload& payload, sc_core::sc_time& delay) {
    const uint64_t address = payload.get_address();
    const int slave = route(payload);
    if (slave < 0) return payload.set_response_status(tlm::TLM_ADDRESS_ERROR_RESPONSE);
    slaves_[slave]->b_transport(payload, delay);
    payload.set_address(address);
}

bool Interconnect::direct(int, tlm::tlm_generic_payload& payload, tlm::tlm_dmi& dmi) {
    const uint64_t address = payload.get_address();
    const int slave = route(payload);
    if (slave < 0 || !slaves_[slave]->get_direct_mem_ptr(payload, dmi)) return false;
    payload.set_address(address);
    dmi.set_start_address(dmi.get_start_address() + ranges_[slave].base);
    dmi.set_end_address(dmi.get_end_address() + ranges_[slave].base);
    return true;
}

unsigned Interconnect::debug(int, tlm::tlm_generic_payload& payload) {
    const uint64_t address = payload.get_address();
    const int slave = route(payload);
    if (slave < 0) return 0;
    const unsigned done = slaves_[slave]->transport_dbg(payload);
    payload.set_address(address);
    return done;
}

}  // namespace stile::model
