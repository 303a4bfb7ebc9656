/*
 * Stub: see stub.h.
 */
#include "invoke/stub.h"

#include "base/rules.h"
#include "text/report.h"

#include <string.h>

/* ---- the subject ---- */

/*
 * The subject that is called, or NULL after it was told that there is none. It comes from whoever
 * answers first: who could name $JS.API… would have others publish there with their permissions.
 */
static const char *find_subject(const cmd_settings *settings, const cmd_method *method)
{
    const char *subject = settings->subject != NULL ? settings->subject : method->subject;
    if (settings->subject == NULL && settings->subject_prefix != NULL && subject != NULL) {
        const char *dot = strrchr(subject, '.');
        subject = gen_pool_format(settings->pool, "%s.%s", settings->subject_prefix,
                                  dot != NULL ? dot + 1 : subject);
    }
    if (subject == NULL) {
        cmd_say("%s: its subject is not known: %s (use --subject)", method->full_name,
                method->fault != NULL ? method->fault : "the service is skipped");
        return NULL;
    }
    if (subject[0] == '$' && settings->subject == NULL && settings->subject_prefix == NULL) {
        cmd_say("%s: its subject \"%s\" is one of the broker's own (use --subject to send there)",
                method->full_name, subject);
        return NULL;
    }
    if (nm_subject_fault(subject) == NULL && strchr(subject, '.') != NULL)
        return subject;
    cmd_say("subject \"%s\": %s", subject,
            nm_subject_fault(subject) != NULL ? nm_subject_fault(subject)
                                              : "must have at least two tokens");
    return NULL;
}

/* ---- messages ---- */

static natsmicro_status bind(cmd_session *session, const nm_schema_message *message,
                             const ProtobufCMessageDescriptor **descriptor,
                             const nm_json_type **type, nm_error *error)
{
    natsmicro_status status = nm_dynamic_descriptor(session->dynamic, message, descriptor, error);
    if (status == NATSMICRO_OK)
        status = nm_json_bind(session->json, *descriptor, message, type, error);
    return status;
}

static int make_messages(cmd_session *session)
{
    const nm_schema_method *proto = session->method->proto;
    nm_error error = NM_ERROR_INIT;
    natsmicro_status status = NATSMICRO_RESOURCE_EXHAUSTED;
    session->dynamic = nm_dynamic_new(session->types.schema);
    session->json = nm_json_new(session->types.schema, session->dynamic);
    if (session->dynamic != NULL && session->json != NULL)
        status = bind(session, proto->request, &session->stub_method.request,
                      &session->request_type, &error);
    if (status == NATSMICRO_OK)
        status = bind(session, proto->response, &session->stub_method.response,
                      &session->response_type, &error);
    int result = CMD_DONE;
    if (status != NATSMICRO_OK)
        result = cmd_fail_with(status, "%s: %s", session->method->full_name, nm_error_text(&error));
    nm_error_free(&error);
    return result;
}

/* ---- tables ---- */

/* All files of the schema, which has each after its imports; the library knows those it carries. */
static void add_files(cmd_session *session)
{
    const nm_schema *schema = session->types.schema;
    size_t count = nm_schema_n_files(schema);
    natsmicro_stub_file *files = gen_pool_alloc(session->settings->pool, count + 1, sizeof(*files));
    const nm_schema_file *own = session->method->service->file;
    size_t used = 0;
    for (size_t i = 0; i < count; i++) {
        const nm_schema_file *file = nm_schema_file_at(schema, i);
        if (file != own)
            files[used++] = (natsmicro_stub_file){file->bytes.data, file->bytes.length};
    }
    files[used++] = (natsmicro_stub_file){own->bytes.data, own->bytes.length};
    session->stub.files = files;
    session->stub.n_files = used;
}

int cmd_make_stub(cmd_session *session)
{
    const cmd_method *method = session->method;
    const char *subject = find_subject(session->settings, method);
    if (subject == NULL)
        return CMD_WRONG_USAGE;
    gen_pool *pool = session->settings->pool;
    const char *dot = strrchr(subject, '.');
    session->stub_method = (natsmicro_stub_method){
        .name = method->proto->name,
        .subject = dot + 1,
        .kind = method->kind,
        .timeout_ms = method->timeout_ms,
        .max_inflight = method->max_inflight,
        .chunk_field = method->chunk_field,
        .default_chunk_size = method->default_chunk_size,
    };
    session->stub = (natsmicro_stub_service){
        .stub_version = NATSMICRO_STUB_VERSION,
        .full_name = method->service->full_name,
        .subject_prefix = gen_pool_copy(pool, subject, (size_t)(dot - subject)),
        .name = method->service->name,
        .version = "0.0.0",
        .description = "",
        .methods = &session->stub_method,
        .n_methods = 1,
        .json = method->json,
    };
    add_files(session);
    return make_messages(session);
}
