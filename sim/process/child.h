// SPDX-License-Identifier: Apache-2.0
//
// A process of our own, and a pipe between it and us.
#pragma once

#include <sys/types.h>

#include <functional>
#include <string>

namespace stile::sim {

struct ChildProcess {
    pid_t pid = -1;
    int fd = -1;  // our end
};

enum class Flow { to_us, to_child };

// `main` gets the other end, and does not return. Both ends are closed by exec(). Throws std::system_error,
// and leaves nothing open then.
ChildProcess start_child(Flow flow, const std::function<void(int fd)>& main);

// For the child, once it handles signals as it means to: lets them come, whatever the parent held back, and
// ends when the parent does, SIGKILL included. Ends at once if that is over already.
void follow_parent(pid_t parent);

// All that comes before it closes its end.
std::string read_all(int fd);
// Waits for its end; the status is waitpid()'s.
int reap(pid_t pid);

}  // namespace stile::sim
