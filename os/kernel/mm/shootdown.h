// SPDX-License-Identifier: Apache-2.0
//
// What one CPU must undo on others: translations that a page table has taken back, rows of APL caches that
// grants no longer bear out. Changes are noted and carried out together when the big lock is let go, so
// before a call that made them returns, before anybody else sees the kernel's state, and before a page that
// was unmapped is used again. Asked are exactly the CPUs that run on the table; one that idles on it, or has
// left it, flushes when it comes back (PageTable::flush_at_load).
//
// One CPU asks at a time, the one that holds the big lock. The others answer from the interrupt handler, or
// while they wait for the lock.
#pragma once

#include "os/kernel/arch/cpu.h"

namespace stile::os {

struct Page;
struct PageTable;

extern bool shootdown_pending;  // noted and not yet carried out; never with one CPU

// The running CPU has done its own part already.
void shootdown_note(PageTable& table, uint64_t vaddr);
void shootdown_note_all(PageTable& table);
void shootdown_note_apl(uint16_t tag);
void shootdown_flush();

// A page that was just unmapped loses its last reference: it is free once the flush is over.
void shootdown_free(Page* page);

// The CPUs that idle on a table which is about to go take another one, now.
void shootdown_evict(PageTable& table);

// Every other CPU that does not idle calls `first` and then stands still, until the big lock's holder says
// that it may go on. One that idles empties its APL cache before it touches a user address again.
void stop_others(void (*first)());
void resume_others();

// Every CPU that runs on `table` (nullptr: every one that does not idle) orders its memory accesses.
void barrier_on_others(const PageTable* table);

void shootdown_answer();  // the interrupt handler; does nothing if there is nothing to do

}  // namespace stile::os
