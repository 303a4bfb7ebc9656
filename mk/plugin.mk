# The plugin for protoc.

PLUGIN_SOURCES := $(wildcard plugin/*.c plugin/*/*.c)
# Leaf code of the library that the plugin uses as well.
PLUGIN_SHARED  := $(addprefix $(BUILD)/obj/runtime/base/,buffer.o rules.o utf8.o)
PLUGIN_OBJECTS := $(PLUGIN_SOURCES:%.c=$(BUILD)/obj/%.o) $(PLUGIN_SHARED) \
                  $(BUILD)/obj/gen/plugin/google/protobuf/compiler/plugin.pb-c.o
# The names of the .proto files that the library carries, which generated code leaves out.
CARRIED_NAMES  := $(BUILD)/gen/plugin/carried_names.inc
PLUGIN_HEADERS := $(BUILD)/gen/plugin/google/protobuf/compiler/plugin.pb-c.h $(CARRIED_NAMES)

$(CARRIED_NAMES): mk/generate.mk
	$(call say,GEN,$@)
	$(quiet)mkdir -p $(@D) && printf '"%s.proto",\n' $(WKT_NAMES) > $@

$(BUILD)/gen/plugin/google/%.pb-c.c $(BUILD)/gen/plugin/google/%.pb-c.h: | $(CHECKED)
	$(call say,PROTOC,google/$*.proto)
	$(quiet)mkdir -p $(BUILD)/gen/plugin && $(PROTOC) --c_out=$(BUILD)/gen/plugin google/$*.proto

$(BUILD)/obj/gen/plugin/%.o: $(BUILD)/gen/plugin/%.c $(FLAGS_FILE) | $(WKT_HEADERS)
	$(call say,CC,$<)
	$(call compile,$(GENERATED_FLAGS) $(INCLUDE_plugin))

$(BUILD)/obj/plugin/%.o: plugin/%.c $(FLAGS_FILE) | $(CHECKED) $(WKT_HEADERS) $(PLUGIN_HEADERS)
	$(call say,CC,$<)
	$(call compile,$(OWN_FLAGS) $(INCLUDE_plugin))

$(PLUGIN): $(PLUGIN_OBJECTS) $(WKT_LIBRARY)
	$(call say,LD,$@)
	$(quiet)$(CC) $(LINK_FLAGS) -o $@ $^ $(shell $(PKG_CONFIG) --libs libprotobuf-c 2>/dev/null)
