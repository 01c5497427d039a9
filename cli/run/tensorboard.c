/* tensorboard.c - the figures of a run as a file that TensorBoard reads
 *
 * The file is a row of records of TFRecord (tensorflow/core/lib/io/record_writer.h):
 *
 *     uint64 length, uint32 masked CRC of length, bytes [length], uint32 masked CRC of bytes
 *
 * little-endian, with CRC32C (Castagnoli) and the mask that is added to it so that a CRC of data that hold CRCs is none.
 * A record is an Event in the encoding of protocol buffers (tensorflow/core/util/event.proto, summary.proto). */

#define _POSIX_C_SOURCE 200809L

#include "run/tensorboard.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { HEAD = 12, FOOT = 4, MOST = 4096 };

/* Numbers of the fields, and how they are coded: field * 8 + kind. */
enum { VARINT = 0, EIGHT_BYTES = 1, LENGTH = 2, FOUR_BYTES = 5 };
enum { EVENT_TIME = 1, EVENT_STEP = 2, EVENT_VERSION = 3, EVENT_SUMMARY = 5 };
enum { SUMMARY_VALUE = 1, VALUE_TAG = 1, VALUE_SIMPLE = 2 };

/* ---- records --------------------------------------------------------------------- */

static uint32_t masked_crc(const unsigned char *bytes, size_t size)
{
    uint32_t crc = 0xffffffff;

    for (size_t i = 0; i < size; i++) {
        crc ^= bytes[i];
        for (int bit = 0; bit < 8; bit++) crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78 : 0);
    }
    crc = ~crc;
    return (crc >> 15 | crc << 17) + 0xa282ead8;
}

static void put(unsigned char *to, uint64_t value, int bytes)
{
    for (int i = 0; i < bytes; i++) to[i] = (unsigned char)(value >> 8 * i);
}

static uint64_t get(const unsigned char *from, int bytes)
{
    uint64_t value = 0;

    for (int i = 0; i < bytes; i++) value |= (uint64_t)from[i] << 8 * i;
    return value;
}

/* How many records there are, `most` at most, and where the last of them ends; what follows is cut off or damaged. */
static long count_records(FILE *file, long most, long *end)
{
    unsigned char head[HEAD];
    long count = 0;

    *end = 0;
    if (fseek(file, 0, SEEK_END) != 0) return 0;
    const long size = ftell(file);
    while (count < most && size - *end >= HEAD + FOOT && fseek(file, *end, SEEK_SET) == 0 && fread(head, 1, HEAD, file) == HEAD) {
        const uint64_t length = get(head, 8);
        if (get(head + 8, 4) != masked_crc(head, 8) || length > (uint64_t)(size - *end - HEAD - FOOT)) break;
        *end += HEAD + (long)length + FOOT;
        count++;
    }
    return count;
}

/* ---- messages -------------------------------------------------------------------- */

/* A message that grows; one that would not fit is never written. */
typedef struct message {
    unsigned char bytes[MOST];
    size_t        size;
    bool          full;
} message;

static void add_bytes(message *m, const void *bytes, size_t size)
{
    if (size > MOST - m->size) m->full = true;
    if (m->full) return;
    memcpy(m->bytes + m->size, bytes, size);
    m->size += size;
}

static void add_varint(message *m, uint64_t value)
{
    for (; value >= 0x80; value >>= 7) add_bytes(m, (unsigned char[]){ (unsigned char)(value | 0x80) }, 1);
    add_bytes(m, (unsigned char[]){ (unsigned char)value }, 1);
}

static void add_key(message *m, unsigned field, unsigned kind)
{
    add_varint(m, field << 3 | kind);
}

static void add_field(message *m, unsigned field, const void *bytes, size_t size)
{
    add_key(m, field, LENGTH);
    add_varint(m, size);
    add_bytes(m, bytes, size);
}

/* The beginning of an event: now, and a step. */
static message event_at(int64_t step)
{
    message m = { .size = 0 };
    struct timespec now;
    uint64_t bits;
    unsigned char bytes[8];

    (void)clock_gettime(CLOCK_REALTIME, &now);
    const double seconds = (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
    memcpy(&bits, &seconds, sizeof bits);
    put(bytes, bits, 8);
    add_key(&m, EVENT_TIME, EIGHT_BYTES);
    add_bytes(&m, bytes, 8);
    add_key(&m, EVENT_STEP, VARINT);
    add_varint(&m, (uint64_t)step);
    return m;
}

static void add_figure(message *m, const char *tag, double figure)
{
    const float value = (float)figure;
    message v = { .size = 0 }, summary = { .size = 0 };
    uint32_t bits;
    unsigned char bytes[4];

    memcpy(&bits, &value, sizeof bits);
    put(bytes, bits, 4);
    add_field(&v, VALUE_TAG, tag, strlen(tag));
    add_key(&v, VALUE_SIMPLE, FOUR_BYTES);
    add_bytes(&v, bytes, 4);
    add_field(&summary, SUMMARY_VALUE, v.bytes, v.size);
    add_field(m, EVENT_SUMMARY, summary.bytes, summary.size);
    m->full |= v.full || summary.full;
}

static bool write_record(FILE *file, const message *m)
{
    unsigned char head[HEAD], foot[FOOT];

    if (m->full) return true;
    put(head, m->size, 8);
    put(head + 8, masked_crc(head, 8), 4);
    put(foot, masked_crc(m->bytes, m->size), FOOT);
    return fwrite(head, 1, HEAD, file) == HEAD && fwrite(m->bytes, 1, m->size, file) == m->size && fwrite(foot, 1, FOOT, file) == FOOT;
}

/* ---- the file -------------------------------------------------------------------- */

static bool write_version(FILE *file)
{
    static const char version[] = "brain.Event:2";
    message m = event_at(0);

    add_field(&m, EVENT_VERSION, version, sizeof version - 1);
    return write_record(file, &m) && fflush(file) == 0;
}

/* Which epochs a line is of: the key that counts them, and the prefix of its tags. */
typedef struct part {
    const char *key, *prefix;
} part;

static const part *part_of(const json_t *line)
{
    static const part parts[] = { { "epoch", "" }, { "pretrain_epoch", "pretraining/" }, { "classifier_epoch", "classifier/" } };

    for (size_t p = 0; p < sizeof parts / sizeof parts[0]; p++)
        if (json_is_integer(json_object_get(line, parts[p].key))) return &parts[p];
    return NULL;
}

/* The events of a line, an event a figure, without the first *skip, which is taken down; nothing is written where file is
 * NULL.  Returns how many there are, or -1. */
static long add_events(FILE *file, const json_t *line, long *skip)
{
    const part *p = part_of(line);
    const bool shares = p && strcmp(p->key, "classifier_epoch") == 0;
    const json_t *value;
    char tag[160], share[32] = "";
    const char *key;
    long count = 0;

    if (shares) snprintf(share, sizeof share, "%g/", json_number_value(json_object_get(line, "labels")));
    json_object_foreach((json_t *)(uintptr_t)line, key, value) {
        if (!p || !json_is_number(value) || strcmp(key, p->key) == 0 || (shares && strcmp(key, "labels") == 0)) continue;
        count++;
        if (!file || (*skip)-- > 0) continue;
        *skip = 0;
        message m = event_at(json_integer_value(json_object_get(line, p->key)));
        snprintf(tag, sizeof tag, "%s%s%.100s", p->prefix, share, key);
        add_figure(&m, tag, json_number_value(value));
        if (!write_record(file, &m)) return -1;
    }
    return count;
}

/* The events of all lines. */
static long add_lines(FILE *file, const char *metrics, long skip)
{
    FILE *lines = fopen(metrics, "r");
    json_t *line;
    long sum = 0, count = 0;

    while (lines && count >= 0 && (line = json_loadf(lines, JSON_DISABLE_EOF_CHECK, NULL)) != NULL) {
        count = add_events(file, line, &skip);
        sum += count;
        json_decref(line);
    }
    if (lines) fclose(lines);
    return count < 0 ? -1 : sum;
}

int tensorboard_open(const char *path, const char *metrics, FILE **file)
{
    const long wanted = 1 + add_lines(NULL, metrics, 0);
    long end, count;

    *file = fopen(path, "a+b");
    if (!*file) return complain(FAILED, "cannot write %s: %s", path, strerror(errno));
    count = count_records(*file, wanted, &end);
    if (ftruncate(fileno(*file), end) == 0 && fseek(*file, 0, SEEK_END) == 0 && (count > 0 || write_version(*file)) &&
        add_lines(*file, metrics, count > 0 ? count - 1 : 0) >= 0 && fflush(*file) == 0) return DONE;
    const int code = complain(FAILED, "cannot write %s: %s", path, strerror(errno));
    fclose(*file);
    *file = NULL;
    return code;
}

int tensorboard_add(FILE *file, const json_t *line)
{
    long skip = 0;

    if (add_events(file, line, &skip) >= 0 && fflush(file) == 0) return DONE;
    return complain(FAILED, "cannot write %s: %s", TENSORBOARD_FILE, strerror(errno));
}
