// SPDX-License-Identifier: Apache-2.0
#include "sim/run/row_inputs.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include "sim/run/kernel_image.h"

namespace stile::sim {
namespace {

std::span<const uint8_t> bytes_of(const std::string& text) {
    return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

std::vector<GuestFile> guest_files(const RunConfig& config, const workload::Row& row) {
    std::vector<GuestFile> files;
    for (const workload::Image& image : config.plugin.descriptor->images) {
        files.push_back({std::string("/bin/") + image.name, image.bytes, 0755});
    }
    for (const workload::File& file : row.files)
        files.push_back({file.path, bytes_of(file.contents), file.mode});
    for (size_t i = 0; i < row.processes.size(); ++i) {
        const std::string& input = row.processes[i].stdin_data;
        if (!input.empty()) files.push_back({fmt::format("/.stdin{}", i), bytes_of(input), 0444});
    }
    return files;
}

std::vector<BootProcess> boot_processes(const workload::Row& row) {
    std::vector<BootProcess> processes;
    for (size_t i = 0; i < row.processes.size(); ++i) {
        const workload::Process& p = row.processes[i];
        uint64_t cores = 0;
        for (const unsigned core : p.cores) cores |= 1ull << core;
        processes.push_back(
            {p.path, p.argv, p.env, p.stdin_data.empty() ? "" : fmt::format("/.stdin{}", i), p.cwd, cores});
    }
    return processes;
}

BootOptions boot_options(const RunConfig& config) {
    BootOptions options;
    options.seed = config.os.seed;
    options.tsc_hz = config.machine.frequency;
    options.tick_hz = config.os.tick_hz;
    options.cpus = config.machine.cores;
    options.flush_apl = config.os.flush_apl_on_switch;
    for (unsigned i = 0; i < STILE_OS_CHECK_COUNT; ++i)
        if (!config.os.checks[i]) options.checks_off |= 1ull << i;
    switch (config.machine.protection) {
        case model::ProtectionKind::none:
            options.protection = STILE_PROTECTION_NONE;
            break;
        case model::ProtectionKind::paging:
        case model::ProtectionKind::mpk:  // which the kernel finds by CPUID
            options.protection = STILE_PROTECTION_PAGING;
            break;
        case model::ProtectionKind::codoms:
            options.protection = STILE_PROTECTION_CODOMS;
            break;
    }
    return options;
}

}  // namespace

RowInputs row_inputs(const RunConfig& config, const workload::Row& row) {
    RowInputs inputs{guest_files(config, row), boot_processes(row), boot_options(config)};
    inputs.boot.keep = row.keep;
    return inputs;
}

std::vector<CodeImage> code_images(const RowInputs& row) {
    const auto kernel = kernel_image();
    std::vector<CodeImage> images{{"kernel", {kernel.begin(), kernel.end()}, true}};
    for (const GuestFile& file : row.files) {
        if ((file.mode & 0111) != 0 && ((file.mode & S_IFMT) == 0 || S_ISREG(file.mode)))
            images.push_back({file.path, {file.bytes.begin(), file.bytes.end()}, false});
    }
    return images;
}

}  // namespace stile::sim
