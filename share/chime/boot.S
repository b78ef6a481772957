/* SPDX-License-Identifier: ISC */
/*
 * The demo guest: a whole operating system in one boot sector. It writes
 * "tick 00000001", counting up, to COM1 once a second, writes to one page in
 * each of 128 (so that a live migration has something to copy), sleeps in
 * hlt, and powers itself off when the power button is pressed. It needs the
 * BIOS of a qemu "pc" machine and 1 MiB of memory; it reads and writes no disk.
 */
	.set COM1, 0x3f8
	.set PM, 0x600			/* where SeaBIOS puts the ACPI ports */
	.set PM_ENABLE, PM + 2
	.set PM_CONTROL, PM + 4
	.set POWER_BUTTON, 0x100
	.set POWER_OFF, 0x2000		/* SLP_EN, SLP_TYP 0 is S5 */
	.set CLOCK, 0x46c		/* the BIOS's, 18.2065 steps a second */

	.code16
	.globl _start
_start:
	cli
	xor %ax, %ax
	mov %ax, %ds
	mov %ax, %ss
	mov $_start, %sp
	cld

	/* The button's interrupt stays masked: its status is polled. */
	in $0xa1, %al
	or $0x02, %al
	out %al, $0xa1
	mov $PM_ENABLE, %dx
	mov $POWER_BUTTON, %ax
	out %ax, %dx

	mov CLOCK, %bx			/* the last step seen */
	xor %bp, %bp			/* tenths of a step into this second */
	sti

sleep:
	hlt
	mov CLOCK, %ax
	cmp %bx, %ax
	je sleep
	sub %bx, %ax			/* steps since; right at midnight, too */
	cmp $0x40, %ax			/* but the BIOS begins again at 0 then */
	jb 1f
	mov $1, %ax
1:
	mov CLOCK, %bx

	imul $10, %ax, %ax
	add %ax, %bp

	call dirty
	call button
	cmp $182, %bp
	jb sleep
	sub $182, %bp
	call count
	mov $line, %si
	call print
	jmp sleep

/* Writes into each 4 KiB page from 0x10000 up to 0x90000. */
dirty:
	mov $128, %cx
	mov $0x1000, %dx
1:
	mov %dx, %es
	incl %es:0
	add $0x100, %dx
	loop 1b
	ret

/* Powers off if the button was pressed. */
button:
	mov $PM, %dx
	in %dx, %ax
	test $POWER_BUTTON, %ax
	jz 1f
	mov $bye, %si
	call print
	mov $PM_CONTROL, %dx
	mov $POWER_OFF, %ax
	out %ax, %dx
1:
	ret

/* One more, in the decimal digits of the line itself. */
count:
	mov $digits + 7, %di
1:
	incb (%di)
	cmpb $'9', (%di)
	jbe 2f
	movb $'0', (%di)
	dec %di
	cmp $digits, %di
	jae 1b
2:
	ret

/* The text at %si, up to a zero byte. */
print:
	lodsb
	test %al, %al
	jz 2f
	mov %al, %ah
	mov $COM1 + 5, %dx
1:
	in %dx, %al
	test $0x20, %al			/* room in the transmitter? */
	jz 1b
	mov $COM1, %dx
	mov %ah, %al
	out %al, %dx
	jmp print
2:
	ret

line:
	.ascii "tick "
digits:
	.asciz "00000000\r\n"
bye:
	.asciz "power off\r\n"

	.org 510
	.word 0xaa55
