// SPDX-License-Identifier: Apache-2.0
//
// What a run of one row has shown, as plain values. Everything here is simulated: no host time, no host
// address.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "model/core/counters.h"

namespace stile::sim {

// One timed call: what timed_calls.h makes of the counters between CALL_BEGIN and CALL_END.
struct CallSample {
    model::Counters delta;
    bool ticked = false;  // the timer interrupted it
    uint64_t clock = 0;   // Hz, of the core whose cycles it is told in; 0: not known
};

struct TimedCalls {
    uint64_t calls = 0, ticked = 0;
    double cycles_mean = 0, cycles_p50 = 0, cycles_p99 = 0;
    uint64_t cycles_best = 0, cycles_p90 = 0, cycles_worst = 0;
    std::optional<double> seconds_mean;  // where callers have different clocks
    bool overlap = false;                // calls of several callers were under way at once
    // Of the median call; calls that the timer interrupted are left out unless there are no others. Where
    // calls overlap: all events of the timed phase over the calls.
    model::Counters median;
    // Mean over all calls; the phases sum to cycles_mean.
    std::vector<double> phase_mean;
};

// Copies of the payload, found by content (DESIGN section 7).
struct Census {
    uint64_t payload_bytes = 0;  // both directions; 0: no census was taken
    uint64_t copied_bytes = 0;
    uint64_t by_kernel = 0, by_proxy = 0, by_user = 0;  // bytes; sum to copied_bytes
    double per_payload(uint64_t bytes) const {
        return payload_bytes ? static_cast<double>(bytes) / static_cast<double>(payload_bytes) : 0;
    }
};

struct UnsupportedInstruction {
    std::vector<uint8_t> bytes;
    std::string text;  // disassembly
    uint64_t rip = 0;
    std::string symbol;
    uint64_t count = 0;
    bool in_kernel = false;
    bool fatal = false;  // a process died of it
};

// A system call that the kernel does not implement.
struct UnknownSyscall {
    uint64_t number = 0;
    std::string name;
    uint64_t count = 0;
};

struct KilledProcess {
    uint64_t pid = 0;
    std::string image;  // path in the guest
    unsigned signal = 0;
    std::string signal_name;
    unsigned vector = 0xff;  // of the exception; 0xff: the signal was sent
    uint64_t error = 0, rip = 0, address = 0;
    std::string symbol;
    bool lacking = false;  // of an instruction that Stile lacks
    std::string message;   // one sentence for people, with everything above in it
};

struct ExitedProcess {
    uint64_t pid = 0;
    std::string image;
    uint64_t status = 0;  // as in wait(2)
};

struct SelfTest {
    std::string name;
    bool passed = false;
};

// What the kernel has generated between a caller and an exported function (docs/dipc.md).
struct ProxyCode {
    uint64_t address = 0;
    uint64_t policy = 0;  // abi/syscall.h, enum stile_policy
    std::vector<uint8_t> code;
};

struct MeasurementResult {
    bool booted = false;
    std::optional<TimedCalls> timed;
    uint64_t caller_frequency = 0;  // Hz, of the core that makes the timed calls
    // Counters over the region of interest (ROI_BEGIN to ROI_END), calls and what lies between them: the
    // cycles of the core that ends it, the events of all cores.
    std::optional<model::Counters> roi;
    bool roi_begun = false;
    Census census;
    // checked: nothing when no checked call ended; otherwise true when every one of them was right.
    std::optional<bool> checked;
    uint64_t checked_calls = 0;
    std::optional<int> refused_errno;
    std::string refused_because;
    std::vector<std::pair<std::string, uint64_t>> reports;  // STILE_MARK_REPORT, in order
    std::vector<UnsupportedInstruction> unsupported;
    std::vector<UnknownSyscall> unknown_syscalls;
    std::vector<KilledProcess> killed;
    std::vector<ExitedProcess> exited;
    std::vector<SelfTest> self_tests;
    std::vector<ProxyCode> proxies;  // in the order in which they were made
    std::optional<std::string> panic;
    bool deadlock = false;
    uint64_t refused_accesses = 0;      // by the protection unit; a kernel may turn them into EFAULT
    std::vector<std::string> warnings;  // a timed call without an end, and the like
};

}  // namespace stile::sim
