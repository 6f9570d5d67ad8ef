/**
 * Settings in /proc/sys/kernel that are one for the machine: proc_sys_kernel(5), Documentation/admin-guide/sysctl/kernel.rst. Every
 * spec leaves them as it has found them.
 */
import { actor, kernelSource, man, spec } from '../../src/harness/index.ts';

const tags = ['machine', 'sysctl'];
const sysctl = '/proc/sys/kernel';

/** SI_KERNEL: made by the kernel itself. (sigaction(2)) */
const byKernelItself = 128;

spec(
  {
    id: 'machine.sysctl.print-fatal-signals-tells-of-ends-that-dump',
    statement:
      'With kernel.print-fatal-signals 1 the kernel writes down each end by a signal whose default action is a core dump, no others; with 0 none.',
    sources: [kernelSource('kernel/signal.c', 'print_fatal_signal'), man('proc_sys_kernel(5)')],
    tags,
    entries: ['VMX-11'],
  },
  async ({ guest, expect }) => {
    const written = async (): Promise<number> =>
      Number((await guest.exec("dmesg | grep -c 'potentially unexpected fatal signal 11\\.'")).stdout);
    const deaths = async (): Promise<void> => {
      const fixture = await guest.process(
        actor(
          'quietly { limit RLIMIT_CORE 0 }; fork a { kill self SEGV }; wait a; fork b { kill self TERM }; wait b; fork c { on SEGV exit 4; kill self SEGV }; wait c; exit 0',
        ),
      );
      expect(await fixture.finished()).toEqual({ by: 'exit', code: 0 });
      expect(fixture.transcript()).toEqual(['wait a: SIGSEGV', 'wait b: SIGTERM', 'wait c: exit 4']);
    };
    const before = await written();
    await deaths();
    const without = await written();
    await guest.exec(`echo 1 > ${sysctl}/print-fatal-signals`);
    try {
      await deaths();
    } finally {
      await guest.exec(`echo 0 > ${sysctl}/print-fatal-signals`);
    }
    expect([without - before, (await written()) - without]).toEqual([0, 1]);
  },
  [{ what: 'it stays 0', replace: ['echo 1 >', 'echo 0 >'] }],
);

spec(
  {
    id: 'machine.sysctl.threads-max-limits-even-root',
    statement: 'Once there are kernel.threads-max threads, fork(2) and new threads are EAGAIN, for root, too.',
    sources: [man('fork(2)', 'ERRORS'), kernelSource('kernel/fork.c', 'copy_process')],
    tags,
    entries: ['VMX-11'],
  },
  async ({ guest, expect }) => {
    // Should the script not come to its end, nothing could be started any more.
    guest.spend();
    const max = (await guest.exec(`cat ${sysctl}/threads-max`)).stdout.trim();
    const fixture = await guest.process(
      actor(`fork a { exit 0 }; wait a; write ${sysctl}/threads-max 1; fork b { exit 0 }; clone c CLONE_VFORK { exit 0 }; thread d { mask };
        write ${sysctl}/threads-max ${max}; fork e { exit 0 }; wait e; exit 0`),
    );
    expect(await fixture.finished()).toEqual({ by: 'exit', code: 0 });
    expect(fixture.transcript()).toEqual([
      'wait a: exit 0',
      `write ${sysctl}/threads-max 1: 0`,
      'fork b: EAGAIN',
      'clone c CLONE_VFORK: EAGAIN',
      'thread d: EAGAIN',
      `write ${sysctl}/threads-max ${max}: 0`,
      'wait e: exit 0',
    ]);
  },
  [{ what: 'it is as before', replace: ['threads-max 1;', 'threads-max 4096;'] }],
);

spec(
  {
    id: 'machine.sysctl.ctrl-alt-del-is-what-reboot-sets',
    statement: 'kernel.ctrl-alt-del is 0 after reboot(2) with CAD_OFF, and 1 after CAD_ON.',
    sources: [man('reboot(2)'), kernelSource('kernel/reboot.c', '__do_sys_reboot')],
    tags,
    entries: ['VMX-08'],
  },
  async ({ guest, expect }) => {
    const fixture = await guest.process(
      actor(`cad off; read ${sysctl}/ctrl-alt-del; cad on; read ${sysctl}/ctrl-alt-del; exit 0`),
    );
    expect(await fixture.finished()).toEqual({ by: 'exit', code: 0 });
    expect(fixture.transcript()).toEqual([
      'cad off: 0',
      `read ${sysctl}/ctrl-alt-del: 0`,
      'cad on: 0',
      `read ${sysctl}/ctrl-alt-del: 1`,
    ]);
  },
  [{ what: 'nothing is set', replace: ['cad off', 'cad on'] }],
);

spec(
  {
    id: 'machine.ctrl-alt-del.cad-pid-names-who-is-told',
    statement:
      'With kernel.ctrl-alt-del 0, Ctrl-Alt-Del sends a SIGINT of the kernel to the process that kernel.cad_pid names.',
    sources: [man('proc_sys_kernel(5)', 'ctrl-alt-del'), kernelSource('kernel/reboot.c', 'proc_do_cad_pid')],
    tags,
    entries: ['VMX-08'],
  },
  async ({ guest, expect }) => {
    const told = await guest.process(
      actor(`on INT; write ${sysctl}/ctrl-alt-del 0; write ${sysctl}/cad_pid @self; ready; pause`),
    );
    try {
      await told.ready();
      await guest.press('ctrl', 'alt', 'delete');
      expect(await told.event({ ev: 'signal' })).toMatchObject({ signo: 2, code: byKernelItself, si_pid: 0 });
    } finally {
      await guest.exec(`echo 1 > ${sysctl}/cad_pid; echo 1 > ${sysctl}/ctrl-alt-del`);
    }
  },
  [{ what: 'it names PID 1', replace: ['cad_pid @self', 'cad_pid 1'] }],
);
