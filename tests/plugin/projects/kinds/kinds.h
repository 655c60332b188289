// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

std::vector<std::string> kinds();
