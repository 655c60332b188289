// SPDX-License-Identifier: Apache-2.0
//
// The keys beside `machine:`.
#include "sim/config/bind.h"

namespace stile::sim {

void bind_run(Registry& keys, RunConfig& config) {
    keys.text("workload.name", config.workload)
        .required()
        .help("what runs: the name of a workload, or the path of a plugin; 'workload: NAME' is short for it");
    keys.integer("workload.expect_exit", config.expect_exit)
        .range(0, 255)
        .help("exit status that the main process should have; 128 + N: killed by signal N");
    bind_machine(keys, config.machine);
    bind_cores(keys, config);
    keys.choice<model::ProtectionKind>("protection", config.machine.protection,
                                       {{"none", model::ProtectionKind::none},
                                        {"paging", model::ProtectionKind::paging},
                                        {"mpk", model::ProtectionKind::mpk},
                                        {"codoms", model::ProtectionKind::codoms}})
        .help(
            "none: one page table, no domain check; paging: a table per process; mpk: likewise, with "
            "protection "
            "keys; codoms: domains checked");
    keys.text("proxies", config.proxies)
        .choices({"software"})
        .later("hardware", "the proxy unit comes later; software is expected")
        .help("who makes the code of a domain crossing: software is the kernel");
    keys.frequency("os.tick", config.os.tick_hz).range(10, 10'000).help("preemption timer of the kernel");
    keys.integer("os.seed", config.os.seed).not_built().help("of AT_RANDOM and getrandom in the guest");
    keys.text("os.kernel_profile", config.os.kernel_profile)
        .choices({"tiny"})
        .later("linux", "other kernel profiles come later; tiny is expected")
        .help("how much a kernel does around each mechanism; tiny: nothing but what it needs");
    keys.boolean("os.flush_apl_on_switch", config.os.flush_apl_on_switch)
        .help(
            "empty the APL cache when threads are switched: it then tells the next one nothing "
            "(docs/apl-cache.md)");
#define STILE_OS_CHECK_KEY(name, off)                                         \
    keys.boolean("os.checks." #name, config.os.checks[STILE_OS_CHECK_##name]) \
        .help("a rule of the kernel; false: " off);
    STILE_OS_CHECKS(STILE_OS_CHECK_KEY)
#undef STILE_OS_CHECK_KEY
    keys.integer("measure.warmup", config.measure.warmup)
        .range(0, 1'000'000)
        .help("calls before the timed ones");
    keys.integer("measure.repetitions", config.measure.repetitions)
        .range(1, 10'000'000)
        .help("timed calls per row");
    keys.text("measure.touch", config.measure.touch)
        .choices({"none", "read", "write"})
        .help("what the receiver does with the payload inside a timed call");
    keys.time("measure.max_time", config.measure.max_time_ns)
        .range(1'000, 1'000'000'000'000'000)
        .help("simulated time after which a row is given up");
    keys.moment("measure.fast_forward", config.measure.fast_forward)
        .choices({"none", "boot", "roi"})
        .range(1, 1'000'000'000'000'000)
        .help(
            "the functional core runs until then: the kernel has booted, the region of interest, or a time; "
            "caches and predictors begin cold");
    keys.moment("measure.stop_at", config.measure.stop_at)
        .choices({"end", "roi_end"})
        .range(1, 1'000'000'000'000'000)
        .help(
            "where a row ends as it should: with its main process, with the region of interest, or at a "
            "simulated time");
    keys.text("output.folder", config.output.folder)
        .help("where run directories are made, unless --out names one");
    keys.boolean("output.report", config.output.report).help("write report.html");
    keys.boolean("output.energy", config.output.energy)
        .help(
            "add the energy of the machine's arrays to the statistics (docs/area.md); takes a second to size "
            "them");
    keys.bytes("output.console_limit", config.output.console_limit)
        .range(0, 1 << 30)
        .help("how much of what the guest prints is kept, per row");
}

void bind_parameters(Registry& keys, const workload::Descriptor& workload, workload::Parameters& values) {
    for (const workload::Parameter& parameter : workload.parameters)
        values[parameter.name] = parameter.default_value;
    // Only now, because a field must not move once it is bound.
    for (const workload::Parameter& parameter : workload.parameters) {
        keys.parameter("workload." + parameter.name, parameter, values[parameter.name]);
    }
}

}  // namespace stile::sim
