// SPDX-License-Identifier: Apache-2.0
#include "sim/measure/names.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

#include "abi/codoms.h"
#include "model/core/fault.h"

namespace stile::sim {
namespace {

constexpr std::pair<unsigned, const char*> syscalls[] = {
#define X(number, name) {number, #name},
#include "sim/measure/syscall_names.inc"
#undef X
};

// Linux x86-64 (signal(7)); index is the number.
constexpr std::array<const char*, 32> signals{
    "",          "SIGHUP",  "SIGINT",    "SIGQUIT", "SIGILL",   "SIGTRAP", "SIGABRT", "SIGBUS",
    "SIGFPE",    "SIGKILL", "SIGUSR1",   "SIGSEGV", "SIGUSR2",  "SIGPIPE", "SIGALRM", "SIGTERM",
    "SIGSTKFLT", "SIGCHLD", "SIGCONT",   "SIGSTOP", "SIGTSTP",  "SIGTTIN", "SIGTTOU", "SIGURG",
    "SIGXCPU",   "SIGXFSZ", "SIGVTALRM", "SIGPROF", "SIGWINCH", "SIGIO",   "SIGPWR",  "SIGSYS"};

std::string domain(uint64_t tag, const DomainNames& names) {
    const auto it = names.find(tag);
    return it == names.end() ? fmt::format("domain {}", tag) : fmt::format("domain {} ({})", tag, it->second);
}

std::string refused_access(const stile_kill_info& k, const DomainNames& names) {
    const std::string from = domain(k.from_tag, names), to = domain(k.to_tag, names);
    switch (STILE_CD_REASON(k.error)) {
        case STILE_CD_RIGHT: {
            const bool fetch = k.error & STILE_CD_FETCH;
            const char* verb = fetch ? (k.needed <= STILE_RIGHT_CALL ? "CALL" : "JUMP TO")
                               : (k.error & STILE_CD_WRITE) ? "WRITE"
                                                            : "READ";
            return fmt::format("{} may not {} address {:#x} in {}: holds {}, needs {}", from, verb, k.address,
                               to, right_name(k.had), right_name(k.needed));
        }
        case STILE_CD_ALIGN:
            return fmt::format("{} may CALL {} only at entry points (multiples of {}); {:#x} is none", from,
                               to, STILE_ENTRY_ALIGN, k.address);
        case STILE_CD_RETURN:
            return fmt::format(
                "{} returned to address {:#x} in {}, which the top of its domain capability stack does "
                "not name",
                from, k.address, to);
        case STILE_CD_DCS_BOUNDS:
            return fmt::format(
                "{} left the bounds of its domain capability stack, calling or returning to {:#x} in {}",
                from, k.address, to);
        case STILE_CD_CAP_PAGE:
            return fmt::format(
                "{} touched address {:#x} in {} as what it is not: capability storage takes no ordinary "
                "access, other pages hold no capabilities",
                from, k.address, to);
        case STILE_CD_STRADDLE:
            return fmt::format("{} ran an instruction at {:#x} that lies in two domains, the second {}", from,
                               k.rip, to);
        case STILE_CD_CAP_TYPE:
            return fmt::format(
                "{} used a capability, or a place of one, as one of another type (address {:#x}): "
                "synchronous and "
                "return capabilities are not stored, counters are no capabilities",
                from, k.address);
        case STILE_CD_CAP_RANGE:
            return fmt::format(
                "{} asked a capability for more than it says, or its counter is used up (address {:#x})",
                from, k.address);
        default:
            return fmt::format("{} was refused address {:#x} in {}: reason {}", from, k.address, to,
                               STILE_CD_REASON(k.error));
    }
}

std::string page_fault(const stile_kill_info& k) {
    const char* verb = k.error & model::PF_FETCH ? "execute" : k.error & model::PF_WRITE ? "write" : "read";
    const char* why = !(k.error & model::PF_PRESENT) ? "no page is present there"
                      : k.error & model::PF_RESERVED ? "its page-table entry has reserved bits set"
                      : k.error & model::PF_KEY      ? "its protection key does not allow it"
                                                     : "its page does not allow it";
    return fmt::format("it tried to {} address {:#x}: {}", verb, k.address, why);
}

}  // namespace

std::string syscall_name(uint64_t number) {
    const auto it = std::find_if(std::begin(syscalls), std::end(syscalls),
                                 [&](const auto& s) { return s.first == number; });
    return it == std::end(syscalls) ? fmt::format("syscall {}", number) : it->second;
}

std::string signal_name(uint64_t number) {
    if (number > 0 && number < signals.size()) return signals[number];
    return fmt::format("signal {}", number);
}

std::string right_name(uint64_t right) {
    constexpr std::array<const char*, 4> names{"nil", "call", "read", "write"};
    return right < names.size() ? names[right] : fmt::format("right {}", right);
}

std::string wait_status_text(uint64_t status) {
    if (const unsigned signal = status & 0x7f; signal != 0) return "killed by " + signal_name(signal);
    return fmt::format("exit status {}", status >> 8 & 0xff);
}

std::string kill_cause(const stile_kill_info& k, const DomainNames& domains) {
    switch (k.vector) {
        case STILE_KILL_EXEC:
            return "the program that it executed has segments that cannot be mapped";
        case STILE_KILL_SIGNAL:
            return "no exception: it was sent the signal";
        case STILE_VEC_DOMAIN:
            return refused_access(k, domains);
        case model::VEC_PF:
            return page_fault(k);
        case model::VEC_DE:
            return "it divided by zero, or the quotient does not fit";
        case model::VEC_UD:
            return "it ran an invalid instruction";
        case model::VEC_GP:
            return fmt::format("general protection fault, error code {:#x}", k.error);
        case model::VEC_BP:
            return "it ran a breakpoint";
        case model::VEC_MF:
        case model::VEC_XM:
            return "floating-point exception";
        default:
            return fmt::format("exception {}, error code {:#x}", k.vector, k.error);
    }
}

}  // namespace stile::sim
