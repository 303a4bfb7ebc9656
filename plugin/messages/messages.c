/*
 * Messages: see messages.h. It turns whatever may go wrong with the other program into an error
 * that says what to do.
 */
#include "messages/messages.h"

#include "messages/faults.h"
#include "messages/mend.h"
#include "messages/rename.h"
#include "messages/rewrite.h"
#include "messages/run.h"
#include "request/wire.h"

#include <errno.h>
#include <string.h>

/* A response nests a few levels deep. */
#define DEEPEST_RESPONSE 20

typedef Google__Protobuf__Compiler__CodeGeneratorResponse gen_response;

/* What is asked of protoc-gen-c. */
typedef struct gen_asking {
    gen_context *context;
    const char *program;
    gen_request *request;
    gen_sources sources;
} gen_asking;

/* ---- running it ---- */

static gen_ended run(const gen_asking *asking)
{
    const ProtobufCMessage *request = &asking->request->base;
    size_t size = protobuf_c_message_get_packed_size(request);
    uint8_t *bytes = gen_pool_alloc(asking->context->pool, size, 1);
    protobuf_c_message_pack(request, bytes);
    return gen_run(asking->program, bytes, size);
}

static void free_ended(gen_ended *ended)
{
    nm_buffer_free(&ended->output);
    nm_buffer_free(&ended->errors);
}

/* The user sees the lines that it wrote to standard error, whether it failed or not. */
static void pass_on_lines(const gen_asking *asking, gen_ended *ended)
{
    gen_context *context = asking->context;
    char *line = gen_pool_copy(context->pool, gen_string(&ended->errors), ended->errors.length);
    while (*line != '\0') {
        size_t length = strcspn(line, "\n");
        if (length != 0)
            gen_warn(context, NULL, "%s: %.*s", asking->program, (int)length, line);
        line += length + (line[length] == '\n');
    }
}

/* ---- explaining why it failed ---- */

static bool fail_start(const gen_asking *asking, int error)
{
    if (error == ENOENT)
        return gen_fail(asking->context, NULL,
                        "cannot start %s, which makes the messages: there is no such program "
                        "(install the package protobuf-c-compiler on Debian and Ubuntu, protobuf-c "
                        "elsewhere, or say with protoc_gen_c= where it is)",
                        asking->program);
    return gen_fail(asking->context, NULL, "cannot run %s, which makes the messages: %s",
                    asking->program, strerror(error));
}

/* Whether it ends by a signal with this file alone as well. */
static bool dies_of(const gen_asking *asking, char *file)
{
    gen_request one = *asking->request;
    one.n_file_to_generate = 1;
    one.file_to_generate = &file;
    gen_asking again = *asking;
    again.request = &one;
    gen_ended ended = run(&again);
    free_ended(&ended);
    return ended.start_error == 0 && ended.signal != 0;
}

static bool fail_signal(const gen_asking *asking, int number)
{
    gen_context *context = asking->context;
    const gen_request *request = asking->request;
    for (size_t i = 0; i < request->n_file_to_generate; i++) {
        const gen_source *source = gen_find_source(&asking->sources, request->file_to_generate[i]);
        if (!gen_check_crashes(context, source))
            return false;
    }
    for (size_t i = 0; i < request->n_file_to_generate; i++) {
        const gen_place place = {request->file_to_generate[i], 0, NULL, NULL};
        if (dies_of(asking, request->file_to_generate[i]))
            return gen_fail(
                context, &place,
                "%s ends by signal %d on this file (look for what is unusual in it, and "
                "tell the authors of protobuf-c)",
                asking->program, number);
    }
    return gen_fail(context, NULL,
                    "%s ended by signal %d on these files, and on none of them alone (generate "
                    "them one by one)",
                    asking->program, number);
}

static bool check_end(const gen_asking *asking, const gen_ended *ended)
{
    if (ended->start_error != 0)
        return fail_start(asking, ended->start_error);
    if (ended->signal != 0)
        return fail_signal(asking, ended->signal);
    if (ended->exit_code != 0)
        return gen_fail(asking->context, NULL,
                        "%s, which makes the messages, failed with exit code %d (the lines above "
                        "are its own, if it wrote any)",
                        asking->program, ended->exit_code);
    return true;
}

/* ---- its response ---- */

static bool check_response(const gen_asking *asking, const gen_response *response)
{
    gen_context *context = asking->context;
    const gen_request *request = asking->request;
    if (response == NULL)
        return gen_fail(context, NULL,
                        "%s has not written a CodeGeneratorResponse (protoc_gen_c= must name "
                        "protoc-gen-c of protobuf-c)",
                        asking->program);
    if (response->error != NULL)
        return gen_fail(context, NULL, "%s: %s", asking->program, response->error);
    for (size_t i = 0; i < request->n_file_to_generate; i++) {
        const char *proto = request->file_to_generate[i];
        if (!gen_find_source(&asking->sources, proto)->no_generate &&
            gen_find_header(context->pool, response, proto) == NULL)
            return gen_fail(context, &(gen_place){proto, 0, NULL, NULL},
                            "%s has made no messages of this file (protoc_gen_c= must name "
                            "protoc-gen-c of protobuf-c)",
                            asking->program);
    }
    return true;
}

static gen_response *ask(const gen_asking *asking)
{
    gen_ended ended = run(asking);
    gen_response *response = NULL;
    if (ended.start_error == 0)
        pass_on_lines(asking, &ended);
    bool well = check_end(asking, &ended);
    if (well) {
        response = gen_wire_unpack(asking->context->pool,
                                   &google__protobuf__compiler__code_generator_response__descriptor,
                                   &ended.output, DEEPEST_RESPONSE);
        well = check_response(asking, response);
    }
    free_ended(&ended);
    if (!well)
        return NULL;
    gen_mend(asking->context->pool, asking->request, &asking->sources, response);
    return response;
}

/* ---- the request ---- */

static bool check_files(const gen_asking *asking)
{
    const gen_request *request = asking->request;
    for (size_t i = 0; i < request->n_file_to_generate; i++) {
        const gen_source *source = gen_find_source(&asking->sources, request->file_to_generate[i]);
        if (!gen_check_defaults(asking->context, source))
            return false;
    }
    return true;
}

gen_response *gen_make_messages(gen_context *context, const gen_parameters *parameters,
                                gen_request *request)
{
    gen_asking asking = {context, parameters->protoc_gen_c, request, {0}};
    if (!gen_read_sources(context, request, &asking.sources) || !check_files(&asking))
        return NULL;
    gen_rewrite(request);
    gen_rename_fields(context->pool, request, &asking.sources);
    const char *parameter = parameters->protoc_gen_c_opt;
    request->parameter =
        parameter == NULL ? NULL : gen_pool_copy(context->pool, parameter, strlen(parameter));
    return ask(&asking);
}
