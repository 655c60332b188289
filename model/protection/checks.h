// SPDX-License-Identifier: Apache-2.0
//
// The rules of CODOMs, each with a switch, so that a test can show that what the rule stops would otherwise
// succeed (docs/codoms.md, 10). X(name, what off means).
#pragma once

#define STILE_CODOMS_CHECKS(X)                                                                        \
    X(data, "any load or store of another domain is allowed")                                         \
    X(transfer, "any crossing jump, call or fall-through is allowed")                                 \
    X(align, "a call right enters anywhere")                                                          \
    X(ret, "a crossing return may go anywhere")                                                       \
    X(dcs, "the bounds of the domain capability stack are not checked")                               \
    X(cap_page, "capability storage is ordinary memory, and ordinary memory holds capabilities")      \
    X(straddle, "an instruction may lie in two domains")                                              \
    X(privileged, "any page's code may execute the privileged instructions")                          \
    X(cap_type,                                                                                       \
      "synchronous capabilities may be stored, return ones popped, stored ones counted up, another's "    \
      "made asynchronous") \
    X(cap_range, "cd.caprst sets any range and right")                                                \
    X(cap_origin, "a capability's right is not cut down to what its origin has")                      \
    X(counter, "revocation counters are not compared")                                                \
    X(frame, "synchronous capabilities outlive their activation")                                     \
    X(saved_latch, "a crossing that was interrupted is not checked when it goes on")                  \
    X(deputy, "ring 0 touches user pages unchecked")

namespace stile::model {

struct CodomsChecks {
#define STILE_CODOMS_CHECK(name, help) bool name = true;
    STILE_CODOMS_CHECKS(STILE_CODOMS_CHECK)
#undef STILE_CODOMS_CHECK
    bool operator==(const CodomsChecks&) const = default;

    static CodomsChecks none() {
        CodomsChecks c;
#define STILE_CODOMS_CHECK(name, help) c.name = false;
        STILE_CODOMS_CHECKS(STILE_CODOMS_CHECK)
#undef STILE_CODOMS_CHECK
        return c;
    }
};

}  // namespace stile::model
