// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <signal.h>

#include <array>
#include <string>

namespace stile::workload {

// While one lives, code of a plugin may run: a crash of it, or its exit(), ends the program with a message
// that names the plugin, and exit code 2, instead of an empty screen or a success. One at a time. _exit() and
// endless loops get past it.
class PluginGuard {
  public:
    // `who`: the subject of the message.
    explicit PluginGuard(const std::string& who);
    ~PluginGuard();
    PluginGuard(const PluginGuard&) = delete;
    PluginGuard& operator=(const PluginGuard&) = delete;

  private:
    static constexpr std::array signals{SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGTRAP};
    std::array<struct sigaction, signals.size()> old_;
    stack_t old_stack_;
};

}  // namespace stile::workload
