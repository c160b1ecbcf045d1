# SPDX-License-Identifier: BSD-3-Clause
# The reference hypervisor: one image for each table of VMs in hypervisor/tables/.

HYPERVISOR_BUILD := $(BUILD)/hypervisor
HYPERVISOR_FLAGS := $(BARE_FLAGS) -Iinclude -Ihypervisor -Iguests/scenarios -MMD -MP

HYPERVISOR_SOURCES := $(sort $(wildcard hypervisor/*.S hypervisor/*.c))
HYPERVISOR_OBJECTS := $(patsubst %,$(HYPERVISOR_BUILD)/%.o,$(HYPERVISOR_SOURCES) $(PARLEY_SOURCES))

HYPERVISOR_LINK := $(CROSS_CC) -nostdlib -static -Wl,--build-id=none -Wl,--gc-sections \
	-Wl,--fatal-warnings -Wl,-z,noexecstack -Wl,-z,max-page-size=4096

# TABLE names a file of hypervisor/tables/. A table's programs are those that it says it embeds.
TABLE ?= story
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
	$$(HYPERVISOR_LINK) -T $$< -o $$@ $$(filter %.o,$$^)
endef
$(foreach source,$(wildcard hypervisor/tables/*.c),\
	$(eval $(call hypervisor-image-rules,$(basename $(notdir $(source))),$(source))))

$(HYPERVISOR_BUILD)/%.bin: $(HYPERVISOR_BUILD)/%.elf
	$(CROSS)objcopy -O binary $< $@

# SPMC chooses the Secure world: an SPMC of FF-A 1.2 or 1.1, or none.
SPMC ?= 1.2
MONITOR_1.2  := $(BUILD)/secure/monitor.bin
MONITOR_1.1  := $(BUILD)/secure/monitor-1.1.bin
MONITOR_none := $(BUILD)/secure/monitor-none.bin

QEMU ?= qemu-system-aarch64
# Arguments: the monitor's image, the hypervisor's.
hypervisor-qemu = $(QEMU) -M virt,secure=on,virtualization=on,gic-version=3 \
	-cpu max,pauth-impdef=on,lpa2=off -smp 4 -m 1G -nographic -monitor none \
	-serial stdio -serial null -semihosting-config enable=on,target=native -bios $(1) \
	-device loader,file=$(2),addr=0x40200000,force-raw=on

run: $(MONITOR_$(SPMC)) $(HYPERVISOR_BUILD)/hypervisor-story.bin ## run the VMs; SPMC=1.2, 1.1 or none
	@timeout 60 $(call hypervisor-qemu,$(MONITOR_$(SPMC)),$(HYPERVISOR_BUILD)/hypervisor-story.bin)

.SECONDARY: $(HYPERVISOR_OBJECTS)
.PHONY: hypervisor run
-include $(shell find $(HYPERVISOR_BUILD) -name '*.d' 2>/dev/null)
