/* SPDX-License-Identifier: Apache-2.0 */
#include "os/lib/stile.h"

STILE_STUB __attribute__((noinline)) int in_stub(int x) { return x + 1; }
__attribute__((noinline)) int in_program(int x) { return in_stub(x) + 1; }

int main(int argc, char** argv) { return in_program(argc); }
