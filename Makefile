# Builds everything of protoc-gen-c-natsmicro under $(BUILD). `make help` lists the targets; their
# rules are in mk/, a file for each part. A source file is picked up by being in its folder.
#
# On a machine without compiler and libraries make must still be able to read these files: `make demo`
# and `make test` install what is missing first, then call make again.

VERSION   := $(file <VERSION)
SOVERSION := 0

BUILD ?= build
PREFIX ?= /usr/local
BINDIR ?= $(PREFIX)/bin
LIBDIR ?= $(PREFIX)/lib
INCLUDEDIR ?= $(PREFIX)/include
MANDIR ?= $(PREFIX)/share/man
BASHCOMPDIR ?= $(PREFIX)/share/bash-completion/completions
ZSHCOMPDIR ?= $(PREFIX)/share/zsh/site-functions
DESTDIR ?=

MAKEFLAGS += --no-builtin-rules
.DELETE_ON_ERROR:
.SECONDARY:
.DEFAULT_GOAL := all

# Each of these files may use the variables of those before it.
include mk/tools.mk
include mk/generate.mk
include mk/library.mk
include mk/plugin.mk
include mk/command.mk
include mk/examples.mk
include mk/tests.mk
include mk/torture.mk
include mk/interop.mk
include mk/conformance.mk
include mk/fuzz.mk
include mk/model.mk
include mk/bench.mk
include mk/docs.mk
include mk/install.mk
include mk/care.mk

.PHONY: all clean help
all: $(LIBRARIES) $(PLUGIN) $(COMMAND)

clean:
	rm -rf $(BUILD)

help:
	@sed -n 's/^#h \{0,1\}//p' Makefile

#h make                library, plugin and the command natsmicro
#h make demo           installs what is missing, builds, runs three services: greeting, blobs, a catalogue
#h make test           installs what is missing, builds, runs all tests; TESTS="unit/ stream" some
#h make asan, tsan     the tests with address and undefined behaviour, or thread, sanitizer
#h make torture        outages and kills of brokers, and attacks, for minutes; TORTURE=short a short form
#h make interop        calls between this library and programs in Go, TypeScript and Python
#h make conformance    protobuf's conformance suite, fetched from the distribution's archive
#h make matrix         demo and tests in roots of Debian 12, 13 and testing; RELEASES=trixie one
#h make golden         takes the plugin's output of today as what the golden cases expect
#h make fuzz           the fuzz targets for FUZZ_SECONDS (30) each, with clang
#h make model          searches the models of reliable streams with spin; MODEL=quick: in a minute
#h make bench          our figures beside raw nats.c's
#h make bench-plot     plots and tables of docs/benchmarks.md from the lines of `make bench`
#h make diagrams       pictures of docs/images from text, with graphviz
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
