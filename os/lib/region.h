/* SPDX-License-Identifier: Apache-2.0
 *
 * The region of interest of a program: what `--fast-forward roi` runs ahead to and `--stop-at roi_end` ends
 * at (docs/measurement.md). On a real processor these do nothing.
 *
 *   stile_region_warm_up();   where there is something to warm: from here on with the configured core model
 *   ... the work, a few times
 *   stile_region_begin();
 *   ... the work
 *   stile_region_end();
 */
#ifndef STILE_OS_LIB_REGION_H
#define STILE_OS_LIB_REGION_H

#include "abi/marker.h"

static inline void stile_region_warm_up(void) { STILE_MARK(STILE_MARK_ROI_WARM_UP, 0, 0, 0); }
static inline void stile_region_begin(void) { STILE_MARK(STILE_MARK_ROI_BEGIN, 0, 0, 0); }
static inline void stile_region_end(void) { STILE_MARK(STILE_MARK_ROI_END, 0, 0, 0); }

#endif
