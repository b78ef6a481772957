# chime: `make` builds the installed tree below build/, from which everything
# runs as it does when installed. A new program is a new file in bin/ or
# libexec/, nothing else. `make help` lists what there is.

VERSION := 0.1
PREFIX ?= /usr/local
SYSCONFDIR ?= /etc
B := build$(if $(SAN),/san)

PKGS := jansson libmicrohttpd libcurl libmariadb libvirt gnutls libxml-2.0 libcrypt
PKG_CFLAGS := $(shell pkg-config --cflags $(PKGS) 2>/dev/null)
PKG_LIBS := $(shell pkg-config --libs $(PKGS) 2>/dev/null)

WARN := -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes \
	-Wmissing-prototypes -Wformat=2 -Wvla -Wundef -Wswitch-enum -Wconversion
HARDEN := -fstack-protector-strong -fPIE $(if $(SAN),,-D_FORTIFY_SOURCE=2)
CFLAGS ?= -O2 -g
override CFLAGS += -std=c11 $(WARN) $(HARDEN) $(if $(WERROR),-Werror) \
	$(if $(SAN),-fsanitize=address$(,)undefined -fno-omit-frame-pointer)
override CPPFLAGS += -D_POSIX_C_SOURCE=200809L -DCHIME_VERSION='"$(VERSION)"' \
	-Ilib $(PKG_CFLAGS) -include lib/base/banned.h -MMD -MP
override LDFLAGS += -pie -pthread -Wl,-z,relro,-z,now,--as-needed \
	$(if $(SAN),-fsanitize=address$(,)undefined)
, := ,

# V=1 shows whole commands.
Q := $(if $(V),,@)
tell = $(if $(V),,@printf '  %-5s %s\n' $(1) $(patsubst $B/%,%,$@))
LINK = $(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^

LIB_O := $(patsubst %.c,$B/obj/%.o,$(wildcard lib/*/*.c))
BINS := $(patsubst bin/%,$B/bin/%,$(basename $(wildcard bin/*.c bin/*.sh)))
LIBEXECS := $(patsubst libexec/%,$B/libexec/chime/%,\
	$(basename $(wildcard libexec/*.c libexec/*.sh)))
SHARES := $(addprefix $B/,$(shell find share -type f ! -name '*.S')) \
	$(addprefix $B/share/chime/,$(shell find sv etc -type f)) \
	$(patsubst %.S,$B/%.img,$(wildcard share/chime/*.S))
MANS := $(foreach m,$(wildcard man/*.[178]),\
	$B/share/man/man$(patsubst .%,%,$(suffix $m))/$(notdir $m))
SIMS := $B/sim/sim $B/sim/mutants
SIM_O := $(patsubst %.c,%.o,$(wildcard t/sim/*.c) \
	$(addprefix lib/core/,gen.c ledger.c lease.c proof.c owner.c))
BENCHES := $(patsubst t/bench/%.c,$B/bench/%,$(wildcard t/bench/*.c))
UNITS := $(patsubst t/unit/%.c,$B/unit/%,$(wildcard t/unit/*.c))

all: $(BINS) $(LIBEXECS) $(SHARES) $(MANS)

help:
	@echo 'make                 build everything below build/'
	@echo 'make run             install what is missing, build, run all on loopback'
	@echo 'make check           the same, but run every test (T=pattern for some)'
	@echo 'make sim             N= SEED= schedules of the ownership simulator'
	@echo 'make mutants         the same with one rule broken after the other'
	@echo 'make lint            formatting, shellcheck, manual pages, sizes'
	@echo 'make bench           what it costs, as ratios measured in one run'
	@echo 'make install         DESTDIR= PREFIX=$(PREFIX) SYSCONFDIR=$(SYSCONFDIR)'
	@echo 'make deps            install the packages needed to build and run'
	@echo 'SAN=1                with AddressSanitizer and UBSan, below build/san'
	@echo 'WERROR=1 V=1         warnings are errors; show whole commands'

# A package that appears under make's feet (make run) needs new flags.
deps:
	@./t/deps $(DEPS)

run:
	@./t/deps run
	@$(MAKE) --no-print-directory all
	@exec $B/bin/chimeadm allinone $(if $(DIR),--dir '$(DIR)')

check:
	@./t/deps check
	@$(MAKE) --no-print-directory check-now

check-now: all $(UNITS) $(SIMS)
	@BUILD=$B ./t/run $(T)

bench: all $(BENCHES)
	@BUILD=$B ./t/bench/run $(T)

N ?= 20000
SEED ?= 1
sim: $B/sim/sim
	@$< -n $(N) -s $(SEED)

# Rules that cover each other are not missed alone: 1 is no failure here.
mutants: $B/sim/mutants
	@$< -n $(N) -s $(SEED) -M || [ $$? -eq 1 ]

lint:
	@./t/lint

accept: all
	@BUILD=$B ACCEPT=1 ./t/run golden

$B/bin/%: $B/obj/bin/%.o $B/libchime.a
	@mkdir -p $(@D)
	$(call tell,LINK)
	$Q$(LINK) $(PKG_LIBS)

$B/libexec/chime/%: $B/obj/libexec/%.o $B/libchime.a
	@mkdir -p $(@D)
	$(call tell,LINK)
	$Q$(LINK) $(PKG_LIBS)

$B/unit/%: $B/obj/t/unit/%.o $B/libchime.a
	@mkdir -p $(@D)
	$(call tell,LINK)
	$Q$(LINK) $(PKG_LIBS)

$B/bench/%: $B/obj/t/bench/%.o $B/libchime.a
	@mkdir -p $(@D)
	$(call tell,LINK)
	$Q$(LINK) $(PKG_LIBS)

$B/sim/sim: $(addprefix $B/obj/,$(SIM_O)) $B/libchime.a
	@mkdir -p $(@D)
	$(call tell,LINK)
	$Q$(LINK)

# The same sources, in which CORE_MUTANT() asks for the rule to be broken.
$B/sim/mutants: $(addprefix $B/obj/mutants/,$(SIM_O)) $B/libchime.a
	@mkdir -p $(@D)
	$(call tell,LINK)
	$Q$(LINK)

$B/obj/mutants/%.o: %.c
	@mkdir -p $(@D)
	$(call tell,CC)
	$Q$(CC) $(CPPFLAGS) -DCORE_MUTANTS -It/sim $(CFLAGS) -c -o $@ $<

$B/bin/%: bin/%.sh
	@install -D -m 755 $< $@

$B/libexec/chime/%: libexec/%.sh
	@install -D -m 755 $< $@

# The demo guest: one boot sector, padded to a floppy.
$B/share/chime/%.img: share/chime/%.S
	@mkdir -p $(@D)
	$(call tell,AS)
	$Qas --32 -o $B/$*.o $<
	$Qld -m elf_i386 -Ttext 0x7c00 -e _start --oformat binary -o $@ $B/$*.o
	$Qtruncate -s 1440K $@

# cp -p: the run scripts keep their mode.
$B/share/chime/sv/%: sv/%
	@mkdir -p $(@D) && cp -p $< $@

$B/share/chime/etc/%: etc/%
	@mkdir -p $(@D) && cp -p $< $@

$B/share/man/man1/% $B/share/man/man7/% $B/share/man/man8/%: man/%
	@install -D -m 644 $< $@

$B/share/%: share/%
	@install -D -m 644 $< $@

$B/libchime.a: $(LIB_O)
	@rm -f $@
	$(call tell,AR)
	$Q$(AR) rcs $@ $^

# mysql.h has macros that mention banned calls: it is read before the ban.
$B/obj/lib/driver/db.o $B/obj/lib/driver/dbstmt.o: \
	override CPPFLAGS := -include mysql.h $(CPPFLAGS)

# Locks that belong to a descriptor are not in the C library's POSIX part.
$B/obj/lib/driver/ledgerfile.o: override CPPFLAGS += -D_GNU_SOURCE

$B/obj/%.o: %.c
	@mkdir -p $(@D)
	$(call tell,CC)
	$Q$(CC) $(CPPFLAGS) $(CFLAGS) -c -o $@ $<

# Starts nothing and overwrites no configuration: etc/ holds samples.
install: all
	install -d $(DESTDIR)$(PREFIX) $(DESTDIR)$(SYSCONFDIR)/chime
	cp -R $B/bin $B/libexec $B/share $(DESTDIR)$(PREFIX)/
	install -d $(DESTDIR)$(PREFIX)/lib/systemd/system
	for unit in $(notdir $(wildcard etc/systemd/*)); do \
		sed 's|/usr/local/|$(PREFIX)/|' etc/systemd/$$unit \
		    >$(DESTDIR)$(PREFIX)/lib/systemd/system/$$unit || exit; \
	done

clean:
	rm -rf build

FORCE:
.PHONY: all help deps run check check-now bench sim mutants lint accept install clean FORCE
.SECONDARY:

-include $(shell find $B/obj -name '*.d' 2>/dev/null)
