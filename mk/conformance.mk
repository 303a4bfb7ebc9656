# Protobuf's conformance suite, whose runner comes from the distribution's source package of
# protobuf, and the program of ours that it tests.

CONFORMANCE        := $(BUILD)/conformance
CONFORMANCE_SOURCE := $(CONFORMANCE)/source
CONFORMANCE_GEN    := $(CONFORMANCE)/gen

$(CONFORMANCE_SOURCE)/fetched: tests/conformance/prepare
	$(call say,FETCH,$(CONFORMANCE_SOURCE))
	$(quiet)tests/conformance/prepare $(CONFORMANCE) && touch $@

# ---- the runner: C++, built for one run of a few seconds, so not optimized ----

CXX_PROTOS      := conformance google/protobuf/test_messages_proto2 google/protobuf/test_messages_proto3
CXX_HEADERS     := $(CXX_PROTOS:%=$(CONFORMANCE_GEN)/%.pb.h)
RUNNER          := $(CONFORMANCE)/runner
RUNNER_OBJECTS  := $(CXX_PROTOS:%=$(CONFORMANCE)/obj/gen/%.pb.o) \
                   $(addprefix $(CONFORMANCE)/obj/source/,conformance_test.o conformance_test_runner.o \
                     conformance_test_main.o binary_json_conformance_suite.o text_format_conformance_suite.o \
                     third_party/jsoncpp/jsoncpp.o)
# Another runner, such as a later one: a program that a machine of ours cannot build.
CONFORMANCE_RUNNER ?= $(RUNNER)
RUNNER_FLAGS    := -O0 -w -pthread -I$(CONFORMANCE_GEN) -I$(CONFORMANCE_SOURCE)/conformance -I$(CONFORMANCE_SOURCE)/src
PROTO_PATHS     := -Itests/conformance -I$(CONFORMANCE_SOURCE)/conformance -I$(CONFORMANCE_SOURCE)/src

$(CONFORMANCE_GEN)/%.pb.cc $(CONFORMANCE_GEN)/%.pb.h: $(CONFORMANCE_SOURCE)/fetched
	$(call say,PROTOC,$*.proto)
	$(quiet)mkdir -p $(CONFORMANCE_GEN) && $(PROTOC) $(PROTO_PATHS) --cpp_out=$(CONFORMANCE_GEN) $*.proto

$(CONFORMANCE)/obj/gen/%.pb.o: $(CONFORMANCE_GEN)/%.pb.cc $(CXX_HEADERS)
	$(call say,CXX,$<)
	$(quiet)mkdir -p $(@D) && $(CXX) $(RUNNER_FLAGS) -c $< -o $@

$(CONFORMANCE)/obj/source/%.o: $(CONFORMANCE_SOURCE)/fetched $(CXX_HEADERS)
	$(call say,CXX,$(wildcard $(CONFORMANCE_SOURCE)/conformance/$*.c*))
	$(quiet)mkdir -p $(@D) && $(CXX) $(RUNNER_FLAGS) -c $(CONFORMANCE_SOURCE)/conformance/$*.c* -o $@

$(RUNNER): $(RUNNER_OBJECTS)
	$(call say,LD,$@)
	$(quiet)$(CXX) -pthread -o $@ $^ -lprotobuf

# ---- the program ----

TESTED_PROTOS       := conformance google/protobuf/test_messages_proto3 simple
TESTED_HEADERS      := $(TESTED_PROTOS:%=$(CONFORMANCE_GEN)/%.pb-c.h)
CONFORMANCE_PROGRAM := $(CONFORMANCE)/program
TESTED_DESCRIPTORS  := $(BUILD)/gen/descriptors/conformance.set
CONFORMANCE_OBJECTS := $(TESTED_PROTOS:%=$(BUILD)/obj/conformance/%.pb-c.o) \
                       $(patsubst %.c,$(BUILD)/obj/%.o,$(wildcard tests/conformance/*.c)) \
                       $(BUILD)/obj/tests/support/both_ways.o $(BUILD)/obj/tests/support/descriptors.o

$(CONFORMANCE_GEN)/%.pb-c.c $(CONFORMANCE_GEN)/%.pb-c.h: $(CONFORMANCE_SOURCE)/fetched tests/conformance/simple.proto $(PLUGIN) | $(CHECKED)
	$(call say,PROTOC,$*.proto)
	$(quiet)mkdir -p $(CONFORMANCE_GEN) && $(PROTOC) $(PROTO_PATHS) --plugin=protoc-gen-c-natsmicro=$(PLUGIN) \
	    --c-natsmicro_out=$(CONFORMANCE_GEN) --c-natsmicro_opt=messages $*.proto

$(TESTED_DESCRIPTORS): $(CONFORMANCE_SOURCE)/fetched
	$(call say,PROTOC,$@)
	$(call describe,$(PROTO_PATHS),google/protobuf/test_messages_proto3.proto)

$(BUILD)/obj/conformance/%.pb-c.o: $(CONFORMANCE_GEN)/%.pb-c.c $(FLAGS_FILE) | $(TESTED_HEADERS) $(WKT_HEADERS)
	$(call say,CC,$<)
	$(call compile,$(GENERATED_FLAGS) -I$(CONFORMANCE_GEN) $(INCLUDE_PUBLIC))

$(patsubst %.c,$(BUILD)/obj/%.o,$(wildcard tests/conformance/*.c)): $(BUILD)/obj/%.o: %.c $(FLAGS_FILE) | $(CHECKED) $(TESTED_HEADERS) $(WKT_HEADERS)
	$(call say,CC,$<)
	$(call compile,$(OWN_FLAGS) -Itests -Iruntime $(INCLUDE_PUBLIC) -I$(CONFORMANCE_GEN))

$(CONFORMANCE_PROGRAM): $(CONFORMANCE_OBJECTS) $(tests_STUBS) $(STATIC_LIBRARY) $(WKT_LIBRARY)
	$(call say,LD,$@)
	$(quiet)mkdir -p $(@D) && $(CC) $(LINK_FLAGS) -o $@ $^ $(PACKAGE_LIBS)

# Not among the tests: the suite comes from the distribution's archive.
.PHONY: conformance conformance-run
conformance:
	@scripts/install-dependencies conformance
	@$(MAKE) --no-print-directory conformance-run

conformance-run: $(CONFORMANCE_RUNNER) $(CONFORMANCE_PROGRAM) $(TESTED_DESCRIPTORS)
	@BUILD=$(BUILD) tests/conformance/run $(CONFORMANCE) $(CONFORMANCE_RUNNER) $(CONFORMANCE_PROGRAM)
