/* SPDX-License-Identifier: Apache-2.0 */
int common_answer(void) { return 42; }
