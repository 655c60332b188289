// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <signal.h>

#include <array>
#include <string>

namespace stile::workload {

// While one lives, code of a plugin may run: a crash of it, or its exit(), ends the program with a message
// that names the plugin, and exit code 2, instead of an empty screen or a success. So does one
// that goes on computing. One at a time. _exit() gets past it.
class PluginGuard {
  public:
    // `who`: the subject of the message. `seconds`: of processor time; what a plugin has to do here takes
    // milliseconds, and every point of a sweep does it.
    explicit PluginGuard(const std::string& who, int seconds = 20);
    ~PluginGuard();
    PluginGuard(const PluginGuard&) = delete;
    PluginGuard& operator=(const PluginGuard&) = delete;

  private:
    static constexpr std::array signals{SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGTRAP, SIGVTALRM};
    std::array<struct sigaction, signals.size()> old_;
    stack_t old_stack_;
};

}  // namespace stile::workload
