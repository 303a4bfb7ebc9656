/*
 * Rename: gives fields that would break C another name, in the request that protoc-gen-c sees. The
 * new name is the old one with a _ after it, as protoc-gen-c itself does with some keywords. Bytes
 * do not change by that, as they hold numbers, nor does JSON, whose names the request has beside.
 */
#ifndef GEN_RENAME_H
#define GEN_RENAME_H

#include "request/descriptors.h"
#include "request/sources.h"

/* Changes all files of the request in place. `sources` are those read from this very request. */
void gen_rename_fields(gen_pool *pool, gen_request *request, const gen_sources *sources);

#endif
