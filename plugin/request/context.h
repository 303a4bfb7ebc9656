/*
 * Context: memory, and the error that is reported to the user, for each step from request to model.
 */
#ifndef GEN_CONTEXT_H
#define GEN_CONTEXT_H

#include "request/pool.h"

#include <stdbool.h>

typedef struct gen_context {
    gen_pool *pool;
    const char *error;    /* NULL until something is wrong */
    const char *warnings; /* lines for the user, each with its newline; NULL: none */
} gen_context;

/* The place in a .proto file that an error is about. */
typedef struct gen_place {
    const char *file;
    int line;            /* 0: unknown, or the whole file */
    const char *service; /* NULL: no single service */
    const char *method;  /* NULL: no single method */
} gen_place;

/*
 * Records the error "file:line: service X: method Y: text", in one line; `place` may be NULL. The
 * first error stays. Returns false, so that a step can fail with `return gen_fail(...)`.
 */
bool gen_fail(gen_context *context, const gen_place *place, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Adds the warning "file:line: warning: service X: method Y: text", in one line. */
void gen_warn(gen_context *context, const gen_place *place, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
