# SPDX-License-Identifier: BSD-3-Clause
# The reference hypervisor: one image for each table of VMs in hypervisor/tables/.

HYPERVISOR_BUILD := $(BUILD)/hypervisor
HYPERVISOR_FLAGS := $(BARE_FLAGS) -Iinclude -Ihypervisor -Iguests/scenarios -Iguests/lib -MMD -MP

HYPERVISOR_SOURCES := $(sort $(wildcard hypervisor/*.S hypervisor/*.c))
HYPERVISOR_OBJECTS := $(patsubst %,$(HYPERVISOR_BUILD)/%.o,$(HYPERVISOR_SOURCES) $(PARLEY_SOURCES))

HYPERVISOR_LINK := $(CROSS_CC) -nostdlib -static -Wl,--build-id=none -Wl,--gc-sections \
	-Wl,--fatal-warnings -Wl,-z,noexecstack -Wl,-z,max-page-size=4096

# TABLE names a file of hypervisor/tables/. A table's programs are those that it says it embeds.
# GUESTS is the text of a table instead (mk/hypervisor_guests.mk), which has its name from its path.
guests-table = guests-$(subst /,_,$(basename $(1)))
TABLE ?= $(if $(GUESTS),$(call guests-table,$(GUESTS)),story)
table-guests = $(shell sed -n 's/^GUEST_IMAGE(\(.*\));.*/$(subst /,\/,$(BUILD))\/guests\/\1.bin/p' $(1))

hypervisor: $(HYPERVISOR_BUILD)/hypervisor-$(TABLE).bin ## build the EL2 hypervisor; TABLE=story

$(HYPERVISOR_BUILD)/%.c.o: %.c
	@mkdir -p $(@D)
	$(CROSS_CC) $(HYPERVISOR_FLAGS) -c -o $@ $<

$(HYPERVISOR_BUILD)/%.S.o: %.S
	@mkdir -p $(@D)
	$(CROSS_CC) $(HYPERVISOR_FLAGS) -c -o $@ $<

$(HYPERVISOR_BUILD)/link.ld: hypervisor/link.ld hypervisor/machine.h
	@mkdir -p $(@D)
	$(CROSS_CC) -E -P -x assembler-with-cpp -o $@ $<

# Arguments: the table's name, its source.
define hypervisor-image-rules
$(HYPERVISOR_BUILD)/$(2).o: $(2) $(call table-guests,$(2))
	@mkdir -p $$(@D)
	$$(CROSS_CC) $$(HYPERVISOR_FLAGS) -Wa,-I$(BUILD)/guests -c -o $$@ $$<

$(HYPERVISOR_BUILD)/hypervisor-$(1).elf: $(HYPERVISOR_BUILD)/link.ld $(HYPERVISOR_BUILD)/$(2).o \
		$$(HYPERVISOR_OBJECTS)
	$$(HYPERVISOR_LINK) $$(HYPERVISOR_LINK_MORE) -T $$< -o $$@ $$(filter %.o,$$^)
endef
$(foreach source,$(wildcard hypervisor/tables/*.c),\
	$(eval $(call hypervisor-image-rules,$(basename $(notdir $(source))),$(source))))

$(HYPERVISOR_BUILD)/%.bin: $(HYPERVISOR_BUILD)/%.elf
	$(CROSS)objcopy -O binary $< $@

# SPMC chooses the Secure world: an SPMC of FF-A 1.2 or 1.1, or none, or one that is like those of
# other firmware: frugal, plain, or of 1.3 (secure/README.md).
SPMC  ?= 1.2
SPMCS := 1.2, 1.1, none, frugal, plain and 1.3
MONITOR_1.2  := $(BUILD)/secure/monitor.bin
MONITOR_1.1  := $(BUILD)/secure/monitor-1.1.bin
MONITOR_none := $(BUILD)/secure/monitor-none.bin
MONITOR_1.3    := $(BUILD)/secure/monitor-1.3.bin
MONITOR_frugal := $(BUILD)/secure/monitor-frugal.bin
MONITOR_plain  := $(BUILD)/secure/monitor-plain.bin

QEMU ?= qemu-system-aarch64
# More words for QEMU. What comes twice counts the second time: QEMU_FLAGS='-smp 2'.
QEMU_FLAGS ?=
# Arguments: the firmware's image, the Secure world's serial line.
hypervisor-machine = $(QEMU) -M virt,secure=on,virtualization=on,gic-version=3,acpi=off \
	-cpu max,pauth-impdef=on,lpa2=off -smp 4 -m 3G -nographic -nic none -monitor none \
	-serial stdio -serial $(2) -semihosting-config enable=on,target=native -bios $(1)
# Arguments: the hypervisor's image, an address.
hypervisor-at = -device loader,file=$(strip $(1)),addr=$(2),force-raw=on
# Arguments: the monitor's image, the hypervisor's.
hypervisor-qemu = $(call hypervisor-machine,$(1),null) $(call hypervisor-at,$(2),0x40200000) \
	$(QEMU_FLAGS)

# FIRMWARE is a flash image of somebody else's, with an SPMC of its own (docs/firmware.md). It enters
# the hypervisor at an address of ENTRY, where QEMU has put it; or, with ENTRY=, has it in its image.
# FIRMWARE_LOG is a file for what its Secure world writes.
FIRMWARE     ?=
FIRMWARE_LOG ?=
ENTRY        ?= 0x40200000 0x60000000
# Argument: the hypervisor's image.
firmware-qemu = $(call hypervisor-machine,$(FIRMWARE),$(if $(FIRMWARE_LOG),file:$(FIRMWARE_LOG),null)) \
	$(foreach address,$(ENTRY),$(call hypervisor-at,$(1),$(address))) $(QEMU_FLAGS)
# Argument: the table.
hypervisor-command = $(if $(FIRMWARE),$(call \
	firmware-qemu,$(HYPERVISOR_BUILD)/hypervisor-$(1).bin),$(call \
	hypervisor-qemu,$(MONITOR_$(SPMC)),$(HYPERVISOR_BUILD)/hypervisor-$(1).bin))
hypervisor-run = timeout --foreground 100 $(call hypervisor-command,$(1)) </dev/null

hypervisor-run-images = $(if $(FIRMWARE),$(wildcard $(FIRMWARE)),$(MONITOR_$(SPMC))) \
	$(HYPERVISOR_BUILD)/hypervisor-$(TABLE).bin

run: ## run the VMs of the story, or GUESTS=FILE; SPMC=1.2, 1.1, none, frugal, plain or 1.3; TABLE=story or scenarios; or FIRMWARE=flash.bin
	@$(if $(MONITOR_$(SPMC)),,$(error SPMC=$(SPMC) is none of $(SPMCS)))tools/install run
	@$(if $(FIRMWARE),$(if $(wildcard $(FIRMWARE)),,$(error FIRMWARE=$(FIRMWARE) is no file)))
	@$(MAKE) --no-print-directory -q $(hypervisor-run-images) 2>/dev/null || echo 'building what runs at EL1, EL2 and EL3'
	@$(MAKE) --no-print-directory -s $(hypervisor-run-images)
	@$(call hypervisor-run,$(TABLE))

# The tables of hypervisor/test, with programs of their own
hypervisor-test-guest = $(eval $(call guest_image_rules,$(1),$(2),../hypervisor/test/$(3),$(4)))
$(call hypervisor-test-guest,test_machine,64,machine)
$(call hypervisor-test-guest,test_machine_32,32,machine)
$(call hypervisor-test-guest,test_load,64,outlaw,-DOFFENCE=OFFENCE_LOAD)
$(call hypervisor-test-guest,test_load_32,32,outlaw,-DOFFENCE=OFFENCE_LOAD)
$(call hypervisor-test-guest,test_jump,64,outlaw,-DOFFENCE=OFFENCE_JUMP)
$(call hypervisor-test-guest,test_fp,64,outlaw,-DOFFENCE=OFFENCE_FP)
$(call hypervisor-test-guest,test_timer,64,outlaw,-DOFFENCE=OFFENCE_TIMER)
$(call hypervisor-test-guest,test_pair,64,outlaw,-DOFFENCE=OFFENCE_PAIR)
$(call hypervisor-test-guest,test_fly,64,outlaw,-DOFFENCE=OFFENCE_FLY)
$(call hypervisor-test-guest,test_gic,64,outlaw,-DOFFENCE=OFFENCE_GIC)
$(call hypervisor-test-guest,test_last,64,outlaw,-DOFFENCE=OFFENCE_LAST)
$(call hypervisor-test-guest,test_interrupts,64,interrupts)
$(call hypervisor-test-guest,test_interrupts_32,32,interrupts)
$(call hypervisor-test-guest,test_secure,64,secure)
$(call hypervisor-test-guest,test_secure_32,32,secure)
$(call hypervisor-test-guest,test_signals,64,signals)
$(call hypervisor-test-guest,test_signals_32,32,signals)
$(call hypervisor-test-guest,test_chatter,64,chatter)
$(call hypervisor-test-guest,test_exchange,64,exchange)
$(call hypervisor-test-guest,test_exchange_32,32,exchange)
$(call hypervisor-test-guest,test_grants,64,grants)
$(call hypervisor-test-guest,test_gigabyte,64,gigabyte)
$(call hypervisor-test-guest,test_loser,64,loser)
$(call hypervisor-test-guest,test_penitent,64,penitent)
$(call hypervisor-test-guest,test_holder,64,holder)
$(call hypervisor-test-guest,test_hoard,64,hoard)
$(call hypervisor-test-guest,test_grants_servant,64,grants_servant)
$(call hypervisor-test-guest,test_grants_servant_32,32,grants_servant)
$(call hypervisor-test-guest,test_endless,64,endless)
$(call hypervisor-test-guest,test_member,64,member)
$(call hypervisor-test-guest,test_spis,64,spis)
$(call hypervisor-test-guest,test_spis_32,32,spis)
$(call hypervisor-test-guest,test_spis_moved,64,spis,-DDEVICES_MOVED)
$(call hypervisor-test-guest,test_routes,64,routes)
$(call hypervisor-test-guest,test_routes_32,32,routes)
$(call hypervisor-test-guest,test_uart,64,uart)
$(call hypervisor-test-guest,test_uart_32,32,uart)
$(call hypervisor-test-guest,test_uart_moved,64,uart,-DDEVICES_MOVED)
$(call hypervisor-test-guest,test_input,64,input)
$(call hypervisor-test-guest,test_widths,64,widths)
$(call hypervisor-test-guest,test_floats,64,floats)
$(eval $(call guest_image_rules,test_poker,64,programs/poker,-DPOKER_SECONDS=2))
$(foreach version,0 1,$(eval $(call guest_image_rules,test_worker_1_$(version),64,programs/worker,\
	-DWORKER_VERSION=FFA_VERSION_1_$(version) -DWORKER_LIVES=40)))

HYPERVISOR_TESTS := $(basename $(notdir $(wildcard hypervisor/test/tables/*.c)))
HYPERVISOR_TEST_IMAGES := $(HYPERVISOR_TESTS:%=$(HYPERVISOR_BUILD)/hypervisor-test-%.bin)
$(foreach test,$(HYPERVISOR_TESTS),\
	$(eval $(call hypervisor-image-rules,test-$(test),hypervisor/test/tables/$(test).c)))

# A leak where none is: leaky.c comes between the hypervisor and Parley.
$(HYPERVISOR_BUILD)/hypervisor-test-leaky.elf: HYPERVISOR_LINK_MORE := -Wl,--wrap=parley_call
$(HYPERVISOR_BUILD)/hypervisor-test-leaky.elf: $(HYPERVISOR_BUILD)/hypervisor/test/leaky.c.o

CHECKS += hypervisor
check-hypervisor: $(MONITOR_1.2) $(HYPERVISOR_TEST_IMAGES)
	@IMAGES='$(HYPERVISOR_BUILD)' MACHINE='$(call hypervisor-qemu,$(MONITOR_1.2),@IMAGE@)' \
		hypervisor/test/run

# What everything else is there for: the VMs, at EL1, in front of each Secure world.
HYPERVISOR_MONITORS  := $(MONITOR_1.2) $(MONITOR_1.1) $(MONITOR_none)
HYPERVISOR_STRANGERS := $(MONITOR_frugal) $(MONITOR_plain) $(MONITOR_1.3)
TABLES_STRANGERS     := story messages
WORLD_TABLES        := story scenarios messages memory
# What takes longer, and has less to do with the Secure world, in front of one.
WORLD_TABLES_ONCE   := messages_32 memory_32 traffic load
CHECKS += worlds strangers
check-worlds: $(HYPERVISOR_MONITORS) \
		$(patsubst %,$(HYPERVISOR_BUILD)/hypervisor-%.bin,$(WORLD_TABLES) $(WORLD_TABLES_ONCE))
	@IMAGES='$(HYPERVISOR_BUILD)' MONITORS='$(HYPERVISOR_MONITORS)' TABLES='$(WORLD_TABLES)' \
		TABLES_ONCE='$(WORLD_TABLES_ONCE)' MACHINE='$(call hypervisor-qemu,@MONITOR@,@IMAGE@)' \
		hypervisor/test/worlds

check-strangers: $(HYPERVISOR_STRANGERS) \
		$(patsubst %,$(HYPERVISOR_BUILD)/hypervisor-%.bin,$(TABLES_STRANGERS))
	@IMAGES='$(HYPERVISOR_BUILD)' STRANGERS='$(HYPERVISOR_STRANGERS)' \
		TABLES_STRANGERS='$(TABLES_STRANGERS)' \
		MACHINE='$(call hypervisor-qemu,@MONITOR@,@IMAGE@)' hypervisor/test/worlds

# As other firmware would enter the hypervisor: wherever it has put it, on whatever there is.
CHECKS += firmware
check-firmware: $(MONITOR_1.2) $(HYPERVISOR_BUILD)/hypervisor-test-machine.bin $(HYPERVISOR_BUILD)/mover.bin
	@LOGS='$(HYPERVISOR_BUILD)/test' MACHINE='$(call hypervisor-machine,$(MONITOR_1.2),null)' \
		IMAGE='$(HYPERVISOR_BUILD)/hypervisor-test-machine.bin' MOVER='$(HYPERVISOR_BUILD)/mover.bin' \
		hypervisor/test/firmware

$(HYPERVISOR_BUILD)/mover.elf: $(HYPERVISOR_BUILD)/hypervisor/test/mover.S.o
	$(HYPERVISOR_LINK) -Wl,-Ttext=0 -Wl,-e,start -o $@ $<

CHECKS += hypervisor-table
check-hypervisor-table: $(HYPERVISOR_BUILD)/test_table
	@$<

$(HYPERVISOR_BUILD)/test_table: hypervisor/test/test_table.c hypervisor/table_check.c
	@mkdir -p $(@D)
	$(HOST_CC) $(HOST_FLAGS) -Iinclude -Ihypervisor -Iguests/scenarios -fsanitize=address,undefined \
		-o $@ $^

.SECONDARY: $(HYPERVISOR_OBJECTS)
.PHONY: hypervisor run check-firmware check-hypervisor check-hypervisor-table check-worlds check-strangers
-include $(shell find $(HYPERVISOR_BUILD) -name '*.d' 2>/dev/null)
