"""What the Python module takes of the library: declarations for cffi, which the C compiler checks against the headers.

    python3 declarations.py _native.c

Structs that end in "...;" list only the fields that Python reads or sets.
"""

import sys

import cffi

DECLARATIONS = """
/* ---- core.h ---- */
const char *pln_version(void);
typedef enum { PLN_OK, PLN_ERR_ARG, PLN_ERR_SHAPE, PLN_ERR_STATE, PLN_ERR_MEMORY, PLN_ERR_NAN, PLN_ERR_FORMAT, PLN_ERR_IO, ... } pln_status;
typedef struct pln_ctx pln_ctx;
typedef struct { int threads; ...; } pln_ctx_options;
pln_ctx_options pln_ctx_options_default(void);
pln_ctx *pln_ctx_new(const pln_ctx_options *options);
void pln_ctx_free(pln_ctx *ctx);
const char *pln_error(const pln_ctx *ctx);
int pln_ctx_threads(const pln_ctx *ctx);

/* ---- option.h ---- */
typedef enum { PLN_OPTION_END, PLN_OPTION_INT, PLN_OPTION_FLOAT, PLN_OPTION_DOUBLE, PLN_OPTION_BOOL, PLN_OPTION_WORD, PLN_OPTION_TEXT,
               PLN_OPTION_INTS, PLN_OPTION_FLOATS, PLN_OPTION_TEXTS, PLN_OPTION_SECTION, PLN_OPTION_LIST, PLN_OPTION_ALSO,
               ... } pln_option_type;
#define PLN_OPTION_NEEDED ...
typedef struct pln_option {
    const char *name;
    pln_option_type type;
    double low, high, usual;
    unsigned flags;
    const char *const *words;
    const struct pln_option *options;
    const char *help;
    ...;
} pln_option;
typedef enum { PLN_SETTING_VALUE, PLN_SETTING_SECTION, PLN_SETTING_LIST, ... } pln_setting_kind;
typedef struct { const char *path; pln_setting_kind kind; const char *text; long from; } pln_setting;
typedef enum { PLN_PRINT_JSON, PLN_PRINT_YAML, PLN_PRINT_IDENTITY, ... } pln_option_style;
pln_status pln_option_read(pln_ctx *ctx, const pln_option *table, void *object, const pln_setting *settings, int count);
size_t pln_option_print(const pln_option *table, const void *object, pln_option_style style, char *text, size_t capacity);
const char *pln_error_path(const pln_ctx *ctx);
double pln_decimal(double value);

/* ---- data.h ---- */
typedef struct pln_data pln_data;
typedef enum { PLN_BYTES, PLN_FLOATS, ... } pln_data_type;
typedef struct { int steps, height, width, channels; } pln_sample_shape;
typedef struct { int count, features, rank, classes, labelled; ...; } pln_data_info;
typedef struct { int *sample; int count; } pln_index;
pln_status pln_data_bind(pln_ctx *ctx, const uint8_t *samples, int count, int rank, const int *shape, const int32_t *labels, pln_data **data);
pln_status pln_data_bind_floats(pln_ctx *ctx, const float *samples, int count, int rank, const int *shape, const int32_t *labels,
                                pln_data **data);
void pln_data_free(pln_data *data);
pln_data_info pln_data_get_info(pln_data *data);
bool pln_data_remark(pln_data *data, int n, char *text, size_t size);
pln_sample_shape pln_data_shape(const pln_data *data);
int pln_data_classes(const pln_data *data);
pln_data_type pln_data_get_type(const pln_data *data);
void pln_index_free(pln_ctx *ctx, pln_index *index);
pln_status pln_data_held(pln_ctx *ctx, const pln_data *data, const char *key, double share, uint64_t seed, pln_index *index);
pln_status pln_data_split(pln_ctx *ctx, const pln_data *data, const int *index, int n, pln_data **inside, pln_data **outside);
pln_status pln_data_share(pln_ctx *ctx, const pln_data *data, double fraction, uint64_t seed, pln_index *index);

/* ---- net.h ---- */
typedef struct pln_net pln_net;
#define PLN_MAX_RANK ...
typedef struct { float *data; int rank; int dim[...]; } pln_tensor;
typedef struct { char name[24]; int rank; int dim[...]; bool kept; } pln_parameter_info;
typedef struct {
    const char *name;
    int inputs, outputs;
    size_t parameters;
    int channels, height, width, steps;
    ...;
} pln_layer_info;
void pln_net_free(pln_net *net);
int pln_net_outputs(const pln_net *net);
int pln_net_layers(const pln_net *net);
pln_layer_info pln_net_layer(const pln_net *net, int layer);
int pln_net_parameters(const pln_net *net);
pln_parameter_info pln_net_parameter(const pln_net *net, int parameter);
pln_status pln_net_get(const pln_net *net, int parameter, pln_tensor *t);
pln_status pln_net_copy(pln_net *net, const pln_net *from);

/* ---- prune.h ---- */
bool pln_parameter_competes(const pln_parameter_info *info);
size_t pln_net_present(const pln_net *net, int parameter);

/* ---- train.h ---- */
typedef struct { int epochs; ...; } pln_fit;
typedef struct pln_trainer pln_trainer;
typedef struct {
    int epoch, course;
    long samples;
    double seconds;
    long timed;
    double loss, rate_factor, homeostasis, input_active, delta_active, density, firing_rate, sweeps, nudged_sweeps, residual, skipped;
    ...;
} pln_epoch_report;
typedef struct { double average, max; int unlearned; ...; } pln_association;
typedef struct { double input_active, firing_rate, silent, macs, sops, sops_value, energy; size_t weights, active_weights; } pln_activity;
typedef struct pln_features pln_features;
pln_status pln_trainer_new(pln_ctx *ctx, pln_net *net, pln_net *features, const pln_data *data, const int *index, int count,
                           const pln_fit *fit, pln_trainer **trainer);
void pln_trainer_free(pln_trainer *trainer);
pln_status pln_trainer_step(pln_trainer *trainer, int batches, pln_epoch_report *report);
int pln_trainer_epoch(const pln_trainer *trainer);
pln_status pln_features_new(pln_ctx *ctx, pln_net *net, const pln_data *data, size_t most, pln_features **features);
void pln_features_free(pln_features *features);
pln_status pln_trainer_set_features(pln_trainer *trainer, const pln_features *features);
pln_status pln_evaluate_activity(pln_ctx *ctx, pln_net *net, const pln_data *data, const int *index, int count, pln_activity *activity);

/* ---- experiment.h ---- */
typedef struct { bool has_semi, has_classifier; float validation; int validation_seed; bool selects; float held_out; int held_out_seed; ...; } pln_experiment;
extern const pln_option pln_experiment_options[];
const pln_option *pln_layer_options(const char *kind);
void pln_experiment_defaults(pln_experiment *e);
pln_status pln_experiment_check(pln_ctx *ctx, const pln_experiment *e);
void pln_experiment_settle(pln_experiment *e);
bool pln_experiment_argmax(const pln_experiment *e);
bool pln_experiment_classifies(const pln_experiment *e);
bool pln_experiment_keeps_features(const pln_experiment *e);
double pln_experiment_fraction(const pln_experiment *e, int i);
typedef enum { PLN_PART_NETWORK, PLN_PART_LABELLED, PLN_PART_PRETRAIN, PLN_PART_CLASSIFIER, ... } pln_part;
pln_fit pln_experiment_fit(const pln_experiment *e, pln_part part, uint64_t seed);
pln_status pln_experiment_network(pln_ctx *ctx, const pln_experiment *e, pln_data *data, uint64_t seed, pln_net **net);
pln_status pln_experiment_head(pln_ctx *ctx, const pln_experiment *e, int inputs, int classes, uint64_t seed, pln_net **net);
pln_status pln_experiment_labels(pln_ctx *ctx, const pln_experiment *e, const pln_data *train, const pln_data *test, uint64_t seed,
                                 const int *marked, pln_index *with, pln_index *without);
typedef struct { bool argmax; double accuracy; pln_association association; double seconds; ...; } pln_figures;

/* ---- run.h ---- */
typedef struct pln_run pln_run;
typedef struct { pln_data *train, *test, *held; const pln_index *with, *without; ...; } pln_run_data;
typedef struct { uint64_t seed; bool evaluates; size_t features; } pln_run_options;
pln_run_options pln_run_options_default(void);
typedef enum { PLN_RUN_NOTHING, PLN_RUN_UNTRAINED, PLN_RUN_PASS, PLN_RUN_EPOCH, PLN_RUN_BEST, PLN_RUN_TRAINED, PLN_RUN_FEATURES,
               PLN_RUN_CLASSIFIER, PLN_RUN_READ_OUT, PLN_RUN_DONE, ... } pln_run_event_kind;
typedef struct {
    pln_run_event_kind kind;
    pln_part part;
    int epoch;
    pln_epoch_report report;
    bool measured;
    pln_figures figures;
    bool compared, better;
    double held_out;
    int fraction;
    double share, linear;
    const pln_net *head;
    const int32_t *association;
    ...;
} pln_run_event;
pln_status pln_run_new(pln_ctx *ctx, const pln_experiment *e, const pln_run_data *data, pln_net *net, const pln_run_options *how,
                       pln_run **run);
void pln_run_free(pln_run *run);
pln_status pln_run_step(pln_run *run, int batches, pln_run_event *event);
pln_part pln_run_part(const pln_run *run);
double pln_run_epochs(const pln_run *run, int *all);

/* ---- exchange.h, predict.h ---- */
typedef enum { PLN_BY_ASSOCIATION, PLN_BY_UNIT, PLN_BY_CLASSIFIER, PLN_BY_OUTPUTS, ... } pln_by;
const char *pln_by_name(pln_by by);
#define PLN_MAX_CLASSES ...
typedef struct {
    int classes;
    const char *const *names;
    pln_data_type type;
    pln_sample_shape input;
    int associations;
    const double *labels;
    const int32_t *association;
    const pln_net *classifier;
    pln_by by;
    ...;
} pln_decoder;
pln_status pln_associate(pln_ctx *ctx, pln_net *net, const pln_data *labelled, const int *index, int count, int32_t *association);
typedef struct pln_model pln_model;
pln_status pln_model_new(pln_ctx *ctx, const pln_net *net, const pln_decoder *decoder, pln_model **model);
pln_status pln_model_open(pln_ctx *ctx, const char *path, pln_model **model);
pln_status pln_model_open_bytes(pln_ctx *ctx, const void *bytes, size_t size, pln_model **model);
void pln_model_free(pln_model *model);
pln_status pln_model_write(const pln_net *net, const pln_decoder *decoder, const char *path, const char *const *metadata);
pln_status pln_model_save(const pln_net *net, const char *path, const char *const *metadata);
pln_status pln_model_parse(pln_ctx *ctx, const void *bytes, size_t size, pln_net **net);
const pln_net *pln_model_net(const pln_model *model);
const pln_decoder *pln_model_decoder(const pln_model *model);
typedef struct pln_predictor pln_predictor;
pln_status pln_predictor_new(pln_ctx *ctx, const pln_model *model, pln_predictor **predictor);
void pln_predictor_free(pln_predictor *predictor);
typedef struct { pln_by by; int association; ...; } pln_read_out;
typedef struct { int best, next; float score, next_score; ...; } pln_prediction;
pln_status pln_predict(pln_predictor *predictor, const pln_data *data, const int *index, int count, const pln_read_out *how, int ways,
                       pln_prediction *said);
pln_status pln_predict_scores(pln_predictor *predictor, const pln_data *data, const int *index, int count, const pln_read_out *how,
                              float *scores);
int pln_predictor_features(const pln_predictor *predictor, int layer);
pln_status pln_predict_features(pln_predictor *predictor, const pln_data *data, const int *index, int count, int layer, float *features);
"""


def main(path: str) -> None:
    builder = cffi.FFI()
    builder.cdef(DECLARATIONS)
    builder.set_source("planaria._native", '#include "planaria.h"')
    builder.emit_c_code(path)


if __name__ == "__main__":
    main(sys.argv[1])
