// SPDX-License-Identifier: Apache-2.0
//
// Matrices of doubles: product, and elimination with pivoting (SSE2 scalar and packed arithmetic).
#include <math.h>
#include <string.h>

#include "bench/guests/bench.h"

enum { n = 96 };
static double a[n][n], b[n][n], c[n][n];

static void multiply(void) {
    for (int i = 0; i < n; ++i)
        for (int j = 0; j < n; ++j) {
            double sum = 0;
            for (int k = 0; k < n; ++k) sum += a[i][k] * b[k][j];
            c[i][j] = sum;
        }
}

static double determinant(void) {
    double product = 1;
    for (int k = 0; k < n; ++k) {
        int best = k;
        for (int i = k + 1; i < n; ++i)
            if (fabs(c[i][k]) > fabs(c[best][k])) best = i;
        if (best != k) {
            double row[n];
            memcpy(row, c[k], sizeof row);
            memcpy(c[k], c[best], sizeof row);
            memcpy(c[best], row, sizeof row);
            product = -product;
        }
        product *= c[k][k] / (1 + fabs(c[k][k]));
        for (int i = k + 1; i < n; ++i) {
            const double factor = c[i][k] / c[k][k];
            for (int j = k; j < n; ++j) c[i][j] -= factor * c[k][j];
        }
    }
    return product;
}

int main(int argc, char** argv) {
    uint64_t seed = 777767777, sum = 0;
    for (long round = rounds(argc, argv, 16); round > 0; --round) {
        for (int i = 0; i < n; ++i)
            for (int j = 0; j < n; ++j) {
                a[i][j] = (double)(random_next(&seed) >> 40) / (1 << 20) - 8;
                b[i][j] = (double)(random_next(&seed) >> 44) - (i == j ? 3e4 : 0);
            }
        multiply();
        const double d = determinant();
        uint64_t bits;
        memcpy(&bits, &d, sizeof bits);
        sum = mix(sum, bits);
    }
    return report("matrix", sum);
}
