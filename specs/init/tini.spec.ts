/** What tini does with signals; it is the init that `docker run --init` uses. */
import { actor, exitOf, man, signalsTakenBy, signalsTo, spec, tini } from '../../src/harness/index.ts';

const sources = [man('tini(1)', 'SIGNALS'), man('pid_namespaces(7)')];
const tags = ['signature', 'container', 'tini'];

spec(
  {
    id: 'tini.forwarding.reaches-the-child-only',
    statement:
      'tini forwards SIGTERM to its child only: a grandchild gets none, and is killed with SIGKILL when tini exits.',
    sources,
    tags,
  },
  async ({ guest, expect }) => {
    const init = await guest.pidNamespace(
      tini([], actor('fork grandchild { on TERM; ready; pause }; await grandchild; on TERM exit 3; ready; pause')),
    );
    await init.ready();
    const grandchild = await init.hostPidOf('grandchild');
    await init.signal('TERM');
    expect(await init.event({ ev: 'signal' })).toMatchObject({ who: 'main', signo: 15, si_pid: 1 });
    expect(await init.ended()).toEqual({ by: 'exit', code: 3 });
    await init.drained();
    expect(init.seen({ ev: 'signal', who: 'grandchild' })).toEqual([]);
    const trace = await init.kernelTrace();
    expect(signalsTo(trace, grandchild).map(({ sig }) => sig)).toEqual([9]);
    expect(signalsTakenBy(trace, grandchild)).toEqual([9]);
    expect(exitOf(trace, grandchild)).toBeDefined();
  },
  [{ what: 'tini signals the group', replace: ['--', '-g'] }],
);

spec(
  {
    id: 'tini.forwarding.g-reaches-the-process-group',
    statement: "With -g tini forwards SIGTERM to its child's whole process group, grandchildren in it included.",
    sources: [...sources, man('kill(2)')],
    tags,
  },
  async ({ guest, expect }) => {
    const init = await guest.pidNamespace(
      tini(
        ['-g'],
        actor(
          'fork grandchild { on TERM exit 4; ready; pause }; await grandchild; on TERM; ready; wait grandchild; exit 3',
        ),
      ),
    );
    await init.ready();
    await init.signal('TERM');
    for (const who of ['main', 'grandchild'])
      expect(await init.event({ ev: 'signal', who })).toMatchObject({ signo: 15, si_pid: 1 });
    expect(await init.event({ ev: 'wait' })).toMatchObject({ about: 'grandchild', status: 4 << 8 });
    expect(await init.ended()).toEqual({ by: 'exit', code: 3 });
  },
  [{ what: 'tini signals its child alone', replace: ['-g', '-v'] }],
);

spec(
  {
    id: 'tini.forwarding.g-misses-other-process-groups',
    statement: 'Even with -g a grandchild in a group of its own gets no SIGTERM, only SIGKILL when tini exits.',
    sources: [...sources, man('setpgid(2)')],
    tags,
  },
  async ({ guest, expect }) => {
    const init = await guest.pidNamespace(
      tini(
        ['-g'],
        actor('fork grandchild { setpgid; on TERM; ready; pause }; await grandchild; on TERM exit 3; ready; pause'),
      ),
    );
    await init.ready();
    const grandchild = await init.hostPidOf('grandchild');
    await init.signal('TERM');
    expect(await init.ended()).toEqual({ by: 'exit', code: 3 });
    await init.drained();
    expect(init.seen({ ev: 'signal', who: 'grandchild' })).toEqual([]);
    expect(signalsTo(await init.kernelTrace(), grandchild).map(({ sig }) => sig)).toEqual([9]);
  },
  [{ what: 'the grandchild stays in the group', replace: ['setpgid; ', ''] }],
);

spec(
  {
    id: 'tini.forwarding.never-forwards-sigchld',
    statement: 'tini does not forward SIGCHLD, which it needs for itself; the SIGWINCH sent after it does arrive.',
    sources,
    tags,
  },
  async ({ guest, expect }) => {
    const init = await guest.pidNamespace(tini([], actor('on CHLD; on WINCH; ready; pause')));
    await init.ready();
    const child = await init.hostPidOf('main');
    await init.signal('CHLD');
    // 28 is dequeued after 17: once SIGWINCH has arrived, tini is done with SIGCHLD. (signal(7), next_signal())
    await init.signal('WINCH');
    await init.event({ ev: 'signal', signo: 28 });
    expect(init.seen({ ev: 'signal' }).map(({ signo }) => signo)).toEqual([28]);
    const trace = await init.kernelTrace();
    expect(signalsTo(trace, child).map(({ sig }) => sig)).toEqual([28]);
    expect(signalsTo(trace, init.hostPid).map(({ sig }) => sig)).toEqual([17, 28]);
  },
  [{ what: 'the child is sent SIGCHLD', replace: ['ready; pause', 'kill self CHLD; ready; pause'] }],
);
