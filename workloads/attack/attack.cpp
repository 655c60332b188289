// SPDX-License-Identifier: Apache-2.0
//
// One attack of the gallery (docs/security.md). The victim is the main process and starts the attacker: exit
// status 0 when it was stopped and nothing is damaged, 7 when it got in.
#include "workloads/workload.h"

namespace {

using namespace stile::workload;

std::vector<std::string> names() {
    return {
#define ATTACK(name, ...) #name,
#include "tests/security/attacks/attacks.def"
#undef ATTACK
    };
}

std::vector<Row> rows(const Parameters& parameters, const Measure&, const std::string&) {
    Row row;
    row.mechanism = "dipc";
    row.policy = "low";
    row.scope = "cross_process";
    row.measured = false;
    row.processes = {
        {"/bin/victim", {"/bin/victim", std::get<std::string>(parameters.at("attack"))}, {}, ""}};
    return {row};
}

Descriptor describe() {
    Descriptor d;
    d.name = "attack";
    d.help = "One attack of the gallery (docs/security.md): exit status 0 if it is stopped, 7 if it gets in";
    d.parameters = {{.name = "attack",
                     .type = Type::string,
                     .default_value = std::string("load"),
                     .help = "Which one",
                     .choices = names()}};
    d.images = embedded_images();
    d.rows = rows;
    return d;
}

}  // namespace

STILE_WORKLOAD_EXPORT const Descriptor* stile_workload() {
    static const Descriptor descriptor = describe();
    return &descriptor;
}
