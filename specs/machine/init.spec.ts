/** The real PID 1: what protects it, what ends the machine with it, and what the kernel sends to it. */
import { actor, kernelSource, man, shell, signalResult, signalsTo, spec } from '../../src/harness/index.ts';

const tags = ['machine'];

/** SI_KERNEL: made by the kernel itself. (sigaction(2)) */
const byKernelItself = 128;

const unkillable = [man('kill(2)', 'NOTES'), kernelSource('kernel/signal.c', 'sig_task_ignored')];
const attempted = kernelSource('kernel/exit.c', 'do_exit');

spec(
  {
    id: 'machine.init-exit.panics-the-kernel',
    statement:
      'When the real PID 1 exits, the kernel panics with "Attempted to kill init!" and its exit code in wait(2) form.',
    sources: [attempted, man('wait(2)')],
    tags,
    entries: ['VMX-02'],
  },
  async ({ guest, expect }) => {
    const init = await guest.machineInit(actor('exit 3'));
    expect(await init.panics()).toBe('Kernel panic - not syncing: Attempted to kill init! exitcode=0x00000300');
  },
  [
    { what: 'it exits with 4', replace: ['exit 3', 'exit 4'] },
    { what: 'it stays', replace: ['exit 3', 'pause'] },
    { what: 'another process exits', namespace: 'none' },
  ],
);

spec(
  {
    id: 'machine.init.own-segfault-panics-the-kernel',
    statement:
      'A segmentation fault of the real PID 1 is not ignored: the kernel panics with "Attempted to kill init!" and code 0xb.',
    sources: [attempted, kernelSource('kernel/signal.c', 'force_sig_info_to_task')],
    tags,
  },
  async ({ guest, expect }) => {
    const init = await guest.machineInit(actor('crash'));
    expect(await init.panics()).toBe('Kernel panic - not syncing: Attempted to kill init! exitcode=0x0000000b');
  },
  [
    { what: 'it only sends itself SIGSEGV', replace: ['crash', 'kill self SEGV; pause'] },
    { what: 'another process crashes', namespace: 'none' },
  ],
);

spec(
  {
    id: 'machine.init.sigkill-from-root-is-ignored',
    statement: 'SIGKILL from root to the real PID 1 is dropped when it is sent; kill(2) returns 0 all the same.',
    sources: unkillable,
    tags,
    entries: ['VMX-01'],
  },
  async ({ guest, expect }) => {
    const init = await guest.machineInit(actor('on TERM; ready; pause'));
    await init.event({ ev: 'ready', pid: 1 });
    const sender = await guest.process(actor('ready; kill 1 KILL; kill 1 TERM; pause'));
    expect(await sender.event({ ev: 'kill', about: '1 KILL' })).toMatchObject({ result: 0 });
    // A signal sent after it has been handled: had SIGKILL been kept, it would have come first.
    await init.event({ ev: 'signal', signo: 15 });
    const trace = signalsTo(await sender.kernelTrace(), 1);
    expect(trace.map(({ sig, res }) => [sig, res])).toEqual([
      [9, signalResult.ignored],
      [15, signalResult.delivered],
    ]);
  },
  [
    { what: 'it is SIGUSR1', replace: ['kill 1 KILL', 'kill 1 USR1'] },
    { what: 'init exits on SIGTERM', replace: ['on TERM;', 'on TERM exit 0; block TERM;'] },
  ],
);

spec(
  {
    id: 'machine.init.signals-without-handler-are-ignored',
    statement:
      'Whatever root sends to the real PID 1 and it has no handler for is dropped when it is sent, all 64 signals; kill(2) returns 0.',
    sources: unkillable,
    tags,
    entries: ['VMX-01'],
  },
  async ({ guest, expect }) => {
    const init = await guest.machineInit(actor('on TERM; ready; pause'));
    await init.event({ ev: 'ready', pid: 1 });
    const numbers = Array.from({ length: 64 }, (_, index) => index + 1).filter((number) => number !== 15);
    const sender = await guest.process(
      actor(`${numbers.map((number) => `call kill 1 ${number}`).join('; ')}; kill 1 TERM; exit 0`),
    );
    expect(await sender.finished()).toEqual({ by: 'exit', code: 0 });
    expect(sender.transcript()).toEqual([...numbers.map((number) => `call kill 1 ${number}: 0`), 'kill 1 TERM: 0']);
    await init.event({ ev: 'signal', signo: 15 });
    const results = signalsTo(await sender.kernelTrace(), 1);
    expect(results.filter(({ res }) => res !== signalResult.ignored).map(({ sig }) => sig)).toEqual([15]);
    expect(results).toHaveLength(64);
  },
  [{ what: 'init blocks one of them', replace: ['on TERM;', 'on TERM; block 40;'] }],
);

spec(
  {
    id: 'machine.init.own-sigkill-is-ignored',
    statement: 'SIGKILL and SIGSTOP that the real PID 1 sends to itself are dropped; it goes on.',
    sources: unkillable,
    tags,
    entries: ['VMX-01'],
  },
  async ({ guest, expect }) => {
    const init = await guest.machineInit(actor('kill self KILL; kill self STOP; ready; pause'));
    expect(await init.event({ ev: 'kill', about: 'self KILL' })).toMatchObject({ pid: 1, result: 0 });
    expect(await init.event({ ev: 'kill', about: 'self STOP' })).toMatchObject({ pid: 1, result: 0 });
    expect(await init.event({ ev: 'ready' })).toMatchObject({ pid: 1 });
  },
  [{ what: 'it is no init', namespace: 'none' }],
);

spec(
  {
    id: 'machine.init-exit.last-thread-panics-the-kernel',
    statement: 'The kernel panics only when the last thread of the real PID 1 exits, and with that thread’s exit code.',
    sources: [attempted, kernelSource('kernel/exit.c', 'exit_notify')],
    tags,
    entries: ['VMX-02', 'INI-17'],
  },
  async ({ guest, expect }) => {
    const init = await guest.machineInit(actor('thread last { until Z self; ready; exit-thread 7 }; exit-thread 3'));
    expect(await init.panics()).toBe('Kernel panic - not syncing: Attempted to kill init! exitcode=0x00000700');
  },
  [
    { what: 'the last thread exits with 8', replace: ['exit-thread 7', 'exit-thread 8'] },
    { what: 'it stays', replace: ['exit-thread 7', 'pause'] },
  ],
);

spec(
  {
    id: 'machine.init.can-unshare-and-loses-fork',
    statement:
      'The real PID 1 may unshare a pid namespace like any other; when its init has ended, PID 1 itself can fork no more: ENOMEM.',
    sources: [man('pid_namespaces(7)'), kernelSource('kernel/pid.c', 'alloc_pid')],
    tags,
    entries: ['VMX-06', 'NS-06'],
  },
  async ({ guest, expect }) => {
    const init = await guest.machineInit(
      actor(
        'call unshare CLONE_NEWPID; fork inner { say inside; exit 5 }; wait inner; fork late { pause }; ready; pause',
      ),
    );
    expect(await init.event({ ev: 'say', who: 'inner' })).toMatchObject({ pid: 1 });
    expect(await init.event({ ev: 'wait' })).toMatchObject({ text: 'exit 5' });
    expect(await init.event({ ev: 'fork', about: 'late' })).toMatchObject({ result: -1, error: 'ENOMEM' });
  },
  [{ what: 'it does not unshare', replace: ['call unshare CLONE_NEWPID', 'call unshare CLONE_NEWUTS'] }],
);

spec(
  {
    id: 'machine.init.own-kill-minus-one-spares-it',
    statement: 'kill(-1, SIGKILL) by the real PID 1 ends all other processes, and spares itself.',
    sources: [man('kill(2)'), kernelSource('kernel/signal.c', 'kill_something_info')],
    tags,
    entries: ['VMX-01'],
  },
  async ({ guest, expect }) => {
    const init = await guest.machineInit(
      actor(
        'fork a { open up; pause }; fork b { setsid; pause }; await up; kill all KILL; wait a; wait b; ready; pause',
      ),
    );
    expect(await init.event({ ev: 'kill' })).toMatchObject({ pid: 1, result: 0 });
    expect(await init.event({ ev: 'wait', about: 'a' })).toMatchObject({ text: 'SIGKILL' });
    expect(await init.event({ ev: 'wait', about: 'b' })).toMatchObject({ text: 'SIGKILL' });
    expect(await init.event({ ev: 'ready' })).toMatchObject({ pid: 1 });
  },
  [
    { what: 'it is no init', namespace: 'none' },
    { what: 'another signal', replace: ['kill all KILL', 'kill all TERM'] },
  ],
);

spec(
  {
    id: 'machine.init.group-of-its-child-is-orphaned',
    statement:
      'A process group whose member has the real PID 1 as parent is orphaned although both are of one session: SIGTSTP does not stop it.',
    sources: [kernelSource('kernel/exit.c', 'will_become_orphaned_pgrp'), man('setpgid(2)')],
    tags: ['job', ...tags],
    entries: ['JOB-05'],
  },
  async ({ guest, expect }) => {
    const init = await guest.machineInit(
      actor(
        'quietly { setsid }; fork child { quietly { setpgid; kill self TSTP }; exit 5 }; wait child WUNTRACED; ready; pause',
      ),
    );
    expect(await init.event({ ev: 'wait', about: 'child' })).toMatchObject({ pid: 1, text: 'exit 5' });
  },
  [
    { what: 'it is no init', namespace: 'none' },
    { what: 'it is SIGSTOP', replace: ['kill self TSTP', 'kill self STOP'] },
  ],
);

spec(
  {
    id: 'machine.init.may-not-use-clone-parent',
    statement: 'The real PID 1 may not clone with CLONE_PARENT: EINVAL; it may without.',
    sources: [man('clone(2)', 'ERRORS'), kernelSource('kernel/fork.c', 'copy_process')],
    tags,
    entries: ['FEX-10'],
  },
  async ({ guest, expect }) => {
    const init = await guest.machineInit(
      actor(
        'clone sibling CLONE_PARENT exit 0 { exit 3 }; clone child 0 exit 0 { exit 4 }; wait child __WALL; ready; pause',
      ),
    );
    expect(await init.event({ ev: 'clone', about: 'sibling CLONE_PARENT exit 0' })).toMatchObject({
      pid: 1,
      result: -1,
      error: 'EINVAL',
    });
    expect(await init.event({ ev: 'wait', about: 'child' })).toMatchObject({ pid: 1, text: 'exit 4' });
  },
  [{ what: 'it is no init', namespace: 'none' }],
);

/**
 * PID 1 asks for the SysRq itself, since nobody else is sure to be there afterwards, and tells what became of whom. The
 * witnesses are forked before the trap is set: until they execute sleep, they would catch what their parent catches.
 */
const sysrq = (key: string) =>
  shell(
    'dash',
    `sleep 100000 & witness=$!
     setpriv --reuid 3000 setsid sleep 100000 & other=$!
     trap 'echo PID $$ got SIGTERM' TERM
     cd /sys/kernel/tracing; echo 1 > events/signal/signal_generate/enable
     echo ${key} > /proc/sysrq-trigger
     wait $witness; echo "the witness ended with $?"
     wait $other; echo "the other one ended with $?"
     echo 0 > tracing_on
     echo "sent to the witness: $(grep -c " pid=$witness " trace), to init: $(grep -c 'code=128 .* pid=1 ' trace), to kthreadd: $(grep -c ' pid=2 ' trace)"
     echo "PID $$ is still here"
     exec sleep 100000`,
  );

for (const { key, signal, code } of [
  { key: 'e', signal: 'SIGTERM', code: 143 },
  { key: 'i', signal: 'SIGKILL', code: 137 },
]) {
  spec(
    {
      id: `machine.sysrq-${key}.spares-init`,
      statement: `SysRq ${key} sends ${signal} to every process, of whatever session and user, except the real PID 1 and kernel threads.`,
      sources: [kernelSource('drivers/tty/sysrq.c', 'send_sig_all')],
      tags,
      entries: ['VMX-03'],
      needs: ['CONFIG_MAGIC_SYSRQ'],
    },
    async ({ guest, expect }) => {
      const init = await guest.machineInit(sysrq(key));
      expect(await init.says('the witness ended')).toBe(`the witness ended with ${code}`);
      expect(await init.says('the other one ended')).toBe(`the other one ended with ${code}`);
      expect(await init.says('sent to the witness')).toBe('sent to the witness: 1, to init: 0, to kthreadd: 0');
      expect(await init.says('is still here')).toBe('PID 1 is still here');
      expect(init.lines.filter((line) => line.includes('got SIGTERM'))).toEqual([]);
    },
    [
      { what: 'another signal is asked for', replace: [`echo ${key} >`, `echo ${key === 'e' ? 'i' : 'e'} >`] },
      { what: 'nobody asks', replace: [`echo ${key} > /proc/sysrq-trigger`, 'kill -USR1 $witness'] },
      { what: 'PID 1 sends itself a SIGTERM', replace: ['wait $witness;', 'kill -TERM $$; wait $witness;'] },
    ],
  );
}

spec(
  {
    id: 'machine.ctrl-alt-del.disabled-sends-sigint-to-init',
    statement:
      'After reboot(2) with CAD_OFF, Ctrl-Alt-Del restarts nothing: the real PID 1 gets a SIGINT of the kernel.',
    sources: [man('reboot(2)', 'LINUX_REBOOT_CMD_CAD_OFF'), kernelSource('kernel/reboot.c', 'ctrl_alt_del')],
    tags,
  },
  async ({ guest, expect }) => {
    const init = await guest.machineInit(actor('on INT; cad off; ready; pause'));
    await init.event({ ev: 'ready', pid: 1 });
    await guest.press('ctrl', 'alt', 'delete');
    expect(await init.event({ ev: 'signal' })).toMatchObject({ pid: 1, signo: 2, code: byKernelItself, si_pid: 0 });
  },
  [
    { what: 'CAD is on', replace: ['cad off', 'cad on'] },
    { what: 'init has no handler', replace: ['on INT; ', ''] },
  ],
);

spec(
  {
    id: 'machine.power-key.is-no-signal',
    statement: 'The power key is no signal to the real PID 1: the kernel sends no SIGPWR, nor anything else.',
    sources: [man('signal(7)', 'SIGPWR'), kernelSource('drivers/tty/vt/keyboard.c', 'kbd_event')],
    tags,
    entries: ['VMX-14'],
  },
  async ({ guest, expect }) => {
    const init = await guest.machineInit(actor('on PWR; on TERM; on INT; cad off; ready; pause'));
    await init.event({ ev: 'ready', pid: 1 });
    await guest.press('power');
    // Keys come one after the other: this one's signal is the first.
    await guest.press('ctrl', 'alt', 'delete');
    expect(await init.event({ ev: 'signal' })).toMatchObject({ pid: 1, signo: 2, code: byKernelItself });
  },
  [{ what: 'PID 1 sends it to itself', replace: ['cad off;', 'cad off; kill self PWR;'] }],
);

spec(
  {
    id: 'machine.oom.spares-init',
    statement: 'When memory runs out, the OOM killer ends others, never the real PID 1, were it the largest of all.',
    sources: [kernelSource('mm/oom_kill.c', 'oom_unkillable_task')],
    tags,
    entries: ['VMX-07'],
  },
  async ({ guest, expect, observe }) => {
    guest.foresee('out-of-memory');
    const init = await guest.machineInit(actor('on USR1; hog 160; ready; pause'));
    const { pid } = await init.event({ ev: 'ready' });
    const small = await guest.process(actor('fork hog { hog 60; hog 10000 }; ready; wait hog; pause'));
    await small.event({ ev: 'wait', about: 'hog', status: 9 });
    const killed = await guest.kernelSays(/Out of memory: Killed process .*/);
    // The rest of it is other numbers on each kernel.
    observe(/Killed process \d+ (.*?),? total-vm/.exec(killed)?.[1] ?? killed);
    expect(pid).toBe(1);
    expect(killed).toMatch(/Killed process (?!1 )\d+ \(actor\)/);
    await guest.exec('kill -USR1 1');
    await init.event({ ev: 'signal', signo: 10, pid: 1 });
  },
  [
    { what: 'it is no init', namespace: 'none' },
    { what: 'memory suffices', replace: ['hog 10000', 'hog 1'] },
  ],
);
