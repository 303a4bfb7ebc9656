# The tests: what they are made of, which are chosen, and the targets that run them.

$(eval $(call stubs,tests,tests/protos))

# Of the frames of reliable streams, to compare the library's own reader and writer with.
FRAME_HEADER := $(BUILD)/gen/frame/natsmicro/stream.pb-c.h
FRAME_OBJECT := $(BUILD)/obj/gen/frame/natsmicro/stream.pb-c.o

$(BUILD)/gen/frame/natsmicro/%.pb-c.c $(BUILD)/gen/frame/natsmicro/%.pb-c.h: proto/natsmicro/%.proto | $(CHECKED)
	$(call say,PROTOC,$<)
	$(quiet)mkdir -p $(BUILD)/gen/frame && $(PROTOC) -Iproto --c_out=$(BUILD)/gen/frame $<

$(FRAME_OBJECT): $(FRAME_HEADER:.h=.c) $(FLAGS_FILE) | $(FRAME_HEADER)
	$(call say,CC,$<)
	$(call compile,$(GENERATED_FLAGS) -I$(BUILD)/gen/frame)

# The recordings come with a proto of their own, the very one they were made with.
$(eval $(call stubs,vectors,tests/vectors/proto))

# What protoc says of .proto files, with all that they import, for the tests of schemas.
DESCRIPTOR_SETS := $(BUILD)/gen/descriptors/tests.set $(BUILD)/gen/descriptors/odd.set
odd_PROTOS      := $(patsubst tests/descriptors/%,%,$(wildcard tests/descriptors/*/*.proto))

$(BUILD)/gen/descriptors/tests.set: $(tests_PROTOS:%=tests/protos/%) $(OWN_PROTOS) | $(CHECKED)
	$(call say,PROTOC,$@)
	$(call describe,-Itests/protos -Iproto,$(tests_PROTOS))

$(BUILD)/gen/descriptors/odd.set: $(odd_PROTOS:%=tests/descriptors/%) | $(CHECKED)
	$(call say,PROTOC,$@)
	$(call describe,-Itests/descriptors,$(odd_PROTOS))

SUPPORT_SOURCES     := $(wildcard tests/support/*.c)
SUPPORT_LIBRARY     := $(BUILD)/libtests-support.a
UNIT_SOURCES        := $(wildcard tests/unit/*_test.c)
INTEGRATION_SOURCES := $(wildcard tests/integration/*_test.c)
VECTORS_SOURCES     := $(wildcard tests/vectors/*_test.c)
# What is not a test program itself, beside those that are, is linked with each of them.
UNIT_SHARED         := $(filter-out %_test.c,$(wildcard tests/unit/*.c))
INTEGRATION_SHARED  := $(filter-out %_test.c,$(wildcard tests/integration/*.c))
VECTORS_SHARED      := $(filter-out %_test.c,$(wildcard tests/vectors/*.c))
# Programs that are not cmocka's: they print `N passed, N failed` last.
TEST_SCRIPTS        := $(patsubst tests/%,%,tests/plugin/run tests/plugin/descriptors tests/plugin/compile-matrix tests/docs/run \
                         $(filter-out %.sh %.zsh %.c,$(wildcard tests/build/* tests/command/*)))
# Scripts that run the examples' programs.
EXAMPLE_SCRIPTS     := build/demo build/blob build/examples build/catalog $(filter command/%,$(TEST_SCRIPTS))

ALL_TESTS := $(patsubst tests/%.c,%,$(INTEGRATION_SOURCES) $(UNIT_SOURCES) $(VECTORS_SOURCES)) \
             $(TEST_SCRIPTS)
# TESTS narrows a run to the tests whose names contain one of its words.
CHOSEN_TESTS := $(if $(TESTS),$(foreach test,$(ALL_TESTS),\
                  $(if $(strip $(foreach word,$(TESTS),$(findstring $(word),$(test)))),$(test))),$(ALL_TESTS))
CHOSEN_PROGRAMS := $(filter-out $(TEST_SCRIPTS),$(CHOSEN_TESTS))
CHOSEN_SCRIPTS  := $(filter $(TEST_SCRIPTS),$(CHOSEN_TESTS))

$(BUILD)/obj/tests/%.o: tests/%.c $(FLAGS_FILE) | $(CHECKED) $(tests_HEADERS) $(FRAME_HEADER) $(WKT_HEADERS)
	$(call say,CC,$<)
	$(call compile,$(OWN_FLAGS) $(INCLUDE_tests) $(CMOCKA_CFLAGS))

# A folder with a proto of its own names its objects: of two pattern rules make takes the one whose
# headers are there already.
$(patsubst %.c,$(BUILD)/obj/%.o,$(wildcard tests/vectors/*.c)): $(BUILD)/obj/%.o: %.c $(FLAGS_FILE) | $(CHECKED) $(vectors_HEADERS) $(WKT_HEADERS)
	$(call say,CC,$<)
	$(call compile,$(OWN_FLAGS) $(INCLUDE_vectors) $(CMOCKA_CFLAGS))

$(SUPPORT_LIBRARY): $(SUPPORT_SOURCES:%.c=$(BUILD)/obj/%.o)
	$(call say,AR,$@)
	$(archive)

$(BUILD)/tests/unit/%: $(BUILD)/obj/tests/unit/%.o $(UNIT_SHARED:%.c=$(BUILD)/obj/%.o) $(SUPPORT_LIBRARY) \
                       $(tests_STUBS) $(FRAME_OBJECT) $(STATIC_LIBRARY) $(WKT_LIBRARY) | $(DESCRIPTOR_SETS)
	$(call say,LD,$@)
	$(quiet)mkdir -p $(@D) && $(CC) $(LINK_FLAGS) -o $@ $^ $(CMOCKA_LIBS) $(PACKAGE_LIBS)

# This one counts what the library asks the C library for; not what others do that are built for it.
$(BUILD)/tests/unit/hostile_headers_test: private LINK_FLAGS += \
    $(foreach function,malloc calloc realloc strdup strndup memchr strlen memcpy,-Wl,--wrap=$(function))

# Its allocations fail when it says so.
$(BUILD)/tests/unit/schema_memory_test: private LINK_FLAGS += \
    $(foreach function,malloc calloc realloc,-Wl,--wrap=$(function))

$(BUILD)/tests/integration/%: $(BUILD)/obj/tests/integration/%.o $(INTEGRATION_SHARED:%.c=$(BUILD)/obj/%.o) \
                              $(SUPPORT_LIBRARY) $(tests_STUBS) $(STATIC_LIBRARY) $(WKT_LIBRARY)
	$(call say,LD,$@)
	$(quiet)mkdir -p $(@D) && $(CC) $(LINK_FLAGS) -o $@ $^ $(CMOCKA_LIBS) $(PACKAGE_LIBS)

# Its allocations fail when it says so.
$(BUILD)/tests/integration/memory_test: private LINK_FLAGS += \
    $(foreach name,malloc calloc realloc aligned_alloc strdup strndup,-Wl,--wrap=$(name))

$(BUILD)/tests/vectors/%: $(BUILD)/obj/tests/vectors/%.o $(VECTORS_SHARED:%.c=$(BUILD)/obj/%.o) \
                          $(SUPPORT_LIBRARY) $(vectors_STUBS) $(STATIC_LIBRARY) $(WKT_LIBRARY)
	$(call say,LD,$@)
	$(quiet)mkdir -p $(@D) && $(CC) $(LINK_FLAGS) -o $@ $^ $(CMOCKA_LIBS) $(PACKAGE_LIBS)

# The service that the scripts of tests/command call beside those of examples/.
COMMAND_SERVER := $(BUILD)/tests/command/json_server
$(COMMAND_SERVER): $(BUILD)/obj/tests/command/json_server.o $(BUILD)/obj/tests/integration/json_handlers.o \
                   $(SUPPORT_LIBRARY) $(tests_STUBS) $(STATIC_LIBRARY) $(WKT_LIBRARY)
	$(call say,LD,$@)
	$(quiet)mkdir -p $(@D) && $(CC) $(LINK_FLAGS) -o $@ $^ $(PACKAGE_LIBS)

.PHONY: test test-build test-run asan tsan
test:
	@scripts/install-dependencies test
	@$(MAKE) --no-print-directory test-run

test-build: all $(if $(filter $(EXAMPLE_SCRIPTS),$(CHOSEN_SCRIPTS)),examples) \
            $(if $(filter command/%,$(CHOSEN_SCRIPTS)),$(COMMAND_SERVER)) $(CHOSEN_PROGRAMS:%=$(BUILD)/tests/%)

# What all tests share comes first, by a make of its own: as long as a job of that runs, make looks through
# all that waits for it again for each test, which takes minutes.
test-run:
	@$(MAKE) --no-print-directory all $(tests_STUBS) $(vectors_STUBS)
	@$(MAKE) --no-print-directory test-build
	@BUILD=$(BUILD) CC="$(CC)" CFLAGS="$(CFLAGS)" tests/run $(CHOSEN_PROGRAMS:%=$(BUILD)/tests/%) $(CHOSEN_SCRIPTS:%=tests/%)

# Of the scripts, those that run what we built: other programs are not sanitized.
asan:
	@scripts/install-dependencies test
	@TEST_LIMIT=$${TEST_LIMIT:-600} $(MAKE) --no-print-directory BUILD=$(BUILD)/asan CFLAGS="-O1 -g" \
	    SANITIZE="-fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer" \
	    TESTS="$(or $(TESTS),unit/ integration/ vectors/ plugin/run command/ build/demo build/blob build/examples build/catalog)" test-run

tsan:
	@scripts/install-dependencies test
	@TEST_LIMIT=$${TEST_LIMIT:-600} $(MAKE) --no-print-directory BUILD=$(BUILD)/tsan CFLAGS="-O1 -g" \
	    SANITIZE="-fsanitize=thread -fno-omit-frame-pointer" \
	    TESTS="$(or $(TESTS),unit/ integration/ vectors/ command/ build/demo build/blob build/examples build/catalog)" test-run

# Not among the tests: needs root, and minutes for each release.
RELEASES ?= bookworm trixie testing

.PHONY: matrix
matrix:
	@BUILD=$(BUILD) scripts/matrix $(RELEASES)

# Writes what the plugin says now as what it is to say; look at the difference before a commit.
.PHONY: golden
golden: $(PLUGIN)
	tests/plugin/run $(PLUGIN) --update
