/* SPDX-License-Identifier: Apache-2.0
 *
 * Domains within one process: the attacker's default domain is the host here, and a victim; what
 * plugin_domain.c defines is the plugin, in a domain without a right over its host. The host calls it
 * directly, on its own stack.
 */
#ifndef STILE_TESTS_SECURITY_ATTACKS_PLUGIN_H
#define STILE_TESTS_SECURITY_ATTACKS_PLUGIN_H

#include <stdint.h>

/* What the plugin leaves for its host to see. */
extern volatile uint64_t plugin_found;

uint64_t plugin_load(uint64_t at);
uint64_t plugin_call(uint64_t function);
long plugin_return_to(uint64_t place);
long plugin_pop_callers(uint64_t at);
long plugin_take_host(long plugin_handle);
long plugin_discard(uint64_t page);
long plugin_replace(uint64_t page);
long plugin_fork(uint64_t at);
long plugin_clear_at_exit(uint64_t at);
long plugin_thread_on(uint64_t stack_top, uint64_t at);
long plugin_signal_return(uint64_t to);
long plugin_handle_signal(int sig);

#endif
