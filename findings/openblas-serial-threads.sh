#!/bin/sh
# Debian's OpenBLAS without threads (libopenblas0-serial) gives wrong products now and then to a program that
# calls it from several threads at once, each with matrices of its own: it has no locks around its buffers.  The
# build with threads of its own (libopenblas0-pthread), told to use one, gives right products to the same program.
#
# Takes about a minute; wants dpkg-deb, gcc and a Debian 12 mirror.  Ends with 1 if what is seen here changes.
set -eu
VERSION='0.3.21+ds-4'
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
for flavour in serial pthread; do
    apt-get download -q "libopenblas0-$flavour=$VERSION" >/dev/null 2>&1
    dpkg-deb -x libopenblas0-${flavour}_*.deb $flavour
done

cat > threads.c <<'END'
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { THREADS = 4, ROUNDS = 4000, N = 96 };
enum { ROW_MAJOR = 101, PLAIN = 111 };

void cblas_sgemm(int order, int turn_a, int turn_b, int m, int n, int k, float alpha, const float *a, int lda, const float *b,
                 int ldb, float beta, float *c, int ldc);
int   openblas_get_parallel(void);
char *openblas_get_config(void);
void  openblas_set_num_threads(int threads);

static float a[N * N], b[N * N], right[N * N];

static void *work(void *wrong)
{
    float *c = malloc(sizeof right);

    for (int i = 0; i < ROUNDS; i++) {
        cblas_sgemm(ROW_MAJOR, PLAIN, PLAIN, N, N, N, 1, a, N, b, N, 0, c, N);
        *(long *)wrong += memcmp(c, right, sizeof right) != 0;
    }
    free(c);
    return NULL;
}

int main(void)
{
    pthread_t thread[THREADS];
    long wrong[THREADS] = { 0 }, all = 0;

    for (int i = 0; i < N * N; i++) a[i] = (float)(i % 17) - 8, b[i] = (float)(i % 13) - 6;      /* whole numbers: sums are exact */
    openblas_set_num_threads(1);
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++)
            for (int k = 0; k < N; k++) right[i * N + j] += a[i * N + k] * b[k * N + j];
    for (int t = 0; t < THREADS; t++) pthread_create(&thread[t], NULL, work, &wrong[t]);
    for (int t = 0; t < THREADS; t++) pthread_join(thread[t], NULL);
    for (int t = 0; t < THREADS; t++) all += wrong[t];
    fprintf(stderr, "%.15s, parallel %d: %ld of %d products are wrong\n", openblas_get_config(), openblas_get_parallel(), all, THREADS * ROUNDS);
    puts(all ? "wrong" : "right");
    return 0;
}
END

# How often depends on the machine, so there are several tries.
seen() {
    library=$(find "$PWD/$1" -name libopenblas.so.0 | head -1)
    gcc -O1 -o "threads-$1" threads.c "$library" -pthread -Wl,-rpath,"$(dirname "$library")"
    for _ in 1 2 3 4 5 6 7 8 9 10; do "./threads-$1"; done | sort -u | tail -1
}
serial=$(seen serial)
pthread=$(seen pthread)
echo "libopenblas0-serial $VERSION from 4 threads: $serial products; libopenblas0-pthread $VERSION, one thread each: $pthread products"
[ "$serial" = wrong ] && [ "$pthread" = right ]
