/* pln/predict.h - what a trained network says of samples
 *
 * A model is a network and what its outputs mean: the classes, which class each unit stands for,
 * a classifier.  A predictor asks it about samples:
 *
 *     PLN_TRY(pln_model_open(ctx, "runs/mine/model.safetensors", &model));
 *     PLN_TRY(pln_predictor_new(ctx, model, &predictor));
 *     PLN_TRY(pln_predict(predictor, data, NULL, 100, NULL, 0, said));
 *
 * What is said of a sample is a function of the model and of the sample's values, to the bit on one
 * machine: it depends neither on what else is asked about nor on the number of threads.  A network
 * that relaxes comes to rest for each sample alone, and one whose input is coded in spikes
 * (pln_net_poisson) draws them from random numbers that follow from the sample's values.
 *
 * Training measures whole batches, whose sums may be added in another order, so its figures can
 * differ from those counted here by single samples whose best classes are level but for last digits.
 */
#ifndef PLN_PREDICT_H
#define PLN_PREDICT_H

#include "pln/exchange.h"
#include "pln/train.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- what outputs mean ------------------------------------------------------------------ */

/* How the class of a sample is read out of what the network gives (theory 6.1, 6.2); what a class
 * scores is
 *
 *     association  the mean over the units that stand for it; -1 for a class without units
 *     unit         the largest of these; the class is that of the most active of all units
 *     classifier   the largest output of the classifier in its block
 *     outputs      the largest output in its block: n outputs are n div classes a class
 *
 * Ties go to the first class, of `unit` to the first unit.  Outputs behind the last block count
 * for nothing. */
typedef enum pln_by { PLN_BY_ASSOCIATION, PLN_BY_UNIT, PLN_BY_CLASSIFIER, PLN_BY_OUTPUTS } pln_by;

/* "association", "" of what is no way, and back; false if there is no such way. */
PLN_API const char *pln_by_name(pln_by by);
PLN_API bool        pln_by_find(const char *name, pln_by *found);

enum { PLN_MAX_ASSOCIATIONS = 257, PLN_MAX_CLASS_NAME = 255 };

/* What belongs to a network beside its parameters.  Calls keep none of the pointers; those of
 * pln_model_decoder are the model's. */
typedef struct pln_decoder {
    int                classes;          /* 1..PLN_MAX_CLASSES; 0: nothing is known           */
    const char *const *names;            /* [classes], or NULL: they are numbers; UTF-8, each */
                                         /* another, of 1..PLN_MAX_CLASS_NAME bytes           */
    pln_data_type      type;             /* of the samples it was trained with                */
    pln_sample_shape   input;            /* and their shape: as many values as the network    */
                                         /* has inputs                                        */
    int                associations;     /* 0..PLN_MAX_ASSOCIATIONS                           */
    const double      *labels;           /* [associations] share of labels each was made by,  */
                                         /* above 0, at most 1                                */
    const int32_t     *association;      /* [associations][outputs] as pln_associate fills it */
    const pln_net     *classifier;       /* of the network's outputs as inputs, `classes` or  */
                                         /* more outputs; or NULL                             */
    pln_by             by;               /* unless another way is asked for                   */
} pln_decoder;

/* The class of each unit, by direct association (theory 6.1): association [pln_net_outputs(net)]
 * becomes the class that the unit responds to most on average over the labelled samples of index
 * [count] (NULL: of all), or -1 if it responds to none.  Errors are those of
 * pln_evaluate_association. */
PLN_API PLN_MUST_CHECK
pln_status pln_associate(pln_ctx *ctx, pln_net *net, const pln_data *labelled, const int *index, int count,
                         int32_t *association);

/* ---- models ------------------------------------------------------------------------------ */

typedef struct pln_model pln_model;

/* A model of a ready network: copies of its parameters and of all that the decoder points to.  It is
 * freed by the caller before ctx and before the context of the network.
 *
 * Returns PLN_ERR_STATE if a network is not ready or compact; PLN_ERR_ARG with the field of the decoder
 * that is out of its range, not UTF-8, twice there, or missing; PLN_ERR_SHAPE if input or classifier do
 * not fit the network; PLN_ERR_MEMORY.  *model is then NULL. */
PLN_API PLN_MUST_CHECK
pln_status pln_model_new(pln_ctx *ctx, const pln_net *net, const pln_decoder *decoder, pln_model **model);

/* The model in a file, or in its bytes in memory, which are needed no more then; freed by the caller
 * before ctx.  Files of a network alone (pln_model_save) give a model whose decoder has no classes.
 *
 * Returns PLN_ERR_FORMAT with the place at fault also for a decoder that pln_model_new would refuse,
 * PLN_ERR_IO with the reason, PLN_ERR_MEMORY; *model is then NULL. */
PLN_API PLN_MUST_CHECK pln_status pln_model_open(pln_ctx *ctx, const char *path, pln_model **model);
PLN_API PLN_MUST_CHECK
pln_status pln_model_open_bytes(pln_ctx *ctx, const void *bytes, size_t size, pln_model **model);
PLN_API void pln_model_free(pln_model *model);

/* Writes a network with its decoder as pln_model_save writes it alone; pln_model_load reads either.
 * Errors are those of pln_model_save and pln_model_new. */
PLN_API PLN_MUST_CHECK
pln_status pln_model_write(const pln_net *net, const pln_decoder *decoder, const char *path, const char *const *metadata);

/* They are the model's.  The network is compact (pln_net_compact).  text is that of a key of the file's
 * metadata, or NULL: there is none, or the model is of no file. */
PLN_API const pln_net     *pln_model_net(const pln_model *model);
PLN_API const pln_decoder *pln_model_decoder(const pln_model *model);
PLN_API const char        *pln_model_text(const pln_model *model, const char *key);

/* ---- predictions ---------------------------------------------------------------------------- */

typedef struct pln_predictor pln_predictor;

/* Something that asks a model, in the threads of a context, with memory of its own for each of them
 * and a copy of nothing; freed by the caller before both.  The model is only read: threads that have a
 * context and a predictor each may ask one model at once.  One predictor serves one call at a time.
 * Errors of all calls are told by that context.
 *
 * Returns PLN_ERR_MEMORY; *predictor is then NULL. */
PLN_API PLN_MUST_CHECK
pln_status pln_predictor_new(pln_ctx *ctx, const pln_model *model, pln_predictor **predictor);
PLN_API void pln_predictor_free(pln_predictor *predictor);

/* One way to read out; `association` counts those of the decoder. */
typedef struct pln_read_out {
    pln_by by;
    int    association;
} pln_read_out;

typedef struct pln_prediction {
    int   best, next;            /* classes, best first; -1: none; a unit may stand for none   */
    float score, next_score;     /* 0 for none                                                 */
} pln_prediction;

/* Fills said [count][ways] of the samples of index [count] (NULL: the first `count`), read out in
 * the ways how [ways] (NULL: the decoder's own way with association 0, one).  Labels are not looked at.
 * Allocates nothing.
 *
 * Returns PLN_ERR_STATE if the model has no classes, no such association, no classifier, or fewer
 * outputs than classes to read these out; PLN_ERR_SHAPE if samples have another number of values than
 * the network has inputs; PLN_ERR_ARG for a way that is none, if count is below 1, for samples that are
 * not in the data, and for values that Poisson coding cannot take.  Nothing is filled then. */
PLN_API PLN_MUST_CHECK
pln_status pln_predict(pln_predictor *predictor, const pln_data *data, const int *index, int count, const pln_read_out *how,
                       int ways, pln_prediction *said);

/* What every class scores, not only the best two: scores [count][classes] of such samples, read out in
 * one way (NULL: the decoder's own).  Errors are those of pln_predict. */
PLN_API PLN_MUST_CHECK
pln_status pln_predict_scores(pln_predictor *predictor, const pln_data *data, const int *index, int count, const pln_read_out *how,
                              float *scores);

/* What layer number `layer` of the network gives (pln_net_layer; -1: what the network gives): floats
 * [count][pln_predictor_features]; of images [channel][y][x], the mean over time steps; of a network that
 * relaxes what it is at rest.  The first call takes memory, later ones none.
 *
 * Returns PLN_ERR_ARG also if the layer is none, or gives what is used up at once by the layers behind
 * it (a norm below its neurons); pln_predictor_features is then 0.  Else PLN_ERR_SHAPE and PLN_ERR_ARG
 * as pln_predict, and PLN_ERR_MEMORY. */
PLN_API int pln_predictor_features(const pln_predictor *predictor, int layer);
PLN_API PLN_MUST_CHECK
pln_status pln_predict_features(pln_predictor *predictor, const pln_data *data, const int *index, int count, int layer,
                                float *features);

#ifdef __cplusplus
}
#endif
#endif
