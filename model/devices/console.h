// SPDX-License-Identifier: Apache-2.0
//
// The console of abi/platform.h: bytes out, bytes in.
#pragma once

#include <deque>
#include <functional>
#include <string>
#include <string_view>

#include "model/devices/mmio_device.h"
#include "model/statistics.h"

namespace stile::model {

class StateArchive;

class Console : public MmioDevice, public StatisticsSource {
  public:
    using Sink = std::function<void(std::string_view)>;

    void sink(Sink sink) { sink_ = std::move(sink); }
    void input(std::string_view bytes) { input_.insert(input_.end(), bytes.begin(), bytes.end()); }
    // Output reaches the sink line by line; the rest of a line when asked.
    void flush();

    bool read(uint64_t offset, void* out, unsigned bytes) override;
    bool write(uint64_t offset, const void* in, unsigned bytes) override;
    void statistics(StatisticsSink& sink) const override;
    void archive(StateArchive& a);

  private:
    Sink sink_;
    std::string line_;
    std::deque<char> input_;
    uint64_t written_ = 0, read_ = 0;
};

}  // namespace stile::model
