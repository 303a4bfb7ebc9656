/*
 * Names: gives services, methods and error codes their C names, and finds names that two things
 * would share, be they ours or those of protoc-gen-c.
 */
#ifndef GEN_NAMES_H
#define GEN_NAMES_H

#include "model/clash.h"
#include "model/model.h"
#include "request/parameters.h"

/* Gives a service its C names; `name` is the one in the .proto file. */
void gen_name_service(gen_pool *pool, const gen_parameters *parameters, const gen_source *source,
                      const char *name, gen_service *service);

/*
 * Gives a method its C names; it has its name from the .proto file already. Without the parameter
 * messages, it fails if C refuses a name that protoc-gen-c makes of it, or protoc-gen-c uses that.
 */
bool gen_name_method(gen_context *context, const gen_parameters *parameters, const gen_place *place,
                     gen_method *method);

/*
 * Adds all names of a complete service to `names`; fails if one is there already. The places of the
 * service and of its methods must outlive the table.
 */
bool gen_add_service_names(gen_context *context, gen_clash_table *names, const gen_service *service,
                           const gen_place *place, const gen_place *method_places);

#endif
