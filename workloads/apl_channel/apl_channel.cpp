// SPDX-License-Identifier: Apache-2.0
//
// A timing channel: what the APL cache tells a spy about whom a victim calls. It reports how many symbols
// were guessed wrong, how many bits a guess tells, and how long one took.
#include "workloads/workload.h"

namespace {

using namespace stile::workload;

std::vector<Row> rows(const Parameters& parameters, const Measure&, const std::string&) {
    const auto number = [&](const char* key) {
        return std::to_string(std::get<int64_t>(parameters.at(key)));
    };
    const auto word = [&](const char* key) { return std::get<std::string>(parameters.at(key)); };
    Row row;
    row.mechanism = "codoms";
    row.policy = "low";
    row.measured = false;
    row.processes = {{"/bin/apl_spy",
                      {"/bin/apl_spy", word("method"), word("victim"), number("targets"), number("prime"),
                       number("groups"), number("symbols"), number("seed")},
                      {},
                      ""}};
    return {row};
}

Descriptor describe() {
    Descriptor d;
    d.name = "apl_channel";
    d.help = "A spy that learns from the APL cache whom another domain calls: bits per symbol, symbols wrong";
    d.parameters = {
        {.name = "method",
         .type = Type::string,
         .default_value = std::string("reload"),
         .help =
             "Whether the spy may call the victim's callees too (reload), or fills the cache with domains of "
             "its own and looks which are gone (prime_probe)",
         .choices = {"reload", "prime_probe"}},
        {.name = "victim",
         .type = Type::string,
         .default_value = std::string("called"),
         .help = "Whether the spy calls the victim, or it is a thread of its own",
         .choices = {"called", "thread"}},
        {.name = "targets",
         .type = Type::integer,
         .default_value = int64_t{7},
         .help = "Domains that the victim may call; with `none` they are the symbols",
         .min = 1,
         .max = 15},
        {.name = "prime",
         .type = Type::integer,
         .default_value = int64_t{31},
         .help = "Domains of the spy that fill the APL cache: one less than it has entries",
         .min = 1,
         .max = 127},
        {.name = "groups",
         .type = Type::integer,
         .default_value = int64_t{1},
         .help = "What prime_probe tells apart: own domains by number modulo this; the sets of the APL cache",
         .min = 1,
         .max = 256},
        {.name = "symbols",
         .type = Type::integer,
         .default_value = int64_t{512},
         .help = "Secret symbols",
         .min = 1,
         .max = 1920},
        {.name = "seed",
         .type = Type::integer,
         .default_value = int64_t{1},
         .help = "Of the secret",
         .min = 0,
         .max = 1'000'000'000},
    };
    d.images = embedded_images();
    d.rows = rows;
    return d;
}

}  // namespace

STILE_WORKLOAD_EXPORT const Descriptor* stile_workload() {
    static const Descriptor descriptor = describe();
    return &descriptor;
}
