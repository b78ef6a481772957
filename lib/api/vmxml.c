/* SPDX-License-Identifier: ISC */
/* GET /v1/vm/ID/xml: a VM as a domain XML for libvirt, without chime. */
#include <string.h>

#include "api/route.h"
#include "api/vmresult.h"
#include "base/clk.h"
#include "core/name.h"
#include "driver/desired.h"
#include "driver/domimport.h"
#include "line/line.h"
#include "line/row.h"

struct export
{
	struct api *a;
	const char *type; /* NULL: the VM's own, or kvm */
};

static void
bad_line(int64_t line, const char *reason, void *arg)
{
	struct json_reason *why = arg;

	(void)line;
	json_why(why, "%s", reason);
}

/* The XML of a VM, without what chime added; 0, or -1 with why. */
static int
render(const struct desired_vm *vm, const char *type, struct buf *out,
    char why[static DOMIMPORT_WHY_SIZE])
{
	struct domimport_identity id = {.name = vm->name, .uuid = vm->uuid};
	struct domimport d = {0};
	struct buf b;
	int r;

	buf_init(&b, LINE_MAX_RECORD);
	if (!type && !vm->xml)
		type = "kvm";
	r = desired_xml(vm, type, NULL, &b, why);
	if (r == 0)
		r = domimport_parse(b.data, b.len, &d, why);
	if (r == 0)
		r = domimport_render(d.xml, &id, out, why);
	domimport_free(&d);
	buf_free(&b);
	return r;
}

/* The record of the VM becomes one of its XML. */
static int
answer(const struct export *e, const struct desired_vm *vm)
{
	char why[DOMIMPORT_WHY_SIZE], ts[CLK_TS_SIZE];
	struct buf *out = e->a->out, xml;

	buf_init(&xml, LINE_MAX_RECORD);
	if (render(vm, e->type, &xml, why) == -1) {
		buf_free(&xml);
		return api_fail(
		    e->a, 409, "conflict", "VM %s: %s", vm->name, why);
	}
	clk_ts(ts);
	api_result(e->a);
	row_open(out, "domain");
	row_str(out, "ts", ts);
	row_str(out, "vm", vm->uuid);
	row_str(out, "name", vm->name);
	row_str(out, "xml", xml.data);
	row_close(out);
	buf_free(&xml);
	return 0;
}

static int export(struct db *db, void *arg)
{
	char ts[CLK_TS_SIZE], key[VM_UUID_SIZE];
	struct json_reason why = {"there is nothing to export"};
	const struct desired_sink sink = {.bad = bad_line, .arg = &why};
	struct export *e = arg;
	struct vm_filter f = {.id = e->a->req.part[2], .spec = true};
	struct desired d;
	struct buf row;
	int r;

	api_again(e->a);
	clk_ts(ts);
	if (vm_list(db, &f) == -1)
		return -1;
	buf_init(&row, LINE_MAX_RECORD);
	r = vm_row(db, &f, ts, &row, key);
	db_done(db);
	if (r == 1 && strstr(row.data, ",\"adopt\":true")) {
		r = api_fail(e->a, 409, "conflict",
		    "VM %s is being adopted: its XML is not here yet", key);
	} else if (r == 1) {
		desired_parse(&d, row.data, row.len, &sink);
		r = d.n ? answer(e, d.vm[0])
			: api_fail(e->a, 409, "conflict", "VM %s: %s", key,
			      why.text);
		desired_free(&d);
	} else if (r == 0) {
		r = vm_unknown(e->a, f.id);
	}
	buf_free(&row);
	return r;
}

int
route_vm_xml(struct api *a)
{
	struct export e = {.a = a, .type = req_query(&a->req, "type")};

	if (!name_uuid(a->req.part[2]) && !name_vm(a->req.part[2]))
		return vm_unknown(a, a->req.part[2]);
	if (e.type && strcmp(e.type, "kvm") != 0 && strcmp(e.type, "qemu") != 0)
		return api_bad(
		    a, "type: expected kvm or qemu, found %.40s", e.type);
	return db_read(a->db, export, &e);
}
