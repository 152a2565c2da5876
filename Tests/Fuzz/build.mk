# SPDX-License-Identifier: Apache-2.0
# Builds the fuzzed C API into $(BUILD)/operations_fuzz; `run` calls this, with CC and CORE, and with SANITIZERS for others
# than these two.

ROOT := ../..
CORE ?= $(ROOT)/CSources/COrderedProducer
WARNINGS := -Wall -Wextra -Wpedantic -Werror
SANITIZERS ?= address,undefined -fno-sanitize-recover=all
CFLAGS := -std=c11 -O1 -g -fno-omit-frame-pointer $(WARNINGS) -D_GNU_SOURCE

CORE_OBJECTS := $(patsubst $(CORE)/%.c,$(BUILD)/core/%.o,$(wildcard $(CORE)/*.c))
FUZZ_OBJECTS := $(patsubst %.c,$(BUILD)/%.o,$(wildcard Support/*.c)) $(BUILD)/operations_fuzz.o

$(BUILD)/operations_fuzz: $(FUZZ_OBJECTS) $(CORE_OBJECTS)
	$(CC) -fsanitize=fuzzer,$(SANITIZERS) $^ -l:libck.a -lpthread $(LINK) -o $@

$(BUILD)/core/%.o: $(CORE)/%.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -fsanitize=fuzzer-no-link,$(SANITIZERS) -I$(CORE)/include -I$(CORE) -MMD -c $< -o $@

# The operations see the public header only.
$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -fsanitize=fuzzer-no-link,$(SANITIZERS) -I$(CORE)/include -I. -MMD -c $< -o $@

-include $(wildcard $(BUILD)/*.d $(BUILD)/*/*.d)
