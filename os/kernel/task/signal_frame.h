// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "os/kernel/arch/frame.h"
#include "os/kernel/task/signal.h"

namespace stile::os {

// Saves the user context on the user stack as Linux does and points `frame` at the handler. False: no stack.
bool push_signal_frame(TrapFrame* frame, const SignalAction& action, const siginfo_t& info);

// An interrupted system call that no handler was run for starts again.
void restart_without_handler(TrapFrame* frame);

}  // namespace stile::os
