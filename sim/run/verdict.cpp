// SPDX-License-Identifier: Apache-2.0
#include "sim/run/verdict.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "abi/platform.h"

namespace stile::sim {
namespace {

Figures figures_of(const TimedCalls& timed, const MeasurementResult& measured, uint64_t frequency) {
    Figures f;
    f.calls = timed.calls;
    f.cycles_mean = timed.cycles_mean;
    f.cycles_p50 = timed.cycles_p50;
    f.cycles_p99 = timed.cycles_p99;
    f.ns_mean = timed.cycles_mean * 1e9 /
                static_cast<double>(measured.caller_frequency != 0 ? measured.caller_frequency : frequency);
    if (timed.seconds_mean) f.ns_mean = *timed.seconds_mean * 1e9;
    const model::Counters& c = timed.median;
    f.instructions = c.instructions;
    f.kernel_instructions = c.kernel_instructions;
    f.syscalls = c.syscalls;
    f.context_switches = c.context_switches;
    f.page_table_switches = c.page_table_switches;
    f.tlb_misses = c.stlb_misses;
    f.apl_misses = c.apl_misses;
    f.domain_crossings = c.domain_crossings;
    const Census& census = measured.census;
    f.bytes_copied = census.copied_bytes;
    if (census.payload_bytes != 0) {
        f.copies = census.per_payload(census.copied_bytes);
        f.copies_kernel = census.per_payload(census.by_kernel);
        f.copies_proxy = census.per_payload(census.by_proxy);
        f.copies_user = census.per_payload(census.by_user);
    }
    f.checked = measured.checked;
    for (size_t i = 0; i < f.phase.size() && i < timed.phase_mean.size(); ++i)
        f.phase[i] = timed.phase_mean[i];
    return f;
}

std::string unsupported_text(const UnsupportedInstruction& u) {
    std::string bytes;
    for (uint8_t byte : u.bytes) bytes += fmt::format("{}{:02x}", bytes.empty() ? "" : " ", byte);
    // Where there is no symbol its text is the address.
    const std::string rip = fmt::format("{:#x} ", u.rip);
    return fmt::format("unsupported instruction {} ({}) at {}{}{}, {} time{}", bytes, u.text,
                       u.symbol.starts_with(rip) ? "" : rip, u.symbol, u.in_kernel ? " in the kernel" : "",
                       u.count, u.count == 1 ? "" : "s");
}

std::string status_text(uint64_t status) {
    if ((status & 0x7f) != 0) return fmt::format("was killed by signal {}", status & 0x7f);
    return fmt::format("ended with exit status {}", (status >> 8) & 0xff);
}

// As a shell would say it: the exit status, or 128 + the signal that killed it.
int64_t shell_status(uint32_t status) {
    return (status & 0x7f) != 0 ? 128 + (status & 0x7f) : (status >> 8) & 0xff;
}

// Why the machine stopped, as far as that alone is a failure.
void judge_end(const MeasurementResult& measured, const End& end, RowResult& row) {
    const auto fail = [&](std::string text) { row.failures.push_back(std::move(text)); };
    if (end.stopped) return;
    switch (end.outcome.why) {
        case model::Stop::until:
        case model::Stop::requested:
            fail(fmt::format("it had not ended after {} of simulated time (measure.max_time); {} was running",
                             end.max_time, end.where));
            return;
        case model::Stop::stuck:
            fail(fmt::format(
                "no instruction has retired for {} (machine.watchdog); {} was running; see state.txt",
                end.watchdog, end.where));
            return;
        case model::Stop::halted:
        case model::Stop::synchronise:  // a machine keeps these to itself
        case model::Stop::idle_forever:
            fail("every thread waits, and nothing is left that could wake one (deadlock)");
            return;
        case model::Stop::triple_fault:
            fail(fmt::format("the kernel could not handle an exception (triple fault): {}\n{}",
                             end.outcome.reason, end.dump));
            return;
        case model::Stop::power_off:
            break;
    }
    const uint32_t code = end.outcome.power_code;
    if (code == STILE_POWER_PANIC) {
        fail("kernel panic: " + measured.panic.value_or("(no message)") + "; " + end.where + " was running");
    } else if (code == STILE_POWER_DEADLOCK) {
        fail("every thread waits, and nothing is left that could wake one (deadlock)");
    } else {
        row.exit_status = code;
        const bool killed = (code & 0x7f) != 0;
        // Who killed it is told below, in more words.
        if (shell_status(code) != end.expect_exit && !(killed && !measured.killed.empty())) {
            fail(fmt::format("the main process {}; workload.expect_exit is {}", status_text(code),
                             end.expect_exit));
        }
    }
}

// Regions of interest that the configuration counts on and the guest never came to.
void judge_region(const MeasurementResult& measured, const End& end, RowResult& row) {
    if (measured.refused_errno) return;
    if (end.region_wanted && !measured.roi_begun)
        row.failures.push_back(
            "the region of interest never began (measure.fast_forward, measure.stop_at); a program marks it "
            "with "
            "os/lib/region.h");
    else if (end.region_end_wanted && !measured.roi)
        row.failures.push_back("the region of interest began but never ended (measure.stop_at)");
}

}  // namespace

bool wants_state(const End& end) {
    if (end.stopped) return false;
    const uint32_t code = end.outcome.power_code;
    return end.outcome.why != model::Stop::power_off || code == STILE_POWER_PANIC ||
           code == STILE_POWER_DEADLOCK;
}

void judge(const MeasurementResult& measured, const End& end, uint64_t frequency, RowResult& row) {
    row.reports = measured.reports;
    if (end.broken_off) {
        row.status = RowResult::Status::interrupted;
        return;
    }
    judge_end(measured, end, row);
    judge_region(measured, end, row);
    const bool main_killed = row.exit_status && (*row.exit_status & 0x7f) != 0 &&
                             shell_status(static_cast<uint32_t>(*row.exit_status)) != end.expect_exit;
    for (const KilledProcess& killed : measured.killed) {
        // A program may well kill its children, and a reader that has seen enough kills who writes to it; in
        // a measured workload nobody is meant to die.
        const bool sent = killed.vector == 0xff;
        if (sent && !row.measured && !main_killed && row.failures.empty()) continue;
        (row.measured || main_killed || killed.lacking || !row.failures.empty() ? row.failures : row.warnings)
            .push_back(killed.message);
    }
    for (const UnsupportedInstruction& u : measured.unsupported) {
        (u.in_kernel || u.fatal ? row.failures : row.warnings).push_back(unsupported_text(u));
    }
    for (const UnknownSyscall& s : measured.unknown_syscalls) {
        row.warnings.push_back(fmt::format("system call {} ({}) is not implemented: ENOSYS, {} time{}",
                                           s.name, s.number, s.count, s.count == 1 ? "" : "s"));
    }
    for (const SelfTest& test : measured.self_tests) {
        if (!test.passed) row.failures.push_back("kernel self-test '" + test.name + "' failed");
    }
    row.warnings.insert(row.warnings.end(), measured.warnings.begin(), measured.warnings.end());

    if (row.failures.empty() && measured.refused_errno) {
        row.status = RowResult::Status::refused;
        row.refused_errno = *measured.refused_errno;
        row.refused_because = measured.refused_because;
        return;
    }
    if (row.measured && row.failures.empty()) {
        if (!measured.timed) {
            row.failures.push_back(end.stopped ? "it was stopped before it made a timed call"
                                               : "it ended well, but made no timed call");
        } else {
            row.figures = figures_of(*measured.timed, measured, frequency);
            if (measured.checked == false)
                row.failures.push_back("what arrived was not what was sent (checked calls)");
            if (!measured.checked && row.key.size_bytes > 0)
                (end.stopped ? row.warnings : row.failures).push_back("what arrived was never checked");
        }
    }
    row.status = row.failures.empty() ? RowResult::Status::done : RowResult::Status::failed;
}

void add_instrument_reports(const MeasurementResult& measured, const std::vector<workload::Report>& declared,
                            RowResult& row) {
    if (!row.figures || !measured.timed) return;
    const std::map<std::string, uint64_t> known{{"cycles_best", measured.timed->cycles_best},
                                                {"cycles_p90", measured.timed->cycles_p90},
                                                {"cycles_worst", measured.timed->cycles_worst}};
    for (const workload::Report& report : declared) {
        const auto figure = known.find(report.name);
        if (figure == known.end()) continue;
        const bool told = std::any_of(row.reports.begin(), row.reports.end(),
                                      [&](const auto& r) { return r.first == report.name; });
        if (!told) row.reports.emplace_back(report.name, figure->second);
    }
}

void add_statistics(const MeasurementResult& measured, std::vector<RowStatistic>& statistics, bool timed) {
    if (measured.roi) {
        const model::Counters& roi = *measured.roi;
#define STILE_ROI(name, help)                              \
    if (timed || !model::Counters::only_when_timed(#name)) \
        statistics.push_back({"roi." #name, static_cast<double>(roi.name), true, "", help});
        STILE_COUNTERS(STILE_ROI)
#undef STILE_ROI
    }
    if (measured.timed) {
        statistics.push_back({"roi.timed_calls", static_cast<double>(measured.timed->calls), true, "",
                              "calls that were timed"});
        statistics.push_back({"roi.ticked_calls", static_cast<double>(measured.timed->ticked), true, "",
                              "of them, interrupted by the timer"});
    }
    std::map<std::string, uint64_t> lacking;
    for (const UnsupportedInstruction& u : measured.unsupported)
        lacking[u.text.substr(0, u.text.find(' '))] += u.count;
    for (const auto& [mnemonic, count] : lacking) {
        statistics.push_back({"core.unsupported." + mnemonic, static_cast<double>(count), true, "",
                              "times that an instruction was met which Stile lacks"});
    }
    for (const UnknownSyscall& s : measured.unknown_syscalls) {
        statistics.push_back({"kernel.enosys." + s.name, static_cast<double>(s.count), true, "calls",
                              "calls of a system call that the kernel lacks"});
    }
}

}  // namespace stile::sim
