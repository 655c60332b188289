// SPDX-License-Identifier: Apache-2.0
//
// Writes the guest program `irregular`: a thousand functions of random straight-line code, branches, loops,
// memory accesses and calls, together more than 300 KiB of machine code, called in random order. What an
// interpreter with a cache of translated code fears: little reuse, blocks everywhere. The same bytes every
// time.
#include <cstdint>
#include <cstdio>
#include <cstdlib>

namespace {

constexpr unsigned functions = 1000;
uint64_t state = 0x853c49e6748fea9b;

unsigned pick(unsigned n) {  // xorshift64*, the high bits
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return static_cast<unsigned>((state * 0x2545f4914f6cdd1d) >> 33) % n;
}

const char* const variables[] = {"a", "b", "c", "d"};
const char* variable() { return variables[pick(4)]; }

void statement(FILE* out, unsigned function, int depth) {
    const char *x = variable(), *y = variable(), *z = variable();
    const unsigned p = pick(1u << 20), q = pick(40), kind = pick(12);  // drawn in a fixed order
    switch (kind) {
        case 0:
            fprintf(out, "%s = %s + %s * %u;\n", x, y, z, p % 1000 + 2);
            return;
        case 1:
            fprintf(out, "%s ^= %s << %u | %s >> %u;\n", x, y, p % 30 + 1, z, q % 30 + 1);
            return;
        case 2:
            fprintf(out, "%s -= memory[(%s + %uu) %% words];\n", x, y, p % 4096);
            return;
        case 3:
            fprintf(out, "memory[(%s ^ %uu) %% words] = %s;\n", x, p % 4096, y);
            return;
        case 4:
            fprintf(out, "%s = %s > %u ? %s : %s + %uu;\n", x, y, p, z, y, q);
            return;
        case 5:
            fprintf(out, "small[(uint8_t)%s] += (uint16_t)%s;\n", x, y);
            return;
        case 6:
            fprintf(out, "%s = (uint64_t)(int64_t)(int32_t)%s - (uint16_t)%s;\n", x, y, z);
            return;
        case 7:
            if (depth == 0 && function + 40 < functions) {
                // Only onwards, so that every call ends; rarely taken, so that the tree stays small.
                fprintf(out, "if ((%s & 15) == %u) %s = f%u(%s, %s);\n", x, p % 16, y, function + 1 + q % 39,
                        z, x);
                return;
            }
            [[fallthrough]];
        case 8:
        case 9:
            if (depth < 3) {
                fprintf(out, "if ((%s >> %u & 7) %s %u) {\n", x, q, p % 2 ? "<" : "==", 1 + p / 2 % 7);
                for (unsigned n = 1 + pick(3); n > 0; --n) statement(out, function, depth + 1);
                fprintf(out, "} else {\n");
                for (unsigned n = 1 + pick(3); n > 0; --n) statement(out, function, depth + 1);
                fprintf(out, "}\n");
                return;
            }
            [[fallthrough]];
        case 10:
            if (depth == 0) {
                fprintf(out, "for (unsigned i = %u; i > 0; --i) {\n", 1 + p % 4);
                for (unsigned n = 1 + pick(2); n > 0; --n) statement(out, function, 3);
                fprintf(out, "%s += i;\n}\n", x);
                return;
            }
            [[fallthrough]];
        default:
            fprintf(out, "%s = %s - (%s | %uu);\n", x, x, y, p % 100000);
    }
}

void function(FILE* out, unsigned index) {
    const unsigned p = pick(1000000), q = pick(1000000);
    fprintf(out, "static uint64_t f%u(uint64_t a, uint64_t b) {\nuint64_t c = a ^ %uu, d = b + %uu;\n", index,
            p, q);
    for (unsigned n = 3 + pick(5); n > 0; --n) statement(out, index, 0);
    fprintf(out, "return a + (b ^ c) - d;\n}\n");
}

}  // namespace

int main(int argc, char** argv) {
    FILE* out = argc == 2 ? fopen(argv[1], "w") : nullptr;
    if (!out) return EXIT_FAILURE;
    fputs(
        "#include \"bench/guests/bench.h\"\nenum { words = 4096 };\n"
        "static uint64_t memory[words];\nstatic uint16_t small[256];\n",
        out);
    for (unsigned i = 0; i < functions; ++i)
        fprintf(out, "__attribute__((noinline)) static uint64_t f%u(uint64_t a, uint64_t b);\n", i);
    for (unsigned i = 0; i < functions; ++i) function(out, i);
    fputs("static uint64_t (*const table[])(uint64_t, uint64_t) = {\n", out);
    for (unsigned i = 0; i < functions; ++i) fprintf(out, "f%u,\n", i);
    fprintf(out,
            "};\nint main(int argc, char** argv) {\nuint64_t seed = 0x9e3779b97f4a7c15u, sum = 0;\n"
            "for (long n = rounds(argc, argv, 900) * 1000; n > 0; --n) {\nconst uint64_t r = "
            "random_next(&seed);\n"
            "sum = mix(sum, table[r %% %u](r, sum));\n}\nreturn report(\"irregular\", sum);\n}\n",
            functions);
    return fclose(out) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
