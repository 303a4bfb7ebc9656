/*
 * Faults: declarations that protoc-gen-c makes no C of, or broken C, and that no rewriting mends.
 */
#ifndef GEN_FAULTS_H
#define GEN_FAULTS_H

#include "request/context.h"
#include "request/sources.h"

/* Fails if a field of the file has a default that breaks C. */
bool gen_check_defaults(gen_context *context, const gen_source *source);

/* Fails if the file has something on which protoc-gen-c is known to end by a signal. */
bool gen_check_crashes(gen_context *context, const gen_source *source);

#endif
