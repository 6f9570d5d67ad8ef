/** The end of a boot: what the kernel does when there is no init for it to execute. */
import { kernelSource, man, spec } from '../../src/harness/index.ts';

const sources = [kernelSource('init/main.c', 'kernel_init'), man('bootparam(7)', 'init=...')];
const tags = ['machine'];

/** A file that may be executed, and cannot be. */
const noProgram = 'not a program\n';

spec(
  {
    id: 'machine.boot.requested-init-is-the-last-that-is-tried',
    statement:
      'A kernel that cannot execute the program named by init= tries no other: it panics with "Requested init … failed" and the error.',
    sources,
    tags,
    entries: ['VMX-09'],
  },
  async ({ guest, expect }) => {
    expect(await guest.panicsAtBoot(noProgram, 'init=/nowhere')).toBe(
      'Kernel panic - not syncing: Requested init /nowhere failed (error -2).',
    );
  },
  [
    { what: 'none is named', replace: ['init=/nowhere', ''] },
    { what: 'it is there, but no program', replace: ['init=/nowhere', 'init=/init'] },
  ],
);

spec(
  {
    id: 'machine.boot.no-working-init-panics',
    statement:
      'Without init=, a kernel that can execute neither /init of its initramfs nor /sbin/init, /etc/init, /bin/init and /bin/sh panics with "No working init found".',
    sources,
    tags,
    entries: ['VMX-09'],
  },
  async ({ guest, expect }) => {
    expect(await guest.panicsAtBoot(noProgram, 'quiet')).toMatch(
      /^Kernel panic - not syncing: No working init found\. {2}Try passing init= option to kernel\./,
    );
  },
  [{ what: 'one is named', replace: ['quiet', 'init=/nowhere'] }],
);
