// SPDX-License-Identifier: Apache-2.0
//
// Processes: what threads share. Threads are in task/thread.h, their birth and death in fork.cpp, exec.cpp,
// exit.cpp.
#pragma once

#include <linux/resource.h>

#include "os/kernel/fs/file.h"
#include "os/kernel/mm/vm.h"
#include "os/kernel/task/interval_timer.h"
#include "os/kernel/task/signal.h"
#include "os/kernel/task/wait.h"

namespace stile::os {

struct Thread;
struct ProgramArguments;  // task/elf.h
struct DipcProcess;       // os/kernel/dipc
struct PosixTimer;        // task/posix_timer.h

// ITIMER_VIRTUAL and ITIMER_PROF: CPU time of the process, looked at by the tick. 0: off.
struct CpuTimer {
    uint64_t expires_tsc = 0, interval_ns = 0;
};

// A change of state that wait(2) has not told the parent yet; death is told apart.
enum class WaitReport : uint8_t { none, stopped, continued };

// argv as it was at execve, for /proc/PID/cmdline.
struct CommandLine {
    uint32_t refs = 1;
    size_t size;
    char text[1];
};
CommandLine* command_line_create(const char* strings, size_t bytes);  // nullptr: no memory
void command_line_put(CommandLine* line);                             // nullptr is fine

struct Process {
    int pid = 0;
    uint32_t refs = 1;  // the process table's; whoever keeps a pointer takes one
    Link all_link, sibling_link;
    Process* parent = nullptr;  // nullptr: the kernel's own child
    List<Process, &Process::sibling_link> children;
    char name[16] = {};  // base name of the executable
    char exe[256] = {};
    CommandLine* command_line = nullptr;  // what it was started with; shared with children until they exec
    Inode* program = nullptr;             // the executable, counted in its `executing`

    AddressSpace* space = nullptr;
    FileTable* files = nullptr;
    FsContext* fs = nullptr;  // working directory, umask
    SignalHandlers* handlers = nullptr;
    PendingSignals pending;  // for any thread

    unsigned live_threads = 0;
    Thread* first_thread = nullptr;  // head of the list of threads (Thread::sibling)
    bool exiting = false;            // exit_group or a fatal signal under way
    bool zombie = false;
    bool stopped = false;  // by a job-control signal; its threads wait for SIGCONT on their way to user mode
    int stop_signal = 0;   // which one
    WaitReport report = WaitReport::none;
    bool vforked = false;       // runs in its parent's address space; the parent waits
    int exit_status = 0;        // as wait(2) gives it
    int exit_signal = SIGCHLD;  // sent to the parent
    WaitQueue child_wait;       // this process waiting for its children
    WaitQueue signal_wait;      // signalfd: something became pending
    WaitQueue vfork_wait;       // the parent of a vforked child

    int pgid = 0, sid = 0;
    IntervalTimer alarm;     // ITIMER_REAL
    CpuTimer cpu_timers[2];  // ITIMER_VIRTUAL, ITIMER_PROF
    PosixTimer* posix_timers = nullptr;
    struct rlimit64 limits[RLIM_NLIMITS];  // inherited, as the next four are
    int nice = 0;
    uint32_t personality = 0;
    bool no_new_privileges = false;
    bool not_dumpable = false;
    bool keeps_capabilities = false;     // PR_SET_KEEPCAPS; until exec
    bool subreaper = false;              // PR_SET_CHILD_SUBREAPER; not inherited
    int parent_death_signal = 0;         // PR_SET_PDEATHSIG; not inherited
    uint32_t barrier_registrations = 0;  // membarrier(2)
    uint64_t start_tsc = 0;
    uint64_t child_cpu_tsc = 0, cpu_tsc = 0;
    bool has_executed = false;  // execve since fork: its parent may not move it to another group any more
    bool main = false;          // the machine powers off when it ends

    bool dipc_enabled = false;  // lives in the shared table
    DipcProcess* dipc = nullptr;
};

Process* find_process(int pid);
Process* next_process(Process* after);  // iteration in order of pid; nullptr starts
void process_get(Process* p);
void process_put(Process* p);
void process_set_program(Process* p, Inode* inode);  // nullptr: none any more
Process* process_create(Process* parent);            // on the process table, otherwise empty

// The process that the running thread acts for now: its own one, or on a dIPC visit the one it visits.
Process* current_process();

// Ends the running thread; the last one ends its process.
[[noreturn]] void exit_thread(int code);
// Ends the running process with a wait(2) status.
[[noreturn]] void exit_process(int status);
// Marks a process for death from outside; its threads notice on their way to user mode.
void kill_process(Process* p, int status);

// Stops every thread of p, and starts them again (task/jobs.cpp).
void stop_process(Process* p, int sig);
void continue_process(Process* p, bool report);
// No member of its group has a parent in another group of the session: nobody would continue it.
bool orphaned_group(const Process* p);
// Tells the parent by SIGCHLD of a change of state: CLD_*, and the signal or exit code behind it.
void notify_parent(Process* p, int code, int status);

// Replaces the running process's program by that of `inode`; on success frame is the new program's start.
Status load_program(Process* p, Inode* inode, const char* path, const ProgramArguments& args,
                    TrapFrame* frame);
// Starts a process from the initial file system at boot.
Process* spawn_boot_process(unsigned index);

}  // namespace stile::os
