/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "os/lib/stile.h"

int main(void) {
    STILE_MARK(STILE_MARK_REPORT, "greetings", 1, 0);
    puts("greetings");
    return 0;
}
