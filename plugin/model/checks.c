/*
 * Checks: see checks.h.
 */
#include "model/checks.h"

#include "base/rules.h"
#include "model/duration.h"
#include "request/identifier.h"

#include <inttypes.h>
#include <string.h>

/* ISO C promises 4095 characters in a literal. */
#define LONGEST_TEXT 4095

/* google/protobuf/duration.proto: about 10,000 years. */
#define LONGEST_SECONDS INT64_C(315576000000)

static bool check_length(gen_context *context, const gen_place *place, const char *what,
                         const char *text, size_t limit)
{
    if (strlen(text) > limit)
        return gen_fail(context, place, "%s has %zu bytes (shorten it to %zu)", what, strlen(text),
                        limit);
    return true;
}

bool gen_check_text(gen_context *context, const gen_place *place, const char *what,
                    const char *text)
{
    return check_length(context, place, what, text, LONGEST_TEXT);
}

bool gen_check_name(gen_context *context, const gen_place *place, const char *name)
{
    if (!check_length(context, place, "name", name, NM_SERVICE_NAME_LIMIT))
        return false;
    if (nm_service_name_fault(name) != NULL)
        return gen_fail(context, place,
                        "name \"%s\" is not allowed (use letters, digits, - and _ only)", name);
    return true;
}

bool gen_check_version(gen_context *context, const gen_place *place, const char *version)
{
    if (!gen_check_text(context, place, "version", version))
        return false;
    if (nm_version_fault(version) != NULL)
        return gen_fail(context, place,
                        "version \"%s\" is not a semantic version (write one like 1.2.3 or "
                        "1.2.3-rc.1+build)",
                        version);
    return true;
}

bool gen_check_subject_prefix(gen_context *context, const gen_place *place, const char *prefix)
{
    if (!check_length(context, place, "subject_prefix", prefix, NM_SUBJECT_LIMIT))
        return false;
    if (nm_subject_prefix_fault(prefix) != NULL)
        return gen_fail(context, place,
                        "subject_prefix \"%s\" is not allowed (use names joined by single dots, "
                        "without spaces, control characters, * and >; the first must not "
                        "begin with $)",
                        prefix);
    return true;
}

bool gen_check_metadata_key(gen_context *context, const gen_place *place, const char *key)
{
    if (key[0] == '\0')
        return gen_fail(context, place, "a key of metadata is empty (write one)");
    return gen_check_text(context, place, "a key of metadata", key);
}

bool gen_check_error_code(gen_context *context, const gen_place *place, const char *code)
{
    /*
     * The codes that generators for other languages have built in, too; the statuses that are not
     * errors; and SERVICE_ERROR, which stands for all codes of services' own. Codes that only this
     * library knows, such as ABORTED, are allowed: elsewhere they may be a service's own.
     */
    static const char *const built_in[] = {
        "OK",
        "END",
        "INVALID_ARGUMENT",
        "NOT_FOUND",
        "ALREADY_EXISTS",
        "PERMISSION_DENIED",
        "UNAUTHENTICATED",
        "INTERNAL",
        "UNAVAILABLE",
        "WOULD_BLOCK",
        "SERVICE_ERROR",
    };
    if (!check_length(context, place, "an error code", code, NM_CODE_LIMIT))
        return false;
    if (!gen_is_identifier(code))
        return gen_fail(context, place,
                        "error code \"%s\" is not an identifier (use letters, digits and _, as in "
                        "QUOTA_EXCEEDED)",
                        code);
    for (size_t i = 0; i < sizeof(built_in) / sizeof(built_in[0]); i++) {
        if (strcmp(code, built_in[i]) == 0)
            return gen_fail(context, place,
                            "error code \"%s\" is built in: every service has it (remove it from "
                            "error_codes)",
                            code);
    }
    return true;
}

bool gen_check_limit(gen_context *context, const gen_place *place, const char *what, int32_t limit)
{
    if (limit < -1)
        return gen_fail(context, place,
                        "%s is %d (write -1 for no limit, 0 for the default, or a positive "
                        "number)",
                        what, limit);
    return true;
}

static bool check_range(gen_context *context, const gen_place *place, const char *what,
                        const Google__Protobuf__Duration *duration, int64_t longest)
{
    if (duration->seconds < 0 || duration->seconds > longest || duration->nanos < 0 ||
        duration->nanos > 999999999)
        return gen_fail(context, place,
                        "%s is %" PRId64 " s and %d ns (write at most %" PRId64
                        " seconds and 999999999 nanos, neither negative)",
                        what, duration->seconds, duration->nanos, longest);
    return true;
}

bool gen_check_timeout(gen_context *context, const gen_place *place,
                       const Google__Protobuf__Duration *duration, int64_t *timeout_ms)
{
    *timeout_ms = 0;
    if (duration == NULL)
        return true;
    if (!check_range(context, place, "timeout", duration, LONGEST_SECONDS))
        return false;
    *timeout_ms = duration->seconds * 1000 + (duration->nanos + 999999) / 1000000;
    return true;
}

bool gen_check_duration(gen_context *context, const gen_place *place, const char *what,
                        const Google__Protobuf__Duration *duration, int64_t minimum, int64_t *ns)
{
    *ns = 0;
    if (duration == NULL)
        return true;
    if (!check_range(context, place, what, duration, INT64_MAX / GEN_NS_PER_SECOND - 1))
        return false;
    *ns = duration->seconds * GEN_NS_PER_SECOND + duration->nanos;
    if (*ns != 0 && *ns < minimum)
        return gen_fail(context, place,
                        "%s is %s, and brokers take no less than %s (write more, or remove it)",
                        what, gen_duration_in_words(*ns).text, gen_duration_in_words(minimum).text);
    return true;
}
