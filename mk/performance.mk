# SPDX-License-Identifier: BSD-3-Clause
# What a call costs: a guest that counts EL2's instructions, on a machine whose clock they drive.
# Read after mk/guests.mk and mk/hypervisor.mk, whose rules it uses.

$(eval $(call guest_image_rules,guest_bench,64,../bench/guest_bench))
$(eval $(call guest_image_rules,guest_peer,64,../bench/guest_peer))
$(GUESTS_BUILD)/guest_bench.elf: $(GUESTS_BUILD)/64/bench/sample.o
$(eval $(call hypervisor-image-rules,performance,bench/table.c))

BENCH_IMAGES := $(BUILD)/secure/monitor.bin $(HYPERVISOR_BUILD)/hypervisor-performance.bin
BENCH_RUN     = BUILD='$(BUILD)' MACHINE='$(call hypervisor-qemu,$(firstword \
	$(BENCH_IMAGES)),$(lastword $(BENCH_IMAGES)))' bench/run

bench: ## count the EL2 instructions of each call
	@tools/install bench
	@$(MAKE) --no-print-directory bench-print

bench-print: $(BENCH_IMAGES)
	@$(BENCH_RUN) print

bench-update: $(BENCH_IMAGES) ## write the table of docs/performance.md
	@$(BENCH_RUN) update

CHECKS += bench
check-bench: $(BENCH_IMAGES)
	@$(BENCH_RUN) check

.PHONY: bench bench-print bench-update check-bench
