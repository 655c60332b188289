// SPDX-License-Identifier: Apache-2.0
//
// Any MmioDevice behind a TLM-2.0 socket. TLM_IGNORE_COMMAND asks for the time of an access without doing it.
#pragma once

#include <tlm_utils/simple_target_socket.h>
#include <systemc>
#include <tlm>

#include "model/devices/mmio_device.h"
#include "model/statistics.h"
#include "model/systemc/clock.h"

namespace stile::model {

class DeviceModule : public sc_core::sc_module, public StatisticsSource {
  public:
    DeviceModule(sc_core::sc_module_name name, MmioDevice& device, Cycles latency, const Clock& clock)
        : sc_module(name), device_(device), latency_(clock.time(latency)) {
        socket.register_b_transport(this, &DeviceModule::transport);
    }
    tlm_utils::simple_target_socket<DeviceModule> socket{"socket"};

    void statistics(StatisticsSink& sink) const override {
        if (const auto* source = dynamic_cast<const StatisticsSource*>(&device_)) source->statistics(sink);
    }

  private:
    void transport(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay) {
        delay += latency_;
        bool done = payload.get_command() == tlm::TLM_IGNORE_COMMAND;
        if (payload.is_read())
            done = device_.read(payload.get_address(), payload.get_data_ptr(), payload.get_data_length());
        if (payload.is_write())
            done = device_.write(payload.get_address(), payload.get_data_ptr(), payload.get_data_length());
        payload.set_response_status(done ? tlm::TLM_OK_RESPONSE : tlm::TLM_ADDRESS_ERROR_RESPONSE);
    }

    MmioDevice& device_;
    sc_core::sc_time latency_;
};

}  // namespace stile::model
