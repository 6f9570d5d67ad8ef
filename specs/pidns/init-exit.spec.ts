/** What happens to a pid namespace when its init ends: pid_namespaces(7), zap_pid_ns_processes(). */
import {
  actor,
  exitOf,
  kernelSource,
  man,
  signalResult,
  signalsTakenBy,
  signalsTo,
  spec,
} from '../../src/harness/index.ts';

const zap = [
  man('pid_namespaces(7)', 'The namespace init process'),
  kernelSource('kernel/pid_namespace.c', 'zap_pid_ns_processes'),
];

/** SI_KERNEL: made by the kernel itself. (sigaction(2)) */
const byKernelItself = 128;

/** An init that exits on SIGTERM, and a worker with a handler of its own: the article's first lab. */
const lab = actor('fork worker { on TERM; ready; pause }; await worker; on TERM exit 0; ready; pause');

spec(
  {
    id: 'pidns.init.sigterm-from-host-has-pid-zero',
    statement:
      'An init with a handler gets the SIGTERM of the host with si_code SI_USER and si_pid 0, and may exit with 0.',
    sources: [man('pid_namespaces(7)'), kernelSource('kernel/signal.c', 'send_signal_locked')],
    tags: ['signature', 'container'],
    entries: ['INI-04', 'INF-04'],
  },
  async ({ guest, expect }) => {
    const init = await guest.pidNamespace(lab);
    await init.ready();
    expect(await init.signal('TERM')).toEqual({ result: 0 });
    expect(await init.event({ ev: 'signal' })).toMatchObject({
      who: 'main',
      pid: 1,
      signo: 15,
      code: 0,
      si_pid: 0,
      si_uid: 0,
    });
    expect(await init.ended()).toEqual({ by: 'exit', code: 0 });
  },
  [
    { what: 'it is no init', namespace: 'none' },
    { what: 'the init exits with 1', replace: ['on TERM exit 0; ready; pause', 'on TERM exit 1; ready; pause'] },
  ],
);

spec(
  {
    id: 'pidns.init-exit.kills-members-with-sigkill',
    statement:
      'When the init exits, the kernel ends every other member with SIGKILL; their SIGTERM handlers never run.',
    sources: zap,
    tags: ['signature', 'container'],
    entries: ['ZAP-01', 'ZAP-10'],
  },
  async ({ guest, expect }) => {
    const init = await guest.pidNamespace(lab);
    await init.ready();
    const worker = await init.hostPidOf('worker');
    await init.signal('TERM');
    expect(await init.ended()).toEqual({ by: 'exit', code: 0 });
    await init.drained();
    expect(init.seen({ ev: 'signal', who: 'worker' })).toEqual([]);
    const trace = await init.kernelTrace();
    expect(signalsTo(trace, worker)).toMatchObject([
      { sig: 9, code: byKernelItself, res: signalResult.delivered, by: init.hostPid },
    ]);
    expect(signalsTakenBy(trace, worker)).toEqual([9]);
    expect(exitOf(trace, worker)).toBeDefined();
  },
  [
    { what: 'it is no init', namespace: 'none' },
    {
      what: 'the init passes SIGTERM on',
      replace: ['on TERM exit 0; ready; pause', 'block TERM; ready; sigwait TERM; kill worker TERM; exit 0'],
    },
  ],
);

spec(
  {
    id: 'ptrace.container-stop.init-term-worker-kill',
    statement:
      'Under strace the init is seen to take SIGTERM with si_pid 0 and exit with 0; the worker is seen killed by SIGKILL alone.',
    sources: zap,
    tags: ['signature', 'container', 'strace'],
    entries: ['ZAP-01', 'INF-04'],
  },
  async ({ guest, expect }) => {
    const init = await guest.pidNamespace(lab);
    await init.ready();
    const ofInit = await guest.strace(init.hostPid);
    const ofWorker = await guest.strace(await init.hostPidOf('worker'));
    await init.signal('TERM');
    await ofInit.until(/^\+\+\+/);
    await ofWorker.until(/^\+\+\+/);
    expect(ofInit.lines.slice(-3)).toEqual([
      '--- SIGTERM {si_signo=SIGTERM, si_code=SI_USER, si_pid=0, si_uid=0} ---',
      'exit_group(0)                           = ?',
      '+++ exited with 0 +++',
    ]);
    expect(ofWorker.lines.slice(-1)).toEqual(['+++ killed by SIGKILL +++']);
    expect(ofWorker.lines.filter((line) => line.startsWith('---'))).toEqual([]);
  },
  [
    { what: 'it is no init', namespace: 'none' },
    { what: 'the init exits with 1', replace: ['on TERM exit 0; ready; pause', 'on TERM exit 1; ready; pause'] },
  ],
);

spec(
  {
    id: 'pidns.init-exit.sigkill-comes-from-zap',
    statement:
      'That SIGKILL is sent by zap_pid_ns_processes(), reached from do_exit() of the init, as a signal of the kernel (SEND_SIG_PRIV).',
    sources: [...zap, kernelSource('kernel/exit.c', 'do_exit')],
    tags: ['signature', 'container'],
    entries: ['ZAP-10', 'VMX-12'],
  },
  async ({ guest, expect }) => {
    const probes = {
      zap: 'zap_pid_ns_processes',
      send: 'group_send_sig_info sig=$arg1:s32 info=$arg2:u64',
    };
    const init = await guest.pidNamespace(lab, { trace: { probes } });
    await init.ready();
    const worker = await init.hostPidOf('worker');
    await init.signal('TERM');
    expect(await init.ended()).toEqual({ by: 'exit', code: 0 });
    await init.drained();
    const trace = await init.kernelTrace();
    const [entered, ...again] = trace.filter(({ name }) => name.endsWith('_zap'));
    expect([entered?.pid, again.length]).toEqual([init.hostPid, 0]);
    expect(entered?.stack).toContain('do_exit');
    const sends = trace.filter(({ name, pid }) => name.endsWith('_send') && pid === init.hostPid);
    // SEND_SIG_PRIV is the pointer 1: no siginfo_t, but the kernel's own authority. (include/linux/signal.h)
    expect(sends.map(({ fields }) => [fields['sig'], fields['info']])).toEqual([[9, 1]]);
    expect(sends[0]?.stack).toContain('zap_pid_ns_processes');
    const [killed] = signalsTo(trace, worker);
    expect(killed).toMatchObject({ sig: 9, code: byKernelItself, by: init.hostPid });
    expect(killed?.t).toBeGreaterThanOrEqual(entered?.t ?? Infinity);
  },
  [
    { what: 'it is no init', namespace: 'none' },
    {
      what: 'the init kills its worker itself',
      replace: [
        'on TERM exit 0; ready; pause',
        'block TERM; ready; sigwait TERM; kill worker KILL; wait worker; exit 0',
      ],
    },
  ],
);

spec(
  {
    id: 'pidns.init-exit.kills-member-that-ignores-sigterm',
    statement:
      'A member that ignores SIGTERM, or blocks every signal, or is stopped, is gone all the same when the init exits.',
    sources: zap,
    tags: ['signature', 'container'],
    entries: ['ZAP-01'],
  },
  async ({ guest, expect }) => {
    const init = await guest.pidNamespace(
      actor(`fork ignorer { ignore TERM; ready; pause }
             fork blocker { block all; ready; pause }
             fork stopped { ready; kill self STOP; pause }
             await ignorer; await blocker; await stopped; on USR1 exit 0; ready; pause`),
    );
    await init.ready('ignorer', 'blocker', 'stopped', 'main');
    const members = await Promise.all(['ignorer', 'blocker', 'stopped'].map((who) => init.hostPidOf(who)));
    const [ignorer = 0, , stopped = 0] = members;
    await init.inState('T', stopped);
    await init.signal('TERM', ignorer);
    await init.signal('USR1');
    expect(await init.ended()).toEqual({ by: 'exit', code: 0 });
    await init.drained();
    const trace = await init.kernelTrace();
    expect(signalsTo(trace, ignorer).map(({ sig, res }) => [sig, res])).toEqual([
      [15, signalResult.ignored],
      [9, signalResult.delivered],
    ]);
    for (const member of members) {
      expect(signalsTakenBy(trace, member).at(-1)).toBe(9);
      expect(exitOf(trace, member)).toBeDefined();
      expect(await init.status(member)).toBeUndefined();
    }
  },
  [{ what: 'it is no init', namespace: 'none' }],
);

spec(
  {
    id: 'pidns.init-exit.completes-after-members-are-gone',
    statement: "The init's own exit completes only after all members are gone: not before does its parent get SIGCHLD.",
    sources: zap,
    tags: ['signature', 'container'],
    entries: ['ZAP-01'],
  },
  async ({ guest, expect }) => {
    const init = await guest.pidNamespace(
      actor(`fork a { fork b { ready; pause }; await b; ready; pause }; await a; on TERM exit 42; ready; pause`),
    );
    await init.ready();
    const members = await Promise.all(['a', 'b'].map((who) => init.hostPidOf(who)));
    await init.signal('TERM');
    expect(await init.ended()).toEqual({ by: 'exit', code: 42 });
    // The parent has just been told; whoever is still there has outlived the init.
    for (const member of members) expect(await init.status(member)).toBeUndefined();
    await init.drained();
    const trace = await init.kernelTrace();
    const told = trace.find(
      ({ name, pid, fields }) => name === 'signal_generate' && pid === init.hostPid && fields['sig'] === 17,
    );
    expect(told).toBeDefined();
    for (const member of members) expect(exitOf(trace, member)?.t).toBeLessThan(told?.t ?? 0);
  },
  [{ what: 'it is no init', namespace: 'none' }],
);
