/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STILE_TESTS_KERNEL_GATES_SERVER_H
#define STILE_TESTS_KERNEL_GATES_SERVER_H

/* Codes of domain_serve(). Room for the server's frames is in the second domain's stack, and nowhere else. */
enum { WHERE = 1, MET, MEET };

#endif
