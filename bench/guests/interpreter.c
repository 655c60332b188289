// SPDX-License-Identifier: Apache-2.0
//
// An interpreter for a small stack machine, one `switch` per step, that counts primes with a sieve.
#include "bench/guests/bench.h"

enum op { PUSH, ADD, MUL, XOR, SHIFT, LOAD, STORE, GET, SET, LESS, JUMP, JUMP_IF_ZERO, CALL, RETURN, HALT };
enum { limit = 8192, i = 0, j = 1, count = 2, sum = 3 };  // the interpreted program's variables

static int64_t code[256], memory[limit], stack[64], locals[8];
static int here;

static void emit1(enum op op) { code[here++] = op; }
static int emit2(enum op op, int64_t operand) {
    code[here++] = op;
    code[here++] = operand;
    return here - 1;
}
static void assign_sum(int variable, enum op op) {  // stack top op variable -> variable
    emit2(GET, variable);
    emit1(op);
    emit2(SET, variable);
}

static void assemble(void) {
    const int to_main = emit2(JUMP, 0);
    const int hash = here;  // sum = (sum ^ i) * 31 ^ sum >> 7
    emit2(GET, sum);
    emit2(PUSH, -7);
    emit1(SHIFT);
    emit2(GET, i);
    assign_sum(sum, XOR);
    emit2(PUSH, 31);
    assign_sum(sum, MUL);
    assign_sum(sum, XOR);
    emit1(RETURN);

    code[to_main] = here;
    emit2(PUSH, 2);
    emit2(SET, i);
    const int outer = here;  // while (i < limit)
    emit2(GET, i);
    emit2(PUSH, limit);
    emit1(LESS);
    const int done = emit2(JUMP_IF_ZERO, 0);
    emit2(GET, i);  // if (memory[i] == mark)
    emit1(LOAD);
    emit2(GET, 4);
    emit1(XOR);
    const int is_prime = emit2(JUMP_IF_ZERO, 0);
    const int next = emit2(JUMP, 0);
    code[is_prime] = here;
    emit2(PUSH, 1);
    assign_sum(count, ADD);
    emit2(CALL, hash);
    emit2(GET, i);  // for (j = i * i; j < limit; j += i) memory[j] = 0
    emit2(GET, i);
    emit1(MUL);
    emit2(SET, j);
    const int inner = here;
    emit2(GET, j);
    emit2(PUSH, limit);
    emit1(LESS);
    const int leave = emit2(JUMP_IF_ZERO, 0);
    emit2(PUSH, 0);
    emit2(GET, j);
    emit1(STORE);
    emit2(GET, i);
    assign_sum(j, ADD);
    emit2(JUMP, inner);
    code[next] = code[leave] = here;
    emit2(PUSH, 1);
    assign_sum(i, ADD);
    emit2(JUMP, outer);
    code[done] = here;
    emit1(HALT);
}

static void run(void) {
    const int64_t* pc = code;
    int64_t* sp = stack;
    for (;;) {
        switch ((enum op) * pc++) {
            case PUSH:
                *sp++ = *pc++;
                break;
            case ADD:
                --sp;
                sp[-1] += sp[0];
                break;
            case MUL:
                --sp;
                sp[-1] = (int64_t)((uint64_t)sp[-1] * (uint64_t)sp[0]);
                break;
            case XOR:
                --sp;
                sp[-1] ^= sp[0];
                break;
            case SHIFT:
                --sp;
                sp[-1] = sp[0] < 0 ? sp[-1] >> -sp[0] : (int64_t)((uint64_t)sp[-1] << sp[0]);
                break;
            case LOAD:
                sp[-1] = memory[sp[-1]];
                break;
            case STORE:
                sp -= 2;
                memory[sp[1]] = sp[0];
                break;
            case GET:
                *sp++ = locals[*pc++];
                break;
            case SET:
                locals[*pc++] = *--sp;
                break;
            case LESS:
                --sp;
                sp[-1] = sp[-1] < sp[0];
                break;
            case JUMP:
                pc = code + *pc;
                break;
            case JUMP_IF_ZERO:
                pc = *--sp == 0 ? code + *pc : pc + 1;
                break;
            case CALL:
                *sp++ = pc + 1 - code;
                pc = code + *pc;
                break;
            case RETURN: {
                pc = code + *--sp;
                break;
            }
            case HALT:
                return;
        }
    }
}

int main(int argc, char** argv) {
    assemble();
    for (long n = rounds(argc, argv, 100); n > 0; --n) {
        for (int k = 0; k < limit; ++k) memory[k] = n;
        locals[4] = n;
        run();
    }
    return report("interpreter", mix((uint64_t)locals[sum], (uint64_t)locals[count]));
}
