// SPDX-License-Identifier: Apache-2.0
#include "kinds.h"
#include "workloads/workload.h"

using namespace stile::workload;

STILE_WORKLOAD_EXPORT const Descriptor* stile_workload() {
    static const Descriptor descriptor = [] {
        Descriptor d;
        d.name = "kinds";
        d.help = "A row for each kind of guest program";
        d.images = embedded_images();
        d.rows = [](const Parameters&, const Measure& measure, const std::string&) {
            std::vector<Row> rows;
            for (const std::string& kind : kinds()) {
                Row row;
                row.mechanism = kind;
                row.processes = {{"/bin/" + kind, {kind, std::to_string(measure.repetitions)}, {}, ""}};
                rows.push_back(row);
            }
            return rows;
        };
        return d;
    }();
    return &descriptor;
}
