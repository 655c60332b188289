// SPDX-License-Identifier: Apache-2.0
#include "sim/run/rules_off.h"

namespace stile::sim {

std::vector<std::string> rules_off(const RunConfig& config) {
    std::vector<std::string> off;
#define STILE_OS_CHECK_OFF(name, help) \
    if (!config.os.checks[STILE_OS_CHECK_##name]) off.push_back("os.checks." #name);
    STILE_OS_CHECKS(STILE_OS_CHECK_OFF)
#undef STILE_OS_CHECK_OFF
#define STILE_CODOMS_CHECK_OFF(name, help) \
    if (!config.machine.codoms_checks.name) off.push_back("machine.codoms.checks." #name);
    STILE_CODOMS_CHECKS(STILE_CODOMS_CHECK_OFF)
#undef STILE_CODOMS_CHECK_OFF
    const model::MpkChecks& keys = config.machine.mpk_checks;
    if (!keys.access) off.push_back("machine.mpk.checks.access");
    if (!keys.write) off.push_back("machine.mpk.checks.write");
    if (!keys.supervisor) off.push_back("machine.mpk.checks.supervisor");
    return off;
}

}  // namespace stile::sim
