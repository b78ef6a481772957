// SPDX-License-Identifier: ISC
// The server goes and comes back under the page: AWAY and BACK are files by
// which this script asks the test for it.

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { browse, loginByToken, rowOf, seen } from './browser.mjs';

const { ADMIN, AWAY, BACK } = process.env;

await browse(async (page) => {
	await loginByToken(page, readFileSync(ADMIN, 'utf8').trim());
	await rowOf(page, 'Hosts', 'n1').waitFor();
	await seen(page.locator('#pulse'), 'Live');
	writeFileSync(AWAY, '');
	await seen(page.locator('#offline'), /Not connected since \d\d:\d\d:\d\d/);
	// What was known stays to be read.
	assert.equal(await rowOf(page, 'Hosts', 'n1').isVisible(), true);
	await page.getByRole('button', { name: 'Disable n1' }).click();
	await page.getByRole('dialog').getByRole('button',
	    { name: 'Disable' }).click();
	await seen(page.locator('#refusal'), 'may or may not have been done');
	writeFileSync(BACK, '');
	await page.locator('#offline').waitFor({ state: 'hidden' });
	await seen(page.locator('#pulse'), 'Live');
});
