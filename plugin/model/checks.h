/*
 * Checks: the values that options may have. A check that fails records an error, which shows the
 * value and says what would be right, and returns false.
 */
#ifndef GEN_CHECKS_H
#define GEN_CHECKS_H

#include "request/context.h"

#include <google/protobuf/duration.pb-c.h>

#include <stdint.h>

/* A string of an option becomes one literal in C, which has a limit. `what` names the option. */
bool gen_check_text(gen_context *context, const gen_place *place, const char *what,
                    const char *text);
bool gen_check_name(gen_context *context, const gen_place *place, const char *name);
bool gen_check_version(gen_context *context, const gen_place *place, const char *version);
bool gen_check_subject_prefix(gen_context *context, const gen_place *place, const char *prefix);
bool gen_check_metadata_key(gen_context *context, const gen_place *place, const char *key);
bool gen_check_error_code(gen_context *context, const gen_place *place, const char *code);

/* -1 is no limit, 0 the default. `what` names the option. */
bool gen_check_limit(gen_context *context, const gen_place *place, const char *what, int32_t limit);

/* Sets *timeout_ms to the duration in milliseconds, rounded up; 0 for NULL. */
bool gen_check_timeout(gen_context *context, const gen_place *place,
                       const Google__Protobuf__Duration *duration, int64_t *timeout_ms);

/*
 * Sets *ns to the duration in nanoseconds; 0 for NULL. `what` names the option. Another one than 0
 * must be at least `minimum`: brokers take no less.
 */
bool gen_check_duration(gen_context *context, const gen_place *place, const char *what,
                        const Google__Protobuf__Duration *duration, int64_t minimum, int64_t *ns);

#endif
