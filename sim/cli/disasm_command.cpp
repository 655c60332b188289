// SPDX-License-Identifier: Apache-2.0
//
// `stile disasm FILE`, and `stile disasm proxy`: the code that the kernel generates between caller and callee
// of dIPC. Nobody but the kernel knows it, so the rows of a configuration are run until it is there.
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <thread>

#include "abi/syscall.h"
#include "sim/cli/command.h"
#include "sim/cli/disasm.h"
#include "sim/config/ready.h"
#include "sim/process/say.h"
#include "sim/run/perform.h"
#include "sim/run/run.h"

namespace stile::sim {
namespace {

constexpr const char* what_proxies = "proxy";

// In the order of their bits.
constexpr const char* properties[] = {
    "reg_integrity (caller)",   "reg_conf (caller)",   "reg_conf (callee)",        "reg_integrity (callee)",
    "stack_integrity (caller)", "stack_conf (caller)", "stack_integrity (callee)", "stack_conf (callee)",
    "dcs_integrity (caller)",   "dcs_conf (caller)",   "dcs_integrity (callee)",   "dcs_conf (callee)"};
static_assert(STILE_POLICY_HIGH == (1 << std::size(properties)) - 1);

std::string policy_text(uint64_t policy) {
    if (policy == STILE_POLICY_LOW) return "low";
    if (policy == STILE_POLICY_HIGH) return "high";
    std::string text;
    for (size_t bit = 0; bit < std::size(properties); ++bit)
        if (policy >> bit & 1) text += (text.empty() ? "" : ", ") + std::string(properties[bit]);
    return text;
}

struct Found {
    RowProxy proxy;
    std::vector<std::string> made_by;  // rows
};

// One that several rows make alike is shown once.
std::vector<Found> proxies_of(const std::vector<RowResult>& rows) {
    std::vector<Found> all;
    for (const RowResult& row : rows) {
        for (const RowProxy& proxy : row.proxies) {
            auto known = std::ranges::find(all, proxy, &Found::proxy);
            if (known == all.end()) known = all.insert(all.end(), {proxy, {}});
            if (known->made_by.empty() || known->made_by.back() != row.key.text())
                known->made_by.push_back(row.key.text());
        }
    }
    return all;
}

std::string listing(const std::vector<Found>& proxies) {
    std::string out;
    for (const Found& found : proxies) {
        const std::string& code = found.proxy.code;
        out += fmt::format("{}proxy of {} bytes, policy {}; made in {}\n", out.empty() ? "" : "\n",
                           code.size(), policy_text(found.proxy.policy), fmt::join(found.made_by, ", "));
        out += disassembly({reinterpret_cast<const uint8_t*>(code.data()), code.size()}, found.proxy.address);
    }
    return out;
}

// Its code does not depend on how fast the machine is, nor on how often it is called.
std::vector<Override> quickly(const ConfigArguments& arguments) {
    std::vector<Override> all;
    if (arguments.config.empty())
        for (const char* set : {"workload.mechanisms=[dipc]", "workload.sizes=[0 B]"})
            all.push_back({"stile disasm proxy", set});
    for (const char* set : {"machine.core.model=functional", "measure.warmup=0", "measure.repetitions=1"})
        all.push_back({"stile disasm proxy", set});
    for (const Override& given : arguments.overrides()) all.push_back(given);
    return all;
}

int show_proxies(const ConfigArguments& arguments) {
    const std::string path =
        arguments.config.empty() ? ready_path("stile:runs/compare.yaml", {"stile", 0, 0}) : arguments.config;
    const auto loaded = load_config(path, quickly(arguments),
                                    [](const std::string& name) { return workload::load_plugin(name); });
    const std::vector<workload::Row> rows = make_rows(*loaded);
    PerformOptions options;
    options.jobs = std::max(1u, std::thread::hardware_concurrency());
    const Performed performed = perform(*loaded, rows, options);
    if (performed.interrupted) return exit_interrupted;
    bool failed = false;
    for (const RowResult& row : performed.rows) {
        for (const std::string& failure : row.failures) say("stile: {}: {}\n", row.key.text(), failure);
        failed |= row.status == RowResult::Status::failed || row.status == RowResult::Status::crashed;
    }
    const std::vector<Found> proxies = proxies_of(performed.rows);
    put(listing(proxies));
    if (proxies.empty() && !failed)
        throw BadInput({path, 0, 0}, "no row of this makes a proxy",
                       "rows of mechanism 'dipc' do: --set workload.mechanisms=[dipc]");
    return failed ? exit_failed : exit_done;
}

}  // namespace

Command add_disasm(CLI::App& app) {
    struct Arguments {
        std::vector<std::string> what;
        ConfigArguments config;
    };
    const auto arguments = std::make_shared<Arguments>();
    CLI::App* disasm = app.add_subcommand("disasm", "Disassemble guest code, CODOMs included");
    disasm
        ->add_option(
            "WHAT", arguments->what,
            "Files, ELF or flat code; or 'proxy': what the kernel generates between two processes for "
            "dIPC, and after it the configuration whose rows make them; default: compare.yaml's, of "
            "mechanism dipc")
        ->required();
    arguments->config.add_set(*disasm);
    return {disasm, [arguments]() -> int {
                const std::vector<std::string>& what = arguments->what;
                if (what.front() == what_proxies) {
                    if (what.size() > 2)
                        throw BadInput({"stile disasm proxy", 0, 0}, "one configuration makes the proxies",
                                       "'stile disasm proxy CONFIG.yaml' is expected");
                    if (what.size() == 2) arguments->config.config = ready_path(what[1], {"stile", 0, 0});
                    return show_proxies(arguments->config);
                }
                if (!arguments->config.sets.empty())
                    throw BadInput({"stile disasm", 0, 0}, "a file of code has no configuration",
                                   "'stile disasm proxy CONFIG.yaml' or 'stile disasm FILE' is expected");
                std::string all;
                for (const std::string& file : what) {
                    if (what.size() > 1) all += fmt::format("{}{}:\n", all.empty() ? "" : "\n", file);
                    all += disassemble_file(file);
                }
                put(all);
                return exit_done;
            }};
}

}  // namespace stile::sim
