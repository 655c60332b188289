/* SPDX-License-Identifier: Apache-2.0 */
#include "os/lib/domain.h"
#include "timed.h"

int domain_answer(void);

int main(int argc, char** argv) {
    if (stile_domain_split("second", 0) != 0) return 1;
    return time_calls(domain_answer, argv);
}
