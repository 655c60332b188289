// SPDX-License-Identifier: Apache-2.0
//
// A program that calls many of its own protection domains: what the size of the APL cache is chosen by.
#include "workloads/workload.h"

namespace {

using namespace stile::workload;

std::vector<Row> rows(const Parameters& parameters, const Measure& measure, const std::string&) {
    const auto number = [&](const char* key) {
        return std::to_string(std::get<int64_t>(parameters.at(key)));
    };
    Row row;
    row.mechanism = "codoms";
    row.policy = "low";
    row.processes = {
        {"/bin/domains",
         {"/bin/domains", number("live"), std::get<std::string>(parameters.at("pattern")), number("bytes"),
          number("seed"), std::to_string(measure.warmup), std::to_string(measure.repetitions)},
         {},
         ""}};
    return {row};
}

Descriptor describe() {
    Descriptor d;
    d.name = "domains";
    d.help =
        "A program that calls many domains of its own, round after round: each call is timed "
        "(measure.repetitions counts rounds)";
    d.parameters = {
        {.name = "live",
         .type = Type::integer,
         .default_value = int64_t{32},
         .help = "Domains that are called, besides the one that calls",
         .min = 1,
         .max = 256},
        {.name = "pattern",
         .type = Type::string,
         .default_value = std::string("round_robin"),
         .help =
             "Who is called: each in turn, at random, domain i as often as 1 / (i + 1), or each by the one "
             "before it",
         .choices = {"round_robin", "random", "zipf", "nested"}},
        {.name = "bytes",
         .type = Type::bytes,
         .default_value = int64_t{64},
         .help = "How much of its own memory a domain touches when it is called",
         .min = 0,
         .max = 1024},
        {.name = "seed",
         .type = Type::integer,
         .default_value = int64_t{1},
         .help = "Of the patterns random and zipf",
         .min = 0,
         .max = 1'000'000'000},
    };
    d.reports = {{"domain_calls", "calls", "Calls of domains in all timed rounds"}};
    d.images = embedded_images();
    d.rows = rows;
    return d;
}

}  // namespace

STILE_WORKLOAD_EXPORT const Descriptor* stile_workload() {
    static const Descriptor descriptor = describe();
    return &descriptor;
}
