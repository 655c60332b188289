// SPDX-License-Identifier: Apache-2.0
#include "sim/run/host_info.h"

#include <fmt/format.h>
#include <sys/utsname.h>
#include <time.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "sim/results/sha256.h"
#include "sim/run/build_info.h"
#include "sim/run/kernel_image.h"

namespace stile::sim {
namespace {

using Json = nlohmann::ordered_json;

double rounded(double value) { return std::round(value * 1000) / 1000; }

std::string utc_now() {
    const time_t now = time(nullptr);
    struct tm parts;
    gmtime_r(&now, &parts);
    char text[32];
    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
    return text;
}

}  // namespace

std::string version_text() {
    std::string out = fmt::format("stile {} ({})\nbuilt with {} ({}), SystemC {}\n", STILE_VERSION,
                                  build_git_hash(), STILE_COMPILER, STILE_BUILD_TYPE, STILE_SYSTEMC_VERSION);
    out += fmt::format("guest kernel sha256 {}\n", sha256(kernel_image()));
    for (const workload::Plugin& plugin : workload::load_all_plugins().plugins) {
        for (const workload::Image& image : plugin.descriptor->images) {
            out += fmt::format("guest {}/{} sha256 {}\n", plugin.descriptor->name, image.name,
                               sha256(image.bytes));
        }
    }
    out.pop_back();  // the command line adds the last newline
    return out;
}

std::string host_json(const RunConfig& config, const std::string& config_yaml,
                      const std::vector<RowResult>& rows, const HostTimes& times) {
    uint64_t instructions = 0, cycles = 0;
    Json per_row = Json::array();
    for (const RowResult& row : rows) {
        instructions += row.simulated_instructions();
        cycles += row.simulated_cycles();
        Json one{{"row", row.key.text()}, {"seconds", rounded(row.host_seconds)}};
        if (row.host_seconds > 0) {
            one["mips"] = rounded(static_cast<double>(row.simulated_instructions()) / row.host_seconds / 1e6);
            one["kcycles_per_second"] =
                rounded(static_cast<double>(row.simulated_cycles()) / row.host_seconds / 1e3);
        }
        if (row.restored_instructions != 0) one["restored_instructions"] = row.restored_instructions;
        per_row.push_back(one);
    }
    utsname host;
    uname(&host);
    Json images = Json::object();
    for (const workload::Image& image : config.plugin.descriptor->images)
        images[image.name] = sha256(image.bytes);
    const Json all{
        {"finished", utc_now()},
        {"stile", STILE_VERSION},
        {"git", build_git_hash()},
        {"compiler", STILE_COMPILER},
        {"build_type", STILE_BUILD_TYPE},
        {"systemc", STILE_SYSTEMC_VERSION},
        {"host", fmt::format("{} {} {}", host.sysname, host.release, host.machine)},
        {"config_file", config.file},
        {"config_sha256", sha256(config_yaml)},
        {"kernel_sha256", sha256(kernel_image())},
        {"jobs", times.jobs},
        {"wall_seconds", rounded(times.wall_seconds)},
        {"instructions", instructions},
        {"mips",
         rounded(times.wall_seconds > 0 ? static_cast<double>(instructions) / times.wall_seconds / 1e6 : 0)},
        {"kcycles_per_second",
         rounded(times.wall_seconds > 0 ? static_cast<double>(cycles) / times.wall_seconds / 1e3 : 0)},
        {"guest_sha256", images},
        {"rows", per_row}};
    return all.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace stile::sim
