// SPDX-License-Identifier: Apache-2.0
#include "sim/run/checkpoint_needs.h"

#include <fmt/format.h>

#include "sim/checkpoint/digest.h"
#include "sim/checkpoint/keys.h"
#include "sim/run/kernel_image.h"

namespace stile::sim {
namespace {

std::string digest_of_files(const std::vector<GuestFile>& files) {
    Digest digest;
    for (const GuestFile& file : files) {
        digest.add(file.path);
        digest.add(uint64_t{file.mode});
        digest.add(file.bytes);
    }
    return digest.text();
}

std::string digest_of_boot(const RowInputs& row) {
    Digest digest;
    const auto list = [&](const std::vector<std::string>& texts) {
        digest.add(uint64_t{texts.size()});
        for (const std::string& text : texts) digest.add(text);
    };
    for (const BootProcess& process : row.processes) {
        digest.add(process.path);
        list(process.argv);
        list(process.env);
        digest.add(process.stdin_path);
        digest.add(process.cwd);
        digest.add(process.cores);
    }
    const auto& [seed, tsc_hz, tick_hz, cpus, protection, self_test, kernel_profile, flush_apl, tag_limit,
                 checks_off, keep] = row.boot;
    for (const uint64_t number :
         {seed, tsc_hz, tick_hz, uint64_t{cpus}, uint64_t{protection}, uint64_t{self_test},
          uint64_t{kernel_profile}, uint64_t{flush_apl}, uint64_t{tag_limit}, checks_off})
        digest.add(number);
    list(keep);
    return digest.text();
}

// Long ones would make a message that nobody reads.
std::string command_line(const BootProcess& process) {
    std::string text = process.path;
    for (size_t i = 1; i < process.argv.size(); ++i) text += " " + process.argv[i];
    return text.size() <= 200 ? text : text.substr(0, 200) + "...";
}

}  // namespace

std::vector<Setting> needs_of(const RunConfig& config, const RowInputs& row) {
    std::vector<Setting> needs{{"version of the model", std::to_string(model_version)}};
    Digest kernel;
    kernel.add(kernel_image());
    needs.emplace_back("kernel image", kernel.text());
    needs.emplace_back("guest files", digest_of_files(row.files));
    for (size_t i = 0; i < row.processes.size(); ++i)
        needs.emplace_back(fmt::format("process {}", i + 1), command_line(row.processes[i]));
    needs.emplace_back("boot information", digest_of_boot(row));
    // How far cores run ahead of each other decides who is where at the hand-over.
    if (config.machine.cores > 1)
        needs.emplace_back("look-ahead of cores (machine.llc, machine.ipi_latency)",
                           fmt::format("{} cycles", config.machine.look_ahead()));
    for (const Setting& setting : config.settings)
        if (!is_harmless(setting.first) && !is_apl_shape(setting.first)) needs.push_back(setting);
    return needs;
}

}  // namespace stile::sim
