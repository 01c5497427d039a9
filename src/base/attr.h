/* attr.h - compiler attributes; the only place that asks which compiler it is */
#ifndef PLNI_ATTR_H
#define PLNI_ATTR_H

#define PLNI_PRINTF(text, first) __attribute__((format(printf, text, first)))
#define PLNI_UNUSED __attribute__((unused))
#define PLNI_INLINE static inline __attribute__((always_inline))

#endif
