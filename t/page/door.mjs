// SPDX-License-Identifier: ISC
// Who may not come in, and a token that ends while it is used: REVOKE is a
// file that, once made, has the test revoke it.

import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { browse, loginByToken, rowOf, seen } from './browser.mjs';

const { AGENT, GUEST, REVOKE } = process.env;
const read = (path) => readFileSync(path, 'utf8').trim();

await browse(async (page) => {
	const refused = page.getByRole('alert');

	await loginByToken(page, '0'.repeat(64));
	await seen(refused, /token/);
	assert.equal(await page.locator('#site').isVisible(), false);
	await loginByToken(page, 'two words');
	await seen(refused, 'one word');
	await loginByToken(page, read(AGENT));
	await seen(refused, /\S/);
	assert.equal(await page.locator('#site').isVisible(), false);
	assert.equal(await page.evaluate(() => sessionStorage.length), 0);

	await page.reload();
	await page.locator('#user').fill('alice');
	await page.getByLabel('Password').fill('not hers');
	await page.getByRole('button', { name: 'Log in' }).click();
	await seen(refused, 'no such user, or it has another password');

	await loginByToken(page, read(GUEST));
	await rowOf(page, 'Hosts', 'n1').waitFor();
	// The tab remembers it; and nothing else does.
	await page.reload();
	await rowOf(page, 'Hosts', 'n1').waitFor();
	assert.equal(await page.evaluate(() => document.cookie), '');
	assert.equal(await page.evaluate(() => localStorage.length), 0);
	writeFileSync(REVOKE, '');
	await seen(refused, 'You were logged out');
	assert.equal(existsSync(REVOKE), true);
	assert.equal(await page.locator('#site').isVisible(), false);
	await page.reload();
	await page.getByRole('heading', { name: 'Log in' }).waitFor();
});
