# Every task a person needs. `make help` lists them.
#
# Sources are found by their place, so a new file needs no change here:
#   {engine,conformance,sim}/*.c          -> build/lib*.a
#   cli/*.c                               -> build/ttlspec
#   {engine,conformance,sim,cli}/tests/test_* -> build/tests/DIR/test_*, one check program each
#   engine/bench/bench_*                  -> build/bench/engine/bench_*
#   conformance/virtual-clock/preload.c   -> build/libttlclock.so, what servers are started with
#   conformance/tools/delay*.c            -> build/delay, a slow way to a server
#   conformance/tools/*.c, the others     -> build/differential
# Everything made lies under $(BUILD). CC, CFLAGS, LDFLAGS and PREFIX are yours to set; V=1 shows
# the commands.

VERSION := 0.1.0
BUILD   ?= build
PREFIX  ?= /usr/local
DESTDIR ?=
CFLAGS  ?= -O2 -g
WERROR  ?= -Werror
OBJCOPY ?= objcopy
JOBS    ?= $(shell nproc 2>/dev/null || echo 1)

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules --no-print-directory

STANDARD := -std=c11 -D_POSIX_C_SOURCE=200809L -Iengine/include -I.
WARNINGS := -Wall -Wextra -Wpedantic -Wconversion -Wshadow $(WERROR)
DEFINES  := -DTTLSPEC_VERSION='"$(VERSION)"' -DTTLSPEC_DATADIR='"$(PREFIX)/share/ttlspec"'

# Asked of pkg-config once, and only when something is compiled: `make deps` may have to install
# pkg-config first. Headers of others are system headers: our warnings are not theirs.
EXTERNAL := hiredis libcjson libuv lua5.1
PKG_CONFIG ?= pkg-config
EXTERNAL_CFLAGS = $(eval EXTERNAL_CFLAGS := $$(patsubst -I%,-isystem%,$$(shell \
	$(PKG_CONFIG) --cflags $(EXTERNAL) check)))$(EXTERNAL_CFLAGS)
EXTERNAL_LIBS = $(eval EXTERNAL_LIBS := $$(shell $(PKG_CONFIG) --libs $(EXTERNAL)))$(EXTERNAL_LIBS)
CHECK_LIBS = $(eval CHECK_LIBS := $$(shell $(PKG_CONFIG) --libs check))$(CHECK_LIBS)

COMPILE = $(CC) $(STANDARD) $(WARNINGS) $(CPPFLAGS) $(CFLAGS)
LINK    = $(CC) $(CFLAGS) $(LDFLAGS) -Wl,--as-needed

# Objects and library of a directory; a directory without files has neither.
objects  = $(patsubst %.c,$(BUILD)/obj/%.o,$(wildcard $(1)))
ENGINE      := $(call objects,engine/*.c)
LUA         := $(call objects,engine/lua/*.c)
CONFORMANCE := $(filter-out %/preload.o,\
	$(call objects,conformance/*.c conformance/virtual-clock/*.c))
CONFORMANCE += $(BUILD)/obj/report_html_page.o
SIM         := $(call objects,sim/*.c)
MARKED      := $(patsubst $(BUILD)/obj/engine/%,$(BUILD)/obj/marked/%,$(ENGINE))
CLI         := $(call objects,cli/*.c)
CLI         += $(if $(CLI),$(BUILD)/obj/rule_marks.o)
DELAY       := $(call objects,conformance/tools/delay*.c)
TOOLS       := $(filter-out $(DELAY),$(call objects,conformance/tools/*.c))

ENGINE_LIB      := $(if $(ENGINE),$(BUILD)/libttlspec.a)
LUA_LIB         := $(if $(LUA),$(BUILD)/libttlspec-lua.a) $(ENGINE_LIB)
CONFORMANCE_LIB := $(if $(CONFORMANCE),$(BUILD)/libconformance.a) $(LUA_LIB)
SIM_LIB         := $(if $(SIM),$(BUILD)/libsim.a) $(ENGINE_LIB)
MARKED_LIB      := $(if $(SIM),$(BUILD)/libmarked.a)
LIBRARIES       := $(filter-out $(LUA_LIB),$(MARKED_LIB) $(SIM_LIB) $(CONFORMANCE_LIB))
LIBRARIES       += $(LUA_LIB)
PROGRAM         := $(if $(CLI),$(BUILD)/ttlspec)
PRELOAD         := $(patsubst %,$(BUILD)/libttlclock.so,$(wildcard conformance/virtual-clock/preload.c))

programs = $(patsubst $(1)/$(2)/%.c,$(BUILD)/$(2)/$(1)/%,$(wildcard $(1)/$(2)/$(3)_*.c))
TESTS   := $(foreach d,engine conformance sim cli,$(call programs,$(d),tests,test))
BENCHES := $(foreach d,engine conformance sim,$(call programs,$(d),bench,bench))

ifeq ($(V),1)
  say := @:
  run :=
else
  say := @printf '  %-5s %s\n'
  run := @
endif

## -- build -------------------------------------------------------------------------------------

.PHONY: help
help: ## list these tasks
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: all
all: $(LIBRARIES) $(PRELOAD) $(PROGRAM) ## build the libraries and build/ttlspec

.PHONY: tests
tests: all $(TESTS) $(BUILD)/delay ## build the unit tests without running them

# Touched when the compiler or a flag changes, so that nothing is linked from two worlds.
$(BUILD)/flags: FORCE
	@mkdir -p $(BUILD)
	@printf '%s\n' "$(subst ",,$(COMPILE) $(DEFINES) $(LDFLAGS))" | cmp -s - $@ || \
		printf '%s\n' "$(subst ",,$(COMPILE) $(DEFINES) $(LDFLAGS))" > $@
.PHONY: FORCE
FORCE:

# The engine sees nothing but the C library; what runs its scripts, Lua.
$(BUILD)/obj/engine/%.o: engine/%.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(say) CC $<
	$(run)$(COMPILE) $(if $(findstring /,$*),$(EXTERNAL_CFLAGS)) -MMD -MP -c -o $@ $<

$(BUILD)/obj/%.o: %.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(say) CC $<
	$(run)$(COMPILE) $(DEFINES) $(EXTERNAL_CFLAGS) -MMD -MP -c -o $@ $<

# The page of the HTML report, as an array of its lines.
$(BUILD)/obj/report_html_page.c: conformance/report_html_page.html
	@mkdir -p $(@D)
	$(run){ echo '#include "conformance/report_html.h"'; \
		echo 'const char *const report_html_page[] = {'; \
		sed -e 's/[\\"]/\\&/g' -e 's/.*/    "&\\n",/' $<; echo '    0};'; } > $@

$(BUILD)/obj/report_html_page.o: $(BUILD)/obj/report_html_page.c $(BUILD)/flags
	$(say) CC $<
	$(run)$(COMPILE) -c -o $@ $<

# Where the engine marks the rules that it implements, for `ttlspec rules`.
$(BUILD)/obj/rule_marks.c: scripts/marks.sh $(wildcard engine/*.c)
	@mkdir -p $(@D)
	$(run)scripts/marks.sh --c $(filter %.c,$^) > $@

$(BUILD)/obj/rule_marks.o: $(BUILD)/obj/rule_marks.c $(BUILD)/flags
	$(say) CC $<
	$(run)$(COMPILE) -c -o $@ $<

define archive
$(1): $(2)
	$$(say) AR $$@
	$$(run)rm -f $$@ && $$(AR) rcs $$@ $$^
endef
$(eval $(if $(ENGINE),$(call archive,$(BUILD)/libttlspec.a,$(ENGINE))))
$(eval $(if $(LUA),$(call archive,$(BUILD)/libttlspec-lua.a,$(LUA))))
$(eval $(if $(CONFORMANCE),$(call archive,$(BUILD)/libconformance.a,$(CONFORMANCE))))
$(eval $(if $(SIM),$(call archive,$(BUILD)/libsim.a,$(SIM))))

# Worlds once more, on an engine that tells which of its rules it reaches; all names begin with
# marked_, so that both fit into one program, and the usual engine pays nothing for it.
$(BUILD)/obj/marked/%.o: engine/%.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(say) CC '$< (marked)'
	$(run)$(COMPILE) -DTTLSPEC_MARKS -MMD -MP -c -o $@ $<

$(BUILD)/obj/marked.o: $(MARKED) $(BUILD)/libsim.a
	$(say) LD $@
	$(run)$(LD) -r -o $@ $(patsubst %,-u sim_world_%,new step tell free) $(BUILD)/libsim.a $(MARKED)
	$(run){ echo rule_reached marked_rule_reached; \
		nm -g --defined-only $@ | awk '{ print $$3, "marked_" $$3 }'; } > $@.names
	$(run)$(OBJCOPY) --redefine-syms=$@.names $@
$(eval $(if $(SIM),$(call archive,$(BUILD)/libmarked.a,$(BUILD)/obj/marked.o)))

$(BUILD)/ttlspec: $(CLI) $(LIBRARIES)
	$(say) LD $@
	$(run)$(LINK) -o $@ $^ $(EXTERNAL_LIBS) -lm $(LDLIBS)

# Two servers, or the engine and one, given the same random scripts at the same virtual moments.
$(BUILD)/differential: $(TOOLS) $(CONFORMANCE_LIB)
	$(say) LD $@
	$(run)$(LINK) -o $@ $^ $(EXTERNAL_LIBS) -lm $(LDLIBS)

# A way to a server on which everything is late, for `make soundness`.
$(BUILD)/delay: $(DELAY) $(BUILD)/libconformance.a
	$(say) LD $@
	$(run)$(LINK) -o $@ $^ $(EXTERNAL_LIBS) -lm $(LDLIBS)

# Goes into other people's processes: never with a sanitizer or a flag of ours.
$(BUILD)/libttlclock.so: conformance/virtual-clock/preload.c $(BUILD)/flags
	$(say) LD $@
	$(run)$(CC) $(STANDARD) $(WARNINGS) -O2 -g -fPIC -fvisibility=hidden -shared -MMD -MP \
		-MF $(BUILD)/obj/preload.d -o $@ $< -ldl

# $(1): a directory, $(2): the libraries its tests and benchmarks stand on.
define programs_of
$(BUILD)/tests/$(1)/%: $(BUILD)/obj/$(1)/tests/%.o $(2)
	@mkdir -p $$(@D)
	$$(say) LD $$@
	$$(run)$$(LINK) -o $$@ $$^ $$(CHECK_LIBS) $$(EXTERNAL_LIBS) -lm $$(LDLIBS)
$(BUILD)/bench/$(1)/%: $(BUILD)/obj/$(1)/bench/%.o $(2)
	@mkdir -p $$(@D)
	$$(say) LD $$@
	$$(run)$$(LINK) -o $$@ $$^ $$(EXTERNAL_LIBS) -lm $$(LDLIBS)
endef
$(eval $(call programs_of,engine,$(LUA_LIB)))
$(eval $(call programs_of,conformance,$(CONFORMANCE_LIB)))
$(eval $(call programs_of,sim,$(SIM_LIB)))
$(eval $(call programs_of,cli,$(filter-out %/main.o,$(CLI)) $(LIBRARIES)))

.SECONDARY:
-include $(shell test -d $(BUILD)/obj && find $(BUILD)/obj -name '*.d')

## -- use ---------------------------------------------------------------------------------------

.PHONY: deps
deps: ## install what is missing to build and test (apt; sudo only when needed)
	@CC='$(CC)' scripts/deps.sh

.PHONY: run
run: deps ## conformance of the engine, of the engine over TCP, and of a real Redis
	@$(MAKE) -j$(JOBS) all
	@scripts/run.sh $(BUILD) reports/latest

.PHONY: check
check: deps ## every test: unit tests, command line tests, style
	@$(MAKE) -j$(JOBS) tests
	@scripts/check.sh $(BUILD) $(JOBS)

.PHONY: fleet
fleet: ## fetch real servers of several Debian releases into ./fleet
	@scripts/fleet.sh fleet

.PHONY: differential
differential: all $(BUILD)/differential ## the engine against each server of the fleet, at random
	@scripts/differential.sh $(BUILD)

.PHONY: dialects
dialects: all ## what separates the versions, each with the vector that shows it, into ./reports
	@$(PROGRAM) dialects --witness --markdown >reports/dialects.md || [ $$? -eq 1 ]

.PHONY: matrix
matrix: all ## all vectors on the engine and every server of the fleet, into ./reports
	@scripts/matrix.sh $(BUILD) reports

.PHONY: faults
faults: tests ## which planted faults each rule's vectors catch, into reports/faults.json
	@CK_RUN_CASE=making FAULTS_TABLE=$(BUILD)/faults.json $(BUILD)/tests/conformance/test_faults
	@mv $(BUILD)/faults.json reports/faults.json

.PHONY: mutants
mutants: all ## the mutation score of the vectors, into reports/mutants.md (20 minutes, 5 when most are known)
	@scripts/mutants.py $(BUILD) --jobs $(JOBS) --report reports/mutants.md

.PHONY: bench
bench: all $(BENCHES) ## the figures, with this machine's own numbers beside them
	@scripts/bench.sh $(BUILD)
	@for bench in $(filter-out %/bench_engine,$(BENCHES)); do $$bench || exit; done
	@CC='$(CC)' scripts/indirection.sh $(BUILD)

.PHONY: soundness
soundness: all $(BUILD)/delay $(BUILD)/tests/conformance/test_judge_sound ## nothing right is accused: 10000 simulated histories, 200 runs on Redis (an hour or two)
	@JUDGE_HISTORIES=10000 $(BUILD)/tests/conformance/test_judge_sound
	@scripts/soundness.sh $(BUILD) $(RUNS)

.PHONY: peer
peer: all ## Redis' own unit/expire beside the vectors: time and checks (CHECKOUT=/path/to/redis)
	@scripts/peer.sh $(BUILD) $(CHECKOUT)

.PHONY: asan
asan: ## all tests under AddressSanitizer
	@$(MAKE) -j$(JOBS) BUILD=build/asan LDFLAGS=-fsanitize=address \
		CFLAGS='-O1 -g -fno-omit-frame-pointer -fsanitize=address' tests
	@CK_FORK=no scripts/check.sh build/asan $(JOBS)

.PHONY: ubsan
ubsan: ## all tests under UndefinedBehaviorSanitizer
	@$(MAKE) -j$(JOBS) BUILD=build/ubsan LDFLAGS=-fsanitize=undefined \
		CFLAGS='-O1 -g -fsanitize=undefined -fno-sanitize-recover=all' tests
	@CK_FORK=no scripts/check.sh build/ubsan $(JOBS)

## -- keep --------------------------------------------------------------------------------------

.PHONY: lint
lint: all ## the style gate, clang-format and shellcheck
	@scripts/style.sh $(BUILD)
	@scripts/format.sh --check

.PHONY: format
format: ## rewrite the sources as .clang-format says
	@scripts/format.sh

INSTALL := install
BINDIR   = $(DESTDIR)$(PREFIX)/bin
LIBDIR   = $(DESTDIR)$(PREFIX)/lib
INCDIR   = $(DESTDIR)$(PREFIX)/include/ttlspec
DATADIR  = $(DESTDIR)$(PREFIX)/share/ttlspec
MANDIR   = $(DESTDIR)$(PREFIX)/share/man/man1

.PHONY: install
install: all ## install below $(DESTDIR)$(PREFIX); PREFIX is /usr/local
	$(INSTALL) -d $(BINDIR) $(LIBDIR)/pkgconfig $(INCDIR) $(MANDIR)
	$(INSTALL) -m 755 $(BUILD)/ttlspec $(BINDIR)/ttlspec
	$(INSTALL) -m 644 $(BUILD)/libttlspec.a $(BUILD)/libttlspec-lua.a $(LIBDIR)
	$(INSTALL) -d $(LIBDIR)/ttlspec
	$(if $(PRELOAD),$(INSTALL) -m 644 $(PRELOAD) $(LIBDIR)/ttlspec/libttlclock.so)
	$(INSTALL) -m 644 $(wildcard engine/include/ttlspec/*.h) $(INCDIR)
	$(INSTALL) -m 644 $(wildcard docs/man/*.1) $(MANDIR)
	for name in ttlspec ttlspec-lua; do \
		sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@VERSION@|$(VERSION)|' $$name.pc.in \
			> $(LIBDIR)/pkgconfig/$$name.pc || exit; \
	done
	find vectors -type d -exec $(INSTALL) -d $(DATADIR)/{} \;
	find vectors -type f -exec $(INSTALL) -m 644 {} $(DATADIR)/{} \;
	$(INSTALL) -d $(DATADIR)/scenarios
	$(INSTALL) -m 644 $(wildcard sim/scenarios/*.json) $(DATADIR)/scenarios

.PHONY: uninstall
uninstall: ## remove what install put there
	rm -f $(BINDIR)/ttlspec $(LIBDIR)/libttlspec.a $(LIBDIR)/libttlspec-lua.a
	rm -f $(LIBDIR)/pkgconfig/ttlspec.pc $(LIBDIR)/pkgconfig/ttlspec-lua.pc
	rm -f $(patsubst docs/man/%,$(MANDIR)/%,$(wildcard docs/man/*.1))
	rm -rf $(INCDIR) $(DATADIR) $(LIBDIR)/ttlspec

.PHONY: clean
clean: ## remove everything that was built
	rm -rf build
