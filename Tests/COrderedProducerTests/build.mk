# SPDX-License-Identifier: Apache-2.0
# Builds the C core and its tests into $(BUILD); run.sh calls this once per compiler and sanitizer, with CC, CXX and MODE.

ROOT := ../..
CORE ?= $(ROOT)/CSources/COrderedProducer
WARNINGS := -Wall -Wextra -Wpedantic -Werror
CFLAGS := -std=c11 -O1 -g $(WARNINGS) $(MODE) -D_GNU_SOURCE
INCLUDES := -I$(CORE)/include -I$(CORE) -I.
LIBRARIES := -l:libck.a -lpthread

CORE_OBJECTS := $(patsubst $(CORE)/%.c,$(BUILD)/core/%.o,$(wildcard $(CORE)/*.c))
SUPPORT_OBJECTS := $(patsubst %.c,$(BUILD)/%.o,$(wildcard Support/*.c))
TESTS := $(patsubst %.c,$(BUILD)/%,$(wildcard *_test.c))
PROGRAMS := $(BUILD)/public_header_c $(BUILD)/public_header_cxx $(BUILD)/squares_c $(BUILD)/squares_cxx

all: $(TESTS) $(PROGRAMS)

$(BUILD)/core/%.o: $(CORE)/%.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(INCLUDES) -MMD -c $< -o $@

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(INCLUDES) -MMD -c $< -o $@

# The calls through which the core gets memory and threads, so that a test can count them and let them fail.
WRAPPING := $(addprefix $(BUILD)/,memory_test memory_failures_test late_items_test node_store_test)
$(WRAPPING): $(BUILD)/wrapped.o
$(WRAPPING): WRAPPED := -Wl,--wrap=malloc,--wrap=calloc,--wrap=aligned_alloc,--wrap=free,--wrap=pthread_create

# Its system calls, so that a test can see who sleeps how.
WATCHING := $(addprefix $(BUILD)/,consumer_thread_test free_room_test parking_test slow_caller_test \
	stuck_pool_test waiting_cost_test)
$(WATCHING): $(BUILD)/sleeps.o
$(WATCHING): WRAPPED := -Wl,--wrap=syscall

# What it reads of the machine, so that a test can be another one.
$(BUILD)/processors_test: WRAPPED := -Wl,--wrap=fopen,--wrap=sched_getaffinity

$(TESTS): %: %.o $(SUPPORT_OBJECTS) $(CORE_OBJECTS)
	$(CC) $(MODE) $^ $(WRAPPED) $(LIBRARIES) $(LINK) -o $@

# What a program sees of the library: its public header, and nothing else on the command line.
PUBLIC := $(WARNINGS) $(MODE) -g -I$(CORE)/include

$(BUILD)/public_header_c: public_header.c $(CORE_OBJECTS)
	$(CC) $(PUBLIC) $^ $(LIBRARIES) $(LINK) -o $@

$(BUILD)/public_header_cxx: public_header.c $(CORE_OBJECTS)
	$(CXX) $(PUBLIC) -x c++ public_header.c -x none $(CORE_OBJECTS) $(LIBRARIES) $(LINK) -o $@

$(BUILD)/squares_c: $(ROOT)/Snippets/squares.c $(CORE_OBJECTS)
	$(CC) $(PUBLIC) $^ $(LIBRARIES) $(LINK) -o $@

$(BUILD)/squares_cxx: $(ROOT)/Snippets/squares.c $(CORE_OBJECTS)
	$(CXX) $(PUBLIC) -x c++ $(ROOT)/Snippets/squares.c -x none $(CORE_OBJECTS) $(LIBRARIES) $(LINK) -o $@

-include $(wildcard $(BUILD)/*.d $(BUILD)/*/*.d)

.PHONY: all
.SECONDARY:
