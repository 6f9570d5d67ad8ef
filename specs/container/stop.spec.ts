/**
 * Stopping a container as containerd, Docker and Kubernetes do: SIGTERM to its init, a grace period, SIGKILL. Here the
 * grace period ends when the kernel's trace shows that the SIGTERM was dropped: waiting longer cannot bring it back.
 */
import {
  actor,
  kernelSource,
  man,
  shell,
  signalResult,
  signalsTakenBy,
  signalsTo,
  spec,
  tini,
} from '../../src/harness/index.ts';

const worker = "/kernspec/bin/actor 'on TERM exit 0; ready; pause'";
const sources = [
  man('pid_namespaces(7)', 'The namespace init process'),
  kernelSource('kernel/pid_namespace.c', 'zap_pid_ns_processes'),
];
const tags = ['signature', 'container'];

spec(
  {
    id: 'container.stop.worker-of-a-script-gets-only-sigkill',
    statement:
      'When run.sh is PID 1, its worker never runs its SIGTERM handler: the script ignores SIGTERM, and SIGKILL ends both.',
    sources,
    tags,
  },
  async ({ guest, expect }) => {
    const init = await guest.pidNamespace(shell('bash', `${worker}; echo the worker has ended`));
    await init.ready();
    const child = await init.hostPidOf('main');
    expect(child).not.toBe(init.hostPid);
    await init.idle('SIGTERM');
    await init.signal('TERM');
    expect(signalsTo(await init.kernelTrace(), init.hostPid)).toMatchObject([{ sig: 15, res: signalResult.ignored }]);
    expect(init.alive).toBe(true);
    await init.signal('KILL');
    expect(await init.ended()).toEqual({ by: 'signal', signal: 'SIGKILL', core: false });
    await init.drained();
    expect(init.seen({ ev: 'signal' })).toEqual([]);
    expect(init.stdout).toBe('');
    const trace = await init.kernelTrace();
    expect(signalsTo(trace, child).map(({ sig }) => sig)).toEqual([9]);
    expect(signalsTakenBy(trace, child)).toEqual([9]);
  },
  [
    { what: 'the script ends in exec', replace: [`${worker};`, `exec ${worker};`] },
    { what: 'the script has a trap', replace: [`${worker};`, `trap 'exit 0' TERM; ${worker};`] },
    { what: 'it is no init', namespace: 'none' },
  ],
);

spec(
  {
    id: 'container.stop.exec-lets-the-handler-run',
    statement:
      'When run.sh ends in exec, the worker is PID 1 itself: SIGTERM runs its handler, and it exits by itself.',
    sources: [man('execve(2)'), ...sources],
    tags,
  },
  async ({ guest, expect }) => {
    const init = await guest.pidNamespace(shell('bash', `echo starting; exec ${worker}`));
    await init.ready();
    expect(await init.hostPidOf('main')).toBe(init.hostPid);
    await init.signal('TERM');
    expect(await init.event({ ev: 'signal' })).toMatchObject({ pid: 1, signo: 15, si_pid: 0 });
    expect(await init.ended()).toEqual({ by: 'exit', code: 0 });
  },
  [
    { what: 'the script has no exec', replace: [`exec ${worker}`, `${worker}; true`] },
    { what: 'the worker has no handler', replace: ['on TERM exit 0; ', ''] },
  ],
);

spec(
  {
    id: 'container.stop.tini-lets-the-handler-run',
    statement:
      'When tini is PID 1 and the worker its child, SIGTERM runs the handler, and tini passes on the exit code.',
    sources: [man('tini(1)'), ...sources],
    tags: [...tags, 'tini'],
  },
  async ({ guest, expect }) => {
    const init = await guest.pidNamespace(tini([], actor('on TERM exit 9; ready; pause')));
    await init.ready();
    await init.signal('TERM');
    expect(await init.event({ ev: 'signal' })).toMatchObject({ signo: 15, si_pid: 1 });
    expect(await init.ended()).toEqual({ by: 'exit', code: 9 });
  },
  [
    { what: 'the worker has no handler', replace: ['on TERM exit 9; ', ''] },
    { what: 'it is no init', namespace: 'none' },
  ],
);

spec(
  {
    id: 'container.stop.tini-above-a-script-does-not-help-its-worker',
    statement:
      'When tini runs run.sh without exec, SIGTERM ends the script alone: the worker still gets nothing but SIGKILL.',
    sources: [man('tini(1)'), ...sources],
    tags: [...tags, 'tini'],
  },
  async ({ guest, expect }) => {
    const init = await guest.pidNamespace(tini([], shell('bash', `${worker}; echo the worker has ended`)));
    await init.ready();
    const child = await init.hostPidOf('main');
    await init.signal('TERM');
    expect(await init.ended()).toEqual({ by: 'exit', code: 128 + 15 });
    await init.drained();
    expect(init.seen({ ev: 'signal' })).toEqual([]);
    expect(signalsTo(await init.kernelTrace(), child).map(({ sig }) => sig)).toEqual([9]);
  },
  [
    { what: 'the script ends in exec', replace: [`${worker};`, `exec ${worker};`] },
    { what: 'tini signals the group', replace: ['--', '-g'] },
  ],
);
