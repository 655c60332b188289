// SPDX-License-Identifier: Apache-2.0
//
// The way into a case and out of it, in assembly: all registers are loaded, and later saved, at addresses
// relative to the instruction pointer, so that none is lost to bookkeeping.
#pragma once

#include "tests/isa/state.h"

namespace stile::fuzz {

struct NativeFrame {
    State state;
    uint64_t entry, host_rsp, host_fs;
    uint32_t inside;  // 1 from the last instruction before the case on
    uint32_t host_mxcsr;
    uint64_t number, seen_number;  // of the running case, and as the timer saw it last
    Stop stop;
    alignas(64) uint8_t stack[256];
};

}  // namespace stile::fuzz

extern "C" {
extern stile::fuzz::NativeFrame stile_native_frame;
void stile_native_enter();   // returns when the case got to stile_native_exit, or by way of
                             // stile_native_resume
void stile_native_exit();    // exit_at leads here
void stile_native_resume();  // where a signal handler goes on once it has saved the registers
}
