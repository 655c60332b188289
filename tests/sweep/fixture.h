// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sim/config/sweep.h"
#include "tests/unit/config/fixture.h"

namespace stile::sim {

// A sweep of a workload that needs no library.
class SweepTest : public ConfigTest {
  protected:
    std::unique_ptr<LoadedSweep> sweep(const std::string& text, const std::vector<Override>& overrides = {}) {
        write("sweep.yaml", text);
        return sweep_file("sweep.yaml", overrides);
    }
    std::unique_ptr<LoadedSweep> sweep_file(const std::string& path,
                                            const std::vector<Override>& overrides = {}) {
        return std::make_unique<LoadedSweep>(
            path, overrides, [this](const std::string& name) -> workload::Plugin {
                if (name == "ping") return {"ping.so", &ping_};
                if (name == "pong") return {"pong.so", &pong_};
                throw workload::PluginError("there is no workload '" + name + "'");
            });
    }
    // With this below `sweep:`, a line per fault; or "none".
    std::string sweep_faults(const std::string& section, const std::vector<Override>& overrides = {}) {
        try {
            const auto loaded = sweep("workload: ping\nsweep:\n" + section, overrides);
            for (size_t i = 1; i <= loaded->points(); ++i) make_rows(*loaded->load(i));
        } catch (const BadInput& bad) {
            return bad.what();
        }
        return "none";
    }
    // The values of an axis, as in "8 KiB, 16 KiB".
    std::string values(const std::string& key, const std::string& axis) {
        const auto loaded = sweep("workload: ping\nsweep:\n  axes:\n    " + key + ": " + axis + "\n");
        std::string all;
        for (const SweptValue& value : loaded->config().axes.at(0).keys.at(0).values)
            all += (all.empty() ? "" : ", ") + value.text;
        return all;
    }
};

}  // namespace stile::sim
