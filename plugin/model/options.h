/*
 * Options: natsmicro's options of services and methods (natsmicro/options.proto), checked, with
 * their defaults. The options of stores are in stores.h: who only calls a method needs none of
 * them.
 */
#ifndef GEN_OPTIONS_H
#define GEN_OPTIONS_H

#include "model/model.h"
#include "request/context.h"
#include "request/sources.h"

/* The options of a service that the model has no member for. */
typedef struct gen_service_settings {
    bool skip;                 /* nothing is generated for the service */
    bool queue_group_disabled; /* for all its methods */
} gen_service_settings;

/*
 * Read the options of a service or a method into the model. If `skip` is set, the other options are
 * not read, so that they may be ones that are refused.
 */
bool gen_read_service_options(gen_context *context, const gen_sources *sources,
                              const gen_place *place, const gen_service_proto *proto,
                              gen_service *service, gen_service_settings *settings);
bool gen_read_method_options(gen_context *context, const gen_sources *sources,
                             const gen_place *place, const gen_method_proto *proto,
                             gen_method *method, bool *skip);

#endif
