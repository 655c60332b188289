// SPDX-License-Identifier: Apache-2.0
//
// What a test runner leaves open or ignores would be inherited by the programs that tests start on the host,
// and some of those ask about descriptor numbers. Every test starts alike, whoever starts it.
#include <signal.h>
#include <unistd.h>

namespace {

[[gnu::constructor]] void start_clean() {
    close_range(STDERR_FILENO + 1, ~0U, 0);
    signal(SIGPIPE, SIG_DFL);
    signal(SIGCHLD, SIG_DFL);
}

}  // namespace
