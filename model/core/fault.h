// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace stile::model {

// Exception vectors (Intel SDM vol. 3, 6.3.1); #CD is STILE_VEC_DOMAIN in abi/codoms.h.
enum Vector : uint8_t {
    VEC_DE = 0,
    VEC_DB = 1,
    VEC_NMI = 2,
    VEC_BP = 3,
    VEC_OF = 4,
    VEC_BR = 5,
    VEC_UD = 6,
    VEC_NM = 7,
    VEC_DF = 8,
    VEC_TS = 10,
    VEC_NP = 11,
    VEC_SS = 12,
    VEC_GP = 13,
    VEC_PF = 14,
    VEC_MF = 16,
    VEC_AC = 17,
    VEC_XM = 19
};

// Page-fault error code bits (Intel SDM vol. 3, 4.7).
enum : uint32_t { PF_PRESENT = 1, PF_WRITE = 2, PF_USER = 4, PF_RESERVED = 8, PF_FETCH = 16, PF_KEY = 32 };

struct Fault {
    uint8_t vector = 0;
    bool has_error = false;
    uint32_t error = 0;
    uint64_t address = 0;  // goes to CR2 for #PF and #CD
};

}  // namespace stile::model
