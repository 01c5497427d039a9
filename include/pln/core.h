/* pln/core.h - status codes and the context that every call works in
 *
 * A context holds what calls share: the allocator, the number of threads, the
 * kernels chosen for this CPU and the sentence of the last error.  It belongs
 * to one thread at a time; different contexts are independent.  Its own threads
 * start when there is work for them, block the application's signals, sleep when there
 * is none for long, and end with it.  In a child of fork the context works on,
 * with the calling thread alone.
 *
 * Where dense products are OpenBLAS's, a new context sets that to one thread a call: more
 * would change the last bits.  The flavour that runs on OpenMP is told so call by call.
 * Applications should set OPENBLAS_NUM_THREADS=1 before they start, since OpenBLAS else
 * starts threads that have nothing to do.
 *
 *     pln_ctx *ctx = pln_ctx_new(NULL);
 *     if (pln_net_ready(net) != PLN_OK) fprintf(stderr, "%s\n", pln_error(ctx));
 *     pln_ctx_free(ctx);
 */
#ifndef PLN_CORE_H
#define PLN_CORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define PLN_API        __attribute__((visibility("default")))
#define PLN_MUST_CHECK __attribute__((warn_unused_result))
#else
#define PLN_API
#define PLN_MUST_CHECK
#endif

#define PLN_VERSION_MAJOR 0
#define PLN_VERSION_MINOR 1
#define PLN_VERSION_PATCH 0

/* "0.1.0": the version of the library that is linked, for comparison with the
 * macros above. */
PLN_API const char *pln_version(void);

/* Every status once: S(name, text).  The only place where codes are listed. */
#define PLN_STATUS_LIST(S)                                               \
    S(OK,         "done")                                                \
    S(ERR_ARG,    "an argument is out of its range")                     \
    S(ERR_SHAPE,  "shapes do not fit each other")                        \
    S(ERR_STATE,  "the object is not ready for this call")               \
    S(ERR_MEMORY, "no memory left")                                      \
    S(ERR_NAN,    "a number is not finite")                              \
    S(ERR_FORMAT, "the bytes are not a valid file of this kind")         \
    S(ERR_IO,     "reading or writing a file failed")

typedef enum pln_status {
#define PLNI_STATUS(name, text) PLN_##name,
    PLN_STATUS_LIST(PLNI_STATUS)
#undef PLNI_STATUS
    PLN_STATUS_COUNT
} pln_status;

/* The text of a status; "unknown status" outside the list.  Never NULL. */
PLN_API const char *pln_status_text(pln_status status);

typedef struct pln_ctx pln_ctx;

/* Where memory comes from.  alloc returns at least `bytes` bytes aligned to
 * `align` (a power of two), or NULL; free takes what alloc returned. */
typedef struct pln_allocator {
    void *(*alloc)(void *user, size_t bytes, size_t align);
    void  (*free)(void *user, void *memory, size_t bytes);
    void  *user;
} pln_allocator;

typedef struct pln_ctx_options {
    int           threads;      /* 0: as pln_processors says; else 1..256   */
    pln_allocator allocator;    /* alloc NULL: the C library's              */
    const char   *isa;          /* "scalar", "x86-64-v2".. "arm64"; NULL:   */
                                /* $PLN_ISA, or else the best of this CPU   */
} pln_ctx_options;

PLN_API pln_ctx_options pln_ctx_options_default(void);

/* How many threads the processors that this process may use are worth, 1..256: those that
 * the system lets the calling thread run on (affinity), no more than a quota of its control
 * group pays for, rounded up, and no more than the first number of OMP_NUM_THREADS. */
PLN_API int pln_processors(void);

/* The kernels that OpenBLAS has chosen for this processor, such as "Haswell"; "unknown" if the
 * matrix products come from another library. */
PLN_API const char *pln_blas_core(void);

/* An OpenBLAS older than the processor may not know it and take its kernels of 2004, which have
 * neither AVX2 nor AVX-512.  Gives the value of OPENBLAS_CORETYPE with which the process should
 * be started instead, "Haswell", "SkylakeX" or "Cooperlake"; NULL where OpenBLAS chose well
 * or that variable is set. */
PLN_API const char *pln_blas_advice(void);

/* A new context; options NULL means the defaults.  Returns NULL if memory is
 * short, an option is out of range, or isa names a level that this CPU or this
 * build does not have. */
PLN_API pln_ctx *pln_ctx_new(const pln_ctx_options *options);

/* Frees the context, which must be the last of what was made in it. */
PLN_API void pln_ctx_free(pln_ctx *ctx);

/* One sentence about the last failed call in this context, with the numbers
 * involved; "" if none failed.  Valid until the next call. */
PLN_API const char *pln_error(const pln_ctx *ctx);

/* Threads in use, the kernels' level ("x86-64-v4"), and the bytes that are
 * taken from the allocator now and were at most. */
PLN_API int         pln_ctx_threads(const pln_ctx *ctx);
PLN_API const char *pln_ctx_isa(const pln_ctx *ctx);
PLN_API size_t      pln_ctx_bytes(const pln_ctx *ctx);
PLN_API size_t      pln_ctx_peak_bytes(const pln_ctx *ctx);

/* How often the allocator was called: steps that promise to allocate nothing
 * leave it as it was. */
PLN_API long pln_ctx_allocations(const pln_ctx *ctx);

#ifdef __cplusplus
}
#endif
#endif
