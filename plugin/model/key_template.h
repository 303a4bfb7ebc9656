/*
 * Key template: the key that a response is stored under, as an option spells it: "user.{id}".
 */
#ifndef GEN_KEY_TEMPLATE_H
#define GEN_KEY_TEMPLATE_H

#include "model/model.h"
#include "request/context.h"
#include "request/sources.h"

typedef struct gen_key_template {
    const gen_place *place;
    const char *option;     /* "kv_store" */
    const char *text;       /* NULL is as bad as an empty one */
    const char *request;    /* the name of a known message, whose fields the key may have */
    gen_bucket_kind bucket; /* what it is a key of */
} gen_key_template;

/*
 * Reads a template into the parts of a key. Fails if it names a field that is not there or that no
 * key can have, or if it can make no key whatever the fields hold.
 */
bool gen_read_key_template(gen_context *context, const gen_sources *sources,
                           const gen_key_template *template, gen_key *key);

#endif
