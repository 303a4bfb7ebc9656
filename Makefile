# Builds everything of protoc-gen-c-natsmicro under $(BUILD). `make help` lists what there is.
#
# The rooms: tools and flags; what is generated from .proto files; library; plugin; tests; benches;
# examples; installing; care of the source. A source file is picked up by being in its folder.
#
# On a machine without compiler and libraries this file must still be readable by make: `make demo`
# and `make test` install what is missing first, then call make again.

VERSION   := 0.1.0
SOVERSION := 0

BUILD ?= build
PREFIX ?= /usr/local
BINDIR ?= $(PREFIX)/bin
LIBDIR ?= $(PREFIX)/lib
INCLUDEDIR ?= $(PREFIX)/include
DESTDIR ?=

MAKEFLAGS += --no-builtin-rules
.DELETE_ON_ERROR:
.SECONDARY:
.DEFAULT_GOAL := all

ifeq ($(V),1)
quiet :=
say    = @:
else
quiet := @
say    = @printf '  %-8s %s\n' $(1) $(2)
endif

# ---- tools and flags ----

CFLAGS ?= -O2 -g
PROTOC ?= protoc
PKG_CONFIG ?= pkg-config
CLANG_FORMAT ?= $(firstword $(shell command -v clang-format-14 clang-format) clang-format)

PACKAGES := libnats libprotobuf-c jansson
PACKAGE_CFLAGS := $(shell $(PKG_CONFIG) --cflags $(PACKAGES) 2>/dev/null)
PACKAGE_LIBS   := $(shell $(PKG_CONFIG) --libs $(PACKAGES) 2>/dev/null)
CMOCKA_CFLAGS  := $(shell $(PKG_CONFIG) --cflags cmocka 2>/dev/null)
CMOCKA_LIBS    := $(shell $(PKG_CONFIG) --libs cmocka 2>/dev/null || echo -lcmocka)

WARNINGS := -Wall -Wextra -Wpedantic -Wconversion -Wshadow
ifeq ($(WERROR),1)
WARNINGS += -Werror
endif

# SANITIZE holds the sanitizer flags of `make asan`, `make tsan` and `make fuzz`.
COMMON_FLAGS   := -std=c11 -D_POSIX_C_SOURCE=200809L -fPIC -pthread $(CFLAGS) $(SANITIZE) $(PACKAGE_CFLAGS)
OWN_FLAGS       = $(COMMON_FLAGS) $(WARNINGS) $(CPPFLAGS)
GENERATED_FLAGS = $(COMMON_FLAGS) -w $(CPPFLAGS)
LINK_FLAGS      = -pthread $(SANITIZE) $(LDFLAGS)

# What a translation unit may include, by the folder it is in. Only the library, its tests and the
# benches see internal headers; an example sees what a user sees.
INCLUDE_PUBLIC := -Iruntime/include -I$(BUILD)/wkt
INCLUDE_runtime  := -Iruntime $(INCLUDE_PUBLIC)
INCLUDE_plugin   := -Iplugin -Iruntime $(INCLUDE_PUBLIC) -I$(BUILD)/gen/plugin
INCLUDE_vectors  := -Itests $(INCLUDE_PUBLIC) -I$(BUILD)/gen/vectors
INCLUDE_tests    := -Itests -Iruntime $(INCLUDE_PUBLIC) -I$(BUILD)/gen/tests -I$(BUILD)/gen/frame
INCLUDE_bench    := -Ibench -Itests -Iruntime $(INCLUDE_PUBLIC) -I$(BUILD)/gen/bench -I$(BUILD)/gen/tests
INCLUDE_examples := $(INCLUDE_PUBLIC) -I$(BUILD)/gen/greet -I$(BUILD)/gen/blob

# Other flags than last time: everything is compiled again, because every object depends on this
# file. It is written while make reads, so that an up-to-date tree has nothing to do.
FLAGS_FILE := $(BUILD)/flags
FLAGS_NOW  := $(strip $(CC) $(OWN_FLAGS) $(LINK_FLAGS) $(PACKAGE_LIBS))
ifneq ($(filter-out clean help uninstall format check-format demo test matrix asan tsan fuzz model bench,$(or $(MAKECMDGOALS),all)),)
ifneq ($(file <$(FLAGS_FILE)),$(FLAGS_NOW))
$(shell mkdir -p $(BUILD))
$(file >$(FLAGS_FILE),$(FLAGS_NOW))
endif
endif

# Says once per build folder what is missing, before a compiler says it worse.
CHECKED := $(BUILD)/checked
$(CHECKED): scripts/install-dependencies
	@mkdir -p $(@D)
	@scripts/install-dependencies --check build
	@touch $@

compile = $(quiet)mkdir -p $(@D) && $(CC) $(1) -MMD -MP -MF $(@:.o=.d) -c $< -o $@
archive = $(quiet)mkdir -p $(@D) && rm -f $@ && $(AR) rcs $@ $(filter %.o,$^)

# ---- what is generated from .proto files ----

# The C of protobuf's well-known types, of descriptor.proto and of our own options, which generated
# headers include and no distribution carries. They are a static library of their own, so that a
# program with copies of its own links without a clash.
WKT_NAMES := $(addprefix google/protobuf/,any api descriptor duration empty field_mask \
               source_context struct timestamp type wrappers)
OWN_PROTOS  := proto/natsmicro/options.proto
WKT_NAMES   += $(OWN_PROTOS:proto/%.proto=%)
WKT_HEADERS := $(WKT_NAMES:%=$(BUILD)/wkt/%.pb-c.h)
WKT_OBJECTS := $(WKT_NAMES:%=$(BUILD)/obj/wkt/%.pb-c.o)
WKT_LIBRARY := $(BUILD)/libnatsmicro-wkt.a

$(BUILD)/wkt/google/%.pb-c.c $(BUILD)/wkt/google/%.pb-c.h: | $(CHECKED)
	$(call say,PROTOC,google/$*.proto)
	$(quiet)mkdir -p $(BUILD)/wkt && $(PROTOC) --c_out=$(BUILD)/wkt google/$*.proto

$(BUILD)/wkt/natsmicro/%.pb-c.c $(BUILD)/wkt/natsmicro/%.pb-c.h: proto/natsmicro/%.proto $(OWN_PROTOS) | $(CHECKED)
	$(call say,PROTOC,$<)
	$(quiet)mkdir -p $(BUILD)/wkt && $(PROTOC) -Iproto --c_out=$(BUILD)/wkt $<

$(BUILD)/obj/wkt/%.o: $(BUILD)/wkt/%.c $(FLAGS_FILE) | $(WKT_HEADERS)
	$(call say,CC,$<)
	$(call compile,$(GENERATED_FLAGS) -I$(BUILD)/wkt)

$(WKT_LIBRARY): $(WKT_OBJECTS)
	$(call say,AR,$@)
	$(archive)

PLUGIN := $(BUILD)/protoc-gen-c-natsmicro

# $(call stubs,name,folder): the messages and stubs of every .proto below the folder, as
# $(BUILD)/gen/<name>/ and $(BUILD)/lib<name>-stubs.a. A file without a service has no stubs.
define stubs
$(1)_PROTOS   := $$(patsubst ./%,%,$$(shell cd $(2) 2>/dev/null && find . -name '*.proto'))
$(1)_SERVICES := $$(patsubst ./%,%,$$(shell cd $(2) 2>/dev/null && grep -rlE --include='*.proto' '^[[:space:]]*service[[:space:]]' .))
$(1)_NAMES    := $$($(1)_PROTOS:.proto=.pb-c) $$($(1)_SERVICES:.proto=.nats-c)
$(1)_HEADERS  := $$($(1)_NAMES:%=$(BUILD)/gen/$(1)/%.h)
$(1)_OBJECTS  := $$($(1)_NAMES:%=$(BUILD)/obj/gen/$(1)/%.o)
$(1)_STUBS    := $(BUILD)/lib$(1)-stubs.a

$(BUILD)/gen/$(1)/%.pb-c.c $(BUILD)/gen/$(1)/%.pb-c.h: $(2)/%.proto $$($(1)_PROTOS:%=$(2)/%) $(OWN_PROTOS) | $(CHECKED)
	$$(call say,PROTOC,$$<)
	$$(quiet)mkdir -p $(BUILD)/gen/$(1) && $(PROTOC) -I$(2) -Iproto --c_out=$(BUILD)/gen/$(1) $$<

$(BUILD)/gen/$(1)/%.nats-c.c $(BUILD)/gen/$(1)/%.nats-c.h: $(2)/%.proto $$($(1)_PROTOS:%=$(2)/%) $(OWN_PROTOS) $(PLUGIN)
	$$(call say,STUBS,$$<)
	$$(quiet)mkdir -p $(BUILD)/gen/$(1) && $(PROTOC) -I$(2) -Iproto \
	    --plugin=protoc-gen-c-natsmicro=$(PLUGIN) --c-natsmicro_out=$(BUILD)/gen/$(1) $$<

$(BUILD)/obj/gen/$(1)/%.pb-c.o: $(BUILD)/gen/$(1)/%.pb-c.c $(FLAGS_FILE) | $$($(1)_HEADERS) $(WKT_HEADERS)
	$$(call say,CC,$$<)
	$$(call compile,$$(GENERATED_FLAGS) -I$(BUILD)/gen/$(1) $(INCLUDE_PUBLIC))

$(BUILD)/obj/gen/$(1)/%.nats-c.o: $(BUILD)/gen/$(1)/%.nats-c.c $(FLAGS_FILE) | $$($(1)_HEADERS) $(WKT_HEADERS)
	$$(call say,CC,$$<)
	$$(call compile,$$(OWN_FLAGS) -I$(BUILD)/gen/$(1) $(INCLUDE_PUBLIC))

$$($(1)_STUBS): $$($(1)_OBJECTS)
	$$(call say,AR,$$@)
	$$(archive)
endef

# ---- library ----

LIBRARY_SOURCES := $(wildcard runtime/*/*.c runtime/*/*/*.c)
LIBRARY_OBJECTS := $(LIBRARY_SOURCES:%.c=$(BUILD)/obj/%.o)
PUBLIC_HEADERS  := $(wildcard runtime/include/natsmicro/*.h)
STATIC_LIBRARY  := $(BUILD)/libnatsmicro.a
SONAME          := libnatsmicro.so.$(SOVERSION)
SHARED_LIBRARY  := $(BUILD)/libnatsmicro.so.$(VERSION)
LIBRARIES       := $(STATIC_LIBRARY) $(SHARED_LIBRARY) $(BUILD)/libnatsmicro.so $(WKT_LIBRARY)

$(BUILD)/obj/runtime/%.o: runtime/%.c $(FLAGS_FILE) | $(CHECKED) $(WKT_HEADERS)
	$(call say,CC,$<)
	$(call compile,$(OWN_FLAGS) $(INCLUDE_runtime))

$(STATIC_LIBRARY): $(LIBRARY_OBJECTS)
	$(call say,AR,$@)
	$(archive)

# Sanitizers leave symbols open for the program to bring.
$(SHARED_LIBRARY): $(LIBRARY_OBJECTS) packaging/natsmicro.map
	$(call say,LD,$@)
	$(quiet)$(CC) -shared $(LINK_FLAGS) -Wl,-soname,$(SONAME) -Wl,--version-script=packaging/natsmicro.map \
	    $(if $(SANITIZE),,-Wl,-z,defs) -o $@ $(LIBRARY_OBJECTS) $(PACKAGE_LIBS)

$(BUILD)/libnatsmicro.so: $(SHARED_LIBRARY)
	$(quiet)ln -sf $(notdir $(SHARED_LIBRARY)) $(BUILD)/$(SONAME) && ln -sf $(SONAME) $@ && touch -h $@

# ---- plugin ----

PLUGIN_SOURCES := $(wildcard plugin/*.c)
# Leaf code of the library that the plugin uses as well.
PLUGIN_SHARED  := $(addprefix $(BUILD)/obj/runtime/base/,buffer.o)
PLUGIN_OBJECTS := $(PLUGIN_SOURCES:%.c=$(BUILD)/obj/%.o) $(PLUGIN_SHARED) \
                  $(BUILD)/obj/gen/plugin/google/protobuf/compiler/plugin.pb-c.o
PLUGIN_HEADERS := $(BUILD)/gen/plugin/google/protobuf/compiler/plugin.pb-c.h

$(BUILD)/gen/plugin/google/%.pb-c.c $(BUILD)/gen/plugin/google/%.pb-c.h: | $(CHECKED)
	$(call say,PROTOC,google/$*.proto)
	$(quiet)mkdir -p $(BUILD)/gen/plugin && $(PROTOC) --c_out=$(BUILD)/gen/plugin google/$*.proto

$(BUILD)/obj/gen/plugin/%.o: $(BUILD)/gen/plugin/%.c $(FLAGS_FILE) | $(WKT_HEADERS)
	$(call say,CC,$<)
	$(call compile,$(GENERATED_FLAGS) $(INCLUDE_plugin))

$(BUILD)/obj/plugin/%.o: plugin/%.c $(FLAGS_FILE) | $(CHECKED) $(WKT_HEADERS) $(PLUGIN_HEADERS)
	$(call say,CC,$<)
	$(call compile,$(OWN_FLAGS) $(INCLUDE_plugin) -DNATSMICRO_VERSION='"$(VERSION)"')

$(PLUGIN): $(PLUGIN_OBJECTS) $(WKT_LIBRARY)
	$(call say,LD,$@)
	$(quiet)$(CC) $(LINK_FLAGS) -o $@ $^ $(shell $(PKG_CONFIG) --libs libprotobuf-c 2>/dev/null)

.PHONY: all
all: $(LIBRARIES) $(PLUGIN)

# ---- examples ----

EXAMPLE_PROGRAMS := $(addprefix $(BUILD)/examples/,greet/server greet/client blob/server blob/blob)
$(eval $(call stubs,greet,examples/greet))
$(eval $(call stubs,blob,examples/blob))

# What the blob example and a test hash with; the library has no need of it.
MD_LIBS := $(shell $(PKG_CONFIG) --libs libmd 2>/dev/null || echo -lmd)

$(BUILD)/obj/examples/%.o: examples/%.c $(FLAGS_FILE) | $(greet_HEADERS) $(blob_HEADERS) $(WKT_HEADERS)
	$(call say,CC,$<)
	$(call compile,$(OWN_FLAGS) $(INCLUDE_examples))

$(BUILD)/examples/greet/%: $(BUILD)/obj/examples/greet/%.o $(greet_STUBS) $(STATIC_LIBRARY) $(WKT_LIBRARY)
	$(call say,LD,$@)
	$(quiet)mkdir -p $(@D) && $(CC) $(LINK_FLAGS) -o $@ $^ $(PACKAGE_LIBS)

$(BUILD)/examples/blob/%: $(BUILD)/obj/examples/blob/%.o $(BUILD)/obj/examples/blob/common.o \
                          $(BUILD)/obj/examples/blob/bar.o $(blob_STUBS) $(STATIC_LIBRARY) $(WKT_LIBRARY)
	$(call say,LD,$@)
	$(quiet)mkdir -p $(@D) && $(CC) $(LINK_FLAGS) -o $@ $^ $(PACKAGE_LIBS) $(MD_LIBS)

.PHONY: examples demo demo-run
examples: $(EXAMPLE_PROGRAMS)

demo:
	@scripts/install-dependencies demo
	@$(MAKE) --no-print-directory demo-run

demo-run: all examples
	@BUILD=$(BUILD) scripts/demo

# ---- tests ----

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
TEST_SCRIPTS        := $(patsubst tests/%,%,$(wildcard tests/plugin/run tests/plugin/compile-matrix \
                         tests/build/run-tests tests/build/install tests/build/demo \
                         tests/build/blob tests/build/structure))

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

$(BUILD)/obj/tests/vectors/%.o: tests/vectors/%.c $(FLAGS_FILE) | $(CHECKED) $(vectors_HEADERS) $(WKT_HEADERS)
	$(call say,CC,$<)
	$(call compile,$(OWN_FLAGS) $(INCLUDE_vectors) $(CMOCKA_CFLAGS))

$(SUPPORT_LIBRARY): $(SUPPORT_SOURCES:%.c=$(BUILD)/obj/%.o)
	$(call say,AR,$@)
	$(archive)

$(BUILD)/tests/unit/%: $(BUILD)/obj/tests/unit/%.o $(UNIT_SHARED:%.c=$(BUILD)/obj/%.o) $(SUPPORT_LIBRARY) \
                       $(tests_STUBS) $(FRAME_OBJECT) $(STATIC_LIBRARY) $(WKT_LIBRARY)
	$(call say,LD,$@)
	$(quiet)mkdir -p $(@D) && $(CC) $(LINK_FLAGS) -o $@ $^ $(CMOCKA_LIBS) $(PACKAGE_LIBS)

$(BUILD)/tests/integration/%: $(BUILD)/obj/tests/integration/%.o $(INTEGRATION_SHARED:%.c=$(BUILD)/obj/%.o) \
                              $(SUPPORT_LIBRARY) $(tests_STUBS) $(STATIC_LIBRARY) $(WKT_LIBRARY)
	$(call say,LD,$@)
	$(quiet)mkdir -p $(@D) && $(CC) $(LINK_FLAGS) -o $@ $^ $(CMOCKA_LIBS) $(PACKAGE_LIBS) $(MD_LIBS)

$(BUILD)/tests/vectors/%: $(BUILD)/obj/tests/vectors/%.o $(VECTORS_SHARED:%.c=$(BUILD)/obj/%.o) \
                          $(SUPPORT_LIBRARY) $(vectors_STUBS) $(STATIC_LIBRARY) $(WKT_LIBRARY)
	$(call say,LD,$@)
	$(quiet)mkdir -p $(@D) && $(CC) $(LINK_FLAGS) -o $@ $^ $(CMOCKA_LIBS) $(PACKAGE_LIBS)

# ---- programs in other languages ----

INTEROP_PEERS := $(BUILD)/interop
INTEROP_TESTS := $(patsubst %.c,$(BUILD)/%,$(wildcard tests/interop/*_test.c))
INTEROP_SHARED := $(patsubst %.c,$(BUILD)/obj/%.o,$(filter-out %_test.c,$(wildcard tests/interop/*.c)) \
                    tests/vectors/lab.c tests/vectors/sha256.c)
PEERS := $(foreach language,go typescript python,$(INTEROP_PEERS)/$(language)-peer)

$(INTEROP_PEERS)/go-peer: $(wildcard tests/interop/go/*)
$(INTEROP_PEERS)/typescript-peer: $(wildcard tests/interop/typescript/*)
$(INTEROP_PEERS)/python-peer: tests/interop/python/requirements.txt
$(PEERS): $(INTEROP_PEERS)/%-peer: tests/interop/prepare
	$(call say,PEER,$@)
	$(quiet)tests/interop/prepare $* $(INTEROP_PEERS)

$(BUILD)/obj/tests/interop/%.o: tests/interop/%.c $(FLAGS_FILE) | $(CHECKED) $(vectors_HEADERS) $(WKT_HEADERS)
	$(call say,CC,$<)
	$(call compile,$(OWN_FLAGS) $(INCLUDE_vectors) $(CMOCKA_CFLAGS))

$(BUILD)/tests/interop/%: $(BUILD)/obj/tests/interop/%.o $(INTEROP_SHARED) \
                          $(SUPPORT_LIBRARY) $(vectors_STUBS) $(STATIC_LIBRARY) $(WKT_LIBRARY)
	$(call say,LD,$@)
	$(quiet)mkdir -p $(@D) && $(CC) $(LINK_FLAGS) -o $@ $^ $(CMOCKA_LIBS) $(PACKAGE_LIBS)

# Not among the tests: what the peers are made of comes from the registries of their languages.
.PHONY: interop interop-run
interop:
	@scripts/install-dependencies interop
	@$(MAKE) --no-print-directory interop-run

interop-run: $(PEERS) $(INTEROP_TESTS)
	@INTEROP_PEERS=$(abspath $(INTEROP_PEERS)) BUILD=$(BUILD) tests/run $(INTEROP_TESTS)

.PHONY: test test-build test-run asan tsan
test:
	@scripts/install-dependencies test
	@$(MAKE) --no-print-directory test-run

test-build: all $(if $(filter build/demo build/blob,$(CHOSEN_SCRIPTS)),examples) $(CHOSEN_PROGRAMS:%=$(BUILD)/tests/%)

test-run: test-build
	@BUILD=$(BUILD) CC="$(CC)" CFLAGS="$(CFLAGS)" tests/run $(CHOSEN_PROGRAMS:%=$(BUILD)/tests/%) $(CHOSEN_SCRIPTS:%=tests/%)

# Of the scripts, those that run what we built: other programs are not sanitized.
asan:
	@scripts/install-dependencies test
	@TEST_LIMIT=$${TEST_LIMIT:-600} $(MAKE) --no-print-directory BUILD=$(BUILD)/asan CFLAGS="-O1 -g" \
	    SANITIZE="-fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer" \
	    TESTS="$(or $(TESTS),unit/ integration/ vectors/ plugin/run build/demo build/blob)" test-run

tsan:
	@scripts/install-dependencies test
	@TEST_LIMIT=$${TEST_LIMIT:-600} $(MAKE) --no-print-directory BUILD=$(BUILD)/tsan CFLAGS="-O1 -g" \
	    SANITIZE="-fsanitize=thread -fno-omit-frame-pointer" \
	    TESTS="$(or $(TESTS),unit/ integration/ vectors/ build/demo build/blob)" test-run

# Not among the tests: needs root, and minutes for each release.
RELEASES ?= bookworm trixie testing

.PHONY: matrix
matrix:
	@BUILD=$(BUILD) scripts/matrix $(RELEASES)

# Writes what the plugin says now as what it is to say; look at the difference before a commit.
.PHONY: golden
golden: $(PLUGIN)
	tests/plugin/run $(PLUGIN) --update

# ---- fuzzing ----

FUZZ_SOURCES  := $(wildcard tests/fuzz/*_fuzz.c)
FUZZ_PROGRAMS := $(FUZZ_SOURCES:tests/%.c=$(BUILD)/tests/%)
FUZZ_SECONDS  ?= 30

$(BUILD)/tests/fuzz/%: $(BUILD)/obj/tests/fuzz/%.o $(SUPPORT_LIBRARY) $(tests_STUBS) $(FRAME_OBJECT) \
                       $(STATIC_LIBRARY) $(WKT_LIBRARY)
	$(call say,LD,$@)
	$(quiet)mkdir -p $(@D) && $(CC) $(LINK_FLAGS) -fsanitize=fuzzer -o $@ $^ $(PACKAGE_LIBS)

.PHONY: fuzz fuzz-run
fuzz:
	@scripts/install-dependencies ci
	@$(MAKE) --no-print-directory BUILD=$(BUILD)/fuzz CC=clang CFLAGS="-O1 -g" \
	    SANITIZE="-fsanitize=address,undefined,fuzzer-no-link -fno-sanitize-recover=all" fuzz-run

fuzz-run: $(FUZZ_PROGRAMS)
	@BUILD=$(BUILD) FUZZ_SECONDS=$(FUZZ_SECONDS) scripts/fuzz $(FUZZ_PROGRAMS)

# ---- models ----

# MODEL is quick, all, or a word out of the names of the checks to run.
MODEL ?= all

.PHONY: model
model:
	@scripts/install-dependencies model
	@BUILD=$(BUILD) CC="$(CC)" docs/model/run $(MODEL)

# ---- benches ----

$(eval $(call stubs,bench,bench/protos))

BENCH_SOURCES  := $(wildcard bench/*.c)
BENCH_PROGRAMS := $(BENCH_SOURCES:%.c=$(BUILD)/%)
BENCH_SHARED   := $(patsubst %.c,$(BUILD)/obj/%.o,$(wildcard bench/support/*.c) \
                    tests/support/broker.c tests/support/process.c)

$(BUILD)/obj/bench/%.o: bench/%.c $(FLAGS_FILE) | $(CHECKED) $(tests_HEADERS) $(bench_HEADERS) $(WKT_HEADERS)
	$(call say,CC,$<)
	$(call compile,$(OWN_FLAGS) $(INCLUDE_bench))

$(BUILD)/bench/%: $(BUILD)/obj/bench/%.o $(BENCH_SHARED) $(bench_STUBS) $(tests_STUBS) $(STATIC_LIBRARY) $(WKT_LIBRARY)
	$(call say,LD,$@)
	$(quiet)mkdir -p $(@D) && $(CC) $(LINK_FLAGS) -o $@ $^ $(PACKAGE_LIBS)

.PHONY: bench bench-build bench-run
bench:
	@scripts/install-dependencies demo >&2
	@$(MAKE) --no-print-directory bench-build >&2
	@$(MAKE) --no-print-directory bench-run

bench-build: all $(BENCH_PROGRAMS)

bench-run:
	@BUILD=$(BUILD) bench/run

# ---- installing ----

.PHONY: install uninstall
install: all
	install -d $(DESTDIR)$(BINDIR) $(DESTDIR)$(LIBDIR)/pkgconfig $(DESTDIR)$(INCLUDEDIR)/natsmicro
	install -m 755 $(PLUGIN) $(DESTDIR)$(BINDIR)/
	install -m 644 $(STATIC_LIBRARY) $(WKT_LIBRARY) $(DESTDIR)$(LIBDIR)/
	install -m 755 $(SHARED_LIBRARY) $(DESTDIR)$(LIBDIR)/
	ln -sf $(notdir $(SHARED_LIBRARY)) $(DESTDIR)$(LIBDIR)/$(SONAME)
	ln -sf $(SONAME) $(DESTDIR)$(LIBDIR)/libnatsmicro.so
	install -m 644 $(PUBLIC_HEADERS) $(OWN_PROTOS) $(DESTDIR)$(INCLUDEDIR)/natsmicro/
	cd $(BUILD)/wkt && for header in $(WKT_NAMES:%=%.pb-c.h); do \
	    install -D -m 644 $$header $(abspath $(DESTDIR)$(INCLUDEDIR))/natsmicro-wkt/$$header || exit 1; done
	sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@LIBDIR@|$(LIBDIR)|' -e 's|@INCLUDEDIR@|$(INCLUDEDIR)|' \
	    -e 's|@VERSION@|$(VERSION)|' packaging/natsmicro.pc.in > $(BUILD)/natsmicro.pc
	install -m 644 $(BUILD)/natsmicro.pc $(DESTDIR)$(LIBDIR)/pkgconfig/

uninstall:
	rm -f $(DESTDIR)$(BINDIR)/$(notdir $(PLUGIN)) $(DESTDIR)$(LIBDIR)/pkgconfig/natsmicro.pc
	rm -f $(addprefix $(DESTDIR)$(LIBDIR)/,libnatsmicro.a libnatsmicro-wkt.a libnatsmicro.so $(SONAME) \
	    $(notdir $(SHARED_LIBRARY)))
	rm -rf $(DESTDIR)$(INCLUDEDIR)/natsmicro $(DESTDIR)$(INCLUDEDIR)/natsmicro-wkt

# ---- care of the source ----

# Golden files are the plugin's to lay out.
FORMATTED := $(shell find runtime plugin tests bench examples -name '*.[ch]' \
    -not -path '*/expected/*' 2>/dev/null)

.PHONY: format check-format check-structure compile_commands.json clean help
format:
	@$(CLANG_FORMAT) -i $(FORMATTED)

check-format:
	@$(CLANG_FORMAT) --version
	@$(CLANG_FORMAT) --dry-run -Werror $(FORMATTED)
	@! LC_ALL=C.UTF-8 grep -nE '^[^"]{101,}$$' $(FORMATTED) || { echo "longer than 100 columns" >&2; exit 1; }

# The objects tell which file uses which.
check-structure: $(LIBRARY_OBJECTS) $(PLUGIN_OBJECTS)
	@BUILD=$(BUILD) scripts/check-structure

# Written under $(BUILD), where clangd looks for it by itself.
compile_commands.json: $(WKT_HEADERS) $(PLUGIN_HEADERS) $(tests_HEADERS) $(vectors_HEADERS) $(FRAME_HEADER) $(bench_HEADERS) $(greet_HEADERS) $(blob_HEADERS)
	@scripts/compile-commands $(foreach room,runtime plugin tests bench examples,\
	    --flags '$(CC) $(OWN_FLAGS) $(INCLUDE_$(room))' \
	    $(filter $(room)/%,$(LIBRARY_SOURCES) $(PLUGIN_SOURCES) \
	        $(wildcard tests/*/*.c bench/*.c bench/*/*.c examples/*/*.c))) \
	    > $(BUILD)/compile_commands.json
	@echo $(BUILD)/compile_commands.json

clean:
	rm -rf $(BUILD)

help:
	@sed -n 's/^#h \{0,1\}//p' $(firstword $(MAKEFILE_LIST))

#h make                library and plugin
#h make demo           installs what is missing, builds, runs the greeting and the blob service
#h make test           installs what is missing, builds, runs all tests; TESTS="unit/ stream" some
#h make asan, tsan     the tests with address and undefined behaviour, or thread, sanitizer
#h make interop        calls between this library and programs in Go, TypeScript and Python
#h make matrix         demo and tests in roots of Debian 12, 13 and testing; RELEASES=trixie one
#h make golden         takes the plugin's output of today as what the golden cases expect
#h make fuzz           the fuzz targets for FUZZ_SECONDS (30) each, with clang
#h make model          searches the models of reliable streams with spin; MODEL=quick: in a minute
#h make bench          our figures beside raw nats.c's
#h make examples       the programs of examples/
#h make install        to PREFIX (/usr/local), below DESTDIR; `make uninstall` takes it away again
#h make format         all C files as .clang-format says; `make check-format` only looks
#h make check-structure   fails on an upward include and on files that need each other in a circle
#h make compile_commands.json   for clangd and other tools, as build/compile_commands.json
#h make clean          takes away build/
#h
#h BUILD=dir builds elsewhere; CC, CFLAGS, LDFLAGS as usual; WERROR=1: a warning is an error;
#h V=1 shows the commands.

-include $(shell find $(BUILD)/obj -name '*.d' 2>/dev/null)
