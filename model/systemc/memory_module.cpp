// SPDX-License-Identifier: Apache-2.0
#include "model/systemc/memory_module.h"

#include <cstring>

namespace stile::model {

MemoryModule::MemoryModule(sc_core::sc_module_name name, const MemoryConfig& config, const Clock& clock)
    : sc_module(name), storage_(config.size), latency_(clock.time(config.latency)), dram_(config.dram) {
    socket.register_b_transport(this, &MemoryModule::transport);
    socket.register_get_direct_mem_ptr(this, &MemoryModule::direct);
    socket.register_transport_dbg(this, &MemoryModule::debug);
}

void MemoryModule::transport(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay) {
    const auto* line = payload.get_extension<LineExtension>();
    const bool write = line ? line->request == LineRequest::writeback : payload.is_write();
    (write ? writes_ : reads_) += 1;
    const Ticks arrived = (line ? line->start : sc_core::sc_time_stamp().value()) + delay.value();
    delay += sc_core::sc_time::from_value(serve(payload.get_address(), write, arrived) - arrived);
    if (!storage_.contains(payload.get_address(), payload.get_data_length())) {
        payload.set_response_status(tlm::TLM_ADDRESS_ERROR_RESPONSE);
    } else if (payload.get_command() != tlm::TLM_IGNORE_COMMAND && !copy(payload)) {
        payload.set_response_status(tlm::TLM_BYTE_ENABLE_ERROR_RESPONSE);
    } else {
        payload.set_dmi_allowed(true);
        payload.set_response_status(tlm::TLM_OK_RESPONSE);
    }
}

// A write is posted: the controller takes it and nobody waits for the array.
Ticks MemoryModule::serve(uint64_t paddr, bool write, Ticks at) {
    if (latency_ != sc_core::SC_ZERO_TIME) return write ? at : at + latency_.value();
    return write ? dram_.write(paddr, at) : dram_.read(paddr, at);
}

bool MemoryModule::copy(tlm::tlm_generic_payload& payload) {
    if (payload.get_byte_enable_ptr() || payload.get_streaming_width() < payload.get_data_length())
        return false;
    uint8_t* const here = storage_.host(payload.get_address());
    if (payload.is_write())
        std::memcpy(here, payload.get_data_ptr(), payload.get_data_length());
    else
        std::memcpy(payload.get_data_ptr(), here, payload.get_data_length());
    return true;
}

bool MemoryModule::direct(tlm::tlm_generic_payload& payload, tlm::tlm_dmi& dmi) {
    dmi.allow_read_write();
    dmi.set_dmi_ptr(storage_.host(0));
    dmi.set_start_address(0);
    dmi.set_end_address(storage_.size() - 1);
    dmi.set_read_latency(latency_);
    dmi.set_write_latency(latency_);
    return storage_.contains(payload.get_address());
}

unsigned MemoryModule::debug(tlm::tlm_generic_payload& payload) {
    if (!storage_.contains(payload.get_address(), payload.get_data_length())) return 0;
    return copy(payload) ? payload.get_data_length() : 0;
}

void MemoryModule::statistics(StatisticsSink& sink) const {
    sink.count("reads", reads_, "count", "lines read");
    sink.count("writes", writes_, "count", "lines written back");
    const Dram::Counts& c = dram_.counts();
    sink.count("row_hits", c.row_hits, "count", "transfers that found their row open");
    sink.count("row_closed", c.row_closed, "count", "transfers that found no row open in their bank");
    sink.count("row_conflicts", c.row_conflicts, "count", "transfers that found another row open");
    sink.count("write_batches", c.write_batches, "count", "times that queued writes were written");
    sink.count("write_waits", c.write_waits, "count", "writes that waited for room in the queue");
}

}  // namespace stile::model
