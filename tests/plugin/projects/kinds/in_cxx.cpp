// SPDX-License-Identifier: Apache-2.0
//
// C++ without its library, which musl's compiler does not bring.
#include "timed.h"

template <int n>
struct Answer {
    static int give() { return n; }
};

int main(int argc, char** argv) { return time_calls(Answer<ANSWER>::give, argv); }
