// SPDX-License-Identifier: Apache-2.0
//
// Does nothing: what starting costs.
#include "bench/guests/bench.h"

int main(void) { return report("empty", 0); }
