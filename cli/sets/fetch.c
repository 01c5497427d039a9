/* fetch.c - download a data set, by libcurl */

#define _XOPEN_SOURCE 700

#include "sets/fetch.h"

#include "progress.h"
#include "sets/dataset.h"
#include "sets/known.h"

#include <curl/curl.h>
#include <errno.h>
#include <limits.h>
#include <sha2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A file of a set on its way. */
typedef struct wanted {
    const known_set *set;
    const char      *name, *sha256, *suffix;     /* servers have name + suffix */
} wanted;

/* The sum of what is in a zipped file, not of the zipping. */
static bool contents_sum(const char *path, char digest[SHA256_DIGEST_STRING_LENGTH])
{
    SHA2_CTX sha;
    void *bytes;
    size_t size;

    if (dataset_read_file(path, (size_t)1 << 30, &bytes, &size) != DONE) return false;
    SHA256Init(&sha);
    SHA256Update(&sha, bytes, size);
    SHA256End(&sha, digest);
    free(bytes);
    return true;
}

/* Whether a file is the one that it should be. */
static bool is_right(const char *path, const wanted *w)
{
    char digest[SHA256_DIGEST_STRING_LENGTH];
    struct stat about;

    if (stat(path, &about) != 0) return false;
    if (!(w->set->zipped ? contents_sum(path, digest) : SHA256File(path, digest) != NULL)) return false;
    return strcmp(digest, w->sha256) == 0;
}

static int show(void *user, curl_off_t total, curl_off_t done, curl_off_t up, curl_off_t sent)
{
    const wanted *w = user;

    (void)up;
    (void)sent;
    if (total > 0) progress_show((double)done / (double)total, -1, w->name);
    return done > (curl_off_t)w->set->most;
}

/* Downloads into path, behind what is there already.  Complains unless all is
 * well or the server cannot begin in the middle of a file. */
static CURLcode download(const char *url, const char *path, const wanted *w)
{
    CURL *curl = curl_easy_init();
    FILE *file = fopen(path, "ab");
    char why[CURL_ERROR_SIZE] = "";
    CURLcode result = CURLE_FAILED_INIT;

    if (curl && file) {
        fseek(file, 0, SEEK_END);
        curl_easy_setopt(curl, CURLOPT_URL, url);
        curl_easy_setopt(curl, CURLOPT_WRITEDATA, file);
        curl_easy_setopt(curl, CURLOPT_RESUME_FROM_LARGE, (curl_off_t)ftell(file));
        curl_easy_setopt(curl, CURLOPT_FAILONERROR, 1L);
        curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 1L);
        curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, 20L);
        curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 100L);
        curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, 30L);
        curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, why);
        curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
        curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, show);
        curl_easy_setopt(curl, CURLOPT_XFERINFODATA, w);
        result = curl_easy_perform(curl);
    }
    if (file && (fflush(file) != 0 || fsync(fileno(file)) != 0) && result == CURLE_OK) result = CURLE_WRITE_ERROR;
    if (file && fclose(file) != 0 && result == CURLE_OK) result = CURLE_WRITE_ERROR;
    if (curl) curl_easy_cleanup(curl);
    progress_clear();
    if (result != CURLE_OK && result != CURLE_RANGE_ERROR)
        (void)complain(FAILED, "%s: %s", url, *why ? why : curl_easy_strerror(result));
    return result;
}

static bool holds_bytes(const char *path)
{
    struct stat about;

    return stat(path, &about) == 0 && about.st_size > 0;
}

/* From one mirror: first behind what an earlier attempt left, then anew.  What
 * has come is thrown away only if it is known to be wrong. */
static bool try_mirror(const char *mirror, const wanted *w, const char *path)
{
    char url[2048], part[PATH_MAX];

    snprintf(url, sizeof url, "%s/%s%s", mirror, w->name, w->suffix);
    if (snprintf(part, sizeof part, "%s.part", path) >= (int)sizeof part) return false;
    for (int attempt = 0; attempt < 2; attempt++) {
        const bool before = holds_bytes(part);
        const CURLcode result = download(url, part, w);
        const bool failed = result != CURLE_OK && result != CURLE_RANGE_ERROR;
        if (result == CURLE_OK && is_right(part, w)) return rename(part, path) == 0;
        if (!failed || !holds_bytes(part)) (void)remove(part);
        if (failed) return false;
        if (!before) break;
    }
    (void)complain(FAILED, "%s is not the file it should be (its SHA-256 differs)", url);
    return false;
}

/* Whether there is the beginning of a file. */
static bool has_begun(const char *path)
{
    char part[PATH_MAX];

    return snprintf(part, sizeof part, "%s.part", path) < (int)sizeof part && holds_bytes(part);
}

static int fetch_file(const known_set *set, int f, const char *mirror, const char *folder)
{
    const wanted w = { set, set->file[f].name, set->file[f].sha256, set->zipped ? ".gz" : "" };
    char path[PATH_MAX];

    if (snprintf(path, sizeof path, "%s/%s%s", folder, w.name, w.suffix) >= (int)sizeof path)
        return complain(FAILED, "the path of the folder is too long");
    if (is_right(path, &w)) return DONE;
    if (mirror && try_mirror(mirror, &w, path)) return DONE;
    for (int m = 0; !mirror && m < KNOWN_MIRRORS && set->mirrors[m]; m++)
        if (try_mirror(set->mirrors[m], &w, path)) return DONE;
    return complain(FAILED, "%s could not be fetched%s", w.name,
                    has_begun(path) ? "; running the command again goes on with what has come" : "");
}

/* Says which files of a set that could not be fetched are to be put where; a folder that was made for them goes, if it is empty. */
static void tell_by_hand(const known_set *set, const char *folder, bool made)
{
    if (made) (void)rmdir(folder);
    fprintf(stderr, "To do it by hand, put these files into %s:\n", folder);
    for (int f = 0; f < KNOWN_FILES && set->file[f].name; f++)
        fprintf(stderr, "  %s/%s%s\n", set->mirrors[0], set->file[f].name, set->zipped ? ".gz" : "");
    if (set->unpacked[0]) fprintf(stderr, "and unpack them there.\n");
}

/* A zip file of many becomes files; the archive stays, so that another call has nothing to
 * fetch. */
static int unpack(const known_set *set, const char *folder)
{
    enum { LARGEST = 64 << 20 };
    char path[PATH_MAX];

    if (!set->unpacked[0]) return DONE;
    if (snprintf(path, sizeof path, "%s/%s", folder, set->file[0].name) >= (int)sizeof path)
        return complain(FAILED, "the path of the folder is too long");
    fprintf(stderr, "unpacking %s\n", path);
    return unpack_zip(path, folder, set->unpacked, LARGEST);
}

static int unknown(const char *name)
{
    char names[512] = "";
    size_t at = 0;

    for (int i = 0; i < known_count && at < sizeof names; i++)
        if (known_sets[i].mirrors[0])
            at += (size_t)snprintf(names + at, sizeof names - at, "%s%s", at ? ", " : "", known_sets[i].name);
    return complain(MISUSED, "there is no known address of '%s'; known are %s", name, names);
}

int fetch_set(const char *name, const char *mirror, const char *folder)
{
    const known_set *set = known_find(name);
    char path[PATH_MAX];
    int code = DONE;

    if (!set) return unknown(name);
    if (folder) snprintf(path, sizeof path, "%s", folder);
    else        dataset_cache(name, path, sizeof path);
    if (!set->mirrors[0])
        return complain(MISUSED, "%s is not fetched: %s, and put the folders in %s", name, set->by_hand, path);
    const bool there = access(path, F_OK) == 0;
    if (!unpack_folders(path)) return complain(FAILED, "cannot make the folder %s: %s", path, strerror(errno));

    curl_global_init(CURL_GLOBAL_DEFAULT);
    for (int f = 0; f < KNOWN_FILES && set->file[f].name && code == DONE; f++) code = fetch_file(set, f, mirror, path);
    curl_global_cleanup();
    if (code != DONE) tell_by_hand(set, path, !there);
    if (code == DONE) code = unpack(set, path);
    if (code == DONE) fprintf(stderr, "%s is complete in %s\n", name, path);
    return code;
}
