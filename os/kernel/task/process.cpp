// SPDX-License-Identifier: Apache-2.0
//
// The table of processes.
#include "os/kernel/task/process.h"

#include "os/kernel/base/string.h"
#include "os/kernel/fs/inode.h"
#include "os/kernel/mm/kmalloc.h"
#include "os/kernel/task/sched.h"

namespace stile::os {
namespace {
constinit List<Process, &Process::all_link> all_processes;

// As a distribution sets them; what cannot be had at all is the hard limit.
void default_limits(struct rlimit64 (&limits)[RLIM_NLIMITS]) {
    for (auto& l : limits) l = {~0ull, ~0ull};
    limits[RLIMIT_STACK].rlim_cur = 8 << 20;
    limits[RLIMIT_NOFILE] = {FileTable::capacity, FileTable::capacity};
    limits[RLIMIT_CORE].rlim_cur = 0;
    limits[RLIMIT_SIGPENDING] = {longest_signal_queue, longest_signal_queue};
    limits[RLIMIT_NICE] = limits[RLIMIT_RTPRIO] = {0, 0};
}

void alarm_fired(Timer& t) {
    auto* alarm = STILE_CONTAINER_OF(&t, IntervalTimer, timer);
    alarm->advance();
    send_signal(STILE_CONTAINER_OF(alarm, Process, alarm), SIGALRM, nullptr);
}
}  // namespace

Process* process_create(Process* parent) {
    auto* p = knew<Process>();
    if (!p) return nullptr;
    p->pid = allocate_tid();
    p->parent = parent;
    if (parent) parent->children.push_back(p);
    p->pgid = parent ? parent->pgid : p->pid;
    p->sid = parent ? parent->sid : p->pid;
    p->start_tsc = read_tsc();
    p->alarm.timer.fire = alarm_fired;
    if (parent) {
        memcpy(p->limits, parent->limits, sizeof p->limits);
        p->nice = parent->nice;
        p->personality = parent->personality;
        p->no_new_privileges = parent->no_new_privileges;
        p->not_dumpable = parent->not_dumpable;
        p->keeps_capabilities = parent->keeps_capabilities;
    } else {
        default_limits(p->limits);
    }
    all_processes.push_back(p);
    return p;
}

Process* find_process(int pid) {
    for (Process& p : all_processes)
        if (p.pid == pid) return &p;
    return nullptr;
}

Process* next_process(Process* after) { return after ? all_processes.next(after) : all_processes.front(); }

void process_get(Process* p) { p->refs++; }

void process_set_program(Process* p, Inode* inode) {
    if (inode) {
        inode_get(inode);
        inode->executing++;
    }
    if (p->program) {
        p->program->executing--;
        inode_put(p->program);
    }
    p->program = inode;
}

CommandLine* command_line_create(const char* strings, size_t bytes) {
    auto* line = static_cast<CommandLine*>(kmalloc(sizeof(CommandLine) + bytes));
    if (!line) return nullptr;
    line->refs = 1;
    line->size = bytes;
    memcpy(line->text, strings, bytes);
    return line;
}

void command_line_put(CommandLine* line) {
    if (line && --line->refs == 0) kfree(line);
}

void process_put(Process* p) {
    if (--p->refs) return;
    command_line_put(p->command_line);
    if (p->all_link.linked()) p->all_link.unlink();
    kdelete(p);
}

}  // namespace stile::os
