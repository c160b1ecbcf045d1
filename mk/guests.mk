# SPDX-License-Identifier: BSD-3-Clause
# The guest programs as images for the reference hypervisor: $(BUILD)/guests/NAME.bin.

GUESTS_BUILD := $(BUILD)/guests

CROSS32    ?= arm-linux-gnueabihf-
CROSS32_CC := $(CROSS32)gcc

# NAME:WIDTH:PROGRAM[:FLAG...]: an image is one program for AArch64 or AArch32.
GUEST_IMAGES := \
	racer:64:programs/racer \
	steady:64:programs/steady \
	legacy:64:programs/legacy \
	prober:64:programs/prober \
	ancient:32:programs/ancient \
	rogue:64:programs/rogue \
	silent:64:programs/silent \
	talker_1_0:64:programs/talker:-DTALKER_VERSION=FFA_VERSION_1_0 \
	talker_1_1:64:programs/talker:-DTALKER_VERSION=FFA_VERSION_1_1 \
	talker_1_2:64:programs/talker:-DTALKER_VERSION=FFA_VERSION_1_2 \
	sleeper:64:programs/sleeper \
	sharer:64:programs/sharer \
	mayfly:64:programs/mayfly \
	poker:64:programs/poker \
	worker_1_0:64:programs/worker:-DWORKER_VERSION=FFA_VERSION_1_0 \
	load_1_0:64:programs/worker:-DWORKER_VERSION=FFA_VERSION_1_0:-DWORKER_SECONDS=8 \
	load_1_1:64:programs/worker:-DWORKER_VERSION=FFA_VERSION_1_1:-DWORKER_SECONDS=8 \
	load_1_2:64:programs/worker:-DWORKER_VERSION=FFA_VERSION_1_2:-DWORKER_SECONDS=8 \
	neighbour_1_0:64:programs/neighbour:-DNEIGHBOUR_VERSION=FFA_VERSION_1_0 \
	neighbour_1_1:64:programs/neighbour:-DNEIGHBOUR_VERSION=FFA_VERSION_1_1 \
	neighbour_1_2:64:programs/neighbour:-DNEIGHBOUR_VERSION=FFA_VERSION_1_2 \
	neighbour_1_2_32:32:programs/neighbour:-DNEIGHBOUR_VERSION=FFA_VERSION_1_2 \
	negotiation:64:scenarios/negotiation \
	negotiation_32:32:scenarios/negotiation \
	features:64:scenarios/features \
	features_32:32:scenarios/features \
	buffers:64:scenarios/buffers \
	buffers_32:32:scenarios/buffers \
	discovery:64:scenarios/discovery \
	discovery_32:32:scenarios/discovery \
	smccc:64:scenarios/smccc \
	smccc_32:32:scenarios/smccc \
	messages:64:scenarios/messages \
	messages_32:32:scenarios/messages \
	memory:64:scenarios/memory \
	memory_32:32:scenarios/memory \
	outsider:64:scenarios/outsider \
	traffic_1_1:64:scenarios/traffic:-DTRAFFIC_VERSION=FFA_VERSION_1_1 \
	traffic_1_2:64:scenarios/traffic:-DTRAFFIC_VERSION=FFA_VERSION_1_2 \
	patience:64:scenarios/patience \
	servant_1_0:64:programs/servant:-DSERVANT_VERSION=FFA_VERSION_1_0 \
	servant_1_1:64:programs/servant:-DSERVANT_VERSION=FFA_VERSION_1_1 \
	servant_1_2:64:programs/servant:-DSERVANT_VERSION=FFA_VERSION_1_2 \
	servant_32:32:programs/servant:-DSERVANT_VERSION=FFA_VERSION_1_2

guest_name    = $(word 1,$(subst :, ,$(1)))
guest_width   = $(word 2,$(subst :, ,$(1)))
guest_program = $(word 3,$(subst :, ,$(1)))
guest_flag    = $(wordlist 4,9,$(subst :, ,$(1)))

GUEST_NAMES := $(foreach image,$(GUEST_IMAGES),$(call guest_name,$(image)))
# Those that are nothing but instructions of EL1 cannot be threads.
GUEST_HOST_NAMES := $(filter-out poker,$(GUEST_NAMES))
GUEST_BINS  := $(GUEST_NAMES:%=$(GUESTS_BUILD)/%.bin)

# What every program is linked with. On the host a port takes the place of the platform.
# The Secure Partitions are what discovery must show; they are described once.
GUEST_LIB_SOURCES      := $(sort $(wildcard guests/lib/*.c guests/chapters/*.c)) \
	secure/partitions/partitions.c
GUEST_PLATFORM_SOURCES := $(sort $(wildcard guests/el1/*.c))

GUEST_INCLUDES := -Iinclude -Iguests/include -Iguests/lib -Iguests/scenarios -Iguests/el1
# A loop in memcpy() must not become a call of memcpy().
GUEST_FLAGS_64 := $(BARE_FLAGS) -fno-tree-loop-distribute-patterns $(GUEST_INCLUDES)
GUEST_FLAGS_32 := $(filter-out -mno-outline-atomics -mstrict-align,$(GUEST_FLAGS_64)) \
	-marm -march=armv8-a -mfloat-abi=soft -mno-unaligned-access
GUEST_CC_64 := $(CROSS_CC)
GUEST_CC_32 := $(CROSS32_CC)
GUEST_LDFLAGS := -nostdlib -static -no-pie -Wl,--build-id=none -Wl,--gc-sections \
	-Wl,--no-warn-rwx-segments -Wl,-z,noexecstack -T guests/el1/image.ld

# Objects shared by the images of one width.
GUEST_MORE_64 := probe
define guest_width_rules
GUEST_OBJECTS_$(1) := $(patsubst %.c,$(GUESTS_BUILD)/$(1)/%.o,\
	$(GUEST_LIB_SOURCES) $(GUEST_PLATFORM_SOURCES)) \
	$(patsubst %,$(GUESTS_BUILD)/$(1)/guests/el1/%$(1).o,start vectors call hold $(GUEST_MORE_$(1)))

$(GUESTS_BUILD)/$(1)/%.o: %.c
	@mkdir -p $$(@D)
	$$(GUEST_CC_$(1)) $$(GUEST_FLAGS_$(1)) -MMD -MP -c $$< -o $$@

$(GUESTS_BUILD)/$(1)/%.o: %.S
	@mkdir -p $$(@D)
	$$(GUEST_CC_$(1)) $$(GUEST_FLAGS_$(1)) -MMD -MP -c $$< -o $$@
endef
$(foreach width,64 32,$(eval $(call guest_width_rules,$(width))))

# Arguments: name, width, program, flag.
define guest_image_rules
$(GUESTS_BUILD)/images/$(1).o: guests/$(3).c
	@mkdir -p $$(@D)
	$$(GUEST_CC_$(2)) $$(GUEST_FLAGS_$(2)) $(4) -MMD -MP -c $$< -o $$@

$(GUESTS_BUILD)/$(1).elf: $(GUESTS_BUILD)/images/$(1).o $$(GUEST_OBJECTS_$(2)) guests/el1/image.ld
	$$(GUEST_CC_$(2)) $$(GUEST_LDFLAGS) $$(filter %.o,$$^) -o $$@

$(GUESTS_BUILD)/$(1).bin: $(GUESTS_BUILD)/$(1).elf
	$$(if $$(filter 32,$(2)),$(CROSS32),$(CROSS))objcopy -O binary $$< $$@
endef
$(foreach image,$(GUEST_IMAGES),$(eval $(call guest_image_rules,$(call \
	guest_name,$(image)),$(call guest_width,$(image)),$(call guest_program,$(image)),$(call \
	guest_flag,$(image)))))

-include $(wildcard $(GUESTS_BUILD)/*/*.d $(GUESTS_BUILD)/*/*/*.d $(GUESTS_BUILD)/*/*/*/*.d)

# The other compiler has to take the C, too. It links nothing: the flags are all that matters.
GUEST_CLANG_64 := $(CLANG) --target=aarch64-none-elf \
	$(filter-out -fno-tree-loop-distribute-patterns,$(GUEST_FLAGS_64))
GUEST_CLANG_32 := $(CLANG) --target=arm-none-eabi \
	$(filter-out -fno-tree-loop-distribute-patterns -mgeneral-regs-only,$(GUEST_FLAGS_32))
GUEST_ANY_FLAG := $(patsubst %,-D%_VERSION=FFA_VERSION_1_0,NEIGHBOUR SERVANT TALKER TRAFFIC WORKER)
GUEST_SOURCES  := $(GUEST_LIB_SOURCES) $(GUEST_PLATFORM_SOURCES) \
	$(sort $(foreach image,$(GUEST_IMAGES),guests/$(call guest_program,$(image)).c))

CHECKS += guests-clang
check-guests-clang:
	@for source in $(GUEST_SOURCES); do \
		$(GUEST_CLANG_64) $(GUEST_ANY_FLAG) -fsyntax-only $$source && \
		$(GUEST_CLANG_32) $(GUEST_ANY_FLAG) -fsyntax-only $$source || \
			{ echo "0 passed, 1 failed"; exit 1; }; \
	done; echo "1 passed, 0 failed"

guests: $(GUEST_BINS) ## build the programs that run at EL1

.PHONY: guests check-guests-clang check-guests-liars

# A test of the tests: the scenarios as threads, in front of a mediator that lies.
LIARS          := $(GUESTS_BUILD)/host/liars
LIARS_FLAGS    := $(GUEST_INCLUDES) -Iports/posix -DPARLEY_ENV_HEADER='"env_posix.h"' -pthread
LIARS_PROGRAMS := $(filter scenarios/% programs/neighbour programs/servant programs/silent,\
	$(foreach image,$(GUEST_IMAGES),$(call guest_program,$(image))))
LIARS_IMAGES   := $(foreach image,$(GUEST_IMAGES),$(if $(filter $(call guest_program,$(image)),\
	$(LIARS_PROGRAMS)),$(image)))

define liars_rules
$(GUESTS_BUILD)/host/programs/$(1).o: guests/$(2).c
	@mkdir -p $$(@D)
	$$(HOST_CC) $$(HOST_FLAGS) $$(LIARS_FLAGS) $(3) -Dguest_main=$(1)_main -MMD -MP -c $$< -o $$@
endef
$(foreach image,$(LIARS_IMAGES),$(eval $(call liars_rules,$(call guest_name,$(image)),$(call \
	guest_program,$(image)),$(call guest_flag,$(image)))))

$(GUESTS_BUILD)/host/%.o: guests/%.c
	@mkdir -p $(@D)
	$(HOST_CC) $(HOST_FLAGS) $(LIARS_FLAGS) -MMD -MP -c $< -o $@

$(LIARS): $(patsubst guests/%.c,$(GUESTS_BUILD)/host/%.o,$(wildcard guests/test/*.c)) $(BUILD)/posix/plain/libposix.a \
		$(foreach image,$(LIARS_IMAGES),$(GUESTS_BUILD)/host/programs/$(call guest_name,$(image)).o) \
		$(patsubst guests/%.c,$(GUESTS_BUILD)/host/%.o,$(filter guests/%,$(GUEST_LIB_SOURCES)))
	$(HOST_CC) -pthread -Wl,--wrap=ffa_call $(filter %.o,$^) $(filter %.a,$^) -o $@

CHECKS += guests-liars
check-guests-liars: $(LIARS)
	@$<

# The table of negotiation for people to read, from the one that programs play.
NEGOTIATION_TABLE := docs/negotiation.md
NEGOTIATION_MAKE  := awk -f guests/scenarios/table.awk guests/scenarios/negotiation.def

negotiation-table: ## write docs/negotiation.md from the rows that are tested
	$(NEGOTIATION_MAKE) > $(NEGOTIATION_TABLE)

CHECKS += negotiation-table
check-negotiation-table:
	@if $(NEGOTIATION_MAKE) | diff $(NEGOTIATION_TABLE) - ; then echo "1 passed, 0 failed"; else \
		echo "$(NEGOTIATION_TABLE) is stale: run make negotiation-table"; \
		echo "0 passed, 1 failed"; exit 1; fi

.PHONY: negotiation-table check-negotiation-table
