// SPDX-License-Identifier: Apache-2.0
//
// Several clients call one server with several threads, as fast as they can, over every mechanism.
#include "workloads/throughput/mechanisms.h"

namespace {

using namespace stile::workload;

std::vector<Row> rows(const Parameters& p, const Measure& measure, const std::string&) {
    return load::rows("throughput", p, measure,
                      {"clients=" + std::to_string(load::number(p, "clients")),
                       "servers=" + std::to_string(load::number(p, "servers"))});
}

Descriptor describe() {
    Descriptor d;
    d.name = "throughput";
    d.help =
        "Several clients call one server with several threads, as fast as they can, over every mechanism";
    d.mechanisms = load::mechanisms();
    d.parameters = load::common_parameters({0});
    d.parameters.push_back(
        {.name = "clients",
         .type = Type::integer,
         .default_value = int64_t{2},
         .help = "How many call at the same time; each makes measure.repetitions timed calls",
         .min = 1,
         .max = 64});
    d.parameters.push_back(
        {.name = "servers",
         .type = Type::integer,
         .default_value = int64_t{2},
         .help = "Threads of the server; those of mechanisms that need none (function, syscall, codoms, mpk, "
                 "dipc) are the clients'",
         .min = 1,
         .max = 64});
    d.images = embedded_images();
    d.rows = rows;
    d.reports = {
        {"calls_per_second", "1/s",
         "calls of all clients over the time from the first's begin to the last's end"},
        {"cycles_best", "cycles", "the shortest call"},
        {"cycles_p90", "cycles", "90th percentile of all clients' calls, nearest rank"},
        {"cycles_worst", "cycles", "the longest call"},
        {"fastest_client_per_second", "1/s", "calls of the client that was done first, over its own time"},
        {"slowest_client_per_second", "1/s", "the same of the one that took longest"},
    };
    return d;
}

}  // namespace

STILE_WORKLOAD_EXPORT const Descriptor* stile_workload() {
    static const Descriptor descriptor = describe();
    return &descriptor;
}
