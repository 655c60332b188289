// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/yaml_fuzz/guard.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <unistd.h>

#include <cstring>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/common_interface_defs.h>
extern "C" const char* __asan_default_options() { return "hard_rss_limit_mb=3072:detect_leaks=0"; }
#endif

namespace stile::test {
namespace {

char words[256];
size_t at_begin = 0;

size_t peak() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return static_cast<size_t>(usage.ru_maxrss) / 1024;
}

void say() { [[maybe_unused]] const ssize_t written = write(STDOUT_FILENO, words, std::strlen(words)); }

void last_words(int signal) {
    const char* why = signal == SIGPROF ? "hangs: " : "crashes: ";
    [[maybe_unused]] const ssize_t written = write(STDOUT_FILENO, why, std::strlen(why));
    say();
    _exit(1);
}

}  // namespace

void begin_guard() {
    at_begin = peak();
    static char stack[64 << 10];
    const stack_t alternate{stack, 0, sizeof stack};
    sigaltstack(&alternate, nullptr);
    struct sigaction action = {};
    action.sa_handler = last_words;
    action.sa_flags = SA_ONSTACK;
    sigaction(SIGPROF, &action, nullptr);
#if defined(__SANITIZE_ADDRESS__)
    __sanitizer_set_death_callback(say);
#else
    for (const int signal : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT}) sigaction(signal, &action, nullptr);
    const rlimit memory{3ull << 30, 3ull << 30};
    setrlimit(RLIMIT_AS, &memory);
#endif
}

void begin_case(const std::string& case_text) {
    std::strncpy(words, (case_text + "\n").c_str(), sizeof words - 1);
    const itimerval time{{0, 0}, {30, 0}};
    setitimer(ITIMER_PROF, &time, nullptr);
}

size_t peak_megabytes() { return peak() - at_begin; }

}  // namespace stile::test
