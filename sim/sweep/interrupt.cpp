// SPDX-License-Identifier: Apache-2.0
#include "sim/sweep/interrupt.h"

#include <signal.h>

namespace stile::sim {
namespace {

constexpr int signals[] = {SIGINT, SIGTERM, SIGHUP};
volatile sig_atomic_t came = 0;

}  // namespace

void take_interrupts() {
    struct sigaction action = {};
    action.sa_handler = [](int) { came = 1; };
    sigemptyset(&action.sa_mask);
    for (const int signal : signals) {
        struct sigaction old;
        sigaction(signal, &action, &old);
        // nohup says that the terminal may go.
        if (signal == SIGHUP && old.sa_handler == SIG_IGN) sigaction(signal, &old, nullptr);
    }
}

void block_interrupts() {
    sigset_t blocked;
    sigemptyset(&blocked);
    for (const int signal : signals) sigaddset(&blocked, signal);
    sigprocmask(SIG_BLOCK, &blocked, nullptr);
}

bool interrupted() { return came != 0; }

}  // namespace stile::sim
