/* SPDX-License-Identifier: ISC */
/* core/domxml, read back by libvirt's own parser (its test driver). */
#include "core/domxml.h"

#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>
#include <stdio.h>
#include <stdlib.h>

#include "unit.h"

#define UUID "6f8ab3b2-6a2c-4b6e-9d55-0f8f7e3a9c01"

static const struct domxml plain = {
    .type = "test",
    .name = "web",
    .uuid = UUID,
    .vcpus = 2,
    .memory_mib = 16,
    .wish = 7,
    .generation = 3,
};

/* The XML in a static buffer, or NULL and why. */
static const char *
text(const struct domxml *vm, const char **why)
{
	static struct buf b;

	b.max = 65536;
	buf_clear(&b);
	return domxml(vm, &b, why) == 0 ? b.data : NULL;
}

static int
has(const struct domxml *vm, const char *what)
{
	const char *why, *xml = text(vm, &why);

	if (xml && strstr(xml, what))
		return 1;
	printf("# %s\n", xml ? xml : why);
	return 0;
}

static int
refused(const struct domxml *vm, const char *what)
{
	const char *why = "", *xml = text(vm, &why);

	return !xml && strstr(why, what);
}

static void
test_parts(void)
{
	struct domxml_disk disks[] = {
	    {.path = "/a.img", .format = "raw"},
	    {.path = "/b.iso",
		.format = "raw",
		.device = DOMXML_CDROM,
		.readonly = true},
	    {.path = "/dev/vg/lv", .format = "qcow2"},
	    {.path = "/c.img", .format = "raw", .device = DOMXML_FLOPPY},
	};
	struct domxml_nic nics[] = {
	    {.bridge = "br0", .mac = "52:54:00:00:00:01"},
	    {.bridge = "br1"},
	};
	struct domxml vm = plain;

	vm.type = "qemu";
	vm.disk = disks;
	vm.ndisk = 4;
	vm.nic = nics;
	vm.nnic = 2;
	vm.console = "/log/x.log";
	CHECK("type", has(&vm, "<domain type='qemu'>"));
	CHECK("memory", has(&vm, "<memory unit='MiB'>16</memory>"));
	CHECK("vcpus", has(&vm, "<vcpu>2</vcpu>"));
	CHECK("first disk is vda and booted first",
	    has(&vm,
		"<disk type='file' device='disk'>"
		"<driver name='qemu' type='raw'/><source file='/a.img'/>"
		"<target dev='vda' bus='virtio'/><boot order='1'/></disk>"));
	CHECK("a cdrom has names of its own",
	    has(&vm, "<target dev='hda' bus='ide'/><boot order='2'/>"
		     "<readonly/></disk>"));
	CHECK("a device node is a block device",
	    has(&vm, "<disk type='block' device='disk'>"
		     "<driver name='qemu' type='qcow2'/>"
		     "<source dev='/dev/vg/lv'/><target dev='vdb' "));
	CHECK("a floppy", has(&vm, "<target dev='fda' bus='fdc'/>"));
	CHECK(
	    "a nic with its mac", has(&vm, "<source bridge='br0'/><mac address="
					   "'52:54:00:00:00:01'/>"));
	CHECK("a nic without", has(&vm, "<source bridge='br1'/><model"));
	CHECK("console log", has(&vm, "<log file='/log/x.log' append='on'/>"));
	CHECK("no cpu model without kvm",
	    strstr(text(&vm, &(const char *){0}), "<cpu") == NULL);
	vm.type = "kvm";
	CHECK("kvm: the host's cpu", has(&vm, "<cpu mode='host-model'/>"));
	vm.console = NULL;
	CHECK("no log when there is no folder for it",
	    has(&vm, "<serial type='pty'><target port='0'/></serial>"));
}

static void
test_refused(void)
{
	struct domxml_disk disks[DOMXML_DISKS + 1];
	struct domxml_nic nic = {.bridge = "br\n0"};
	struct domxml vm = plain;

	vm.name = "a\nb";
	CHECK("newline in a name", refused(&vm, "name"));
	vm.name = "a\177b";
	CHECK("DEL in a name", refused(&vm, "name"));
	vm = plain;
	for (size_t i = 0; i <= DOMXML_DISKS; i++)
		disks[i] = (struct domxml_disk){.path = "/a", .format = "raw"};
	vm.disk = disks;
	vm.ndisk = DOMXML_DISKS;
	CHECK("16 disks", has(&vm, "dev='vdp'"));
	vm.ndisk++;
	CHECK("not 17", refused(&vm, "more disks"));
	vm.ndisk = 3;
	disks[0].device = disks[1].device = disks[2].device = DOMXML_FLOPPY;
	CHECK("not 3 floppies", refused(&vm, "more disks"));
	disks[0].path = "/a\tb";
	CHECK("tab in a path", refused(&vm, "path"));
	vm = plain;
	vm.nic = &nic;
	vm.nnic = 1;
	CHECK("newline in a bridge", refused(&vm, "nic"));
	vm = plain;
	vm.console = "/\001.log";
	CHECK(
	    "control character in the console's path", refused(&vm, "console"));
}

static void
ignore(void *arg, virErrorPtr error)
{
	(void)arg;
	(void)error;
}

/* Every metacharacter comes back from libvirt as it went in. */
static void
test_libvirt(void)
{
	static const char nasty[] = "<&>'\"]]> --> <?x?> %s &amp; \xe5\x90\x8d";
	struct domxml_disk disk = {
	    .path = "/x/'><source file=\"/etc/passwd\"/><y z='.img",
	    .format = "raw",
	};
	struct domxml vm = plain;
	virConnectPtr conn;
	virDomainPtr dom;
	const char *why = "";
	char uuid[VIR_UUID_STRING_BUFLEN], *xml, *meta;

	virSetErrorFunc(NULL, ignore);
	conn = virConnectOpen("test:///default");
	CHECK("libvirt's test driver is there", conn != NULL);
	if (!conn)
		return;
	vm.name = nasty;
	vm.disk = &disk;
	vm.ndisk = 1;
	dom = virDomainCreateXML(conn, text(&vm, &why), 0);
	CHECK("libvirt takes it", dom != NULL);
	if (!dom) {
		printf("# %s\n", virGetLastErrorMessage());
		virConnectClose(conn);
		return;
	}
	CHECK("the name is the name", unit_same(virDomainGetName(dom), nasty));
	CHECK("the uuid is the uuid",
	    virDomainGetUUIDString(dom, uuid) == 0 && unit_same(uuid, UUID));
	xml = virDomainGetXMLDesc(dom, 0);
	CHECK("a path cannot add an element",
	    xml && strstr(xml, "<source file='/etc/passwd'/>") == NULL &&
		strstr(xml, "/x/&apos;&gt;&lt;source file=") != NULL);
	meta = virDomainGetMetadata(
	    dom, VIR_DOMAIN_METADATA_ELEMENT, DOMXML_NS, 0);
	CHECK("the metadata is there", meta && strstr(meta, "wish=\"7\"") &&
					   strstr(meta, "generation=\"3\""));
	free(xml);
	free(meta);
	virDomainDestroy(dom);
	virDomainFree(dom);
	virConnectClose(conn);
}

/* The schema libvirt ships says that it is a domain, too. */
static void
test_schema(int argc, char *argv[])
{
	struct domxml_disk disk = {.path = "/a&b.img",
	    .format = "qcow2",
	    .device = DOMXML_CDROM,
	    .readonly = true};
	struct domxml_nic nic = {.bridge = "br0", .mac = "52:54:00:00:00:01"};
	struct domxml vm = plain;
	const char *why = "", *xml;

	/* With an operand it only prints, for t/domxml.bats. */
	vm.type = argc > 1 ? argv[1] : "qemu";
	vm.disk = &disk;
	vm.ndisk = 1;
	vm.nic = &nic;
	vm.nnic = 1;
	vm.console = "/log/x.log";
	xml = text(&vm, &why);
	if (argc > 1)
		fputs(xml ? xml : why, stdout);
}

int
main(int argc, char *argv[])
{
	if (argc > 1) {
		test_schema(argc, argv);
		return 0;
	}
	test_parts();
	test_refused();
	test_libvirt();
	return unit_done();
}
