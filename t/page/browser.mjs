// SPDX-License-Identifier: ISC
// What every script here starts with: a browser with one page, which fails
// the script when anything went wrong in it that the script did not expect.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const { chromium } = createRequire(join(process.env.MODULES, '/'))(
    'playwright-core');

const ARGS = ['--no-sandbox', '--disable-gpu', '--disable-quic',
    '--no-first-run', '--disable-background-networking',
    '--disable-component-update', '--disable-sync'];

// browse(WORK, OPTIONS): work(page) in a new browser; OPTIONS are those of a
// playwright context.
export const browse = async (work, options = {}) => {
	const profile = mkdtempSync(join(process.env.DIR, 'profile.'));
	const context = await chromium.launchPersistentContext(profile, {
	    executablePath: '/usr/bin/chromium', headless: true, args: ARGS,
	    locale: 'en-US', baseURL: process.env.URL, ...options });
	const page = context.pages()[0];
	const wrong = [];

	page.setDefaultTimeout(15000);
	page.on('pageerror', (e) => wrong.push(e.stack));
	// Refused and failed requests are no surprise; a broken policy is.
	page.on('console', (m) => m.type() === 'error' &&
	    !/Failed to load resource/.test(m.text()) && wrong.push(m.text()));
	try {
		await work(page);
		assert.deepEqual(wrong, []);
	} catch (e) {
		await page.screenshot({ path: join(process.env.DIR,
		    'failed.png') }).catch(() => {});
		throw e;
	} finally {
		await context.close();
		rmSync(profile, { recursive: true, force: true });
	}
};

// loginByToken(PAGE, TOKEN): as a person would.
export const loginByToken = async (page, token) => {
	await page.goto('/');
	await page.getByRole('radio', { name: 'Token' }).check();
	await page.locator('#token').fill(token);
	await page.getByRole('button', { name: 'Log in' }).click();
};

// rowOf(PAGE, TABLE, TEXT): the row of a table of that name with this text.
export const rowOf = (page, table, text) => page.getByRole('table',
    { name: table }).getByRole('row').filter({ hasText: text });

// is(PAGE, TABLE, TEXT, WORD): until that row's state is this word.
export const is = async (page, table, text, word) => {
	await rowOf(page, table, text).locator('.badge').getByText(word,
	    { exact: true }).waitFor();
};

// seen(LOCATOR, PATTERN): until its text matches.
export const seen = async (locator, pattern) => {
	await locator.filter({ hasText: pattern }).waitFor();
};
