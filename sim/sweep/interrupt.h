// SPDX-License-Identifier: Apache-2.0
//
// SIGINT, SIGTERM and SIGHUP while a sweep runs: asked for where it can stop with everything in order.
#pragma once

namespace stile::sim {

// From now on they end nothing by themselves, not even a second one: what is done must be written.
void take_interrupts();
// They come only while a launcher waits, so that none falls between a look and the wait.
void block_interrupts();
bool interrupted();

}  // namespace stile::sim
