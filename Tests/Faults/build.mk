# SPDX-License-Identifier: Apache-2.0
# Builds the core with its calls redirected, and the programs that let them fail, into $(BUILD); `run` calls this with
# CC and MODE, and with CORE for another copy of the core.

ROOT := ../..
CORE ?= $(ROOT)/CSources/COrderedProducer
TESTS := $(ROOT)/Tests/COrderedProducerTests
CFLAGS := -std=c11 -O1 -g -Wall -Wextra -Wpedantic -Werror $(MODE) -D_GNU_SOURCE
INCLUDES := -I$(CORE)/include -I$(CORE) -I$(TESTS) -I.
LIBRARIES := -l:libck.a -lpthread

CORE_OBJECTS := $(patsubst $(CORE)/%.c,$(BUILD)/core/%.o,$(wildcard $(CORE)/*.c))
SUPPORT_OBJECTS := $(patsubst $(TESTS)/%.c,$(BUILD)/%.o,$(wildcard $(TESTS)/Support/*.c)) \
    $(BUILD)/injection.o $(BUILD)/waits.o
PROGRAMS := $(addprefix $(BUILD)/,allocation_faults system_faults early_waits signals forks recursion surroundings)

all: $(PROGRAMS) $(BUILD)/other_calls

$(BUILD)/core/%.o: $(CORE)/%.c redirected.txt
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(INCLUDES) -MMD -MT $@ -c $< -o $@.before
	objcopy --redefine-syms=redirected.txt $@.before $@

$(BUILD)/Support/%.o: $(TESTS)/Support/%.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(INCLUDES) -MMD -c $< -o $@

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(INCLUDES) -MMD -c $< -o $@

$(BUILD)/allocation_faults $(BUILD)/system_faults: $(BUILD)/scenarios.o $(BUILD)/stage.o $(BUILD)/whole_life.o

$(PROGRAMS): %: %.o $(SUPPORT_OBJECTS) $(CORE_OBJECTS)
	$(CC) $(MODE) $^ $(LIBRARIES) $(LINK) -o $@

# What the core calls and nobody lets fail.
$(BUILD)/other_calls: $(CORE_OBJECTS)
	nm -u $^ | awk '$$1 == "U" && $$2 !~ /^fault_|^_GLOBAL_OFFSET_TABLE_$$/ {print $$2}' | sort -u > $@.used
	nm --defined-only $^ | awk 'NF == 3 {print $$3}' | sort -u > $@.defined
	comm -23 $@.used $@.defined > $@

-include $(wildcard $(BUILD)/*.d $(BUILD)/*/*.d)

.PHONY: all
.SECONDARY:
