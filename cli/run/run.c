/* run.c - the folder of a run: configuration, manifest, metrics, model */

#define _DEFAULT_SOURCE

#include "run/run.h"

#include "run/tensorboard.h"

#include <curl/curl.h>
#include <yaml.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <png.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <zlib.h>

const char *run_path(const run *r, const char *name)
{
    static char paths[4][PATH_MAX];
    static int next;
    char *path = paths[next++ % 4];

    snprintf(path, PATH_MAX, "%s/%s", r->folder, name);
    return path;
}

/* Makes a folder and those above it. */
static bool make_folders(const char *path)
{
    char part[PATH_MAX];

    for (const char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        snprintf(part, sizeof part, "%.*s", (int)(slash - path), path);
        if (mkdir(part, 0777) != 0 && errno != EEXIST) return false;
    }
    return mkdir(path, 0777) == 0 || errno == EEXIST;
}

static const char *const files[] = { "config.yaml", "manifest.json", "metrics.jsonl", "model.safetensors",
                                     "classifier.safetensors", "checkpoint.safetensors", "fields.png", "errors.png", "surest.png",
                                     "result.json", "best.safetensors", "analysis.json", "potentials.svg",
                                     "criticality.svg", "pruning.svg", TENSORBOARD_FILE };
enum { FILES = sizeof files / sizeof files[0] };

/* Whether a process that was killed has left this: a file of ours with ".part"
 * or with the six letters of mkstemp behind its name. */
static bool is_leftover(const char *name)
{
    for (int i = 0; i < FILES; i++) {
        const size_t length = strlen(files[i]);
        if (strncmp(name, files[i], length) != 0 || name[length] != '.') continue;
        if (strcmp(name + length, ".part") == 0) return true;
        if (strlen(name + length) == 7 && strspn(name + length + 1, "abcdefghijklmnopqrstuvwxyz"
                                                 "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") == 6) return true;
    }
    return false;
}

static void remove_leftovers(const run *r)
{
    DIR *dir = opendir(r->folder);
    const struct dirent *entry;

    while (dir && (entry = readdir(dir)) != NULL)
        if (is_leftover(entry->d_name)) (void)unlinkat(r->lock, entry->d_name, 0);
    if (dir) closedir(dir);
}

/* The lock ends with the process, however that ends. */
static int lock_folder(run *r, int seconds)
{
    const struct timespec pause = { .tv_nsec = 50000000 };

    r->lock = open(r->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (r->lock < 0) return complain(FAILED, "cannot open the folder %s: %s", r->folder, strerror(errno));
    for (int tries = 20 * seconds; flock(r->lock, LOCK_EX | LOCK_NB) != 0; tries--) {
        if (errno != EWOULDBLOCK) return DONE;
        if (tries <= 0)
            return complain(FAILED, "another process is training in %s: wait for it, or name another folder by --out", r->folder);
        (void)nanosleep(&pause, NULL);
    }
    return DONE;
}

void run_default(char *folder, size_t capacity, const char *kind, const char *name, long seed)
{
    const char *end = name + strlen(name), *base;

    while (end > name + 1 && end[-1] == '/') end--;          /* a folder's name, as a shell completes it */
    for (base = end; base > name && base[-1] != '/'; base--) continue;
    if (end - base > 5 && strncmp(end - 5, ".yaml", 5) == 0) end -= 5;

    /* A sweep's best.yaml and a run's config.yaml are called alike in every folder. */
    const bool common = end - base == 4 ? strncmp(base, "best", 4) == 0 : end - base == 6 && strncmp(base, "config", 6) == 0;
    const char *above = base;
    if (common && base > name + 1) for (above--; above > name && above[-1] != '/'; above--) continue;
    const bool within = above < base && *above != '.';
    snprintf(folder, capacity, "runs/%s%.*s%s%.*s-seed%ld", kind, within ? (int)(base - 1 - above) : 0, above, within ? "-" : "",
             (int)(end - base), base, seed);
}

int run_lock(run *r, const char *folder, int seconds)
{
    *r = (run){ .lock = -1 };
    if (snprintf(r->folder, sizeof r->folder, "%s", folder) >= (int)sizeof r->folder)
        return complain(FAILED, "the path of the run folder is too long");
    if (!make_folders(folder)) return complain(FAILED, "cannot make the folder %s: %s", folder, strerror(errno));
    return lock_folder(r, seconds);
}

int run_create(run *r, const char *folder, bool resume, bool force)
{
    struct stat about;
    int code = run_lock(r, folder, 0);

    for (int i = 0; code == DONE && !resume && i < FILES; i++) {
        if (stat(run_path(r, files[i]), &about) != 0) continue;
        if (!force)
            return complain(FAILED, "%s holds a run already: --resume goes on with it, --force overwrites it, --out names another folder", folder);
        if (unlink(run_path(r, files[i])) != 0)
            return complain(FAILED, "cannot remove %s: %s", run_path(r, files[i]), strerror(errno));
    }
    if (code == DONE) remove_leftovers(r);
    return code;
}

int run_write(const run *r, const char *name, const char *text, size_t size)
{
    char temporary[PATH_MAX];
    bool sound;
    FILE *file;

    if (snprintf(temporary, sizeof temporary, "%s/%s.part", r->folder, name) >= (int)sizeof temporary)
        return complain(FAILED, "the path of the run folder is too long");
    file = fopen(temporary, "wb");
    if (!file) return complain(FAILED, "cannot write %s: %s", temporary, strerror(errno));
    sound = fwrite(text, 1, size, file) == size && fflush(file) == 0 && fsync(fileno(file)) == 0;
    sound = fclose(file) == 0 && sound;
    if (sound && rename(temporary, run_path(r, name)) == 0) return DONE;
    const int code = complain(FAILED, "cannot write %s: %s", run_path(r, name), strerror(errno));
    (void)unlink(temporary);
    return code;
}

int run_open_metrics(run *r, long keep)
{
    const char *path = run_path(r, "metrics.jsonl");

    r->metrics = fopen(path, "ab");
    if (!r->metrics) return complain(FAILED, "cannot write %s: %s", path, strerror(errno));
    if (fseek(r->metrics, 0, SEEK_END) != 0 || ftell(r->metrics) < keep)
        return complain(BAD_INPUT, "%s is shorter than the checkpoint says", path);
    if (ftruncate(fileno(r->metrics), keep) != 0 || fseek(r->metrics, 0, SEEK_END) != 0)
        return complain(FAILED, "cannot shorten %s: %s", path, strerror(errno));
    return DONE;
}

int run_open_events(run *r)
{
    return tensorboard_open(run_path(r, TENSORBOARD_FILE), run_path(r, "metrics.jsonl"), &r->events);
}

int run_add_metrics(run *r, json_t *line, long *size)
{
    char *text = json_dumps(line, JSON_COMPACT | JSON_REAL_PRECISION(10));
    const int code = r->events ? tensorboard_add(r->events, line) : DONE;
    bool sound = false;

    json_decref(line);
    if (text) sound = fprintf(r->metrics, "%s\n", text) > 0 && fflush(r->metrics) == 0;
    free(text);
    if (!sound) return complain(FAILED, "cannot write %s: %s", run_path(r, "metrics.jsonl"), strerror(errno));
    *size = ftell(r->metrics);
    return code;
}

void run_close(run *r)
{
    if (r->metrics) fclose(r->metrics);
    if (r->events) fclose(r->events);
    if (r->lock >= 0) close(r->lock);
    *r = (run){ .lock = -1 };
}

size_t run_peak_bytes(void)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    return (size_t)usage.ru_maxrss * 1024;
}

json_t *run_libraries(void)
{
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "BLAS kernels", pln_blas_core(), "jansson", jansson_version_str(), "libyaml", yaml_get_version_string(),
                     "zlib", zlibVersion(), "libpng", png_get_libpng_ver(NULL), "libcurl",
                     curl_version_info(CURLVERSION_NOW)->version);
}

void run_cpu(char *name, size_t capacity)
{
    char line[512];
    FILE *file = fopen("/proc/cpuinfo", "r");

    snprintf(name, capacity, "unknown");
    while (file && fgets(line, sizeof line, file)) {
        char *colon = strchr(line, ':');
        if (strncmp(line, "model name", 10) != 0 || !colon) continue;
        colon[strcspn(colon, "\n")] = 0;
        snprintf(name, capacity, "%s", colon + 2);
        break;
    }
    if (file) fclose(file);
}
