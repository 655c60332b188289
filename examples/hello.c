// SPDX-License-Identifier: Apache-2.0
//
// Runs the same on Linux and on Stile: musl-gcc -static hello.c && ./a.out
#include <stdio.h>

int main(int argc, char** argv) {
    printf("Hello from %s", argv[0]);
    for (int i = 1; i < argc; ++i) printf(" %s", argv[i]);
    printf(", %d argument%s, pi is about %.5f\n", argc - 1, argc == 2 ? "" : "s", 355.0 / 113.0);
    return 0;
}
