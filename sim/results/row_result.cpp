// SPDX-License-Identifier: Apache-2.0
#include "sim/results/row_result.h"

#include <cmath>
#include <nlohmann/json.hpp>

namespace stile::sim {
namespace {

using nlohmann::json;

template <class T>
json optional_json(const std::optional<T>& value) {
    return value ? json(*value) : json(nullptr);
}

template <class T>
std::optional<T> optional_from(const json& value) {
    if (value.is_null()) return std::nullopt;
    return value.get<T>();
}

json figures_json(const Figures& f) {
    return {{"calls", f.calls},
            {"cycles_mean", f.cycles_mean},
            {"cycles_p50", f.cycles_p50},
            {"cycles_p99", f.cycles_p99},
            {"ns_mean", f.ns_mean},
            {"instructions", f.instructions},
            {"kernel_instructions", f.kernel_instructions},
            {"syscalls", f.syscalls},
            {"context_switches", f.context_switches},
            {"page_table_switches", f.page_table_switches},
            {"bytes_copied", f.bytes_copied},
            {"copies", optional_json(f.copies)},
            {"copies_kernel", optional_json(f.copies_kernel)},
            {"copies_proxy", optional_json(f.copies_proxy)},
            {"copies_user", optional_json(f.copies_user)},
            {"tlb_misses", f.tlb_misses},
            {"apl_misses", f.apl_misses},
            {"domain_crossings", f.domain_crossings},
            {"checked", optional_json(f.checked)},
            {"phase", f.phase}};
}

Figures figures_from(const json& j) {
    Figures f;
    j.at("calls").get_to(f.calls);
    j.at("cycles_mean").get_to(f.cycles_mean);
    j.at("cycles_p50").get_to(f.cycles_p50);
    j.at("cycles_p99").get_to(f.cycles_p99);
    j.at("ns_mean").get_to(f.ns_mean);
    j.at("instructions").get_to(f.instructions);
    j.at("kernel_instructions").get_to(f.kernel_instructions);
    j.at("syscalls").get_to(f.syscalls);
    j.at("context_switches").get_to(f.context_switches);
    j.at("page_table_switches").get_to(f.page_table_switches);
    j.at("bytes_copied").get_to(f.bytes_copied);
    f.copies = optional_from<double>(j.at("copies"));
    f.copies_kernel = optional_from<double>(j.at("copies_kernel"));
    f.copies_proxy = optional_from<double>(j.at("copies_proxy"));
    f.copies_user = optional_from<double>(j.at("copies_user"));
    j.at("tlb_misses").get_to(f.tlb_misses);
    j.at("apl_misses").get_to(f.apl_misses);
    j.at("domain_crossings").get_to(f.domain_crossings);
    f.checked = optional_from<bool>(j.at("checked"));
    j.at("phase").get_to(f.phase);
    return f;
}

// Guest output may be any bytes; JSON strings may not.
json bytes_json(const std::string& bytes) {
    return json::binary_t(std::vector<uint8_t>(bytes.begin(), bytes.end()));
}

std::string bytes_from(const json& j) {
    const auto& bytes = j.get_binary();
    return {bytes.begin(), bytes.end()};
}

}  // namespace

std::string size_text(int64_t bytes) {
    if (bytes != 0 && bytes % (1 << 20) == 0) return std::to_string(bytes >> 20) + " MiB";
    if (bytes != 0 && bytes % (1 << 10) == 0) return std::to_string(bytes >> 10) + " KiB";
    return std::to_string(bytes) + " B";
}

std::string RowKey::text() const {
    return mechanism + (policy == "-" ? "" : " " + policy) + " " + size_text(size_bytes) +
           (placement == "other_core" ? " other_core" : "");
}

const char* status_name(RowResult::Status status) {
    switch (status) {
        case RowResult::Status::done:
            return "done";
        case RowResult::Status::refused:
            return "refused";
        case RowResult::Status::failed:
            return "failed";
        case RowResult::Status::crashed:
            return "crashed";
        case RowResult::Status::interrupted:
            return "interrupted";
    }
    return "";
}

json to_json(const RowResult& row) {
    json proxies = json::array();
    for (const RowProxy& p : row.proxies) proxies.push_back({p.address, p.policy, bytes_json(p.code)});
    json statistics = json::array();
    for (const RowStatistic& s : row.statistics) {
        statistics.push_back({s.path, s.value, s.integral, s.unit, s.description});
    }
    const RowKey& key = row.key;
    return {{"key",
             {key.mechanism, key.policy, key.scope, key.placement, key.size_bytes, key.proxies,
              key.protection, key.core, key.machine, key.kernel_profile}},
            {"measured", row.measured},
            {"status", static_cast<int>(row.status)},
            {"trouble", static_cast<int>(row.trouble)},
            {"refused_errno", row.refused_errno},
            {"refused_because", row.refused_because},
            {"failures", row.failures},
            {"warnings", row.warnings},
            {"figures", row.figures ? figures_json(*row.figures) : json(nullptr)},
            {"exit_status", optional_json(row.exit_status)},
            {"cycles", row.cycles},
            {"ns", row.ns},
            {"instructions", row.instructions},
            {"restored_cycles", row.restored_cycles},
            {"restored_instructions", row.restored_instructions},
            {"reports", row.reports},
            {"statistics", statistics},
            {"console", bytes_json(row.console)},
            {"state", bytes_json(row.state)},
            {"proxies", proxies},
            {"kept", bytes_json(row.kept)},
            {"host_seconds", row.host_seconds}};
}

RowResult row_from_json(const json& j) {
    RowResult row;
    const json& key = j.at("key");
    std::string* const texts[] = {
        &row.key.mechanism, &row.key.policy,     &row.key.scope, &row.key.placement, nullptr,
        &row.key.proxies,   &row.key.protection, &row.key.core,  &row.key.machine,   &row.key.kernel_profile};
    for (size_t i = 0; i < std::size(texts); ++i) {
        if (texts[i]) {
            key.at(i).get_to(*texts[i]);
        } else {
            key.at(i).get_to(row.key.size_bytes);
        }
    }
    j.at("measured").get_to(row.measured);
    row.status = static_cast<RowResult::Status>(j.at("status").get<int>());
    row.trouble = static_cast<RowResult::Trouble>(j.at("trouble").get<int>());
    j.at("refused_errno").get_to(row.refused_errno);
    j.at("refused_because").get_to(row.refused_because);
    j.at("failures").get_to(row.failures);
    j.at("warnings").get_to(row.warnings);
    if (!j.at("figures").is_null()) row.figures = figures_from(j.at("figures"));
    row.exit_status = optional_from<uint64_t>(j.at("exit_status"));
    j.at("cycles").get_to(row.cycles);
    j.at("ns").get_to(row.ns);
    j.at("instructions").get_to(row.instructions);
    j.at("restored_cycles").get_to(row.restored_cycles);
    j.at("restored_instructions").get_to(row.restored_instructions);
    j.at("reports").get_to(row.reports);
    for (const json& s : j.at("statistics")) {
        // JSON text has no word for what is no number.
        const double value = s.at(1).is_null() ? NAN : s.at(1).get<double>();
        row.statistics.push_back({s.at(0), value, s.at(2), s.at(3), s.at(4)});
    }
    row.console = bytes_from(j.at("console"));
    row.state = bytes_from(j.at("state"));
    for (const json& p : j.at("proxies")) row.proxies.push_back({p.at(0), p.at(1), bytes_from(p.at(2))});
    row.kept = bytes_from(j.at("kept"));
    j.at("host_seconds").get_to(row.host_seconds);
    return row;
}

}  // namespace stile::sim
