#include "math/blas.h"

#include <assert.h>
#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>

/* Written once, by load(); a library belongs to the process as a whole. */
static pthread_once_t once = PTHREAD_ONCE_INIT;
static struct dln_blas routines;
static bool is_loaded;

static bool find(void *library, const char *symbol, void *field)
{
    void *routine = dlsym(library, symbol);
    memcpy(field, &routine, sizeof routine);
    return routine != NULL;
}

static bool find_all(void *library)
{
    return find(library, "openblas_set_num_threads", &routines.set_threads) &&
           find(library, "cblas_ddot", &routines.ddot) &&
           find(library, "cblas_dtrsv", &routines.dtrsv) &&
           find(library, "cblas_dtrsm", &routines.dtrsm) &&
           find(library, "cblas_dsymv", &routines.dsymv) &&
           find(library, "cblas_dsymm", &routines.dsymm) &&
           find(library, "dpotrf_", &routines.dpotrf) && find(library, "dpotri_", &routines.dpotri);
}

static void load(void)
{
    static const char *const names[] = {"libopenblas.so.0", "libopenblas.so", "libopenblas.dylib"};
    sigset_t all;
    sigset_t before;
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before); /* its threads inherit the mask */
    for (size_t i = 0; !is_loaded && i < sizeof names / sizeof names[0]; i++) {
        void *library = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);
        is_loaded = library && find_all(library);
    }
    if (is_loaded) routines.set_threads(1);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
}

bool dln_blas_open(struct dln_error *err)
{
    (void)pthread_once(&once, load);
    if (is_loaded) return true;
    return dln_fail(err, DLN_UNSUPPORTED,
                    "this needs the library OpenBLAS, which is not installed (Debian: apt install "
                    "libopenblas0)");
}

const struct dln_blas *dln_blas(void)
{
    assert(is_loaded);
    return &routines;
}
