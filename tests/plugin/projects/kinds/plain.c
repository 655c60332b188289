/* SPDX-License-Identifier: Apache-2.0 */
#include "timed.h"

int common_answer(void);

int main(int argc, char** argv) { return time_calls(common_answer, argv); }
