// SPDX-License-Identifier: Apache-2.0
//
// The table of processes.
#include "os/kernel/task/process.h"

#include "os/kernel/fs/inode.h"
#include "os/kernel/mm/kmalloc.h"
#include "os/kernel/task/sched.h"

namespace stile::os {
namespace {
constinit List<Process, &Process::all_link> all_processes;

void alarm_fired(Timer& t) {
    Process* p = STILE_CONTAINER_OF(&t, Process, alarm);
    send_signal(p, SIGALRM, nullptr);
    if (p->alarm_interval) timer_start(t, t.deadline + p->alarm_interval);
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
    p->alarm.fire = alarm_fired;
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

void process_put(Process* p) {
    if (--p->refs) return;
    if (p->all_link.linked()) p->all_link.unlink();
    kdelete(p);
}

}  // namespace stile::os
