/* attr.h - compiler attributes; the only place that asks which compiler it is */
#ifndef PLNI_ATTR_H
#define PLNI_ATTR_H

#define PLNI_PRINTF(text, first) __attribute__((format(printf, text, first)))
#define PLNI_UNWATCHED __attribute__((no_sanitize_thread))
#define PLNI_UNUSED __attribute__((unused))
#define PLNI_INLINE static inline __attribute__((always_inline))

#if defined(__SANITIZE_THREAD__)
#define PLNI_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define PLNI_TSAN 1
#endif
#endif
#ifndef PLNI_TSAN
#define PLNI_TSAN 0
#endif

#endif
