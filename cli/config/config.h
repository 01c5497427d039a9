/* config.h - experiments in YAML: what the library knows of, and what the command adds */
#ifndef CLI_CONFIG_H
#define CLI_CONFIG_H

#include "sets/dataset.h"
#include "yaml/document.h"

enum { CONFIG_DATA = 4096 };

/* Reference figures, as fractions of 1; 0: none. */
typedef struct expected_config {
    float direct_average, direct_max, linear, accuracy;
    float minutes;               /* of the training loop, measured on two cores */
    char  source[PLN_MAX_TEXT];
} expected_config;

typedef struct config {
    char            description[PLN_MAX_TEXT];
    char            data[CONFIG_DATA];   /* name of a data set, or a folder of one: dataset_is_place */
    dataset_how     read;                /* how its files are read     */
    pln_experiment  e;
    expected_config expected;
    document        from;                /* where the values stand     */
    bool            parted;              /* the test was taken from the training samples, for want of another */
} config;

extern const pln_option config_options[];

/* Whether a word is a method by which whole channels go (pln_cut_options), and all of these: "a or b". */
enum { CONFIG_METHODS = 64 };
bool config_takes_channels(const char *method);
void config_channel_methods(char text[CONFIG_METHODS]);

/* Reads a configuration file, or a preset by its name, and applies the texts
 * "key=value" of `set`, a NULL-terminated list or NULL.  Complains and returns an exit code; DONE with *c to be freed by
 * config_free. */
int  config_load(const char *name, const char *const *set, config **c);

/* As config_load from text; name is used in messages. */
int  config_parse(const char *name, const char *text, size_t size,
                  const char *const *set, config **c);
void config_free(config *c);

/* The configuration as YAML, freed by free; NULL if memory is short. */
char *config_text(const config *c, size_t *size);

/* The first settings in which two configurations differ, "train.batch (was 8, is 16), ...", or "". */
enum { CONFIG_DIFFERENCES = 600 };
void config_differences(const config *mine, const config *before, char text[CONFIG_DIFFERENCES]);

/* Section `read` as JSON, freed by free, NULL if memory is short; and back from such a text, of a file of that
 * name: complains and returns an exit code. */
char *config_read_text(const config *c);
int   config_read_parse(pln_ctx *ctx, const char *name, const char *text, dataset_how *how);

/* The data of a configuration, of which only the first `limit` training samples are
 * used (0: all).  With evaluate.validation a share of these is the test set, and
 * the test files are not opened; without it there is no test set where they have none; with select another share of
 * what is left is held out.  Complains and returns an exit code. */
int config_data(pln_ctx *ctx, const config *c, const char *folder, int limit, dataset *d);

/* The two halves of it: the files are read, whose digest is known then; and they are divided. */
int config_data_read(pln_ctx *ctx, const config *c, const char *folder, dataset *d);
int config_data_divide(pln_ctx *ctx, const config *c, int limit, dataset *d);

/* Sets evaluate.validation, unless it is set, for data that are one folder without a test part, which config_data then says. */
void config_part(config *c, const char *folder);

/* Keeps which data it has become an experiment of, where a folder was given: that folder, unless it is the known set of this
 * name; what is told and expected of a known set is then left out. */
void config_take_data(config *c, const dataset *d, bool given);

/* The set its figures are of: "validation" or "test". */
const char *config_evaluated_on(const config *c);

/* The samples of a fraction, --labels or the configuration's, of those with a label.  Complains and returns an exit code. */
int config_share(pln_ctx *ctx, const config *c, pln_data *train, double fraction, pln_index *index);

/* Complains about the last error of the context, with the place in the configuration that is to
 * blame, if one is; returns an exit code. */
int config_complain(const config *c, const pln_ctx *ctx, pln_status status);

/* As pln_experiment_labels: which training samples show their labels, of a configuration called
 * `name`; for the test and fractions of labels only if it `evaluates`.  Complains and returns an
 * exit code; the indices are freed in any case. */
int config_labels(pln_ctx *ctx, const config *c, const char *name, const dataset *d, uint64_t seed, bool evaluates,
                  pln_index *with, pln_index *without);

#endif
