// SPDX-License-Identifier: Apache-2.0
//
// libsystemc brings a main() that wants this. Our programs have a main() of their own and never get here.
#include <systemc>

int sc_main(int, char*[]) { return 0; }
