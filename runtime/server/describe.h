/*
 * Describe: what a service says of itself when discovery asks.
 */
#ifndef NM_SERVER_DESCRIBE_H
#define NM_SERVER_DESCRIBE_H

#include "server/state.h"

/* Whether `verb`, which ends with the subject or at the next dot, is the one of this name. */
bool nm_verb_is(const char *verb, const char *name);

/* The JSON for a verb, to be freed; NULL for an unknown one, or if memory is short. Any thread. */
char *nm_service_describe(nm_service *service, const char *verb);

/*
 * The service's .proto files, which are put together when somebody first asks for them; they live
 * as long as the service. NULL: it has none, or memory is short. Any thread.
 */
const nm_file_set *nm_service_files(nm_service *service);

#endif
