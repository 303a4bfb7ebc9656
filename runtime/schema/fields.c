/*
 * Fields: see fields.h. What protoc refuses in a field is refused here, unless it needs the field's
 * type, which link.c looks up.
 */
#include "schema/fields.h"

#include "base/cursor.h"
#include "schema/limits.h"
#include "schema/names.h"

#include <stdlib.h>
#include <string.h>

typedef Nm__Schema__FieldSubset field_source;

#define LABEL_OPTIONAL 1
#define LABEL_REQUIRED 2
#define LABEL_REPEATED 3

#define OPTION_PACKED           2  /* of FieldOptions */
#define OPTION_SHARED_JSON_NAME 11 /* deprecated_legacy_json_field_conflicts of MessageOptions */

/* Numbers that protobuf keeps for itself. */
#define FIRST_RESERVED_NUMBER 19000
#define LAST_RESERVED_NUMBER  19999

static natsmicro_status fail(nm_schema_build *build, const nm_schema_message *message,
                             const char *field, const char *reason)
{
    return nm_schema_fail(build, message->file->name, "field %s.%s: %s", message->full_name, field,
                          reason);
}

static bool has_named_type(nm_field_type type)
{
    return type == NM_FIELD_GROUP || type == NM_FIELD_MESSAGE || type == NM_FIELD_ENUM;
}

static bool may_be_packed(nm_field_type type)
{
    return type != NM_FIELD_STRING && type != NM_FIELD_BYTES && type != NM_FIELD_MESSAGE &&
           type != NM_FIELD_GROUP;
}

static const char *number_fault(int32_t number)
{
    if (number < 1 || (uint32_t)number > NM_LARGEST_FIELD_NUMBER)
        return "its number is not one of 1 to 536870911";
    if (number >= FIRST_RESERVED_NUMBER && number <= LAST_RESERVED_NUMBER)
        return "its number is one of 19000 to 19999, which protobuf reserves";
    return NULL;
}

static const char *type_fault(const field_source *source)
{
    if (source->type < NM_FIELD_DOUBLE || source->type > NM_FIELD_SINT64)
        return "it has no type that is known";
    if (!has_named_type((nm_field_type)source->type))
        return source->type_name != NULL ? "its type has no name, but one is given" : NULL;
    if (source->type_name == NULL)
        return "the name of its type is missing";
    if (source->type_name[0] != '.')
        return "the name of its type is relative: it has no dot in front";
    return NULL;
}

static const char *oneof_fault(const nm_schema_message *message, const field_source *source)
{
    if (source->proto3_optional && (!source->has_oneof_index || !message->file->is_proto3))
        return "it is an optional field of proto3, but without a oneof, or in proto2";
    if (!source->has_oneof_index)
        return NULL;
    if (source->oneof_index < 0 || (size_t)source->oneof_index >= message->n_oneofs)
        return "it is in a oneof that its message does not have";
    return source->label == LABEL_OPTIONAL ? NULL : "it is repeated or required, but in a oneof";
}

static const char *default_fault(const nm_schema_message *message, const field_source *source)
{
    if (!source->has_default_value)
        return NULL;
    if (message->file->is_proto3)
        return "it has a default in proto3";
    if (source->label == LABEL_REPEATED || source->type == NM_FIELD_MESSAGE ||
        source->type == NM_FIELD_GROUP)
        return "a field of its kind has no default";
    return NULL;
}

static const char *label_fault(const nm_schema_message *message, const field_source *source)
{
    if (source->label < LABEL_OPTIONAL || source->label > LABEL_REPEATED)
        return "it has no label that is known";
    if (message->file->is_proto3 && source->label == LABEL_REQUIRED)
        return "it is required in proto3";
    if (message->file->is_proto3 && source->type == NM_FIELD_GROUP)
        return "it is a group in proto3";
    return NULL;
}

static const char *field_fault(const nm_schema_message *message, const field_source *source)
{
    const char *fault = number_fault(source->number);

    if (fault == NULL)
        fault = type_fault(source);
    if (fault == NULL)
        fault = label_fault(message, source);
    if (fault == NULL)
        fault = oneof_fault(message, source);
    if (fault == NULL)
        fault = default_fault(message, source);
    if (fault == NULL && source->json_name != NULL &&
        strlen(source->json_name) > NM_SCHEMA_MOST_NAME)
        fault = "its JSON name is too long";
    return fault;
}

/* Fields without a name that can be shown are told by their number. */
static natsmicro_status check_field(nm_schema_build *build, const nm_schema_message *message,
                                    const field_source *source)
{
    const char *fault = nm_schema_name_fault(source->name);

    if (fault != NULL)
        return nm_schema_fail(build, message->file->name, "field %d of %s has %s",
                              (int)source->number, message->full_name, fault);
    fault = field_fault(message, source);
    return fault == NULL ? NATSMICRO_OK : fail(build, message, source->name, fault);
}

static bool read_packed(const nm_schema_message *message, const field_source *source,
                        const char **fault)
{
    bool can_be = source->label == LABEL_REPEATED && may_be_packed((nm_field_type)source->type);
    bool is_packed = message->file->is_proto3 && can_be;

    *fault =
        nm_schema_read_option(source->has_options, &source->options, OPTION_PACKED, &is_packed);
    if (*fault == NULL && is_packed && !can_be)
        *fault = "a field of its kind cannot be packed";
    return is_packed;
}

/* Sets the JSON name, which is the field's own where they are the same. */
static bool set_json_name(nm_schema_build *build, const field_source *source,
                          nm_schema_field *field)
{
    if (source->json_name != NULL && strcmp(source->json_name, field->name) == 0) {
        field->json_name = field->name;
        return true;
    }
    if (source->json_name != NULL) {
        field->json_name = nm_schema_keep_string(build, source->json_name);
        return field->json_name != NULL;
    }
    char *made = nm_schema_keep(build, strlen(field->name) + 1, 1);
    if (made == NULL)
        return false;
    nm_make_json_name(field->name, made);
    field->json_name = made;
    return true;
}

static bool set_default(nm_schema_build *build, const field_source *source, nm_schema_field *field)
{
    const ProtobufCBinaryData *given = &source->default_value;

    if (!source->has_default_value)
        return true;
    char *text = nm_schema_keep(build, given->len + 1, 1);
    if (text == NULL)
        return false;
    if (given->len > 0)
        memcpy(text, given->data, given->len);
    text[given->len] = '\0';
    field->default_text = text;
    return true;
}

static bool set_reference(nm_schema_build *build, const nm_schema_message *message,
                          const field_source *source, nm_schema_field *field)
{
    const nm_schema_reference reference = {
        .type_name = source->type_name,
        .file = message->file,
        .owner = message->full_name,
        .member = field->name,
        .field = field,
    };
    return source->type_name == NULL || nm_schema_refer(build, &reference);
}

static natsmicro_status read_field(nm_schema_build *build, const nm_schema_message *message,
                                   const field_source *source, nm_schema_field *field)
{
    const char *fault = NULL;
    natsmicro_status status = check_field(build, message, source);

    if (status != NATSMICRO_OK)
        return status;
    *field = (nm_schema_field){
        .name = nm_schema_keep_string(build, source->name),
        .number = (uint32_t)source->number,
        .type = (nm_field_type)source->type,
        .is_repeated = source->label == LABEL_REPEATED,
        .is_required = source->label == LABEL_REQUIRED,
        .is_optional = message->file->is_proto3
                           ? source->proto3_optional
                           : source->label == LABEL_OPTIONAL && !source->has_oneof_index,
        .is_packed = read_packed(message, source, &fault),
        .oneof = source->has_oneof_index ? source->oneof_index : -1,
    };
    if (fault != NULL)
        return fail(build, message, source->name, fault);
    if (field->name == NULL || !set_json_name(build, source, field) ||
        !set_default(build, source, field) || !set_reference(build, message, source, field))
        return nm_schema_fail_memory(build);
    return NATSMICRO_OK;
}

static int compare_numbers(const void *a, const void *b)
{
    const field_source *const *left = a;
    const field_source *const *right = b;

    return ((*left)->number > (*right)->number) - ((*left)->number < (*right)->number);
}

/* The names of fields and oneofs are one set of names. */
static natsmicro_status check_names(nm_schema_build *build, const nm_schema_message *message)
{
    size_t count = 0;
    const char **names =
        nm_schema_scratch(build, message->n_fields + message->n_oneofs, sizeof(names[0]));

    if (names == NULL)
        return nm_schema_fail_memory(build);
    for (size_t i = 0; i < message->n_fields; i++)
        names[count++] = message->fields[i].name;
    for (size_t i = 0; i < message->n_oneofs; i++)
        names[count++] = message->oneofs[i].name;
    const char *twice = nm_schema_find_twice(names, count);
    if (twice != NULL)
        return fail(build, message, twice, "its name is there twice");
    return NATSMICRO_OK;
}

/* Whether the .proto sets the JSON name itself. */
static bool has_own_json_name(const nm_schema_field *field)
{
    char made[NM_SCHEMA_MOST_NAME + 1];

    nm_make_json_name(field->name, made);
    return strcmp(made, field->json_name) != 0;
}

/*
 * Like protoc, allows fields of proto2 to share a JSON name, unless the .proto sets it for both;
 * and fields of proto3, if an option of the message says so.
 */
static natsmicro_status check_json_names(nm_schema_build *build, const nm_schema_message *message,
                                         bool may_be_shared)
{
    size_t count = 0;
    const char **names = nm_schema_scratch(build, message->n_fields, sizeof(names[0]));

    if (names == NULL)
        return nm_schema_fail_memory(build);
    for (size_t i = 0; i < message->n_fields; i++)
        if (!may_be_shared || has_own_json_name(&message->fields[i]))
            names[count++] = message->fields[i].json_name;
    const char *twice = nm_schema_find_twice(names, count);
    if (twice != NULL)
        return nm_schema_fail(build, message->file->name, "%s has two fields of the JSON name %s",
                              message->full_name, twice);
    return NATSMICRO_OK;
}

static natsmicro_status read_oneofs(nm_schema_build *build, nm_schema_message *message,
                                    const Nm__Schema__MessageSubset *source)
{
    nm_schema_oneof *oneofs = nm_schema_keep(build, source->n_oneof_decl, sizeof(oneofs[0]));

    if (oneofs == NULL)
        return nm_schema_fail_memory(build);
    for (size_t i = 0; i < source->n_oneof_decl; i++) {
        const char *fault = nm_schema_name_fault(source->oneof_decl[i]->name);
        if (fault != NULL)
            return nm_schema_fail(build, message->file->name, "a oneof of %s has %s",
                                  message->full_name, fault);
        oneofs[i] =
            (nm_schema_oneof){nm_schema_keep_string(build, source->oneof_decl[i]->name), false};
        if (oneofs[i].name == NULL)
            return nm_schema_fail_memory(build);
    }
    message->n_oneofs = source->n_oneof_decl;
    message->oneofs = oneofs;
    return NATSMICRO_OK;
}

/* Finds out which oneofs are optional fields of proto3. Each oneof has a member; these have one. */
static natsmicro_status check_oneofs(nm_schema_build *build, nm_schema_message *message)
{
    nm_schema_oneof *oneofs = (nm_schema_oneof *)message->oneofs;
    size_t *members = nm_schema_scratch(build, message->n_oneofs, sizeof(members[0]));

    if (members == NULL)
        return nm_schema_fail_memory(build);
    memset(members, 0, message->n_oneofs * sizeof(members[0]));
    for (size_t i = 0; i < message->n_fields; i++) {
        const nm_schema_field *field = &message->fields[i];
        if (field->oneof < 0)
            continue;
        members[field->oneof]++;
        oneofs[field->oneof].is_synthetic |= field->is_optional;
    }
    for (size_t i = 0; i < message->n_oneofs; i++)
        if (members[i] == 0 || (oneofs[i].is_synthetic && members[i] > 1))
            return nm_schema_fail(
                build, message->file->name, "oneof %s.%s: %s", message->full_name, oneofs[i].name,
                members[i] == 0 ? "it has no field" : "an optional field is not alone in it");
    return NATSMICRO_OK;
}

/* Pointers to the sources, in scratch, sorted by number. NULL: memory is exhausted. */
static const field_source **sort_sources(nm_schema_build *build,
                                         const Nm__Schema__MessageSubset *source)
{
    const field_source **sorted = nm_schema_scratch(build, source->n_field, sizeof(sorted[0]));

    if (sorted == NULL || source->n_field == 0)
        return sorted;
    memcpy(sorted, source->field, source->n_field * sizeof(sorted[0]));
    qsort(sorted, source->n_field, sizeof(sorted[0]), compare_numbers);
    return sorted;
}

static natsmicro_status read_sorted(nm_schema_build *build, nm_schema_message *message,
                                    const Nm__Schema__MessageSubset *source)
{
    const field_source **sorted = sort_sources(build, source);
    nm_schema_field *fields = nm_schema_keep(build, source->n_field, sizeof(fields[0]));

    if (sorted == NULL || fields == NULL)
        return nm_schema_fail_memory(build);
    for (size_t i = 0; i < source->n_field; i++) {
        natsmicro_status status = read_field(build, message, sorted[i], &fields[i]);
        if (status != NATSMICRO_OK)
            return status;
        if (i > 0 && fields[i - 1].number == fields[i].number)
            return nm_schema_fail(
                build, message->file->name, "fields %s and %s of %s have the same number, %u",
                fields[i - 1].name, fields[i].name, message->full_name, (unsigned)fields[i].number);
    }
    message->n_fields = source->n_field;
    message->fields = fields;
    return NATSMICRO_OK;
}

natsmicro_status nm_schema_read_fields(nm_schema_build *build, nm_schema_message *message,
                                       const Nm__Schema__MessageSubset *source)
{
    bool may_share = !message->file->is_proto3;
    const char *fault = nm_schema_read_option(source->has_options, &source->options,
                                              OPTION_SHARED_JSON_NAME, &may_share);

    if (fault != NULL)
        return nm_schema_fail(build, message->file->name, "the options of %s: %s",
                              message->full_name, fault);
    natsmicro_status status = read_oneofs(build, message, source);
    if (status == NATSMICRO_OK)
        status = read_sorted(build, message, source);
    if (status == NATSMICRO_OK)
        status = check_oneofs(build, message);
    if (status == NATSMICRO_OK)
        status = check_names(build, message);
    if (status == NATSMICRO_OK)
        status = check_json_names(build, message, may_share);
    return status;
}
