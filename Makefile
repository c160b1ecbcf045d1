# SPDX-License-Identifier: BSD-3-Clause
# `make help` lists the targets. Each part of the tree has a fragment of its own in mk/.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
SHELL := /bin/bash
MAKEFLAGS += --no-builtin-rules

BUILD ?= build

CC       := gcc
HOST_CC  ?= gcc
CLANG    ?= clang
CROSS    ?= aarch64-linux-gnu-
CROSS_CC := $(CROSS)gcc

WARNINGS := -Wall -Wextra -Wconversion -Wshadow -Wvla -Wimplicit-fallthrough -Wstrict-prototypes \
	-Wmissing-prototypes -Werror
# AArch64 code that runs without a C library, at EL1 to EL3.
BARE_FLAGS := -std=c11 -ffreestanding -fno-common -fno-stack-protector -fno-pic -mgeneral-regs-only \
	-mno-outline-atomics -mstrict-align -ffunction-sections -fdata-sections -O2 -g $(WARNINGS)
HOST_FLAGS := -std=c11 -O2 -g $(WARNINGS)

include mk/sources.mk
include $(filter-out mk/sources.mk,$(sort $(wildcard mk/*.mk)))

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sort -u | sed -E 's/^([a-z-]+):.*## (.*)/  \1|\2/' | \
		awk -F'|' '{printf "  make %-12s %s\n", $$1, $$2}'

clean: ## remove everything that was built
	rm -rf $(BUILD)

.PHONY: help clean
