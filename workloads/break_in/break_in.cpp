// SPDX-License-Identifier: Apache-2.0
//
// A client that reaches into a server without a right. With domains checked it is stopped and the run says
// who, where and which right was missing; with the check off it gets in.
#include "workloads/workload.h"

namespace {

using namespace stile::workload;

Process process(const std::string& name, std::vector<std::string> arguments) {
    const std::string path = "/bin/" + name;
    arguments.insert(arguments.begin(), path);
    return {path, std::move(arguments), {}, ""};
}

std::vector<Row> rows(const Parameters& parameters, const Measure&, const std::string&) {
    const auto& attack = std::get<std::string>(parameters.at("attack"));
    Row row;
    row.mechanism = "dipc";
    row.policy = "low";
    row.scope = "cross_process";
    row.measured = false;
    row.processes = {process("break_in_client", {attack}), process("break_in_server", {})};
    return {row};
}

Descriptor describe() {
    Descriptor d;
    d.name = "break_in";
    d.help = "A dIPC client that reaches into a server without a right: exit status 7 if it gets in";
    d.parameters = {{.name = "attack",
                     .type = Type::string,
                     .default_value = std::string("read"),
                     .help = "What it tries: read or write the server's data, jump to a function that is not "
                             "exported, or let the kernel read (deputy)",
                     .choices = {"read", "write", "jump", "deputy"}}};
    d.images = embedded_images();
    d.rows = rows;
    return d;
}

}  // namespace

STILE_WORKLOAD_EXPORT const Descriptor* stile_workload() {
    static const Descriptor descriptor = describe();
    return &descriptor;
}
