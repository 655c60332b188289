// SPDX-License-Identifier: Apache-2.0
//
// Whether what a plugin says of itself can be used. A fault here is its author's, so that messages are about
// the descriptor and not about a configuration.
#pragma once

#include <string>
#include <vector>

#include "workloads/workload.h"

namespace stile::workload {

// One sentence per fault, such as "parameter 'size': its default is below its minimum".
std::vector<std::string> faults_of(const Descriptor& descriptor);
std::vector<std::string> faults_of(const Descriptor& descriptor, const std::vector<Row>& rows);

// Columns of results.csv that are not a workload's.
bool is_fixed_column(const std::string& name);

}  // namespace stile::workload
