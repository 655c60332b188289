// SPDX-License-Identifier: Apache-2.0
//
// Numbers of the guest's system-call interface, as people call them.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "abi/marker.h"

namespace stile::sim {

std::string syscall_name(uint64_t number);      // "openat", or "syscall 999"
std::string signal_name(uint64_t number);       // "SIGSEGV", or "signal 99"
std::string right_name(uint64_t right);         // "nil", "call", "read", "write"
std::string wait_status_text(uint64_t status);  // "exit status 1", "killed by SIGSEGV"

// Domain names by tag, as the kernel announced them.
using DomainNames = std::map<uint64_t, std::string>;

// What the process did to be killed, one sentence without its subject:
// "domain 5 (client) may not READ address 0x40001000 in domain 6 (server): holds nil, needs read".
std::string kill_cause(const stile_kill_info& info, const DomainNames& domains);

}  // namespace stile::sim
