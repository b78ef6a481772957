// SPDX-License-Identifier: ISC
// Logs in as a user, sees host n2 go unreachable when its heartbeat is
// stopped, and come back when that goes on, all in one document. VM EVIL has
// a name made of markup; VM FAR is on n2.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { browse, is, rowOf, seen } from './browser.mjs';

const { EVIL, FAR, HEART, PASSWORD } = process.env;
const heart = Number(readFileSync(HEART, 'utf8'));

await browse(async (page) => {
	let documents = 0;

	page.on('domcontentloaded', () => documents++);
	await page.goto('/');
	// By the keyboard alone.
	await page.locator('#user').focus();
	await page.keyboard.type('alice');
	await page.keyboard.press('Tab');
	await page.keyboard.type(PASSWORD);
	await page.keyboard.press('Enter');
	await is(page, 'Hosts', 'n1', 'run');
	await is(page, 'Hosts', 'n2', 'run');
	await seen(page.locator('#who'), 'alice · operator');
	await is(page, 'VMs', FAR, 'running');
	assert.equal(await page.locator('#alerts').isVisible(), false);
	assert.equal(await page.locator('#password').inputValue(), '');

	// Markup in a name is a name; and nothing of it was made or asked for.
	await rowOf(page, 'VMs', EVIL).waitFor();
	assert.equal(await page.locator('main img, main script').count(), 0);

	await page.evaluate(() => {
		window.mine = document.querySelector('#hosts tr');
	});
	process.kill(heart, 'SIGSTOP');
	await seen(page.getByRole('alert', { name: 'Alerts' }),
	    /Host n2: unreachable/);
	await is(page, 'Hosts', 'n2', 'unreachable');
	await is(page, 'VMs', FAR, 'unknown');
	await seen(page.getByRole('list', { name: 'Events' }),
	    'host n2 is unreachable');
	assert.equal(await page.title(), '(1) chime');

	// What the server refuses is shown as it says it.
	await page.getByRole('button', { name: `Stop ${FAR}` }).click();
	const dialog = page.getByRole('dialog', { name: `Stop ${FAR}?` });
	await dialog.getByRole('button', { name: 'Stop' }).click();
	await seen(page.locator('#refusal'), /n2, which is unreachable: nobody/);
	await page.getByRole('button', { name: 'Close' }).click();
	assert.equal(await page.locator('#refusal').isVisible(), false);

	process.kill(heart, 'SIGCONT');
	await is(page, 'Hosts', 'n2', 'run');
	await page.locator('#alerts').waitFor({ state: 'hidden' });
	await is(page, 'VMs', FAR, 'running');
	assert.equal(await page.title(), 'chime');

	await page.getByRole('button', { name: 'Disable n1' }).click();
	await page.getByRole('dialog').getByRole('button',
	    { name: 'Disable' }).click();
	await is(page, 'Hosts', 'n1', 'disabled');
	await page.getByRole('button', { name: 'Enable n1' }).click();
	await is(page, 'Hosts', 'n1', 'run');
	await page.getByRole('button', { name: `Stop ${FAR}` }).click();
	await dialog.getByRole('button', { name: 'Cancel' }).click();
	await page.getByRole('button', { name: `Stop ${FAR}` }).click();
	await dialog.getByRole('button', { name: 'Stop' }).click();
	await seen(rowOf(page, 'VMs', FAR), 'wanted: stopped');
	await page.getByRole('button', { name: `Start ${FAR}` }).click();
	await page.getByRole('button', { name: `Stop ${FAR}` }).waitFor();

	assert.equal(documents, 1);
	assert.equal(await page.evaluate(() => window.mine.isConnected), true);

	await page.getByRole('button', { name: 'Log out' }).click();
	await page.getByRole('heading', { name: 'Log in' }).waitFor();
	assert.equal(await page.evaluate(() => sessionStorage.length), 0);
});
