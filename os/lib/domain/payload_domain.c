/* SPDX-License-Identifier: Apache-2.0
 *
 * The domain's own copy.
 */
#include "os/lib/domain/names.h"

#include "os/lib/payload.c"
