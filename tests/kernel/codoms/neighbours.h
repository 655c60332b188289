/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "tests/kernel/codoms/gadgets.h"

/* A process that may call a gate of another one. */
int signal_in_a_gate(const char* program);
int signal_in_a_gate_attacker(const char* code);

/* It calls its caller back, and lends it a capability for that time. */
int signal_replayed(const char* program);
int signal_replayed_attacker(const char* code, const char* word);

/* A room, and what the process maps: `own` is its default domain. */
int code_of_a_room(const struct room* room, long own);
int stack_of_a_room(const struct room* room, long own);
int code_of_two_domains(const struct room* room, long own);
