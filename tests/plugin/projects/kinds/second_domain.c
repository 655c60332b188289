/* SPDX-License-Identifier: Apache-2.0
 *
 * Named so that it lies in the program's second domain.
 */
#include "os/lib/codoms.h"

static volatile int answer = 42;

STILE_DOMAIN_ENTRY int domain_answer(void) { return answer; }
