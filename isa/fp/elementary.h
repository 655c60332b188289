// SPDX-License-Identifier: Apache-2.0
//
// Elementary functions to about 110 bits, by power series on reduced arguments.
#pragma once

#include "isa/fp/wide.h"

namespace stile::isa::fp {

Wide two_to_minus_1(const Wide& x);             // 2^x - 1, |x| <= 1
Wide log2(const Wide& x);                       // x > 0
Wide log2_plus_1(const Wide& x);                // log2(1 + x), |x| < 0.3
Wide arctangent(const Wide& y, const Wide& x);  // of y / x in the quadrant of (x, y); neither is zero

// Sine and cosine of 0 < |x| < 2^63, for a pi of 66 bits: that is what x87 has (Intel SDM vol. 1, 8.3.8), and
// large arguments show it.
struct SineCosine {
    Wide sine, cosine;
};
SineCosine sine_cosine(const Number& x);

}  // namespace stile::isa::fp
