/* SPDX-License-Identifier: ISC */
/* driver/domimport: what people have is taken, what harms is refused. */
#include "driver/domimport.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#include "unit.h"

#define UUID "6f8ab3b2-6a2c-4b6e-9d55-0f8f7e3a9c01"
#define DOMAIN(inside)                                                         \
	"<domain type='qemu'><memory unit='MiB'>16</memory>" inside "</domain>"

static char why[DOMIMPORT_WHY_SIZE];

/* The text is refused, and the reason has what. */
static void
refused_n(const char *name, const char *text, size_t len, const char *what)
{
	struct domimport d;
	int r;

	why[0] = '\0';
	r = domimport_parse(text, len, &d, why);
	if (r != -1 || !strstr(why, what))
		printf("# %d: %s\n", r, why);
	unit_check(name, r == -1 && strstr(why, what));
	domimport_free(&d);
}

static void
refused(const char *name, const char *text, const char *what)
{
	refused_n(name, text, strlen(text), what);
}

/* The domain rendered again, in a static buffer; NULL when it is refused. */
static const char *
again(const char *text, const struct domimport_identity *id)
{
	static struct buf b;
	struct domimport d;
	const char *out = NULL;

	b.max = 65536;
	buf_clear(&b);
	if (domimport_parse(text, strlen(text), &d, why) == 0 &&
	    domimport_render(d.xml, id, &b, why) == 0)
		out = b.data;
	else
		printf("# %s\n", why);
	domimport_free(&d);
	return out;
}

static bool
has(const char *xml, const char *what)
{
	if (xml && strstr(xml, what))
		return true;
	printf("# %s\n", xml ? xml : why);
	return false;
}

static int64_t
memory_of(const char *memory)
{
	struct domimport d;
	char text[200];
	int64_t mib = -1;

	snprintf(text, sizeof(text), "<domain type='kvm'>%s</domain>", memory);
	if (domimport_parse(text, strlen(text), &d, why) == 0)
		mib = d.memory_mib;
	domimport_free(&d);
	return mib;
}

static void
takes(void)
{
	static const char text[] =
	    "<?xml version='1.0'?><domain type='kvm' id='7'><name> a&amp;b\n"
	    "</name><uuid>6F8AB3B26A2C4B6E9D550F8F7E3A9C01</uuid>"
	    "<vcpu current='1'> 4 </vcpu><memory>16385</memory>"
	    "<title>x &lt; y</title><on_crash>restart</on_crash>"
	    "<metadata><chime:vm xmlns:chime='urn:chime:vm' wish='9'/>"
	    "</metadata></domain>";
	const struct domimport_identity id = {.name = "c&d<e",
	    .uuid = UUID,
	    .type = "qemu",
	    .metadata = "<chime:vm xmlns:chime='urn:chime:vm' wish='3'/>"};
	struct domimport d;
	const char *xml;

	CHECK("a domain", domimport_parse(text, strlen(text), &d, why) == 0);
	CHECK("its name", d.name && strcmp(d.name, "a&b") == 0);
	CHECK("its UUID in one form", strcmp(d.uuid, UUID) == 0);
	CHECK("the most vCPUs", d.vcpus == 4);
	CHECK("memory is KiB and rounded up", d.memory_mib == 17);
	CHECK("its type", strcmp(d.type, "kvm") == 0);
	CHECK("without identity and chime's mark",
	    d.xml && !strstr(d.xml, "<name>") && !strstr(d.xml, "<uuid>") &&
		!strstr(d.xml, "id=") && !strstr(d.xml, "metadata"));
	domimport_free(&d);
	xml = again(text, &id);
	CHECK("another name, escaped", has(xml, "<name>c&amp;d&lt;e</name>"));
	CHECK("the UUID", has(xml, "<uuid>" UUID "</uuid>"));
	CHECK("the node's type", has(xml, "<domain type=\"qemu\">"));
	CHECK("the mark", has(xml, "wish=\"3\"") && !strstr(xml, "wish=\"9\""));
	CHECK("what is not chime's stays", has(xml, "<title>x &lt; y</title>"));
	CHECK("libvirt restarts nothing",
	    has(xml, "<on_crash>destroy</on_crash>") &&
		has(xml, "<on_poweroff>destroy</on_poweroff>") &&
		!strstr(xml, "restart"));
}

static void
sizes(void)
{
	CHECK("GiB", memory_of("<memory unit='GiB'>2</memory>") == 2048);
	CHECK("MB", memory_of("<memory unit='MB'>1000</memory>") == 954);
	CHECK("bytes", memory_of("<memory unit='b'>1</memory>") == 1);
	CHECK("the most that can be plugged in",
	    memory_of("<memory unit='GiB'>2</memory>"
		      "<maxMemory unit='GiB'>4</maxMemory>") == 4096);
	CHECK("no unit of ours",
	    memory_of("<memory unit='EiB'>1</memory>") == -1);
	CHECK("no number", memory_of("<memory>much</memory>") == -1);
	CHECK("too much to count",
	    memory_of("<memory unit='TiB'>99999999</memory>") == -1);
	CHECK("none at all", memory_of("") == -1);
}

static void
strangers(void)
{
	refused("no XML", "hello", "no XML, line 1");
	refused("nothing", "", "no XML");
	refused("cut short", "<domain type='kvm'><name>", "no XML");
	refused("another document", "<network/>", "network: expected a <dom");
	refused("a namespace", "<domain xmlns='urn:x' type='kvm'/>",
	    "without a namespace");
	refused("xen", "<domain type='xen'/>", "type='kvm'");
	refused("no type", "<domain/>", "type='kvm'");
	refused("passthrough",
	    DOMAIN("<devices><hostdev mode='subsystem'/></devices>"),
	    "hostdev: passes a device");
	refused("SR-IOV",
	    DOMAIN("<devices><interface type='hostdev'/></devices>"),
	    "interface: passes a device");
	refused("a TPM's chip",
	    DOMAIN("<devices><tpm><backend type='passthrough'/></tpm>"
		   "</devices>"),
	    "tpm: passes a device");
	refused("qemu's command line",
	    "<domain type='kvm' xmlns:q='http://libvirt.org/schemas/domain/"
	    "qemu/1.0'><memory>1024</memory><q:commandline/></domain>",
	    "commandline: passes settings");
	refused("a program of one's own",
	    DOMAIN("<devices><emulator>/tmp/x</emulator></devices>"),
	    "emulator: expected");
	refused("and a way out",
	    DOMAIN("<devices><emulator>/usr/bin/qemu/../../../tmp/x</emulator>"
		   "</devices>"),
	    "emulator: expected");
	refused("no UUID", DOMAIN("<uuid>0</uuid>"), "expected a UUID");
	refused("no vCPUs", DOMAIN("<vcpu>0</vcpu>"), "vcpu: expected");
	refused("control characters in a reason", "<a\033[2J/>", "no XML");
	CHECK("do not reach it", !strchr(why, '\033'));
}

static void
attacks(void)
{
	char *deep = mem_calloc(1, DOMIMPORT_MAX + 2);
	size_t n = 0;

	refused("billion laughs",
	    "<?xml version='1.0'?><!DOCTYPE lolz [<!ENTITY lol 'lol'><!ENTITY "
	    "lol1 '&lol;&lol;&lol;&lol;'>]><domain type='kvm'>&lol1;</domain>",
	    "<!DOCTYPE>: not accepted");
	refused("an external entity",
	    "<!DOCTYPE d [<!ENTITY x SYSTEM 'file:///etc/passwd'>]>"
	    "<domain type='kvm'>&x;</domain>",
	    "<!DOCTYPE>: not accepted");
	refused("an entity nobody declared", DOMAIN("&x;"), "no XML");
	refused_n("a NUL byte", "<domain\0/>", 10, "a NUL byte");
	refused_n("UTF-16", "\xff\xfe<\0d\0", 6, "a NUL byte");
	refused("Latin 1", DOMAIN("<name>caf\xe9</name>"), "not UTF-8");
	refused("UTF-7 by declaration is UTF-8 all the same",
	    "<?xml version='1.0' encoding='UTF-7'?>"
	    "<domain type='kvm'>+ADw-</domain>",
	    "memory");
	for (int i = 0; i < 3000; i++)
		n += (size_t)snprintf(deep + n, 12, "<a>");
	refused("3000 levels", deep, "no XML");
	memset(deep, 'a', DOMIMPORT_MAX + 1);
	refused("one byte too many", deep, "at most 49152 fit");
	free(deep);
}

int
main(void)
{
	takes();
	sizes();
	strangers();
	attacks();
	return unit_done();
}
