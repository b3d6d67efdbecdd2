# The front door: each target is a line or two, what they do is in meson.build and tools/.
# Debian's own meson and python are named by path: another python in PATH would not have Debian's kconfiglib.
BUILD := build
MESON := /usr/bin/meson
PYTHON := /usr/bin/python3
ARGS  :=
MACHINE := pc
BOARD := pc

help: ## print this list
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 22

deps: ## install the Debian packages that are missing
	@tools/deps.sh tools/packages.txt

$(BUILD)/build.ninja: | deps
	$(MESON) setup $(BUILD) --native-file tools/native/clang.ini

build: deps $(BUILD)/build.ninja ## build the simulator (plain and with sanitizers) and its disk
	@ninja -C $(BUILD)

ifeq ($(BOARD),pc)
HOSTED := drydock disk.img
METAL := drydock-metal.elf
else
HOSTED := drydock-$(BOARD)
METAL := drydock-$(BOARD).elf
endif

run: deps $(BUILD)/build.ninja ## boot to a shell, or BOARD=lm3s6965evb; ARGS="..." passes options, see build/drydock --help
	@ninja -C $(BUILD) --quiet $(HOSTED)
	@$(BUILD)/$(firstword $(HOSTED)) $(ARGS)

metal: deps $(BUILD)/build.ninja ## build the kernel for a real PC, build/drydock-metal.elf, or for BOARD=lm3s6965evb
	@ninja -C $(BUILD) $(METAL)

iso: deps $(BUILD)/build.ninja ## build an image for a real PC, by GRUB from a CD or a disk: build/drydock.iso
	@ninja -C $(BUILD) drydock.iso

run-qemu: deps $(BUILD)/build.ninja ## boot that in QEMU, in the terminal; MACHINE=q35, ARGS="..." passes options to QEMU
ifeq ($(BOARD),pc)
	@ninja -C $(BUILD) --quiet drydock-metal.elf disk.img
	@tools/run-qemu.sh $(BUILD) $(MACHINE) $(ARGS)
else
	@ninja -C $(BUILD) --quiet $(METAL)
	@tools/run-qemu-arm.sh $(BUILD) $(BOARD) $(ARGS)
endif

test: deps ## build with clang and gcc and run every test; ARGS="unit device" chooses suites
	@$(PYTHON) tools/test.py $(BUILD) $(ARGS)

test-oom: build ## let every allocation of the system's tests fail, one by one and many at once; ARGS="--every=1" leaves none out
	@BUILD=$(abspath $(BUILD)) $(PYTHON) tests/system/test_oom.py --full $(ARGS)

test-metal: deps ## run the system tests on QEMU's pc with the kernel for a real PC
	@$(PYTHON) tools/test.py $(BUILD) metal

test-matrix: build ## the system tests on the simulator, pc and q35, in one table; ARGS="shell disk" chooses
	@$(PYTHON) tools/matrix.py $(BUILD) $(ARGS)

judge-arm: build ## judge the ARMv7-M interpreter against QEMU, a million cases
	@ninja -C $(BUILD) judge-arm

test-mpu: build ## ten million random layouts against the Cortex-M boards' memory protection
	@$(BUILD)/tests/armv7m/mpu_layouts 1000 10000000

lint: build ## layout, the project's rules, clang's analyses
	@$(PYTHON) tools/test.py --lint $(BUILD)

reject-table: build ## what the rules of docs/safety.md reject: rule, program, diagnostic
	@$(PYTHON) tests/rules/reject.py --table

menuconfig: deps ## choose what is in the kernel (.config)
	@$(PYTHON) tools/kconfig.py menuconfig $(CURDIR)/.config
	@if [ -e $(BUILD)/build.ninja ]; then $(MESON) setup --reconfigure $(BUILD); fi

bench: build ## measure, beside the host and user-mode Linux in the same run; sizes of the metal kernel
	@tools/deps.sh tools/packages-bench.txt
	@$(PYTHON) bench/bench.py $(BUILD) $(ARGS)
	@if [ -z "$(ARGS)" ]; then echo; $(PYTHON) bench/metal.py $(BUILD); echo; $(PYTHON) bench/board.py $(BUILD); fi

clean: ## remove everything built
	rm -rf $(BUILD)

.PHONY: help deps build run metal iso run-qemu test test-metal test-matrix judge-arm test-mpu lint reject-table menuconfig bench test-oom clean
.DEFAULT_GOAL := help
