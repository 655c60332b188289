// SPDX-License-Identifier: Apache-2.0
//
// Text as utilities handle it: formatted numbers, a search, splitting into fields, conversion back, case.
#include <ctype.h>
#include <string.h>

#include "bench/guests/bench.h"

static char text[128 * 1024];

int main(int argc, char** argv) {
    uint64_t seed = 314159265358979u, sum = 0;
    for (long n = rounds(argc, argv, 10); n > 0; --n) {
        size_t length = 0;
        while (length < sizeof text - 128) {
            const uint64_t r = random_next(&seed);
            length += (size_t)snprintf(text + length, 128, "%u;name-%x;%05d;%.3s %c\n", (unsigned)(r >> 33),
                                       (unsigned)r & 0xffff, (int)(r >> 20 & 0xfff) - 2000,
                                       "alphabet" + (r & 3), 'a' + (int)(r % 26));
        }
        for (char* line = text; *line;) {
            char* const end = strchr(line, '\n');
            *end = 0;
            if (strstr(line, "-be")) sum = mix(sum, strlen(line));
            for (char* p = line; *p; ++p)
                if (isalpha((unsigned char)*p)) *p = (char)toupper((unsigned char)*p);
            uint64_t fields = 0;
            char* rest = NULL;
            for (char* field = strtok_r(line, ";", &rest); field; field = strtok_r(NULL, ";", &rest))
                fields += isdigit((unsigned char)*field) ? strtoul(field, NULL, 10) : (uint64_t)field[0];
            sum = mix(sum, fields);
            line = end + 1;
        }
        memset(text, 0, sizeof text);
    }
    return report("text", sum);
}
