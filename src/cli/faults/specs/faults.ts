/** What the specs of this folder share. They are no claims about the kernel: each breaks the machine in its own way. */
import { actor, spec } from '../../../harness/index.ts';
import type { SpecContext } from '../../../harness/spec.ts';

/** A spec that must not come to its end: the machine under it fails. */
export const fault = (id: string, statement: string, body: (context: SpecContext<undefined>) => Promise<void>): void =>
  spec({ id, statement, sources: [{ kind: 'man', page: 'kernspec(1)' }] }, body);

/** A spec that holds on any machine that is in order. */
export const sound = (id: string): void =>
  fault(id, 'A namespace init dies of SIGKILL from the host.', async ({ guest, expect }) => {
    const init = await guest.pidNamespace(actor('ready; pause'));
    await init.ready();
    await init.signal('KILL');
    expect(await init.ended()).toMatchObject({ by: 'signal', signal: 'SIGKILL' });
  });
