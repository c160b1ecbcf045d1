# SPDX-License-Identifier: BSD-3-Clause
# The Secure world: the monitor's images, and the tests of the SPMC and of the monitor.

Q ?= $(if $(V),,@)
SECURE_BUILD := $(BUILD)/secure
SECURE_CPPFLAGS := -Iinclude -MMD -MP

# For whoever links an SPMC: ports/posix compiles these for the host.
SPMC_SOURCES := $(addprefix secure/spmc/,call.c version.c identity.c rxtx.c rxtx_vm.c vm.c \
	discovery.c context.c partition_call.c direct.c indirect.c notification.c notification_info.c \
	memory_send.c memory_retrieve.c memory_deliver.c memory_return.c memory_descriptor.c \
	memory_attributes.c memory_transaction.c memory_ranges.c hostile.c) \
	$(addprefix secure/partitions/,partitions.c agent.c agent_vm.c agent_message.c agent_memory.c \
	agent_access.c agent_portable.c)

MONITOR_C := $(addprefix secure/monitor/,main.c mmu.c tree.c el3.c gic.c smc.c psci.c secure_world.c sel1.c \
	console.c panic.c string.c)
MONITOR_S := $(addprefix secure/monitor/,start.S vectors.S switch.S image.S)
MONITOR_OBJECTS := $(patsubst %,$(SECURE_BUILD)/bare/%.o,$(MONITOR_S) $(MONITOR_C) $(SPMC_SOURCES))

# The images differ in the version that their SPMC speaks; without one, FF-A calls are unknown. One
# has a partition more, which makes trouble when VMs are created. Three are as those of other firmware
# are: frugal and plain do without all that can be done without, and differ in whether their one
# partition takes every VM; one is of 1.3, with longer entries.
MONITOR_IMAGES := $(addprefix $(SECURE_BUILD)/,monitor.bin monitor-1.1.bin monitor-none.bin \
	monitor-refuser.bin monitor-frugal.bin monitor-plain.bin monitor-1.3.bin)
MONITOR_CONFIG := -DMONITOR_FFA_VERSION=FFA_VERSION_1_2 -DMONITOR_PARTITION_COUNT=PARTITION_COUNT
$(SECURE_BUILD)/monitor-1.1.elf: MONITOR_CONFIG := $(MONITOR_CONFIG:%1_2=%1_1)
$(SECURE_BUILD)/monitor-none.elf: MONITOR_CONFIG := $(MONITOR_CONFIG:%FFA_VERSION_1_2=%0)
$(SECURE_BUILD)/monitor-refuser.elf: MONITOR_CONFIG := $(MONITOR_CONFIG:%_COUNT=%_COUNT_MORE)
$(SECURE_BUILD)/monitor-frugal.elf: MONITOR_CONFIG := $(MONITOR_CONFIG) -DMONITOR_STRANGER=0
$(SECURE_BUILD)/monitor-plain.elf: MONITOR_CONFIG := $(MONITOR_CONFIG) -DMONITOR_STRANGER=1
$(SECURE_BUILD)/monitor-1.3.elf: MONITOR_CONFIG := -DMONITOR_FFA_VERSION=0x00010003u \
	-DMONITOR_ENTRY_BYTES=48 -DMONITOR_PARTITION_COUNT=PARTITION_COUNT

# The partition at S-EL1 is a program of its own, linked for its place in Secure RAM.
SEL1_OBJECTS := $(patsubst %,$(SECURE_BUILD)/bare/secure/%.o,partitions/sel1/start.S \
	partitions/sel1/main.c partitions/agent.c partitions/agent_vm.c partitions/agent_message.c \
	partitions/agent_memory.c partitions/agent_access.c partitions/sel1/memory.c monitor/string.c)

SECURE_LINK := $(CROSS_CC) -nostdlib -static -Wl,--build-id=none -Wl,--gc-sections \
	-Wl,--fatal-warnings -Wl,-z,noexecstack

secure: $(MONITOR_IMAGES) ## build the EL3 monitor with its SPMC

$(SECURE_BUILD)/bare/%.c.o: %.c
	@mkdir -p $(@D)
	$(Q)$(CROSS_CC) $(BARE_FLAGS) $(SECURE_CPPFLAGS) $(SECURE_CFLAGS) -c -o $@ $<

$(SECURE_BUILD)/bare/%.S.o: %.S
	@mkdir -p $(@D)
	$(Q)$(CROSS_CC) $(BARE_FLAGS) $(SECURE_CPPFLAGS) -c -o $@ $<

# Or the compiler makes memset() out of memset()'s loop.
$(SECURE_BUILD)/bare/secure/monitor/string.c.o: SECURE_CFLAGS := -fno-tree-loop-distribute-patterns

$(SECURE_BUILD)/%.ld: secure/%.ld
	@mkdir -p $(@D)
	$(Q)$(CROSS_CC) -E -P -x assembler-with-cpp -Isecure/monitor -MMD -MP -MT $@ -MF $@.d -o $@ $<

$(MONITOR_IMAGES:.bin=.elf): %.elf: secure/monitor/config.c $(SECURE_BUILD)/monitor/monitor.ld \
		$(MONITOR_OBJECTS)
	$(Q)$(CROSS_CC) $(BARE_FLAGS) $(SECURE_CPPFLAGS) $(MONITOR_CONFIG) -c -o $*.config.o $<
	$(Q)$(SECURE_LINK) -T $(SECURE_BUILD)/monitor/monitor.ld -o $@ $*.config.o $(MONITOR_OBJECTS)

$(SECURE_BUILD)/sel1.elf: $(SECURE_BUILD)/partitions/sel1/image.ld $(SEL1_OBJECTS)
	$(Q)$(SECURE_LINK) -T $< -o $@ $(SEL1_OBJECTS)

$(SECURE_BUILD)/bare/secure/monitor/image.S.o: $(SECURE_BUILD)/sel1.bin
$(SECURE_BUILD)/bare/secure/monitor/image.S.o: SECURE_CPPFLAGS += -Wa,-I$(SECURE_BUILD)

# The test at EL2
PAYLOAD_OBJECTS := $(patsubst %,$(SECURE_BUILD)/bare/secure/test/el2/%.o,start.S registers.S \
	main.c calls.c features.c messages.c notifications.c memory.c interrupts.c \
	sysregs.c report.c) $(addprefix $(SECURE_BUILD)/bare/secure/,monitor/string.c.o \
	partitions/partitions.c.o)

$(SECURE_BUILD)/payload.elf: secure/test/el2/payload.ld $(PAYLOAD_OBJECTS)
	$(Q)$(SECURE_LINK) -T $< -o $@ $(PAYLOAD_OBJECTS)

$(SECURE_BUILD)/%.bin: $(SECURE_BUILD)/%.elf
	$(Q)$(CROSS)objcopy -O binary $< $@

CHECKS += secure-el3
check-secure-el3: $(MONITOR_IMAGES) $(SECURE_BUILD)/payload.bin
	$(Q)secure/test/run-el3 $(SECURE_BUILD)

# The portable SPMC on the host, with the sanitizers: undefined behaviour and memory, then threads
SECURE_HOST_SOURCES := $(addprefix secure/test/host/,main.c world.c version.c buffers.c discovery.c \
	direct.c partition.c availability.c indirect.c notification.c notification_info.c hostile.c \
	memory.c memory_send.c memory_shape.c memory_fragments.c memory_retrieve.c memory_told.c \
	memory_return.c memory_commands.c memory_cpus.c memory_hostile.c) \
	$(SPMC_SOURCES)

CHECKS += secure-host
check-secure-host: $(SECURE_BUILD)/test_spmc $(SECURE_BUILD)/test_spmc_tsan
	$(Q)secure/test/run-host $^

$(SECURE_BUILD)/test_spmc: SECURE_SANITIZERS := -fsanitize=address,undefined -fno-sanitize-recover
$(SECURE_BUILD)/test_spmc_tsan: SECURE_SANITIZERS := -fsanitize=thread
$(SECURE_BUILD)/test_spmc $(SECURE_BUILD)/test_spmc_tsan: $(SECURE_HOST_SOURCES) \
		$(wildcard $(addprefix secure/,test/host/*.h spmc/*.h partitions/*.h)) include/parley/ffa.h
	@mkdir -p $(@D)
	$(Q)$(HOST_CC) $(HOST_FLAGS) $(SECURE_SANITIZERS) -Iinclude -o $@ $(SECURE_HOST_SOURCES) \
		-lcmocka -lpthread

.SECONDARY: $(MONITOR_OBJECTS) $(PAYLOAD_OBJECTS) $(SEL1_OBJECTS)
.PHONY: secure check-secure-el3 check-secure-host
-include $(shell find $(SECURE_BUILD) -name '*.d' 2>/dev/null)
