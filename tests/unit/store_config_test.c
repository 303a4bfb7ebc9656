/*
 * The configuration of a bucket: what is taken for a difference is changed in somebody's bucket,
 * and what is not is never asked for.
 */
#include "unit/cmocka_test.h"

#include "store/config.h"

#include <string.h>

static const natsmicro_metadata entries[] = {{"owner", "shop"}, {"tier", "gold"}};

static natsmicro_stub_bucket settings;
static nm_bucket bucket;

static int begin(void **state)
{
    (void)state;
    settings = (natsmicro_stub_bucket){.kind = NATSMICRO_STORE_KV, .name = "prices"};
    bucket = (nm_bucket){.settings = &settings, .stream = "KV_prices"};
    return 0;
}

static void ask_for_all(void)
{
    settings.description = "what things cost";
    settings.ttl_ns = 1000;
    settings.max_history = 5;
    settings.compression = true;
    settings.limit_marker_ttl_ns = 2000;
    settings.metadata = entries;
    settings.n_metadata = 2;
}

static json_t *parse(const char *text)
{
    json_t *value = json_loads(text, JSON_DECODE_ANY, NULL);
    assert_non_null(value);
    return value;
}

/* Fails the test unless a member has this value. */
static void assert_member(const json_t *config, const char *name, const char *value)
{
    json_t *expected = parse(value);
    if (!json_equal(json_object_get(config, name), expected))
        fail_msg("%s is not %s", name, value);
    json_decref(expected);
}

/* The names of the members that differ, each with a space behind it. */
static const char *differences(const char *config)
{
    static char names[256];
    names[0] = '\0';
    json_t *there = parse(config);
    json_t *found = nm_config_differences(&bucket, there);
    const char *name;
    json_t *value;
    json_object_foreach(found, name, value)
    {
        strcat(names, name);
        strcat(names, " ");
    }
    json_decref(found);
    json_decref(there);
    return names;
}

static void a_bucket_without_settings_asks_for_the_defaults(void **state)
{
    (void)state;
    json_t *config = nm_config_new(&bucket);
    assert_non_null(config);
    assert_member(config, "name", "\"KV_prices\"");
    assert_member(config, "subjects", "[\"$KV.prices.>\"]");
    assert_member(config, "max_msgs_per_subject", "1");
    assert_member(config, "duplicate_window", "120000000000");
    assert_null(json_object_get(config, "compression"));
    assert_null(json_object_get(config, "metadata"));
    assert_null(json_object_get(config, "allow_msg_ttl"));
    assert_null(json_object_get(config, "description"));
    json_decref(config);
}

static void settings_are_in_a_new_configuration(void **state)
{
    (void)state;
    ask_for_all();
    json_t *config = nm_config_new(&bucket);
    assert_member(config, "description", "\"what things cost\"");
    assert_member(config, "max_age", "1000");
    assert_member(config, "duplicate_window", "1000");
    assert_member(config, "max_msgs_per_subject", "5");
    assert_member(config, "compression", "\"s2\"");
    assert_member(config, "allow_msg_ttl", "true");
    assert_member(config, "subject_delete_marker_ttl", "2000");
    assert_member(config, "metadata", "{\"owner\":\"shop\",\"tier\":\"gold\"}");
    assert_null(nm_config_dropped(&bucket, config));
    json_decref(config);
}

static void an_object_bucket_has_no_history(void **state)
{
    (void)state;
    settings.kind = NATSMICRO_STORE_OBJECT;
    settings.max_history = 5;
    settings.limit_marker_ttl_ns = 2000;
    json_t *config = nm_config_new(&bucket);
    assert_member(config, "subjects", "[\"$O.prices.C.>\",\"$O.prices.M.>\"]");
    assert_null(json_object_get(config, "max_msgs_per_subject"));
    assert_null(json_object_get(config, "deny_delete"));
    assert_null(json_object_get(config, "allow_msg_ttl"));
    json_decref(config);
}

static void only_what_settings_name_differs(void **state)
{
    (void)state;
    assert_string_equal("", differences("{\"max_age\":7,\"description\":\"theirs\"}"));
    settings.ttl_ns = 1000;
    assert_string_equal("max_age ", differences("{\"max_age\":7,\"description\":\"theirs\"}"));
    assert_string_equal("", differences("{\"max_age\":1000}"));
    assert_string_equal("max_age ", differences("{}"));
    ask_for_all();
    assert_string_equal("", differences("{\"description\":\"what things cost\",\"max_age\":1000,"
                                        "\"max_msgs_per_subject\":5,\"compression\":\"s2\","
                                        "\"allow_msg_ttl\":true,\"subject_delete_marker_ttl\":2000,"
                                        "\"metadata\":{\"owner\":\"shop\",\"tier\":\"gold\","
                                        "\"theirs\":\"too\"}}"));
}

static void each_entry_of_metadata_must_be_there(void **state)
{
    (void)state;
    settings.metadata = entries;
    settings.n_metadata = 2;
    assert_string_equal("metadata ", differences("{}"));
    assert_string_equal("metadata ", differences("{\"metadata\":{\"owner\":\"shop\"}}"));
    assert_string_equal("metadata ", differences("{\"metadata\":7}"));
    assert_string_equal("metadata ",
                        differences("{\"metadata\":{\"owner\":\"shop\",\"tier\":\"tin\"}}"));
}

static void a_change_leaves_all_else_as_it_is(void **state)
{
    (void)state;
    json_t *config = parse("{\"max_age\":0,\"duplicate_window\":5000,\"storage\":\"memory\","
                           "\"unknown\":[1],\"metadata\":{\"theirs\":\"too\",\"owner\":\"x\"}}");
    json_t *members = parse("{\"max_age\":1000,\"metadata\":{\"owner\":\"shop\"}}");
    json_t *whole = nm_config_with(config, members);
    assert_member(whole, "max_age", "1000");
    assert_member(whole, "duplicate_window", "1000");
    assert_member(whole, "storage", "\"memory\"");
    assert_member(whole, "unknown", "[1]");
    assert_member(whole, "metadata", "{\"theirs\":\"too\",\"owner\":\"shop\"}");
    assert_member(config, "max_age", "0");
    assert_member(members, "metadata", "{\"owner\":\"shop\"}");
    json_decref(whole);
    json_decref(members);
    json_decref(config);
}

static void what_an_old_broker_drops_is_found(void **state)
{
    (void)state;
    settings.compression = true;
    json_t *config = parse("{\"max_age\":0}");
    const char *dropped = nm_config_dropped(&bucket, config);
    assert_string_equal("compression", dropped);
    assert_string_equal("2.10", nm_config_find_member(dropped)->since);
    assert_null(nm_config_find_member("mirror"));
    json_decref(config);
}

static void a_stream_that_is_no_such_bucket_is_told_apart(void **state)
{
    (void)state;
    static const struct {
        const char *config;
        const char *fault;
    } cases[] = {
        {"{\"subjects\":[\"$KV.prices.>\"]}", NULL},
        {"{\"subjects\":[\"$KV.prices.>\"],\"sealed\":false,\"sources\":[],\"mirror\":null}", NULL},
        {"{\"subjects\":[\"$KV.prices.>\"],\"sealed\":true}", "sealed"},
        {"{\"mirror\":{\"name\":\"KV_a\"}}", "mirror"},
        {"{\"subjects\":[\"$KV.prices.>\"],\"sources\":[{\"name\":\"KV_a\"}]}", "sources"},
        {"{\"subjects\":[\"$KV.prices.>\"],\"subject_transform\":{\"dest\":\"a\"}}",
         "subject_transform"},
        {"{\"subjects\":[\"$KV.prices.>\"],\"no_ack\":true}", "no_ack"},
        {"{\"subjects\":[\"$KV.prices.>\",\"more\"]}", "subjects"},
        {"{}", "subjects"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        json_t *config = parse(cases[i].config);
        nm_bucket_facts facts = nm_config_facts(&bucket, config);
        assert_true(facts.known);
        if (cases[i].fault == NULL)
            assert_null(facts.fault);
        else
            assert_string_equal(cases[i].fault, facts.fault);
        json_decref(config);
    }
}

static void how_it_is_used_follows_from_the_configuration(void **state)
{
    (void)state;
    json_t *config = parse("{\"allow_direct\":true}");
    assert_true(nm_config_facts(&bucket, config).allow_direct);
    assert_false(nm_config_facts(&bucket, config).allow_msg_ttl);
    json_decref(config);
    config = parse("{\"allow_msg_ttl\":true,\"allow_direct\":\"yes\"}");
    assert_false(nm_config_facts(&bucket, config).allow_direct);
    assert_true(nm_config_facts(&bucket, config).allow_msg_ttl);
    json_decref(config);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_bucket_without_settings_asks_for_the_defaults, begin),
        cmocka_unit_test_setup(settings_are_in_a_new_configuration, begin),
        cmocka_unit_test_setup(an_object_bucket_has_no_history, begin),
        cmocka_unit_test_setup(only_what_settings_name_differs, begin),
        cmocka_unit_test_setup(each_entry_of_metadata_must_be_there, begin),
        cmocka_unit_test_setup(a_change_leaves_all_else_as_it_is, begin),
        cmocka_unit_test_setup(what_an_old_broker_drops_is_found, begin),
        cmocka_unit_test_setup(a_stream_that_is_no_such_bucket_is_told_apart, begin),
        cmocka_unit_test_setup(how_it_is_used_follows_from_the_configuration, begin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
