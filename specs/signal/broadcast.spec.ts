/** kill(-1): everybody but init and oneself. (kill(2), kill_something_info()) */
import { actor, kernelSource, man, signalsTo, spec, tells } from '../../src/harness/index.ts';

const kill = man('kill(2)');
const something = kernelSource('kernel/signal.c', 'kill_something_info');
const tags = ['send'];

tells(
  {
    id: 'signal.send.minus-one-spares-init-and-the-caller',
    statement: 'kill(−1) reaches every process of the namespace except its init and the caller.',
    sources: [kill, something],
    tags: ['star', 'container', ...tags],
    entries: ['KIL-03'],
  },
  {
    as: 'init',
    script: `quietly { on TERM }; fork a { on TERM exit 5; ready; pause }; fork b { setsid; on TERM exit 6; ready; pause };
      fork sender { quietly { on TERM }; await a; await b; kill all TERM; exit 7 }; wait sender; wait a; wait b; say alive; exit 0`,
    says: {
      main: ['wait sender: exit 7', 'wait a: exit 5', 'wait b: exit 6'],
      sender: ['kill all TERM: 0'],
    },
  },
  [
    { what: 'the sender sends to its group', replace: ['kill all TERM', 'kill group TERM'] },
    { what: 'the init is the sender', replace: ['kill all TERM; exit 7', 'kill all TERM; kill self TERM; exit 7'] },
  ],
);

tells(
  {
    id: 'signal.send.minus-one-reaches-nested-namespaces',
    statement: 'kill(−1) reaches the processes of nested pid namespaces too, their inits with them.',
    sources: [kill, something],
    tags: ['container', ...tags],
    entries: ['KIL-03'],
  },
  {
    as: 'init',
    script: `fork maker { quietly { block TERM; call unshare CLONE_NEWPID }; fork inner { fork deep { open up; await sent; sigpoll TERM; exit 7 }; await sent; sigpoll TERM; wait deep; exit 6 }; wait inner; exit 5 };
      await up; kill all TERM; open sent; wait maker; exit 0`,
    says: {
      deep: ['sigpoll TERM: TERM SI_USER from 0'],
      inner: ['sigpoll TERM: TERM SI_USER from 0', 'wait deep: exit 7'],
      main: ['kill all TERM: 0', 'wait maker: exit 5'],
    },
  },
  [{ what: 'it is sent to one of them alone', replace: ['kill all TERM', 'kill maker TERM'] }],
);

tells(
  {
    id: 'signal.send.minus-one-with-nobody-else-is-esrch',
    statement: 'kill(−1) where nobody but init and the caller lives is ESRCH.',
    sources: [kill, something],
    tags: ['container', ...tags],
    entries: ['KIL-03'],
  },
  {
    as: 'init',
    script: `kill all TERM; fork child { kill all TERM; exit 0 }; wait child; exit 0`,
    says: { main: ['kill all TERM: ESRCH', 'wait child: exit 0'], child: ['kill all TERM: ESRCH'] },
  },
  [{ what: 'somebody else lives', replace: ['kill all TERM; fork', 'fork other { pause }; kill all 0; fork'] }],
);

spec(
  {
    id: 'signal.send.minus-one-stays-in-the-namespace',
    statement: 'kill(−1) inside a pid namespace reaches nobody outside of it.',
    sources: [kill, man('pid_namespaces(7)'), something],
    tags: ['star', 'container', ...tags],
    entries: ['KIL-03'],
  },
  async ({ guest, expect }) => {
    const outside = await guest.process(actor('on USR1; ready; pause'));
    await outside.ready();
    const inside = await guest.pidNamespace(
      actor('fork other { ignore USR1; ready; pause }; await other; kill all USR1; exit 0'),
    );
    expect(await inside.finished()).toEqual({ by: 'exit', code: 0 });
    expect(inside.transcript()).toEqual(['kill all USR1: 0']);
    expect(signalsTo(await inside.kernelTrace(), outside.hostPid)).toEqual([]);
    expect(outside.seen({ ev: 'signal' })).toEqual([]);
    await outside.signal('USR1');
    await outside.event({ ev: 'signal', signo: 10 });
    expect(outside.seen({ ev: 'signal' })).toHaveLength(1);
  },
  [{ what: 'the outside process sends one to itself', replace: ['on USR1; ready', 'on USR1; kill self USR1; ready'] }],
);
