// SPDX-License-Identifier: Apache-2.0
//
// The smallest workload: one guest program of one source.
#include "workloads/workload.h"

using namespace stile::workload;

STILE_WORKLOAD_EXPORT const Descriptor* stile_workload() {
    static const Descriptor descriptor{
        .name = "greeting",
        .help = "Says greetings",
        .mechanisms = {},
        .parameters = {},
        .images = embedded_images(),
        .rows =
            [](const Parameters&, const Measure&, const std::string&) {
                Row row;
                row.mechanism = "greeting";
                row.measured = false;
                row.processes = {{"/bin/greeting", {"/bin/greeting"}, {}, ""}};
                return std::vector<Row>{row};
            },
    };
    return &descriptor;
}
