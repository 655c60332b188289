// SPDX-License-Identifier: Apache-2.0
//
// Urgent and ordinary clients that call one server at fixed instants and must be done by a deadline, over
// every mechanism.
#include "workloads/throughput/mechanisms.h"

namespace {

using namespace stile::workload;

std::vector<Row> rows(const Parameters& p, const Measure& measure, const std::string&) {
    const int64_t pairs = load::number(p, "pairs"), servers = load::number(p, "servers");
    load::Arguments more;
    more.add("clients", 2 * pairs).add("servers", servers != 0 ? servers : 2 * pairs);
    for (const char* key : {"period_ns", "deadline_ns", "background", "server_priority"})
        more.add(key, load::number(p, key));
    more.add("high", load::number(p, "high_priority"));
    return load::rows("latency", p, measure, more.all);
}

void add(Descriptor& d, const char* name, int64_t value, int64_t min, int64_t max, const char* help) {
    d.parameters.push_back(
        {.name = name, .type = Type::integer, .default_value = value, .help = help, .min = min, .max = max});
}

Descriptor describe() {
    Descriptor d;
    d.name = "latency";
    d.help =
        "Urgent and ordinary clients call one server at fixed instants and must be done by a deadline, over "
        "every "
        "mechanism; timed calls are those of the urgent ones";
    d.mechanisms = load::mechanisms();
    d.parameters = load::common_parameters({64});
    add(d, "pairs", 1, 1, 16,
        "Pairs of an urgent and an ordinary client; each makes measure.repetitions calls");
    add(d, "servers", 0, 0, 32, "Threads of the server, where it has any; 0: as many as clients");
    add(d, "period_ns", 1'000'000, 1'000, 1'000'000'000, "From one instant of a client to its next, in ns");
    add(d, "deadline_ns", 100'000, 1, 1'000'000'000,
        "A call is late that is not done so long after its instant, in ns");
    add(d, "high_priority", 99, 0, 99, "SCHED_FIFO priority of urgent clients; 0: they are ordinary, too");
    add(d, "server_priority", 0, 0, 99, "SCHED_FIFO priority of the server's threads; 0: ordinary ones");
    add(d, "background", 0, 0, 16, "Ordinary processes that use up a processor each, if they get one");
    d.images = embedded_images();
    d.rows = rows;
    for (const std::string who : {"high", "low"}) {
        const std::string calls = who == "high" ? "of urgent clients" : "of ordinary clients";
        d.reports.push_back(
            {who + "_misses", "calls", "calls " + calls + " that were done after the deadline"});
        d.reports.push_back(
            {who + "_response_p50_ns", "ns", "from instant to end of a call " + calls + ": median"});
        d.reports.push_back({who + "_response_p99_ns", "ns", "the same, 99th percentile"});
        d.reports.push_back({who + "_response_worst_ns", "ns", "the same, the longest"});
        d.reports.push_back(
            {who + "_wakeup_p99_ns", "ns", "from instant to wake-up " + calls + ": 99th percentile"});
        d.reports.push_back({who + "_wakeup_worst_ns", "ns", "the same, the longest"});
    }
    return d;
}

}  // namespace

STILE_WORKLOAD_EXPORT const Descriptor* stile_workload() {
    static const Descriptor descriptor = describe();
    return &descriptor;
}
