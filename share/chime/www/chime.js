// SPDX-License-Identifier: ISC
// The page: asks the API on its own origin each second while it is looked at,
// and changes in the document what has changed. Everything the server says is
// put there as text. The token is kept for this tab alone.

import { language, mib, moment, span, speak, t } from './words.js';

const $ = (id) => document.getElementById(id);
const TURN_MS = 1000;
const BACKOFF_MS = 15000;
const ANSWER_MS = 16000; // the server itself says so after 15 s
const MANY = 200;        // VMs, from which on they are asked for less often
const EVENTS = 100;
const PAGES = 10;        // of hosts, 1000 each

const state = {
	token: null, who: '',
	hosts: [], vms: [], events: [], more: false,
	host: null,       // only its VMs
	asked: new Set(), // what is being changed: VM ids, host names
	since: null, why: '', // not connected
	loaded: false, refused: null,
};

// --- asking -------------------------------------------------------------

class Refused extends Error {
	constructor(status, error) {
		super(error?.message ?? `HTTP ${status}`);
		this.status = status;
	}
}

const ask = async (method, path, body) => {
	const headers = {};
	let answer;

	if (state.token)
		headers.Authorization = `Bearer ${state.token}`;
	if (method !== 'GET')
		headers['Idempotency-Key'] = Array.from(
		    crypto.getRandomValues(new Uint8Array(16)),
		    (n) => n.toString(16).padStart(2, '0')).join('');
	const response = await fetch(path, { method, headers,
	    body: body && JSON.stringify(body), cache: 'no-store',
	    credentials: 'omit', signal: AbortSignal.timeout(ANSWER_MS) });
	try {
		answer = await response.json();
	} catch {
		answer = {};
	}
	if (!response.ok)
		throw new Refused(response.status, answer.error);
	return answer;
};

// All rows of a list, page by page.
const list = async (path, pages) => {
	const rows = [];
	let next = '';

	for (let n = 0; n < pages; n++) {
		const answer = await ask('GET', path + (next &&
		    `${path.includes('?') ? '&' : '?'}after=${
			encodeURIComponent(next)}`));

		rows.push(...answer.result);
		next = answer.next;
		if (!next)
			break;
	}
	return { rows, more: Boolean(next) };
};

// --- the turn of a second -----------------------------------------------

let timer = 0;
let running = false, again = false;
let failures = 0;
let vmsAt = -Infinity;

// n2 stands before n10.
const order = new Intl.Collator(undefined, { numeric: true }).compare;

const fetchAll = async () => {
	const wanted = state.host;
	const newest = state.events.at(-1)?.id;
	const [hosts, events] = await Promise.all([list('/v1/host', PAGES),
	    ask('GET', `/v1/event?newest=1&limit=${EVENTS}`)]);

	state.hosts = hosts.rows.sort((a, b) => order(a.host, b.host));
	state.events = events.result;
	// A long list is asked for when something happened, or has been old.
	if (state.vms.length > MANY &&
	    newest === state.events.at(-1)?.id &&
	    performance.now() - vmsAt < 5 * TURN_MS)
		return;
	const vms = await list(wanted
	    ? `/v1/vm?host=${encodeURIComponent(wanted)}` : '/v1/vm', 1);
	if (wanted !== state.host)
		return;
	vmsAt = performance.now();
	state.vms = vms.rows.sort((a, b) => order(a.name, b.name));
	state.more = vms.more;
};

const turn = async () => {
	const token = state.token;
	let wait = TURN_MS;

	clearTimeout(timer);
	if (!token || document.hidden)
		return render();
	if (running) {
		again = true;
		return;
	}
	running = true;
	const began = performance.now();
	try {
		await fetchAll();
		failures = 0;
		state.since = null;
		state.loaded = true;
		// Never more than a fifth of the time, on a slow server too.
		wait = Math.max(wait, 4 * (performance.now() - began));
	} catch (e) {
		if (token === state.token && e.status === 401) {
			running = again = false;
			return leave(t('ended') + e.message);
		}
		state.since ??= Date.now();
		state.why = e instanceof Refused ? e.message : t('no-answer');
		wait = Math.min(BACKOFF_MS, TURN_MS * 2 ** failures++);
	}
	running = false;
	if (token !== state.token)
		return turn();
	render();
	timer = setTimeout(turn, again ? 0 : wait);
	again = false;
};

const now = () => {
	failures = 0;
	turn();
};

// --- the document -------------------------------------------------------

// put(NODE, TEXT): only a change touches the document.
const put = (node, text) => {
	text = String(text ?? '');
	if (node.textContent !== text)
		node.textContent = text;
	return node;
};

const set = (node, name, value) => {
	if (node.getAttribute(name) !== value)
		node.setAttribute(name, value);
	return node;
};

const show = (node, shown) => {
	if (node.hidden === Boolean(shown))
		node.hidden = !shown;
	return shown;
};

const make = (tag, name, ...children) => {
	const node = document.createElement(tag);

	if (name)
		node.className = name;
	node.append(...children);
	return node;
};

// rows(BODY, ITEMS, KEY, NEW, FILL): a child for each item, in their order;
// those that stay keep their nodes, and with them the focus.
const rows = (body, items, key, create, fill) => {
	const old = new Map(Array.from(body.children, (n) => [n.key, n]));
	let at = body.firstElementChild;

	for (const item of items) {
		const id = key(item);
		let node = old.get(id);

		old.delete(id);
		if (!node) {
			node = create(item);
			node.key = id;
		}
		fill(node, item);
		if (node === at)
			at = at.nextElementSibling;
		else
			body.insertBefore(node, at);
	}
	for (const node of old.values())
		node.remove();
};

const cell = (label, ...children) => {
	const node = make('td', '', ...children);

	node.setAttribute('role', 'cell');
	node.label = label;
	return node;
};

const row = (...cells) => {
	const node = make('tr', '', ...cells);

	node.setAttribute('role', 'row');
	return node;
};

const button = (name, act) => {
	const node = make('button', name);

	node.type = 'button';
	node.addEventListener('click', act);
	return node;
};

// An action's button: what it says, to whom, whether it is offered now.
const offer = (node, word, target, shown, busy) => {
	put(node, t(word));
	set(node, 'aria-label', t(`${word}-${target.vm ? 'vm' : 'host'}`,
	    { vm: target.name, host: target.host }));
	set(node, 'aria-disabled', String(busy));
	node.hidden = !shown;
};

const badge = (node, tone, text) => {
	set(node, 'class', `badge ${tone}`);
	put(node, text);
};

const meter = () => {
	const node = make('div', 'meter');

	node.append(make('span'), make('progress'));
	node.lastChild.max = 1;
	node.lastChild.setAttribute('aria-hidden', 'true');
	return node;
};

const measure = (node, used, all, form) => {
	put(node.firstChild, all === undefined ? '–'
	    : t('of', { used: form(used), all: form(all) }));
	node.lastChild.value = all ? Math.min(1, used / all) : 0;
	node.lastChild.hidden = all === undefined;
};

const label = (node) => {
	for (const c of node.children)
		if (c.label)
			set(c, 'data-label', t(c.label));
};

// --- hosts --------------------------------------------------------------

const hostTone = { run: 'good', disabled: 'idle', drained: 'idle',
    down: 'idle', silent: 'warn', error: 'bad', unreachable: 'bad' };

// By the server's clock alone.
const reported = (h) => {
	const age = Date.parse(h.ts) - Date.parse(h.last_beat_ts);

	return h.last_beat_ts === undefined ? t('never-seen')
	    : age < 3000 ? t('seen-now') : t('seen', { age: span(age) });
};

const newHost = () => {
	const r = { name: make('strong'), about: make('small'),
	    badge: make('span'), note: make('small'), vcpus: meter(),
	    memory: meter() };

	r.vms = button('plain count', () => only(r.host.host));
	r.act = button('', () => r.host.admin === 'run'
	    ? disable(r.host) : change(r.host.host,
		`/v1/host/${encodeURIComponent(r.host.host)}/enable`));
	const node = row(cell('', r.name, r.about), cell('', r.badge, r.note),
	    cell('vms', r.vms), cell('vcpus', r.vcpus),
	    cell('memory', r.memory), cell('', r.act));
	node.parts = r;
	return node;
};

const fillHost = (node, h) => {
	const r = node.parts;

	r.host = h;
	put(r.name, h.host);
	put(r.about, [h.manage_ip, h.rack].filter(Boolean).join(' · '));
	badge(r.badge, hostTone[h.status] ?? 'idle', t(`s-${h.status}`));
	put(r.note, [h.health !== 'ok' && h.health_reason, reported(h)]
	    .filter(Boolean).join(' · '));
	put(r.vms, h.vms);
	set(r.vms, 'aria-label', `${h.vms}: ${t('vms-of', h)}`);
	measure(r.vcpus, h.vcpus_used, h.vcpus, String);
	measure(r.memory, h.memory_used_mib, h.memory_mib, mib);
	offer(r.act, h.admin === 'run' ? 'disable' : 'enable', h, true,
	    state.asked.has(h.host));
	label(node);
};

// --- VMs ----------------------------------------------------------------

const vmTone = (v) => {
	if (v.state === 'running')
		return v.want === 'running' ? 'good' : 'busy';
	if (v.state === 'off')
		return v.want === 'running' ? 'bad' : 'idle';
	return { starting: 'busy', stopping: 'busy' }[v.state] ?? 'warn';
};

const settled = { running: 'running', off: 'stopped' };

const newVm = () => {
	const r = { name: make('strong'), about: make('small', 'id'),
	    badge: make('span'), note: make('small'), host: make('span'),
	    vcpus: make('span'), memory: make('span') };

	r.start = button('', () => change(r.vm.vm, `/v1/vm/${r.vm.vm}/start`));
	r.stop = button('', () => stop(r.vm));
	const node = row(cell('', r.name, r.about), cell('', r.badge, r.note),
	    cell('host', r.host), cell('vcpus', r.vcpus),
	    cell('memory', r.memory),
	    cell('', make('div', 'buttons', r.start, r.stop)));
	node.parts = r;
	return node;
};

const fillVm = (node, v) => {
	const r = node.parts;
	const busy = state.asked.has(v.vm);
	const focused = document.activeElement;

	r.vm = v;
	put(r.name, v.name);
	put(r.about, v.vm);
	badge(r.badge, vmTone(v), t(`v-${v.state}`));
	put(r.note, [settled[v.state] !== v.want &&
	    t('wanted', { want: t(`w-${v.want}`) }), v.reason,
	    v.restarts > 0 && t('restarts', { n: v.restarts })]
	    .filter(Boolean).join(' · '));
	put(r.host, v.host);
	put(r.vcpus, v.vcpus);
	put(r.memory, mib(v.memory_mib));
	// Wanted running but off: a start is a new try now.
	offer(r.start, 'start', v, v.want === 'stopped' ||
	    (v.want === 'running' && v.state === 'off'), busy);
	offer(r.stop, 'stop', v, v.want === 'running', busy);
	if (focused === r.start || focused === r.stop)
		(focused.hidden ? [r.start, r.stop].find((b) => !b.hidden)
		    : null)?.focus();
	label(node);
};

const matching = () => {
	const text = $('filter').value.trim().toLowerCase();

	return text ? state.vms.filter((v) => [v.name, v.host, v.vm].some(
	    (s) => s.toLowerCase().includes(text))) : state.vms;
};

// --- events -------------------------------------------------------------

const newEvent = () => make('li', '', make('span', 'mark'),
    make('time'), make('span', 'actor'), make('p'));

const fillEvent = (node, e) => {
	const [mark, time, actor, text] = node.children;

	set(node, 'class', e.level);
	put(mark, t(`l-${e.level}`));
	put(time, moment(e.ts));
	set(time, 'datetime', e.ts);
	put(actor, e.actor);
	put(text, e.text);
};

// --- all of it ----------------------------------------------------------

const troubled = () => state.hosts.filter(
    (h) => ['unreachable', 'error', 'silent'].includes(h.status));

const renderAlerts = () => {
	const bad = troubled();
	const shown = bad.slice(0, 5).map((h) => [
	    t('host-is', { host: h.host, status: t(`s-${h.status}`) }),
	    t('since', { time: moment(h.health_since) }),
	    h.health_reason].filter(Boolean).join(' · '));

	if (bad.length > shown.length)
		shown.push(t('and-more', { n: bad.length - shown.length }));
	rows($('alert-list'), shown, (s) => s, () => make('li'), put);
	show($('alerts'), bad.length > 0);
	document.title = bad.length ? `(${bad.length}) chime` : 'chime';
};

const sum = (field) => state.hosts.reduce((n, h) => n + (h[field] ?? 0), 0);

const renderSum = () => {
	const up = state.hosts.filter((h) => h.status === 'run').length;
	const runs = state.vms.filter((v) => v.state === 'running').length;

	put($('sum-hosts'), t('up', { n: up, all: state.hosts.length }));
	// Of a part of the VMs, only how many there are is known.
	put($('sum-vms'), state.host || state.more ? sum('vms')
	    : t('running', { n: runs, all: state.vms.length }));
	put($('sum-vcpus'), t('of', { used: sum('vcpus_used'),
	    all: sum('vcpus') }));
	put($('sum-memory'), t('of', { used: mib(sum('memory_used_mib')),
	    all: mib(sum('memory_mib')) }));
};

const renderPulse = () => {
	const word = state.since ? '' : document.hidden ? 'paused'
	    : state.loaded ? 'live' : 'connecting';

	show($('pulse'), state.token && word);
	set($('pulse'), 'class', `pulse ${word}`);
	put($('pulse-text'), word && t(word));
	if (show($('offline'), state.token && state.since))
		put($('offline'), t('offline', { since: moment(state.since),
		    why: state.why }));
	$('site').classList.toggle('stale', Boolean(state.since));
};

const renderWords = () => {
	document.documentElement.lang = language === 'zh' ? 'zh-CN' : 'en';
	for (const node of document.querySelectorAll('[data-t]'))
		put(node, t(node.dataset.t));
	for (const node of document.querySelectorAll('[data-t-label]'))
		set(node, 'aria-label', t(node.dataset.tLabel));
	for (const node of document.querySelectorAll('[data-t-hint]'))
		set(node, 'placeholder', t(node.dataset.tHint));
	put($('language'), t('other'));
	set($('language'), 'aria-label', t('other-label'));
	set($('language'), 'lang', language === 'zh' ? 'en' : 'zh-CN');
};

const render = () => {
	show($('login'), !state.token);
	show($('site'), state.token && (state.loaded || state.since));
	show($('logout'), state.token);
	put($('who'), state.token ? state.who : '');
	renderPulse();
	if (!state.token || !state.loaded)
		return;
	renderAlerts();
	renderSum();
	rows($('hosts'), state.hosts, (h) => h.host, newHost, fillHost);
	show($('hosts').parentNode, state.hosts.length > 0);
	show($('hosts-none'), !state.hosts.length);
	const vms = matching();
	rows($('vms'), vms, (v) => v.vm, newVm, fillVm);
	show($('vms').parentNode, vms.length > 0);
	if (show($('vms-none'), !vms.length))
		put($('vms-none'), t(state.vms.length || state.host
		    ? 'vms-none-here' : 'vms-none'));
	show($('vms-more'), state.more);
	rows($('events'), state.events.toReversed(), (e) => e.id, newEvent,
	    fillEvent);
	show($('events'), state.events.length > 0);
	show($('events-none'), !state.events.length);
	if (show($('only'), state.host)) {
		put($('only'), `${t('only-host', state)} ✕`);
		set($('only'), 'aria-label', t('only-label', state));
	}
	if (show($('refusal'), state.refused))
		put($('refusal-text'), state.refused);
};

// --- what people do -----------------------------------------------------

const only = (host) => {
	state.host = state.host === host ? null : host;
	state.vms = [];
	render();
	now();
	$(state.host ? 'only' : 'filter').focus();
};

// change(WHAT, PATH): the server's refusal is shown as it is.
const change = async (what, path) => {
	if (state.asked.has(what))
		return;
	state.asked.add(what);
	state.refused = null;
	render();
	try {
		await ask('POST', path, {});
	} catch (e) {
		state.refused = e instanceof Refused ? e.message
		    : t('not-known') + t('no-answer');
	}
	state.asked.delete(what);
	render();
	now();
};

const confirm = (title, text, yes, act) => {
	put($('ask-title'), title);
	put($('ask-text'), text);
	put($('ask-yes'), yes);
	$('ask-yes').onclick = () => {
		$('ask').close();
		act();
	};
	$('ask').showModal();
	$('ask-no').focus();
};

const stop = (v) => {
	if (!state.asked.has(v.vm))
		confirm(t('ask-stop', { vm: v.name }), t('ask-stop-text',
		    { host: v.host, grace: span(v.grace_ms) }), t('stop'),
		    () => change(v.vm, `/v1/vm/${v.vm}/stop`));
};

const disable = (h) => {
	if (!state.asked.has(h.host))
		confirm(t('ask-disable', h), t('ask-disable-text'),
		    t('disable'), () => change(h.host,
			`/v1/host/${encodeURIComponent(h.host)}/disable`));
};

const keep = (token, who) => {
	try {
		if (token) {
			sessionStorage.setItem('chime.token', token);
			sessionStorage.setItem('chime.who', who);
		} else {
			sessionStorage.clear();
		}
	} catch {
		// Then it is forgotten when the page is loaded again.
	}
};

const enter = (token, who) => {
	Object.assign(state, { token, who, hosts: [], vms: [], events: [],
	    host: null, since: null, loaded: false, refused: null });
	keep(token, who);
	$('password').value = $('token').value = '';
	render();
	now();
};

const leave = (why) => {
	state.token = null;
	keep(null);
	document.title = 'chime';
	if (show($('login-error'), why))
		put($('login-error'), why);
	render();
	$(way() === 'user' ? 'user' : 'token').focus();
};

const way = () => document.querySelector('[name=way]:checked').value;

const choose = () => {
	for (const node of document.querySelectorAll('.way'))
		node.hidden = node.dataset.way !== way();
	$('login-error').hidden = true;
};

const byUser = async () => {
	const user = $('user').value.trim(), password = $('password').value;

	if (!user || !password)
		throw new Error(t('need-user'));
	const { result } = await ask('POST', '/v1/login', { user, password });
	return [result.token, result.role ? `${user} · ${result.role}` : user];
};

const byToken = async () => {
	const token = $('token').value.trim();

	if (!/^[\x21-\x7e]+$/.test(token))
		throw new Error(t('need-token'));
	state.token = token;
	try {
		await ask('GET', '/v1/host?limit=1');
	} finally {
		state.token = null;
	}
	return [token, ''];
};

const login = async (event) => {
	event.preventDefault();
	if ($('login-go').getAttribute('aria-disabled') === 'true')
		return;
	set($('login-go'), 'aria-disabled', 'true');
	$('login-error').hidden = true;
	try {
		enter(...await (way() === 'user' ? byUser() : byToken()));
		$('main').focus();
	} catch (e) {
		put($('login-error'), e instanceof TypeError ||
		    e instanceof DOMException ? t('no-answer') : e.message);
		show($('login-error'), true);
	}
	set($('login-go'), 'aria-disabled', 'false');
};

const logout = () => {
	// Whether it is heard or not, this tab forgets the token.
	if (state.who)
		ask('POST', '/v1/logout').catch(() => {});
	leave();
};

$('login-form').addEventListener('submit', login);
for (const node of document.querySelectorAll('[name=way]'))
	node.addEventListener('change', choose);
$('logout').addEventListener('click', logout);
$('language').addEventListener('click', () => {
	speak(language === 'zh' ? 'en' : 'zh');
	renderWords();
	render();
});
$('filter').addEventListener('input', render);
$('only').addEventListener('click', () => only(state.host));
$('refusal-close').addEventListener('click', () => {
	state.refused = null;
	render();
});
$('ask-no').addEventListener('click', () => $('ask').close());
document.addEventListener('visibilitychange', now);
window.addEventListener('online', now);

try {
	state.token = sessionStorage.getItem('chime.token');
	state.who = sessionStorage.getItem('chime.who') ?? '';
} catch {
	// A new log-in, then.
}
renderWords();
choose();
render();
turn();
