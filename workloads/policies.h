// SPDX-License-Identifier: Apache-2.0
//
// Isolation policies as users type them: `low` is no property, `high` all of them on both sides, and what is
// between is a list such as stack_conf@both+reg_integrity@caller (one word, because it is a row's key).
#pragma once

#include <array>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

#include "abi/syscall.h"

namespace stile::workload {

struct PolicyProperty {
    std::string_view name;
    unsigned caller, callee;
};
inline constexpr std::array<PolicyProperty, 6> policy_properties{{
    {"reg_integrity", STILE_POLICY_REG_INTEGRITY_CALLER, STILE_POLICY_REG_INTEGRITY_CALLEE},
    {"reg_conf", STILE_POLICY_REG_CONF_CALLER, STILE_POLICY_REG_CONF_CALLEE},
    {"stack_integrity", STILE_POLICY_STACK_INTEGRITY_CALLER, STILE_POLICY_STACK_INTEGRITY_CALLEE},
    {"stack_conf", STILE_POLICY_STACK_CONF_CALLER, STILE_POLICY_STACK_CONF_CALLEE},
    {"dcs_integrity", STILE_POLICY_DCS_INTEGRITY_CALLER, STILE_POLICY_DCS_INTEGRITY_CALLEE},
    {"dcs_conf", STILE_POLICY_DCS_CONF_CALLER, STILE_POLICY_DCS_CONF_CALLEE},
}};

// The bits of enum stile_policy.
inline std::optional<unsigned> policy_bits(std::string_view text) {
    if (text == "low") return STILE_POLICY_LOW;
    if (text == "high") return STILE_POLICY_HIGH;
    unsigned bits = 0;
    for (;;) {
        const std::string_view one = text.substr(0, text.find('+')), name = one.substr(0, one.find('@'));
        const std::string_view who = name.size() < one.size() ? one.substr(name.size() + 1) : "";
        unsigned found = 0;
        for (const PolicyProperty& property : policy_properties)
            if (property.name == name)
                found = who == "both"     ? property.caller | property.callee
                        : who == "caller" ? property.caller
                        : who == "callee" ? property.callee
                                          : 0;
        if (!found) return std::nullopt;
        bits |= found;
        if (one.size() == text.size()) return bits;
        text.remove_prefix(one.size() + 1);
    }
}

// As guest programs take it: low, high, or the bits.
inline std::string policy_argument(const std::string& key, const std::string& policy) {
    const auto bits = policy_bits(policy);
    if (!bits) {
        std::string names;
        for (const PolicyProperty& property : policy_properties)
            names += (names.empty() ? "" : ", ") + std::string(property.name);
        throw std::invalid_argument(key + ": '" + policy +
                                    "' is no policy; low, high, or properties joined by + are " +
                                    "expected: " + names + ", each followed by @caller, @callee or @both");
    }
    return *bits == STILE_POLICY_LOW ? "low" : *bits == STILE_POLICY_HIGH ? "high" : std::to_string(*bits);
}

}  // namespace stile::workload
