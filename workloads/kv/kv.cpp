// SPDX-License-Identifier: Apache-2.0
//
// A small key-value service and its clients, over every mechanism.
#include "workloads/throughput/mechanisms.h"

namespace {

using namespace stile::workload;

std::vector<Row> rows(const Parameters& given, const Measure& measure, const std::string&) {
    Parameters p = given;
    p["service_work"] = int64_t{0};
    p["service_lock"] = true;
    const int64_t gets = load::number(p, "gets"), deletes = load::number(p, "deletes"),
                  scans = load::number(p, "scans");
    if (gets + deletes + scans > 100)
        throw std::invalid_argument("gets: together with deletes and scans it is " +
                                    std::to_string(gets + deletes + scans) +
                                    " of a hundred calls; 100 at most is right, puts have the rest");
    load::Arguments a;
    for (const char* key : {"clients", "servers", "keys", "gets", "deletes", "scans", "seed"})
        a.add(key, load::number(p, key));
    a.add("distribution", load::text(p, "distribution"));
    a.add("fixed", load::text(p, "value_sizes") == "fixed" ? 1 : 0);
    a.add("in_place", load::text(p, "reads") == "in_place" ? 1 : 0);
    a.add("trespass", std::get<bool>(p.at("trespass")) ? 1 : 0);
    return load::rows("kv", p, measure, a.all);
}

Parameter share(const char* name, int64_t value, const char* help) {
    return {.name = name, .type = Type::integer, .default_value = value, .help = help, .min = 0, .max = 100};
}

std::vector<Parameter> parameters() {
    std::vector<Parameter> all = load::common_parameters({64, 1024});
    std::erase_if(all, [](const Parameter& p) { return p.name.starts_with("service_"); });
    for (Parameter& p : all)
        if (p.name == "sizes") p.help = "Largest value of a row, in bytes";
    const std::vector<Parameter> own = {
        {.name = "clients",
         .type = Type::integer,
         .default_value = int64_t{1},
         .help = "How many use the service at the same time, each with keys of its own",
         .min = 1,
         .max = 64},
        {.name = "servers",
         .type = Type::integer,
         .default_value = int64_t{1},
         .help = "Threads of the server (pipe, binder)",
         .min = 1,
         .max = 64},
        {.name = "keys",
         .type = Type::integer,
         .default_value = int64_t{256},
         .help = "Keys of each client; all of them are in the table when the timed calls begin",
         .min = 1,
         .max = 65536},
        share("gets", 90, "Gets in a hundred calls"),
        share("deletes", 1, "Deletes in a hundred calls"),
        share("scans", 0, "Scans in a hundred calls, of up to 8 entries; puts are what remains"),
        {.name = "distribution",
         .type = Type::string,
         .default_value = std::string("zipf"),
         .help = "Which keys: all alike, or key i as often as 1 / (i + 1)",
         .choices = {"zipf", "uniform"}},
        {.name = "value_sizes",
         .type = Type::string,
         .default_value = std::string("mixed"),
         .help = "Values of 1 byte to the row's size, anew with every put, or all of the row's size",
         .choices = {"mixed", "fixed"}},
        {.name = "reads",
         .type = Type::string,
         .default_value = std::string("copy"),
         .help = "How a client gets a value: copied into the answer, or read where the server keeps it "
                 "(function, codoms, dipc)",
         .choices = {"copy", "in_place"}},
        {.name = "seed",
         .type = Type::integer,
         .default_value = int64_t{1},
         .help = "Of operations and keys",
         .min = 0,
         .max = 1'000'000'000},
        {.name = "trespass",
         .type = Type::boolean,
         .default_value = false,
         .help = "At the end a client loads from the server's index: is that refused?"},
    };
    all.insert(all.end(), own.begin(), own.end());
    return all;
}

Descriptor describe() {
    Descriptor d;
    d.name = "kv";
    d.help = "A small key-value service: get, put, delete and scan in a mix, by several clients";
    d.mechanisms = load::mechanisms();
    d.parameters = parameters();
    d.images = embedded_images();
    d.rows = rows;
    d.reports = {
        {"hits_per_1000", "gets", "Timed gets that found their key, of a thousand"},
        {"bytes_per_call", "bytes", "Value bytes that a timed call returned, in place ones included"},
        {"get_cycles", "cycles", "Mean of the timed gets, by the time-stamp counter"},
        {"put_cycles", "cycles", "Mean of the timed puts"},
        {"delete_cycles", "cycles", "Mean of the timed deletes"},
        {"scan_cycles", "cycles", "Mean of the timed scans"},
        {"entries", "entries", "In the table at the end"},
        {"resizes", "times", "The index was doubled, from 64 slots on"},
        {"retries", "times", "Reads in place that were made again because the entry had changed"},
        {"trespass_refused", "", "1: a client's load from the server's index was refused; 0: it was done"},
    };
    return d;
}

}  // namespace

STILE_WORKLOAD_EXPORT const Descriptor* stile_workload() {
    static const Descriptor descriptor = describe();
    return &descriptor;
}
