// SPDX-License-Identifier: ISC
// How it looks: nothing is cut off, from 360 pixels on, in either language;
// every field and button has a name; texts have enough contrast, light and
// dark.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { browse, is, loginByToken, rowOf } from './browser.mjs';

const token = readFileSync(process.env.ADMIN, 'utf8').trim();

// Contrast of every visible text with the nearest background, as WCAG has it.
const faint = () => {
	const rgb = (s) => s.match(/[\d.]+/g).map(Number);
	const light = (s) => rgb(s).slice(0, 3).map((v) => v / 255).map((v) =>
	    v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4)
	    .reduce((sum, v, i) => sum + v * [.2126, .7152, .0722][i], 0);
	const back = (n) => {
		for (; n; n = n.parentElement) {
			const c = getComputedStyle(n).backgroundColor;

			if ((rgb(c)[3] ?? 1) > 0)
				return c;
		}
		return 'rgb(255, 255, 255)';
	};

	return Array.from(document.querySelectorAll('body *')).filter((n) =>
	    n.checkVisibility() && Array.from(n.childNodes).some((c) =>
		c.nodeType === 3 && c.textContent.trim())).map((n) => {
		const [a, b] = [light(getComputedStyle(n).color),
		    light(back(n))].sort((x, y) => y - x);

		return [((a + .05) / (b + .05)).toFixed(2), n.textContent];
	}).filter(([ratio]) => ratio < 4.5);
};

const nameless = () => Array.from(document.querySelectorAll(
    'button, input, a, table, ol')).filter((n) => n.checkVisibility() &&
    !(n.getAttribute('aria-label') || n.getAttribute('aria-labelledby') ||
	n.labels?.length || n.textContent.trim())).map((n) => n.outerHTML);

// What is cut off at the right: of its row, and so of everything.
const cut = () => Array.from(document.querySelectorAll('td > *, li > *'))
    .filter((n) => n.checkVisibility() && n.getBoundingClientRect().right >
	n.closest('tr, li').getBoundingClientRect().right - 8)
    .map((n) => n.outerHTML);

const check = async (page) => {
	for (const width of [1440, 1130, 810, 700, 360]) {
		await page.setViewportSize({ width, height: 780 });
		assert.equal(await page.evaluate(
		    () => document.documentElement.scrollWidth), width);
		assert.deepEqual(await page.evaluate(cut), []);
	}
	assert.deepEqual(await page.evaluate(faint), []);
	assert.deepEqual(await page.evaluate(nameless), []);
};

for (const colorScheme of ['light', 'dark']) {
	await browse(async (page) => {
		await page.goto('/');
		await check(page);
		await loginByToken(page, token);
		await is(page, 'Hosts', 'n2', 'unreachable');
		await page.getByRole('alert', { name: 'Alerts' }).waitFor();
		await check(page);
		await page.getByRole('button', { name: '切换到中文' }).click();
		await is(page, '主机', 'n2', '失联');
		await check(page);
		assert.equal(await page.locator('html').getAttribute('lang'),
		    'zh-CN');
		await page.reload();
		await is(page, '主机', 'n2', '失联');
	}, { colorScheme, viewport: { width: 360, height: 780 },
	    reducedMotion: 'reduce' });
}

await browse(async (page) => {
	await page.goto('/');
	await page.getByRole('heading', { name: '登录' }).waitFor();
}, { locale: 'zh-CN' });
