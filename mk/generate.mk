# What is generated from .proto files: well-known types, and messages and stubs of a folder.

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
# $(BUILD)/gen/<name>/ and $(BUILD)/lib<name>-stubs.a, by one command, as a user makes them.
define stubs
$(1)_PROTOS   := $$(patsubst ./%,%,$$(shell cd $(2) 2>/dev/null && find . -name '*.proto'))
$(1)_NAMES    := $$($(1)_PROTOS:.proto=.pb-c) $$($(1)_PROTOS:.proto=.nats-c)
$(1)_HEADERS  := $$($(1)_NAMES:%=$(BUILD)/gen/$(1)/%.h)
$(1)_OBJECTS  := $$($(1)_NAMES:%=$(BUILD)/obj/gen/$(1)/%.o)
$(1)_STUBS    := $(BUILD)/lib$(1)-stubs.a

$(foreach ending,pb-c.c pb-c.h nats-c.c nats-c.h,$(BUILD)/gen/$(1)/%.$(ending)): $(2)/%.proto $$($(1)_PROTOS:%=$(2)/%) $(OWN_PROTOS) $(PLUGIN) | $(CHECKED)
	$$(call say,PROTOC,$$<)
	$$(quiet)mkdir -p $(BUILD)/gen/$(1) && $(PROTOC) -I$(2) -Iproto \
	    --plugin=protoc-gen-c-natsmicro=$(PLUGIN) --c-natsmicro_out=$(BUILD)/gen/$(1) --c-natsmicro_opt=messages $$<

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
