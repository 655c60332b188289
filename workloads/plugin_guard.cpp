// SPDX-License-Identifier: Apache-2.0
#include "workloads/plugin_guard.h"

#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

namespace stile::workload {
namespace {

constexpr int bad_input = 2;

// Made in advance: where it is written, nothing may be allocated. Empty while no guard lives.
char subject[1024];
// A plugin may have used up the stack.
alignas(16) char stack[64 * 1024];

void say(const char* text) {
    if (write(STDERR_FILENO, text, strlen(text)) < 0) _exit(bad_input);
}

void end(const char* what, const char* detail) {
    say(subject);
    say(what);
    say(detail);
    say("\n");
    _exit(bad_input);
}

void on_signal(int signal) {
    if (signal == SIGVTALRM) end(" computes and does not come to an end", "");
    const char* name = sigabbrev_np(signal);
    end(" crashed: SIG", name ? name : "?");
}

void on_exit() {
    if (*subject) end(" ended the program: it called exit()", "");
}

// Of this process, outside the kernel: waiting for a file does not count. 0: no longer.
void set_timer(int seconds) {
    const itimerval timer{{0, 0}, {seconds, 0}};
    setitimer(ITIMER_VIRTUAL, &timer, nullptr);
}

}  // namespace

PluginGuard::PluginGuard(const std::string& who, int seconds) {
    static const int registered = atexit(on_exit);
    static_cast<void>(registered);
    strncpy(subject, ("stile: error: " + who).c_str(), sizeof subject - 1);
    stack_t own = {};
    own.ss_sp = stack;
    own.ss_size = sizeof stack;
    sigaltstack(&own, &old_stack_);
    struct sigaction action = {};
    action.sa_handler = on_signal;
    action.sa_flags = SA_ONSTACK;
    for (size_t i = 0; i < signals.size(); ++i) sigaction(signals[i], &action, &old_[i]);
    set_timer(seconds);
}

PluginGuard::~PluginGuard() {
    set_timer(0);
    for (size_t i = 0; i < signals.size(); ++i) sigaction(signals[i], &old_[i], nullptr);
    sigaltstack(&old_stack_, nullptr);
    *subject = '\0';
}

}  // namespace stile::workload
