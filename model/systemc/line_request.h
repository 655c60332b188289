// SPDX-License-Identifier: Apache-2.0
//
// What a generic payload between caches is about. Data never travels with it (TLM_IGNORE_COMMAND, no data
// pointer): it always lies in PhysicalMemory, which the core reaches by DMI. Cores run ahead of SystemC's
// clock, so a request says itself when it happens: it is at a level at `start` + the annotated delay.
#pragma once

#include <systemc>
#include <tlm>

#include "model/core/counters.h"
#include "model/timing/lower_memory.h"
#include "model/timing/slots.h"

namespace stile::model {

struct LineExtension : tlm::tlm_extension<LineExtension> {
    LineRequest request = LineRequest::read;
    Ticks start = 0;
    Counters* counters = nullptr;  // of the core that asks; nobody's without
    // The reply.
    bool exclusive = true;  // see LineReply
    bool asked = false;     // other cores were asked for the line

    tlm::tlm_extension_base* clone() const override { return new LineExtension(*this); }
    void copy_from(const tlm::tlm_extension_base& other) override {
        const auto& from = static_cast<const LineExtension&>(other);
        request = from.request;
        start = from.start;
        counters = from.counters;
        exclusive = from.exclusive;
        asked = from.asked;
    }
};

// A payload that is used again and again; it owns its extension.
class LinePayload {
  public:
    LinePayload() {
        payload_.set_extension(&extension_);
        payload_.set_command(tlm::TLM_IGNORE_COMMAND);
        payload_.set_data_ptr(nullptr);
        payload_.set_streaming_width(64);
    }
    ~LinePayload() { payload_.clear_extension(&extension_); }
    LinePayload(const LinePayload&) = delete;
    LinePayload& operator=(const LinePayload&) = delete;

    tlm::tlm_generic_payload& about(uint64_t paddr, unsigned bytes, LineRequest request, Ticks start = 0) {
        payload_.set_address(paddr);
        payload_.set_data_length(bytes);
        payload_.set_streaming_width(bytes);
        payload_.set_dmi_allowed(false);
        payload_.set_response_status(tlm::TLM_INCOMPLETE_RESPONSE);
        extension_.request = request;
        extension_.start = start;
        extension_.exclusive = true;
        extension_.asked = false;
        return payload_;
    }
    // Whose requests are sent from now on.
    void charge(Counters* counters) { extension_.counters = counters; }
    // Sends a request at `start` and returns when it is done.
    template <class Socket>
    Ticks send(Socket& socket, uint64_t paddr, unsigned bytes, LineRequest request, Ticks start) {
        sc_core::sc_time delay = sc_core::SC_ZERO_TIME;
        socket->b_transport(about(paddr, bytes, request, start), delay);
        return start + delay.value();
    }
    const LineExtension& reply() const { return extension_; }

  private:
    tlm::tlm_generic_payload payload_;
    LineExtension extension_;
};

}  // namespace stile::model
