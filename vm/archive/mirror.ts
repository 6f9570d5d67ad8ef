import { HostError } from '../../src/base/errors.ts';
import { run } from '../../src/base/process.ts';

/** Debian keeps its security updates in an archive of their own. */
export type ArchiveName = 'debian' | 'debian-security';

/**
 * The base address of Debian's archives, as this computer's apt is configured, or KERNSPEC_MIRROR/debian and
 * KERNSPEC_MIRROR/debian-security. No address is ever written into the project.
 *
 * @throws HostError when apt knows no archive of Debian
 */
export const mirrorOf = async (env: NodeJS.ProcessEnv = process.env): Promise<(archive: ArchiveName) => string> => {
  const base = env['KERNSPEC_MIRROR'];
  if (base !== undefined) return (archive) => `${base.replace(/\/$/, '')}/${archive}/`;
  const { stdout } = await run('apt-get', ['indextargets', '--format', '$(REPO_URI)']);
  const known = [...new Set(stdout.split('\n'))];
  const debian = known.find((uri) => /\/debian\/?$/.test(uri));
  if (debian === undefined) {
    throw new HostError("This computer's apt knows no archive of Debian.", {
      hint: 'Run `apt-get update` if it is a Debian; elsewhere set KERNSPEC_MIRROR to the address under which /debian and /debian-security stand.',
    });
  }
  const security = known.find((uri) => /\/debian-security\/?$/.test(uri));
  return (archive) =>
    archive === 'debian' ? debian : (security ?? debian.replace(/\/debian\/?$/, '/debian-security/'));
};
