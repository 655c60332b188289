// SPDX-License-Identifier: Apache-2.0
#include "workloads/plugin_guard.h"

#include <dlfcn.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include <atomic>

namespace stile::workload {
namespace {

constexpr int bad_input = 2, interrupted = 130;

// Made in advance: where it is written, nothing may be allocated. Empty while no guard lives.
char subject[1024];
// A child that a plugin makes may end as it likes.
pid_t guarded = 0;
// What main() has come to; plugins have destructors.
int final_status = -1;
// Of the program, for SIGINT and SIGTERM.
void (*on_interrupt)(int) = nullptr;
// A plugin may have used up the stack.
alignas(16) char stack[64 * 1024];

using SystemCall = long (*)(long, ...);

// The C library's. No static object, because guards of those make system calls themselves. Every guard asks
// once in advance: no handler of a crash may look for it.
SystemCall system_call() {
    static std::atomic<SystemCall> known = nullptr;
    SystemCall found = known;
    if (!found) known = found = reinterpret_cast<SystemCall>(dlsym(RTLD_NEXT, "syscall"));
    return found;
}

[[noreturn]] void leave(int status) {
    for (;;) system_call()(SYS_exit_group, status);
}

void say(const char* text) {
    if (write(STDERR_FILENO, text, strlen(text)) < 0) leave(bad_input);
}

[[noreturn]] void end(const char* what, const char* detail = "", int status = bad_input) {
    say(subject);
    say(what);
    say(detail);
    say("\n");
    leave(status);
}

void on_signal(int signal) {
    if (signal == SIGVTALRM) end(" computes and does not come to an end");
    if (signal == SIGALRM) end(" does not come to an end, and was interrupted", "", interrupted);
    const char* name = sigabbrev_np(signal);
    end(" crashed: SIG", name ? name : "?");
}

bool is_guarded() { return *subject && getpid() == guarded; }

void at_quick_end() {
    if (is_guarded()) end(" ended the program: it called exit()");
}

[[noreturn]] void end_program(int status, const char* how) {
    if (is_guarded()) end(how);
    leave(final_status >= 0 && getpid() == guarded ? final_status : status);
}

// The first that is registered runs last.
void at_end(int status, void*) {
    at_quick_end();
    if (final_status >= 0 && status != final_status) leave(final_status);
}

// ITIMER_VIRTUAL: of this process, outside the kernel; waiting for a file does not count. 0: no longer.
void set_timer(__itimer_which kind, int seconds) {
    const itimerval timer{{0, 0}, {seconds, 0}};
    setitimer(kind, &timer, nullptr);
}

// The program will see to it when the plugin returns; if that ever happens.
void pass_on(int signal) {
    on_interrupt(signal);
    set_timer(ITIMER_REAL, 2);
}

}  // namespace

PluginGuard::PluginGuard(const std::string& who, int seconds) {
    static const int registered = on_exit(at_end, nullptr) + at_quick_exit(at_quick_end);
    static_cast<void>(registered);
    system_call();
    guarded = getpid();
    strncpy(subject, ("stile: error: " + who).c_str(), sizeof subject - 1);
    stack_t own = {};
    own.ss_sp = stack;
    own.ss_size = sizeof stack;
    sigaltstack(&own, &old_stack_);
    struct sigaction action = {};
    action.sa_handler = on_signal;
    action.sa_flags = SA_ONSTACK;
    for (size_t i = 0; i < signals.size(); ++i) sigaction(signals[i], &action, &old_[i]);
    action.sa_handler = pass_on;
    for (size_t i = 0; i < interrupts.size(); ++i) {
        sigaction(interrupts[i], nullptr, &old_interrupt_[i]);
        const auto handler = old_interrupt_[i].sa_handler;
        if (handler == SIG_DFL || handler == SIG_IGN) continue;
        on_interrupt = handler;
        sigaction(interrupts[i], &action, nullptr);
    }
    set_timer(ITIMER_VIRTUAL, seconds);
}

PluginGuard::~PluginGuard() {
    set_timer(ITIMER_VIRTUAL, 0);
    for (size_t i = 0; i < interrupts.size(); ++i) sigaction(interrupts[i], &old_interrupt_[i], nullptr);
    set_timer(ITIMER_REAL, 0);
    for (size_t i = 0; i < signals.size(); ++i) sigaction(signals[i], &old_[i], nullptr);
    sigaltstack(&old_stack_, nullptr);
    *subject = '\0';
}

void PluginGuard::thread_ended() const { end(" ended its thread, which is the program's"); }

void main_ends_with(int status) { final_status = status; }

}  // namespace stile::workload

// Stand before those of the C library for plugins as well, since the program exports what a library of its
// own defines: no handler is told of an _exit().
extern "C" {
__attribute__((visibility("default"))) void _exit(int status) {
    stile::workload::end_program(status, " ended the program: it called _exit()");
}
__attribute__((visibility("default"))) void _Exit(int status) noexcept { _exit(status); }
// Which leaves a plugin with an instruction of its own.
__attribute__((visibility("default"))) long syscall(long number, ...) noexcept {
    using namespace stile::workload;
    long arguments[6];
    va_list all;
    va_start(all, number);
    for (long& argument : arguments) argument = va_arg(all, long);
    va_end(all);
    if (number == SYS_exit_group)
        end_program(static_cast<int>(arguments[0]), " ended the program: it made the system call exit_group");
    // Of the program's own thread nothing would be left to say so.
    if (number == SYS_exit && gettid() == getpid())
        end_program(static_cast<int>(arguments[0]), " ended the program: it made the system call exit");
    return system_call()(number, arguments[0], arguments[1], arguments[2], arguments[3], arguments[4],
                         arguments[5]);
}
}
