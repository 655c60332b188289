// SPDX-License-Identifier: Apache-2.0
//
// Libraries that are wrong in one way each: compiled once per way.
#include <pthread.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <stdexcept>
#include <string>

#include "workloads/workload.h"

using namespace stile::workload;

int somewhere_else(int);
int helper();

#ifdef THROWS_EARLY
struct Early {
    Early() { throw std::runtime_error("too early"); }
} early;
#endif

#ifdef ENDS_LATE
struct Late {
    ~Late() { _exit(0); }
} late;
#endif

#ifdef NO_TAG
extern "C" __attribute__((visibility("default")))
#elif defined(OLD_ABI) || defined(OTHER_SIZES) || defined(OTHER_STRINGS) || defined(SANITIZED)
constexpr BuildTag other_build() {
    BuildTag tag = this_build();
#ifdef OLD_ABI
    tag.abi += 41;
#elif defined(OTHER_SIZES)
    tag.row_bytes += 8;
#elif defined(SANITIZED)
    tag.sanitizers |= 2;
#else
    for (char& c : tag.library) c = 0;
    const char name[] = "libc++";
    for (size_t i = 0; i < sizeof name; ++i) tag.library[i] = name[i];
#endif
    return tag;
}
extern "C" {
__attribute__((visibility("default"))) extern const BuildTag stile_workload_build;
constexpr BuildTag stile_workload_build = other_build();
}
// If any of this were run, the program would be gone.
struct Bomb {
    Bomb() { __builtin_trap(); }
} bomb;
extern "C" __attribute__((visibility("default")))
#else
STILE_WORKLOAD_EXPORT
#endif

#ifdef NO_ENTRY
const Descriptor*
another_workload() {
    return nullptr;
}
#else
const Descriptor*
stile_workload() {
#ifdef THROWS
    throw std::runtime_error("the moon is full");
#elif defined(THROWS_INT)
    throw 42;
#elif defined(NOTHING)
    return nullptr;
#else
#ifdef UNDEFINED
    if (somewhere_else(1)) return nullptr;
#elif defined(DEPENDS)
    if (helper()) return nullptr;
#endif
    static Descriptor d;
    d.name = WORKLOAD;
    d.help = "For tests";
    d.rows = [](const Parameters&, const Measure&, const std::string&) -> std::vector<Row> {
#ifdef ROWS_THROW
        throw std::out_of_range("no such element");
#elif defined(ROWS_THROW_INT)
        throw 42;
#elif defined(ROWS_SLEEP)
        for (;;) sleep(1000);
#elif defined(ROWS_EMPTY)
        return {};
#elif defined(ROWS_EXIT)
        exit(0);
#elif defined(ROWS_END)
        _exit(0);
#elif defined(ROWS_CALL)
        throw std::runtime_error(std::to_string(syscall(SYS_exit_group, 0)));
#elif defined(ROWS_CALL_EXIT)
        throw std::runtime_error(std::to_string(syscall(SYS_exit, 0)));
#elif defined(ROWS_QUICK)
        quick_exit(0);
#elif defined(ROWS_THREAD_EXIT)
        pthread_exit(nullptr);
#elif defined(ROWS_FORK)
        const pid_t child = fork();
        if (child == 0) _exit(7);
        int status = 0;
        waitpid(child, &status, 0);
        throw std::invalid_argument("child: it ended with " + std::to_string(WEXITSTATUS(status)));
#elif defined(ROWS_CRASH)
        __builtin_trap();
#elif defined(ROWS_RECURSE)
        return d.rows({}, {}, "");
#elif defined(ROWS_REFUSE)
        throw std::invalid_argument("size: it is 7, which is unlucky; 6 would do");
#else
        Row row;
        row.scope = "sideways";
        return {row};
#endif
    };
#ifdef NO_ROWS
    d.rows = nullptr;
#elif defined(TWICE)
    d.parameters = {{.name = "size", .type = Type::bytes, .default_value = int64_t{0}, .help = "of it"},
                    {.name = "size", .type = Type::bytes, .default_value = int64_t{0}, .help = "of it"}};
#elif defined(NEWER)
    d.abi = abi_version + 1;
#endif
    return &d;
#endif
}
#endif
