// SPDX-License-Identifier: Apache-2.0
//
// Question: does a child's pipe carry what it should, either way, does the child go with its parent, and is
// nothing left where there can be none?
#include "sim/process/child.h"

#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstddef>
#include <filesystem>
#include <iterator>
#include <system_error>

namespace stile::sim {
namespace {

std::ptrdiff_t open_files() {
    return std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {});
}

TEST(Child, SaysWhatItHasToSayAndHowItEnded) {
    const auto before = open_files();
    const auto [pid, fd] = start_child(Flow::to_us, [](int to_us) {
        const std::string text(100'000, 'x');  // more than a pipe holds
        for (size_t at = 0; at < text.size();) {
            const ssize_t n = write(to_us, text.data() + at, text.size() - at);
            if (n <= 0) _exit(1);
            at += static_cast<size_t>(n);
        }
        _exit(7);
    });
    EXPECT_EQ(read_all(fd).size(), 100'000u);
    const int status = reap(pid);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 7) << status;
    close(fd);
    EXPECT_EQ(open_files(), before);
}

TEST(Child, HearsWhatItIsTold) {
    const auto [pid, fd] =
        start_child(Flow::to_child, [](int from_us) { _exit(read_all(from_us) == "to you" ? 0 : 1); });
    EXPECT_EQ(write(fd, "to you", 6), 6);
    close(fd);
    EXPECT_EQ(reap(pid), 0);
}

TEST(Child, GoesWithItsParent) {
    // The middle one makes a child that would stay for ever, tells its number, and is killed.
    const auto [middle, fd] = start_child(Flow::to_us, [](int to_us) {
        const pid_t self = getpid();
        start_child(Flow::to_us, [&](int) {
            follow_parent(self);
            const pid_t own = getpid();
            if (write(to_us, &own, sizeof own) < 0) _exit(1);
            while (true) pause();
        });
        while (true) pause();
    });
    pid_t last = 0;
    ASSERT_EQ(read(fd, &last, sizeof last), static_cast<ssize_t>(sizeof last));
    kill(middle, SIGKILL);
    reap(middle);
    // Its end of the pipe is closed by its death.
    EXPECT_EQ(read_all(fd), "");
    close(fd);
}

// As where a limit of processes is reached; root has none, so the system call is taken away.
void forbid_processes() {
    sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
#ifdef __NR_fork
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_fork, 3, 0),
#else
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_clone, 3, 0),
#endif
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_clone, 2, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_clone3, 1, 0),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EAGAIN),
    };
    const sock_fprog program{std::size(filter), filter};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
        _exit(3);
}

TEST(Child, ThatCannotBeMadeLeavesNothingOpen) {
    const auto [pid, fd] = start_child(Flow::to_us, [](int) {
        forbid_processes();
        const auto before = open_files();
        for (const Flow flow : {Flow::to_us, Flow::to_child}) {
            try {
                start_child(flow, [](int) { _exit(0); });
                _exit(4);
            } catch (const std::system_error& error) {
                if (error.code().value() != EAGAIN) _exit(5);
            }
        }
        _exit(open_files() == before ? 0 : 6);
    });
    close(fd);
    const int status = reap(pid);
    ASSERT_TRUE(WIFEXITED(status));
    if (WEXITSTATUS(status) == 3) GTEST_SKIP() << "no system call can be taken away here";
    EXPECT_EQ(WEXITSTATUS(status), 0);
}

}  // namespace
}  // namespace stile::sim
