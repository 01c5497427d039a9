/* test_processors.c - how many processors a process may use (affinity, quotas of control groups, OMP_NUM_THREADS),
 * and which kernels of OpenBLAS fit them */

#define _GNU_SOURCE

#include "test.h"

#include "base/blas.h"
#include "base/cpu.h"
#include "base/processors.h"
#include "planaria.h"

#include <errno.h>
#include <sched.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- files as a kernel would show them ------------------------------------------ */

enum { FILES = 8 };

typedef struct fake {
    const char *what, *group, *mounts;                       /* /proc/self/cgroup, /proc/self/mountinfo */
    struct { const char *path, *text; } file[FILES];
    double quota;
} fake;

#define V2 "30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n"
#define V1 "31 23 0:27 / /sys/fs/cgroup/cpu,cpuacct rw,nosuid - cgroup cgroup rw,cpu,cpuacct\n"
#define V1_OTHERS "29 23 0:25 / /sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset\n"     \
                  "28 23 0:24 / /sys/fs/cgroup/cpuacct rw - cgroup cgroup rw,cpuacct\n"
#define V1_GROUPS "11:cpuset:/c\n4:cpu,cpuacct:/a/b\n1:name=systemd:/s\n0::/u\n"
#define CPU "/sys/fs/cgroup/cpu,cpuacct"

static const fake fakes[] = {
    { "nothing is mounted", "0::/\n", "22 1 8:1 / / rw - ext4 /dev/sda1 rw\n", { { 0 } }, INFINITY },
    { "version 2, no bound", "0::/a\n", V2, { { "/sys/fs/cgroup/a/cpu.max", "max 100000\n" } }, INFINITY },
    { "version 2, own bound", "0::/a/b\n", V2, { { "/sys/fs/cgroup/a/b/cpu.max", "150000 100000\n" } }, 1.5 },
    { "version 2, its parent's is less", "0::/a/b\n", V2,
      { { "/sys/fs/cgroup/a/b/cpu.max", "400000 100000\n" }, { "/sys/fs/cgroup/a/cpu.max", "100000 50000\n" } }, 2 },
    { "version 2, its grandparent's, without one between", "0::/a/b/c\n", V2,
      { { "/sys/fs/cgroup/a/b/c/cpu.max", "max 100000\n" }, { "/sys/fs/cgroup/a/cpu.max", "25000 50000\n" } }, 0.5 },
    { "version 2, a container sees its own group as the first", "0::/\n", V2, { { "/sys/fs/cgroup/cpu.max", "300000 100000\n" } }, 3 },
    { "version 2, a group of others does not count", "0::/a\n", V2, { { "/sys/fs/cgroup/b/cpu.max", "100000 100000\n" } }, INFINITY },
    { "version 2, the mount shows a group below", "0::/docker/x/y\n",
      "30 23 0:26 /docker/x /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n",
      { { "/sys/fs/cgroup/y/cpu.max", "700000 100000\n" }, { "/sys/fs/cgroup/cpu.max", "400000 100000\n" } }, 4 },
    { "version 2, the mount shows a group that has only the same beginning", "0::/docker/xy\n",
      "30 23 0:26 /docker/x /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n",
      { { "/sys/fs/cgroup/y/cpu.max", "100000 100000\n" }, { "/sys/fs/cgroup/cpu.max", "400000 100000\n" } }, 4 },
    { "version 2, a group outside of what is seen", "0::/../other\n", V2,
      { { "/sys/fs/cgroup/cpu.max", "600000 100000\n" } }, 6 },
    { "version 1", V1_GROUPS, V1_OTHERS V1,
      { { CPU "/a/b/cpu.cfs_quota_us", "250000\n" }, { CPU "/a/b/cpu.cfs_period_us", "100000\n" } }, 2.5 },
    { "version 1, no bound", V1_GROUPS, V1_OTHERS V1,
      { { CPU "/a/b/cpu.cfs_quota_us", "-1\n" }, { CPU "/a/b/cpu.cfs_period_us", "100000\n" } }, INFINITY },
    { "version 1, its parent's", V1_GROUPS, V1_OTHERS V1,
      { { CPU "/a/b/cpu.cfs_quota_us", "-1\n" }, { CPU "/a/b/cpu.cfs_period_us", "100000\n" },
        { CPU "/a/cpu.cfs_quota_us", "50000\n" }, { CPU "/a/cpu.cfs_period_us", "100000\n" } }, 0.5 },
    { "both, version 2 for other things", V1_GROUPS, V1 "30 23 0:26 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n",
      { { CPU "/a/b/cpu.cfs_quota_us", "800000\n" }, { CPU "/a/b/cpu.cfs_period_us", "100000\n" } }, 8 },
    { "broken files", "0::/a\n", V2, { { "/sys/fs/cgroup/a/cpu.max", "" }, { "/sys/fs/cgroup/cpu.max", "100000 0\n" } }, INFINITY },
    { "no lines", "no colon\n::\n", "short\n - cgroup2\n" V2, { { 0 } }, INFINITY },
};

static char root[64];

static void put(const char *path, const char *text)
{
    char all[512];
    FILE *file;

    snprintf(all, sizeof all, "%s%s", root, path);
    for (char *at = all + 1; (at = strchr(at, '/')); at++) {
        *at = '\0';
        assert_true(mkdir(all, 0777) == 0 || errno == EEXIST);
        *at = '/';
    }
    file = fopen(all, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void remove_all(void)
{
    char command[128];

    snprintf(command, sizeof command, "rm -rf '%s'", root);
    assert_int_equal(system(command), 0);
}

static void test_quotas(void **state)
{
    (void)state;
    snprintf(root, sizeof root, "processors-%d", (int)getpid());
    for (int i = 0; i < TEST_COUNT(fakes); i++) {
        const fake *f = &fakes[i];
        put("/proc/self/cgroup", f->group);
        put("/proc/self/mountinfo", f->mounts);
        for (int k = 0; k < FILES && f->file[k].path; k++) put(f->file[k].path, f->file[k].text);
        const double quota = plni_processors_quota(root);
        if (!(quota == f->quota)) fail_msg("%s: %g, not %g", f->what, quota, f->quota);
        remove_all();
    }
    assert_true(plni_processors_quota("nowhere") == INFINITY);
}

/* A container's root file system may have a line of many folders. */
static void test_long_lines(void **state)
{
    enum { LONG = 40000 };
    char *mounts = malloc(LONG + sizeof V2);

    (void)state;
    memset(mounts, 'x', LONG);
    memcpy(mounts, "22 1 0:30 / / rw - overlay overlay ", 35);
    mounts[LONG - 1] = '\n';
    memcpy(mounts + LONG, V2, sizeof V2);
    put("/proc/self/cgroup", "0::/a\n");
    put("/proc/self/mountinfo", mounts);
    put("/sys/fs/cgroup/a/cpu.max", "200000 100000\n");
    assert_true(plni_processors_quota(root) == 2);
    remove_all();
    free(mounts);
}

/* ---- threads -------------------------------------------------------------------- */

static void test_threads(void **state)
{
    static const struct { int allowed; double quota; const char *wish; int threads; } cases[] = {
        { 8, INFINITY, NULL, 8 }, { 1, INFINITY, NULL, 1 },  { 8, 2, NULL, 2 },          { 8, 1.5, NULL, 2 },
        { 8, 0.1, NULL, 1 },      { 2, 7.5, NULL, 2 },       { 1000, INFINITY, NULL, 256 }, { 8, INFINITY, "3", 3 },
        { 2, INFINITY, "3", 2 },  { 8, 2, "3", 2 },          { 8, 4, "1", 1 },           { 8, INFINITY, "4,3,2", 4 },
        { 8, INFINITY, "0", 8 },  { 8, INFINITY, "-1", 8 },  { 8, INFINITY, "", 8 },     { 8, INFINITY, "many", 8 },
        { 8, INFINITY, "4k", 8 }, { 8, INFINITY, " 4 ", 4 }, { 8, INFINITY, "99999999999999999999", 8 },
    };

    (void)state;
    for (int i = 0; i < TEST_COUNT(cases); i++)
        if (plni_processors_threads(cases[i].allowed, cases[i].quota, cases[i].wish) != cases[i].threads)
            fail_msg("%d processors, quota %g, wish '%s'", cases[i].allowed, cases[i].quota, cases[i].wish ? cases[i].wish : "none");
}

static void test_affinity_and_environment(void **state)
{
    const char *was = getenv("OMP_NUM_THREADS");
    cpu_set_t all, one;
    size_t first = 0;
    pln_ctx *ctx;

    (void)state;
    if (was) skip();
    assert_int_equal(sched_getaffinity(0, sizeof all, &all), 0);
    while (!CPU_ISSET(first, &all)) first++;
    CPU_ZERO(&one);
    CPU_SET(first, &one);
    assert_int_equal(sched_setaffinity(0, sizeof one, &one), 0);
    assert_int_equal(plni_processors_find().allowed, 1);
    assert_int_equal(pln_processors(), 1);
    ctx = pln_ctx_new(NULL);
    assert_int_equal(pln_ctx_threads(ctx), 1);
    pln_ctx_free(ctx);
    assert_int_equal(sched_setaffinity(0, sizeof all, &all), 0);
    assert_int_equal(plni_processors_find().allowed, CPU_COUNT(&all));

    setenv("OMP_NUM_THREADS", "1", 1);
    assert_int_equal(pln_processors(), 1);
    unsetenv("OMP_NUM_THREADS");
    assert_int_equal(pln_processors(), plni_processors_threads(CPU_COUNT(&all), plni_processors_quota(""), NULL));
}

/* Only what is taken for an unknown processor is replaced, and never against the user's word. */
static void test_kernels_of_blas(void **state)
{
    enum { V3 = PLNI_CPU_X86_64_V2 | PLNI_CPU_X86_64_V3, V4 = V3 | PLNI_CPU_X86_64_V4, BF16 = V4 | PLNI_CPU_AVX512_BF16 };
    const char *was = getenv("OPENBLAS_CORETYPE");

    (void)state;
    assert_null(plni_blas_better("Prescott", PLNI_CPU_X86_64_V2, NULL));
    assert_string_equal(plni_blas_better("Prescott", V3, NULL), "Haswell");
    assert_string_equal(plni_blas_better("Prescott", V4, NULL), "SkylakeX");
    assert_string_equal(plni_blas_better("Prescott", BF16, NULL), "Cooperlake");
    assert_null(plni_blas_better("Haswell", BF16, NULL));
    assert_null(plni_blas_better("unknown", BF16, NULL));
    assert_null(plni_blas_better("Prescott", BF16, "Prescott"));
    assert_null(plni_blas_better("armv8", PLNI_CPU_ARM64, NULL));
    assert_true(strlen(pln_blas_core()) > 0);
    if (was) skip();
    setenv("OPENBLAS_CORETYPE", "Prescott", 1);
    assert_null(pln_blas_advice());
    unsetenv("OPENBLAS_CORETYPE");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_quotas),
        cmocka_unit_test(test_long_lines),
        cmocka_unit_test(test_kernels_of_blas),
        cmocka_unit_test(test_threads),
        cmocka_unit_test(test_affinity_and_environment),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
