// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <signal.h>

#include <array>
#include <string>

namespace stile::workload {

// While one lives, code of a plugin may run: a crash of it, or its exit() or _exit(), ends the program with a
// message that names the plugin, and exit code 2, instead of an empty screen or a success. So does one that
// goes on computing. One at a time.
class PluginGuard {
  public:
    // `who`: the subject of the message. `seconds`: of processor time; what a plugin has to do here takes
    // milliseconds, and every point of a sweep does it.
    explicit PluginGuard(const std::string& who, int seconds = 20);
    ~PluginGuard();
    // To be called when it unwinds the program's own thread: pthread_exit() cannot be caught.
    [[noreturn]] void thread_ended() const;
    PluginGuard(const PluginGuard&) = delete;
    PluginGuard& operator=(const PluginGuard&) = delete;

  private:
    static constexpr std::array signals{SIGSEGV, SIGBUS,  SIGILL,    SIGFPE,
                                        SIGABRT, SIGTRAP, SIGVTALRM, SIGALRM};
    static constexpr std::array interrupts{SIGINT, SIGTERM};
    std::array<struct sigaction, signals.size()> old_;
    std::array<struct sigaction, interrupts.size()> old_interrupt_;
    stack_t old_stack_;
};

// From here on nothing that plugins do while they are taken down changes the program's exit code.
void main_ends_with(int status);

}  // namespace stile::workload
