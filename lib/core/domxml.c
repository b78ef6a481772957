/* SPDX-License-Identifier: ISC */
#include "core/domxml.h"

#include <string.h>

/* Text for between quotes or tags; -1 for what XML 1.0 cannot carry. */
static int
escape(struct buf *b, const char *s)
{
	for (; *s; s++) {
		switch (*s) {
		case '&':
			buf_puts(b, "&amp;");
			break;
		case '<':
			buf_puts(b, "&lt;");
			break;
		case '>':
			buf_puts(b, "&gt;");
			break;
		case '"':
			buf_puts(b, "&quot;");
			break;
		case '\'':
			buf_puts(b, "&apos;");
			break;
		default:
			if ((unsigned char)*s < 0x20 || *s == 0x7f)
				return -1;
			buf_add(b, s, 1);
		}
	}
	return 0;
}

/* before, s escaped, after. */
static int
quoted(struct buf *b, const char *before, const char *s, const char *after)
{
	buf_puts(b, before);
	if (escape(b, s) == -1)
		return -1;
	buf_puts(b, after);
	return 0;
}

static const struct {
	const char *device;
	const char *prefix; /* of the name within the guest's bus */
	const char *bus;
	size_t max; /* how many the bus holds */
} kinds[] = {
    [DOMXML_DISK] = {"disk", "vd", "virtio", DOMXML_DISKS},
    [DOMXML_CDROM] = {"cdrom", "hd", "ide", 4},
    [DOMXML_FLOPPY] = {"floppy", "fd", "fdc", 2},
};

static int
disk(struct buf *b, const struct domxml_disk *d, size_t order, size_t nth)
{
	bool block = strncmp(d->path, "/dev/", 5) == 0;

	buf_printf(b, "<disk type='%s' device='%s'>", block ? "block" : "file",
	    kinds[d->device].device);
	if (quoted(b, "<driver name='qemu' type='", d->format, "'/>") == -1 ||
	    quoted(b, block ? "<source dev='" : "<source file='", d->path,
		"'/>") == -1)
		return -1;
	buf_printf(b, "<target dev='%s%c' bus='%s'/><boot order='%zu'/>",
	    kinds[d->device].prefix, (char)('a' + nth), kinds[d->device].bus,
	    order);
	buf_puts(b, d->readonly ? "<readonly/></disk>\n" : "</disk>\n");
	return 0;
}

static int
disks(struct buf *b, const struct domxml *vm, const char **why)
{
	size_t nth[] = {0, 0, 0};

	for (size_t i = 0; i < vm->ndisk; i++) {
		const struct domxml_disk *d = &vm->disk[i];

		if (nth[d->device] == kinds[d->device].max) {
			*why = "more disks, cdroms or floppies than a machine "
			       "takes (16, 4, 2)";
			return -1;
		}
		if (disk(b, d, i + 1, nth[d->device]++) == -1) {
			*why = "control character in a disk's path";
			return -1;
		}
	}
	return 0;
}

static int
nics(struct buf *b, const struct domxml *vm, const char **why)
{
	for (size_t i = 0; i < vm->nnic; i++) {
		const struct domxml_nic *n = &vm->nic[i];

		if (quoted(b, "<interface type='bridge'><source bridge='",
			n->bridge, "'/>") == -1 ||
		    (n->mac &&
			quoted(b, "<mac address='", n->mac, "'/>") == -1)) {
			*why = "control character in a nic";
			return -1;
		}
		buf_puts(b, "<model type='virtio'/></interface>\n");
	}
	return 0;
}

static int
serial(struct buf *b, const struct domxml *vm, const char **why)
{
	buf_puts(b, "<serial type='pty'>");
	if (vm->console &&
	    quoted(b, "<log file='", vm->console, "' append='on'/>") == -1) {
		*why = "control character in the console's path";
		return -1;
	}
	buf_puts(b, "<target port='0'/></serial>\n");
	return 0;
}

static int
head(struct buf *b, const struct domxml *vm, const char **why)
{
	if (quoted(b, "<domain type='", vm->type, "'>\n") == -1 ||
	    quoted(b, "<name>", vm->name, "</name>\n") == -1 ||
	    quoted(b, "<uuid>", vm->uuid, "</uuid>\n") == -1) {
		*why = "control character in the name";
		return -1;
	}
	buf_printf(b,
	    "<metadata><chime:vm xmlns:chime='" DOMXML_NS "' wish='%lld' "
	    "generation='%lld'/></metadata>\n"
	    "<memory unit='MiB'>%lld</memory>\n<vcpu>%lld</vcpu>\n",
	    (long long)vm->wish, (long long)vm->generation,
	    (long long)vm->memory_mib, (long long)vm->vcpus);
	return 0;
}

/*
 * on_poweroff and on_crash destroy: chime, not libvirt, decides what comes
 * next. A reboot stays inside the same qemu.
 */
int
domxml(const struct domxml *vm, struct buf *b, const char **why)
{
	bool real = strcmp(vm->type, "test") != 0;

	if (head(b, vm, why) == -1)
		return -1;
	buf_printf(
	    b, "<os><type%s>hvm</type></os>\n", real ? " machine='pc'" : "");
	buf_puts(b, "<features><acpi/><apic/></features>\n");
	if (strcmp(vm->type, "kvm") == 0)
		buf_puts(b, "<cpu mode='host-model'/>\n");
	buf_puts(b, "<clock offset='utc'/>\n"
		    "<on_poweroff>destroy</on_poweroff>\n"
		    "<on_reboot>restart</on_reboot>\n"
		    "<on_crash>destroy</on_crash>\n<devices>\n");
	if (disks(b, vm, why) == -1 || nics(b, vm, why) == -1 ||
	    serial(b, vm, why) == -1)
		return -1;
	buf_puts(b, "<controller type='usb' model='none'/>\n"
		    "<memballoon model='none'/>\n</devices>\n</domain>\n");
	if (b->overflow) {
		*why = "the description is too long";
		return -1;
	}
	return 0;
}
