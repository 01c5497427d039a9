/* fetch.c - download a data set, by libcurl */

#define _XOPEN_SOURCE 700

#include "fetch.h"

#include "dataset.h"
#include "progress.h"

#include <curl/curl.h>
#include <errno.h>
#include <limits.h>
#include <sha2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Sums are of the unzipped contents: mirrors wrap the same files differently. */
static const struct known_set {
    const char *name;
    const char *mirrors[3];
    struct { const char *name, *sha256; } file[4];
} sets[] = {
    { "mnist",
      { "https://ossci-datasets.s3.amazonaws.com/mnist",
        "https://storage.googleapis.com/cvdf-datasets/mnist", "http://yann.lecun.com/exdb/mnist" },
      { { "train-images-idx3-ubyte", "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db" },
        { "train-labels-idx1-ubyte", "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5" },
        { "t10k-images-idx3-ubyte", "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7" },
        { "t10k-labels-idx1-ubyte", "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2" } } },
    { "fashion-mnist",
      { "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com",
        "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion", NULL },
      { { "train-images-idx3-ubyte", "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888" },
        { "train-labels-idx1-ubyte", "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9" },
        { "t10k-images-idx3-ubyte", "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b" },
        { "t10k-labels-idx1-ubyte", "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34" } } },
};

/* No file of these sets is larger, zipped; a mirror that sends more is wrong. */
enum { MOST_BYTES = 64 << 20 };

/* Whether a file's contents have the given sum. */
static bool is_right(const char *path, const char *sha256)
{
    char digest[SHA256_DIGEST_STRING_LENGTH];
    struct stat about;
    SHA2_CTX sha;
    void *bytes;
    size_t size;

    if (stat(path, &about) != 0 || dataset_read_file(path, (size_t)1 << 30, &bytes, &size) != DONE) return false;
    SHA256Init(&sha);
    SHA256Update(&sha, bytes, size);
    SHA256End(&sha, digest);
    free(bytes);
    return strcmp(digest, sha256) == 0;
}

static int show(void *user, curl_off_t total, curl_off_t done, curl_off_t up, curl_off_t sent)
{
    (void)up;
    (void)sent;
    if (total > 0) progress_show((double)done / (double)total, -1, user);
    return done > MOST_BYTES;
}

/* Downloads into path, behind what is there already.  Complains unless all is
 * well or the server cannot begin in the middle of a file. */
static CURLcode download(const char *url, const char *path, const char *label)
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
        curl_easy_setopt(curl, CURLOPT_XFERINFODATA, label);
        result = curl_easy_perform(curl);
    }
    if (file && fclose(file) != 0 && result == CURLE_OK) result = CURLE_WRITE_ERROR;
    if (curl) curl_easy_cleanup(curl);
    progress_clear();
    if (result != CURLE_OK && result != CURLE_RANGE_ERROR)
        (void)complain(FAILED, "%s: %s", url, *why ? why : curl_easy_strerror(result));
    return result;
}

/* From one mirror: first behind what an earlier attempt left, then anew.  What
 * has come is thrown away only if it is known to be wrong. */
static bool try_mirror(const char *mirror, const char *name, const char *sha256, const char *path)
{
    char url[2048], part[PATH_MAX];
    struct stat about;

    snprintf(url, sizeof url, "%s/%s.gz", mirror, name);
    if (snprintf(part, sizeof part, "%s.part", path) >= (int)sizeof part) return false;
    for (int attempt = 0; attempt < 2; attempt++) {
        const bool before = stat(part, &about) == 0 && about.st_size > 0;
        const CURLcode result = download(url, part, name);
        if (result != CURLE_OK && result != CURLE_RANGE_ERROR) return false;
        if (result == CURLE_OK && is_right(part, sha256)) return rename(part, path) == 0;
        (void)remove(part);
        if (!before) break;
    }
    (void)complain(FAILED, "%s is not the file it should be (its SHA-256 differs)", url);
    return false;
}

static int fetch_file(const struct known_set *set, int f, const char *mirror, const char *folder)
{
    const char *name = set->file[f].name, *sha256 = set->file[f].sha256;
    char path[PATH_MAX];

    if (snprintf(path, sizeof path, "%s/%s.gz", folder, name) >= (int)sizeof path)
        return complain(FAILED, "the path of the folder is too long");
    if (is_right(path, sha256)) return DONE;
    if (mirror && try_mirror(mirror, name, sha256, path)) return DONE;
    for (int m = 0; !mirror && m < 3 && set->mirrors[m]; m++)
        if (try_mirror(set->mirrors[m], name, sha256, path)) return DONE;
    return complain(FAILED, "%s could not be fetched; running the command again goes on with what has come", name);
}

static bool make_folders(char *path)
{
    for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = 0;
        const bool sound = mkdir(path, 0777) == 0 || errno == EEXIST;
        *slash = '/';
        if (!sound) return false;
    }
    return mkdir(path, 0777) == 0 || errno == EEXIST;
}

int fetch_set(const char *name, const char *mirror, const char *folder)
{
    const struct known_set *set = NULL;
    char path[PATH_MAX];
    int code = DONE;

    for (size_t i = 0; i < sizeof sets / sizeof sets[0]; i++)
        if (strcmp(sets[i].name, name) == 0) set = &sets[i];
    if (!set) return complain(MISUSED, "there is no known address of '%s'; known are mnist and fashion-mnist", name);
    if (folder) snprintf(path, sizeof path, "%s", folder);
    else        dataset_cache(name, path, sizeof path);
    if (!make_folders(path)) return complain(FAILED, "cannot make the folder %s: %s", path, strerror(errno));

    curl_global_init(CURL_GLOBAL_DEFAULT);
    for (int f = 0; f < 4 && code == DONE; f++) code = fetch_file(set, f, mirror, path);
    curl_global_cleanup();
    if (code == DONE) fprintf(stderr, "%s is complete in %s\n", name, path);
    return code;
}
