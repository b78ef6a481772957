// SPDX-License-Identifier: ISC
// What the page says, in each of its languages. What the server says
// (reasons, refusals, events) is shown as it came.

const en = {
	language: 'English', other: '中文', 'other-label': '切换到中文',
	skip: 'Skip to the content', logout: 'Log out', login: 'Log in',
	way: 'How to log in', 'by-user': 'User', 'by-token': 'Token',
	user: 'User', password: 'Password', token: 'Token',
	'token-hint': 'What is in an administrator’s token file, like /etc/chime/admin.token.',
	'need-user': 'A user and a password are needed.',
	'need-token': 'A token is needed; it is one word of plain characters.',
	ended: 'You were logged out: ',
	hosts: 'Hosts', host: 'Host', vms: 'VMs', vm: 'VM', vcpus: 'vCPUs',
	memory: 'Memory', status: 'Status', state: 'State', events: 'Events',
	actions: 'Actions', alerts: 'Alerts', close: 'Close', cancel: 'Cancel',
	live: 'Live', paused: 'Paused', connecting: 'Connecting',
	offline: 'Not connected since {since}. What is shown is from then; trying again. ({why})',
	'no-answer': 'the server does not answer',
	'not-known': 'No answer came to this: it may or may not have been done. ',
	filter: 'Filter by name, host or ID',
	'only-host': 'on {host}', 'only-label': 'Only VMs on {host}: show all',
	'vms-of': 'Show only the VMs on {host}',
	'hosts-none': 'No host has joined yet. On a node: chimeadm initagent.',
	'vms-none': 'There is no VM yet. Create one with: chimecli vm create.',
	'vms-none-here': 'No VM matches.',
	'vms-more': 'Only the first 1000 are shown: choose a host to see its own.',
	'events-none': 'Nothing has happened yet.',
	since: 'since {time}', seen: 'reported {age} ago',
	'seen-now': 'reported just now', 'never-seen': 'has not reported yet',
	of: '{used} of {all}', running: '{n} of {all} running', up: '{n} of {all} in run',
	wanted: 'wanted: {want}', restarts: 'restarted {n} times',
	start: 'Start', stop: 'Stop', enable: 'Enable', disable: 'Disable',
	'start-vm': 'Start {vm}', 'stop-vm': 'Stop {vm}',
	'enable-host': 'Enable {host}', 'disable-host': 'Disable {host}',
	'ask-stop': 'Stop {vm}?',
	'ask-stop-text': 'Its guest on {host} is asked to shut down, and is switched off if it has not after {grace}.',
	'ask-disable': 'Disable {host}?',
	'ask-disable-text': 'It takes no new VMs then. Those it has go on.',
	'host-is': 'Host {host}: {status}', 'and-more': 'and {n} more',
	's-run': 'run', 's-disabled': 'disabled', 's-drained': 'drained', 's-down': 'down',
	's-silent': 'silent', 's-error': 'error', 's-unreachable': 'unreachable',
	'v-running': 'running', 'v-paused': 'paused', 'v-off': 'off',
	'v-starting': 'starting', 'v-stopping': 'stopping', 'v-unknown': 'unknown',
	'w-running': 'running', 'w-stopped': 'stopped', 'w-deleted': 'deleted',
	'l-info': 'Info', 'l-warning': 'Warning', 'l-alert': 'Alert',
};

const zh = {
	language: '中文', other: 'English', 'other-label': 'Switch to English',
	skip: '跳到正文', logout: '退出', login: '登录',
	way: '登录方式', 'by-user': '用户', 'by-token': '令牌',
	user: '用户名', password: '密码', token: '令牌',
	'token-hint': '管理员令牌文件的内容，例如 /etc/chime/admin.token。',
	'need-user': '请输入用户名和密码。',
	'need-token': '请输入令牌：一串不含空格的普通字符。',
	ended: '已退出登录：',
	hosts: '主机', host: '主机', vms: '虚拟机', vm: '虚拟机', vcpus: 'vCPU',
	memory: '内存', status: '状态', state: '状态', events: '事件',
	actions: '操作', alerts: '告警', close: '关闭', cancel: '取消',
	live: '实时', paused: '已暂停', connecting: '正在连接',
	offline: '自 {since} 起未连接。以下是当时的情况，正在重试。（{why}）',
	'no-answer': '服务器没有应答',
	'not-known': '没有收到应答：操作可能已执行，也可能没有。',
	filter: '按名称、主机或 ID 筛选',
	'only-host': '位于 {host}', 'only-label': '只显示 {host} 上的虚拟机，点击显示全部',
	'vms-of': '只显示 {host} 上的虚拟机',
	'hosts-none': '还没有主机加入。在节点上运行：chimeadm initagent。',
	'vms-none': '还没有虚拟机。创建命令：chimecli vm create。',
	'vms-none-here': '没有匹配的虚拟机。',
	'vms-more': '只显示前 1000 台，选择一台主机可查看它上面的虚拟机。',
	'events-none': '还没有发生任何事件。',
	since: '自 {time}', seen: '{age}前上报', 'seen-now': '刚刚上报', 'never-seen': '尚未上报',
	of: '{used} / {all}', running: '{n} / {all} 运行中', up: '{n} / {all} 正常',
	wanted: '期望：{want}', restarts: '已重启 {n} 次',
	start: '启动', stop: '停止', enable: '启用', disable: '停用',
	'start-vm': '启动 {vm}', 'stop-vm': '停止 {vm}',
	'enable-host': '启用 {host}', 'disable-host': '停用 {host}',
	'ask-stop': '停止 {vm}？',
	'ask-stop-text': '将请求 {host} 上的客户机关机；{grace}后仍未关机则直接断电。',
	'ask-disable': '停用 {host}？',
	'ask-disable-text': '停用后不再接收新的虚拟机，已有的继续运行。',
	'host-is': '主机 {host}：{status}', 'and-more': '另有 {n} 台',
	's-run': '正常', 's-disabled': '已停用', 's-drained': '已排空', 's-down': '已下线',
	's-silent': '无心跳', 's-error': '故障', 's-unreachable': '失联',
	'v-running': '运行中', 'v-paused': '已暂停', 'v-off': '已关机',
	'v-starting': '启动中', 'v-stopping': '停止中', 'v-unknown': '未知',
	'w-running': '运行', 'w-stopped': '停止', 'w-deleted': '删除',
	'l-info': '信息', 'l-warning': '警告', 'l-alert': '告警',
};

const all = { en, zh };
const units = {
	en: [[' s', 1], [' min', 60], [' h', 3600], [' days', 86400]],
	zh: [[' 秒', 1], [' 分钟', 60], [' 小时', 3600], [' 天', 86400]],
};

const remembered = () => {
	try {
		return localStorage.getItem('chime.language');
	} catch {
		return null;
	}
};

export let language = remembered() ||
    (/^zh/i.test(navigator.language) ? 'zh' : 'en');
if (!all[language])
	language = 'en';

// speak(LANGUAGE): from now on, and the next time too.
export const speak = (name) => {
	language = name;
	try {
		localStorage.setItem('chime.language', name);
	} catch {
		// Then it is forgotten with the page.
	}
};

// t(WORD, {name: value}): the text; a word nobody knows stands for itself.
export const t = (word, values = {}) =>
	(all[language][word] ?? word.replace(/^[svwl]-/, ''))
	    .replace(/\{(\w+)\}/g, (_, name) => values[name] ?? '');

// A time span for people: its largest unit, never less than 0.
export const span = (ms) => {
	const s = Math.max(0, Math.floor(ms / 1000));
	const [name, size] = units[language].findLast(([, n]) => s >= n) ??
	    units[language][0];
	const n = Math.floor(s / size);

	return n + (n === 1 && name === ' days' ? ' day' : name);
};

// A moment: the time of today, or with its date.
export const moment = (ts) => {
	const at = new Date(ts);
	const clock = { hour: '2-digit', minute: '2-digit', second: '2-digit',
	    hourCycle: 'h23' };
	const today = at.toDateString() === new Date().toDateString();

	return at.toLocaleString(language === 'zh' ? 'zh-CN' : 'en-GB', today
	    ? clock : { month: 'short', day: 'numeric', ...clock });
};

export const mib = (n) => n < 1024 ? `${n} MiB`
    : `${+(n / 1024).toFixed(n % 1024 ? 1 : 0)} GiB`;
