# SPDX-License-Identifier: BSD-3-Clause
# Unmodified Linux as a guest: Debian's kernel, the test module, and what it boots into.

LINUX_BUILD  := $(BUILD)/linux
LINUX_MODULE := $(LINUX_BUILD)/module/parley_test.ko

# Where tools/linux-packages has put Debian's parts; it is asked each time, which takes no time.
$(LINUX_BUILD)/packages: FORCE
	@mkdir -p $(@D)
	@tools/linux-packages >$@.log || { tail -n 1 $@.log; rm -f $@; exit 3; }
	@tail -n 1 $@.log | cmp -s - $@ || tail -n 1 $@.log >$@

$(LINUX_BUILD)/Image: $(LINUX_BUILD)/packages
	ln -sfn $$(cat $<)/Image $@

# Debian's compiler is newer than that of the machine: what its kernel was configured for and this
# one does not know is switched off for the module, which needs none of it.
LINUX_KBUILD = env -u MAKEFLAGS -u MFLAGS make --no-print-directory -s \
	-C $$(cat $(LINUX_BUILD)/packages)/source O=$$(cat $(LINUX_BUILD)/packages)/build \
	ARCH=arm64 CROSS_COMPILE=$(CROSS) CC=$(CROSS_CC) \
	KERNELRELEASE=$$(cat $$(cat $(LINUX_BUILD)/packages)/release) \
	CONFIG_CC_HAS_MIN_FUNCTION_ALIGNMENT= CONFIG_DEBUG_INFO_BTF_MODULES= CONFIG_PAHOLE_VERSION=0 \
	KCFLAGS=-Wno-attributes

$(LINUX_MODULE): $(LINUX_BUILD)/packages $(wildcard guests/linux/module/* guests/linux/module/*/*) \
		secure/partitions/commands.h guests/lib/servant_commands.h hypervisor/smccc.h
	@mkdir -p $(@D)
	$(LINUX_KBUILD) M=$(CURDIR)/guests/linux/module MO=$(abspath $(@D)) PARLEY=$(CURDIR) modules

# The same files give the same archive. The kernel brings /dev/console itself.
LINUX_ROOT    := $(LINUX_BUILD)/root
LINUX_BUSYBOX := sh cat cut dmesg echo grep insmod mount poweroff printf rmmod sed sort tr uname usleep
$(LINUX_BUILD)/initramfs.cpio: $(LINUX_BUILD)/packages $(LINUX_MODULE) guests/linux/init mk/linux.mk
	rm -rf $(LINUX_ROOT)
	mkdir -p $(addprefix $(LINUX_ROOT)/,bin sbin dev proc sys)
	cp $$(cat $<)/ffa-core.ko $$(cat $<)/ffa-module.ko $(LINUX_ROOT)
	$(CROSS)objcopy --strip-debug $(LINUX_MODULE) $(LINUX_ROOT)/parley_test.ko
	cp $$(cat $<)/busybox $(LINUX_ROOT)/bin
	install -m 755 guests/linux/init $(LINUX_ROOT)/init
	for name in $(LINUX_BUSYBOX); do ln -s busybox $(LINUX_ROOT)/bin/$$name; done
	find $(LINUX_ROOT) -exec touch -h -d @0 {} +
	cd $(LINUX_ROOT) && find . | LC_ALL=C sort | \
		cpio --quiet -o -H newc -R 0:0 --reproducible >$(abspath $@)

linux-guest: $(LINUX_BUILD)/Image $(LINUX_BUILD)/initramfs.cpio ## get Debian's kernel, and build what it boots into

# --- The run --------------------------------------------------------------------------------------

LINUX_GUESTS := guests/linux/linux.guests
LINUX_TEXT   := $(LINUX_BUILD)/linux.guests

# The text says for how long the load lasts; SECONDS says otherwise.
$(LINUX_TEXT): $(LINUX_GUESTS) FORCE
	@mkdir -p $(@D)
	@sed '$(if $(SECONDS),s/parley.seconds=[0-9]*/parley.seconds=$(SECONDS)/)' $< >$@.new
	@if cmp -s $@.new $@; then rm $@.new; else mv $@.new $@; fi

run-linux: ## run two VMs with Debian's Linux beside others; SECONDS=10 of load
	@tools/install linux
	@tools/linux-packages
	@$(MAKE) --no-print-directory -s $(LINUX_TEXT)
	@$(MAKE) --no-print-directory run GUESTS=$(LINUX_TEXT)

# What others build, too, is there before the check begins; the rest it builds itself, if Debian's
# kernel can be had.
LINUX_BARE := $(shell sed -nE 's/^image *= *.BUILD(\/guests\/[^ ]*)$$/\1/p' $(LINUX_GUESTS))
CHECKS += linux
check-linux: $(MONITOR_1.2) $(HYPERVISOR_OBJECTS) $(HYPERVISOR_BUILD)/link.ld $(LINUX_BARE:%=$(BUILD)%)
	@FOLDER='$(LINUX_BUILD)' guests/linux/test/run

FORCE:
.PHONY: linux-guest run-linux check-linux FORCE
