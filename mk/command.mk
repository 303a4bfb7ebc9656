# The command natsmicro. It is linked statically with the library, whose internal rooms it uses, and
# with those of the plugin that read options.

COMMAND := $(BUILD)/natsmicro
COMMAND_SOURCES := $(wildcard command/*.c command/*/*.c)
COMMAND_OBJECTS := $(COMMAND_SOURCES:%.c=$(BUILD)/obj/%.o)
# What it takes from the plugin.
COMMAND_SHARED  := $(filter $(BUILD)/obj/plugin/request/% $(BUILD)/obj/plugin/model/%,$(PLUGIN_OBJECTS)) \
                   $(filter $(BUILD)/obj/gen/plugin/%,$(PLUGIN_OBJECTS))

$(BUILD)/obj/command/%.o: command/%.c $(FLAGS_FILE) | $(CHECKED) $(WKT_HEADERS) $(PLUGIN_HEADERS)
	$(call say,CC,$<)
	$(call compile,$(OWN_FLAGS) $(INCLUDE_command))

$(COMMAND): $(COMMAND_OBJECTS) $(COMMAND_SHARED) $(STATIC_LIBRARY) $(WKT_LIBRARY)
	$(call say,LD,$@)
	$(quiet)$(CC) $(LINK_FLAGS) -o $@ $^ $(PACKAGE_LIBS)
