// SPDX-License-Identifier: Apache-2.0
#include "sim/run/checkpoint_store.h"

#include <fmt/format.h>

#include <algorithm>

#include "abi/codoms.h"
#include "model/core/cpuid.h"
#include "sim/checkpoint/keys.h"
#include "sim/run/build_info.h"
#include "sim/run/conductor.h"
#include "sim/run/kernel_image.h"

namespace stile::sim {
namespace {

constexpr std::string_view extension = ".checkpoint";

std::string digest_of(const std::vector<Setting>& settings, const std::vector<CpuidShown>& cpuid = {}) {
    Digest digest;
    for (const auto& [name, value] : settings) {
        digest.add(name);
        digest.add(value);
    }
    for (const CpuidShown& c : cpuid) {
        for (const uint32_t number : {c.core, c.leaf, c.subleaf}) digest.add(uint64_t{number});
        for (const uint32_t number : c.answer) digest.add(uint64_t{number});
    }
    return digest.text();
}

const std::string* value_of(const std::vector<Setting>& settings, const std::string& name) {
    const auto found = std::ranges::find(settings, name, &Setting::first);
    return found == settings.end() ? nullptr : &found->second;
}

// What one has and the other has not, or has otherwise. Digests say nothing to people.
void compare(const std::vector<Setting>& there, const std::vector<Setting>& here,
             std::vector<std::string>& differences) {
    const auto tell = [](const std::string* value) { return value ? *value : std::string("nothing"); };
    for (const auto& [name, value] : there) {
        const std::string* const ours = value_of(here, name);
        if (ours && *ours == value) continue;
        if (ours && (name == "kernel image" || name == "guest files" || name == "boot information"))
            differences.push_back("the " + name + (name.ends_with('s') ? " differ" : " differs"));
        else
            differences.push_back(fmt::format("{} is {} there and {} here", name, value, tell(ours)));
    }
    for (const auto& [name, value] : here)
        if (!value_of(there, name))
            differences.push_back(fmt::format("{} is nothing there and {} here", name, value));
}

// Which keys a leaf of CPUID tells of.
std::string_view behind(uint32_t leaf) {
    switch (leaf) {
        case 4:
            return "machine.l1d, l1i, l2 or llc";
        case STILE_CPUID_LEAF:
            return "machine.codoms.apl_cache.entries or refill";
        default:
            return "another machine";
    }
}

CpuidShown answer_to(const RunConfig& config, unsigned core, uint32_t leaf, uint32_t subleaf) {
    CpuidShown shown{core, leaf, subleaf, {}};
    model::cpuid_answer(config.machine.for_core(core), core, false, leaf, subleaf, shown.answer.data());
    return shown;
}

}  // namespace

CheckpointStore::CheckpointStore(const RunConfig& config, const RowInputs& row, std::filesystem::path folder)
    : config_(config), row_(row), folder_(std::move(folder)), needs_(needs_of(config, row)) {}

std::string CheckpointStore::first_part() const { return digest_of(needs_).substr(0, 16); }

std::vector<std::filesystem::path> CheckpointStore::files(const std::string& prefix) const {
    std::vector<std::filesystem::path> found;
    std::error_code error;
    for (std::filesystem::directory_iterator at(folder_, error), end; !error && at != end;
         at.increment(error)) {
        const std::string name = at->path().filename().string();
        if (name.starts_with(prefix) && name.ends_with(extension) && !name.starts_with('.'))
            found.push_back(at->path());
    }
    std::ranges::sort(found);
    return found;
}

std::vector<std::string> CheckpointStore::differences(const CheckpointHeader& header) const {
    std::vector<std::string> all;
    compare(header.needs, needs_, all);
    for (const auto& [name, value] : header.shown) {
        const std::string* const ours = value_of(config_.settings, name);
        if (!ours || *ours != value)
            all.push_back(fmt::format("{}, which shows in it, is {} there and {} here", name, value,
                                      ours ? *ours : "nothing"));
    }
    for (const CpuidShown& there : header.cpuid) {
        if (there.core < config_.machine.cores &&
            answer_to(config_, there.core, there.leaf, there.subleaf) == there)
            continue;
        all.push_back(fmt::format(
            "core {} has asked CPUID for leaf {:#x}, sub-leaf {}, which says something else here ({})",
            there.core, there.leaf, there.subleaf, behind(there.leaf)));
    }
    if (header.handed_over && header.now >= last_cycle(config_))
        all.push_back("it is of a time that measure.max_time or measure.stop_at do not reach");
    if (header.region_ended && config_.measure.stop_at == "roi_end")
        all.push_back("the region of interest, with which measure.stop_at ends the row, lies before it");
    return all;
}

std::optional<CheckpointStore::Found> CheckpointStore::find(std::string& body,
                                                            std::vector<std::string>& troubles) const {
    for (const std::filesystem::path& path : files(first_part())) {
        try {
            Found found{path, read_checkpoint_header(path)};
            if (!differences(found.header).empty()) continue;
            body = read_checkpoint_body(path, found.header);
            return found;
        } catch (const CheckpointError& error) {
            troubles.push_back(fmt::format("{}: {}", path.string(), error.what()));
        }
    }
    return std::nullopt;
}

std::string CheckpointStore::nearest() const {
    std::vector<std::string> fewest;
    std::filesystem::path nearest;
    std::string unusable;
    for (const std::filesystem::path& path : files("")) {
        try {
            std::vector<std::string> these = differences(read_checkpoint_header(path));
            if (nearest.empty() || these.size() < fewest.size()) {
                fewest = std::move(these);
                nearest = path;
            }
        } catch (const CheckpointError& error) {
            if (unusable.empty()) unusable = fmt::format("{}: {}", path.string(), error.what());
        }
    }
    if (nearest.empty()) return unusable.empty() ? "there is none" : unusable;
    constexpr size_t told = 5;
    std::string text = "of the nearest, " + nearest.string() + ",";
    for (size_t i = 0; i < std::min(told, fewest.size()); ++i) text += (i == 0 ? " " : "; ") + fewest[i];
    if (fewest.size() > told) text += fmt::format("; and {} differences more", fewest.size() - told);
    return text;
}

void CheckpointStore::write(CheckpointHeader header, const std::string& body) const {
    std::error_code error;
    std::filesystem::create_directories(folder_, error);  // if it is missing, writing says so
    header.written_by = build_git_hash();
    header.needs = needs_;
    const std::string name =
        first_part() + "-" + digest_of(header.shown, header.cpuid).substr(0, 8) + std::string(extension);
    write_checkpoint(folder_ / name, std::move(header), body);
}

void CheckpointStore::save_that_it_ends_before() const {
    CheckpointHeader header;
    header.handed_over = false;
    write(std::move(header), "");
}

void CheckpointStore::save(RowState& state, uint64_t now) const {
    CheckpointHeader header;
    header.now = now;
    header.region_ended = state.measurement.result().roi.has_value();
    bool apl_cache_seen = false;
    for (unsigned i = 0; i < config_.machine.cores; ++i) {
        const model::Core& core = state.machine.core(i);
        apl_cache_seen |= core.apl_cache_seen();
        for (const model::CpuidQuestion& q : core.cpuid_asked())
            header.cpuid.push_back(answer_to(config_, i, q.leaf, q.subleaf));
    }
    const bool cut_off = state.printed > state.console.size();
    for (const Setting& setting : config_.settings)
        if ((apl_cache_seen && is_apl_shape(setting.first)) ||
            (cut_off && setting.first == "output.console_limit"))
            header.shown.push_back(setting);

    model::PhysicalMemory before(state.machine.memory().size());
    model::CpuState at_reset;
    boot(before, at_reset, kernel_image(), row_.files, row_.processes, row_.boot);
    model::StateArchive body;
    state.archive(body);
    archive_memory(body, state.machine.memory(), before);
    write(std::move(header), body.bytes());
}

}  // namespace stile::sim
