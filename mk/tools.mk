# Tools and their flags; the recipes that several rooms share.

ifeq ($(V),1)
quiet :=
say    = @:
else
quiet := @
say    = @printf '  %-8s %s\n' $(1) $(2)
endif

CFLAGS ?= -O2 -g
PROTOC ?= protoc
PKG_CONFIG ?= pkg-config
CLANG_FORMAT ?= $(firstword $(shell command -v clang-format-14 clang-format) clang-format)

PACKAGES := libnats libprotobuf-c jansson libcrypto
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

# The file VERSION is the only place that holds the version. The quotes are for the shell.
VERSION_FLAG := -DNM_VERSION=\"$(VERSION)\"

# What a translation unit may include, by the folder it is in. Only the library, its tests and the
# benches see internal headers; an example sees what a user sees.
INCLUDE_PUBLIC := -Iruntime/include -I$(BUILD)/wkt
INCLUDE_runtime  := $(VERSION_FLAG) -Iruntime $(INCLUDE_PUBLIC) -I$(BUILD)/gen/runtime
INCLUDE_plugin   := $(VERSION_FLAG) -Iplugin -Iruntime $(INCLUDE_PUBLIC) -I$(BUILD)/gen/plugin
INCLUDE_command  := $(VERSION_FLAG) -Icommand -Iplugin -Iruntime $(INCLUDE_PUBLIC) -I$(BUILD)/gen/plugin
INCLUDE_vectors  := -Itests $(INCLUDE_PUBLIC) -I$(BUILD)/gen/vectors
INCLUDE_tests    := $(VERSION_FLAG) -Itests -Iruntime $(INCLUDE_PUBLIC) -I$(BUILD)/gen/tests -I$(BUILD)/gen/frame
INCLUDE_bench    := -Ibench -Itests -Iruntime $(INCLUDE_PUBLIC) -I$(BUILD)/gen/bench -I$(BUILD)/gen/tests
INCLUDE_examples := $(INCLUDE_PUBLIC) -I$(BUILD)/gen/greet -I$(BUILD)/gen/blob -I$(BUILD)/gen/auth -I$(BUILD)/gen/spans -I$(BUILD)/gen/catalog

# Other flags than last time: everything is compiled again, because every object depends on this
# file. It is written while make reads, so that an up-to-date tree has nothing to do.
FLAGS_FILE := $(BUILD)/flags
FLAGS_NOW  := $(strip $(VERSION) $(CC) $(OWN_FLAGS) $(LINK_FLAGS) $(PACKAGE_LIBS))
ifneq ($(filter-out clean help uninstall format check-format demo test matrix asan tsan fuzz model bench bench-plot diagrams,$(or $(MAKECMDGOALS),all)),)
ifneq ($(file <$(FLAGS_FILE)),$(FLAGS_NOW))
$(shell mkdir -p $(BUILD))
$(file >$(FLAGS_FILE),$(FLAGS_NOW))
endif
endif

# Once per build folder: a list of what is missing is easier to read than a compiler's errors.
CHECKED := $(BUILD)/checked
$(CHECKED): scripts/install-dependencies
	@mkdir -p $(@D)
	@scripts/install-dependencies --check build
	@touch $@

compile = $(quiet)mkdir -p $(@D) && $(CC) $(1) -MMD -MP -MF $(@:.o=.d) -c $< -o $@
# $(call describe,paths,files): the target gets protoc's descriptors of the files and of all that they import.
describe = $(quiet)mkdir -p $(@D) && $(PROTOC) $(1) --include_imports --descriptor_set_out=$@ $(2)
archive = $(quiet)mkdir -p $(@D) && rm -f $@ && $(AR) rcs $@ $(filter %.o,$^)
