/* SPDX-License-Identifier: Apache-2.0
 *
 * OpenMP over four threads on one processor. */
#include <omp.h>
#include <stdio.h>

int main(void) {
    double sum = 0;
    long count = 0;
    omp_set_num_threads(4);
#pragma omp parallel for reduction(+ : sum)
    for (int i = 1; i < 20000; i++) sum += 1.0 / ((double)i * i);
#pragma omp parallel
    {
#pragma omp critical
        count += omp_get_thread_num();
#pragma omp barrier
#pragma omp single
        printf("%d threads\n", omp_get_num_threads());
    }
#pragma omp parallel for schedule(dynamic, 7) reduction(+ : count)
    for (int i = 0; i < 500; i++) count += i;
    printf("%.6f %ld\n", sum, count);
    return 0;
}
