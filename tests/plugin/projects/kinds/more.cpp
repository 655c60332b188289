// SPDX-License-Identifier: Apache-2.0
#include "kinds.h"

std::vector<std::string> kinds() { return {"plain", "own", "in_cxx", "pooled", "second"}; }
