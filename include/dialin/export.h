/* What the library shows, and what the compiler checks for us. */
#ifndef DIALIN_EXPORT_H
#define DIALIN_EXPORT_H

#if defined(__GNUC__)
#define DLN_API          __attribute__((visibility("default")))
#define DLN_CHECK        __attribute__((warn_unused_result))
#define DLN_PRINTF(f, a) __attribute__((format(printf, f, a)))
#else
#define DLN_API
#define DLN_CHECK
#define DLN_PRINTF(f, a)
#endif

#endif
