import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomically } from '../base/atomic.ts';
import { HostError, messageOf } from '../base/errors.ts';
import { withLock } from '../base/lock.ts';
import { cacheDir } from '../base/paths.ts';
import type { Catalogue } from '../kernels/catalogue.ts';
import { byVersion, seriesOf } from '../kernels/version.ts';
import { AptRoot, type PackageRecord } from '../../vm/archive/apt-root.ts';
import { readCatalogue } from './catalogue.ts';

/** A kernel that can be had: its packages in the archive. */
export interface Offer {
  readonly series: string;
  readonly version: string;
  /** A name in the catalogue: `cloud`, `generic`, `rt`. */
  readonly flavour: string;
  /** How it is named on the command line: `6.12.118`, `6.12.118-rt`. */
  readonly name: string;
  readonly release: string;
  readonly suite: string;
  /** The package with vmlinuz and configuration, and those with modules; one and the same in the older layout. */
  readonly packages: readonly PackageRecord[];
}

interface OfferList {
  readonly fetched: string;
  readonly offers: readonly Offer[];
}

/** Milliseconds after which the archive is asked again. */
const freshness = 24 * 60 * 60 * 1000;

/** The private apt root of kernels. */
export const kernelRoot = (): Promise<AptRoot> => {
  const { suites, component, architecture } = readCatalogue();
  return AptRoot.open({ directory: join(cacheDir(), 'apt/kernels'), suites, component, architecture });
};

/**
 * Every kernel on offer, oldest first. The list is kept for a day; without a network an older one serves.
 *
 * @param onNotice told when an older list has to serve, and why
 * @throws HostError when there is no list at all and none can be fetched
 */
export const kernelOffers = async ({
  refresh = false,
  onNotice = () => undefined,
}: {
  readonly refresh?: boolean;
  readonly onNotice?: (notice: string) => void;
} = {}): Promise<readonly Offer[]> => {
  const path = join(cacheDir(), 'kernel-offers.json');
  const known = await readOffers(path);
  if (!refresh && known !== undefined && Date.now() - Date.parse(known.fetched) < freshness) return known.offers;
  return withLock(path, async () => {
    const meanwhile = await readOffers(path);
    if (meanwhile !== undefined && meanwhile.fetched !== known?.fetched) return meanwhile.offers;
    const root = await kernelRoot();
    try {
      await root.update();
    } catch (error) {
      if (known === undefined) {
        throw new HostError(`No list of kernels can be fetched, and none is cached: ${messageOf(error)}`, {
          hint: 'A first run needs the network; afterwards what was downloaded once keeps working without.',
          cause: error,
        });
      }
      onNotice(`using the list of kernels of ${known.fetched}: ${messageOf(error)}`);
      return known.offers;
    }
    const list = {
      fetched: new Date().toISOString(),
      offers: offersOf(await root.packages(/^linux-(image|binary|modules)-\d/)),
    };
    await writeFileAtomically(path, JSON.stringify(list));
    return list.offers;
  });
};

const readOffers = (path: string): Promise<OfferList | undefined> =>
  readFile(path, 'utf8').then(
    (text) => JSON.parse(text) as OfferList,
    () => undefined,
  );

/**
 * The kernels that a set of packages amounts to, of all flavours, oldest first; of equal versions, that of the first suite of
 * the catalogue.
 */
export const offersOf = (records: readonly PackageRecord[]): readonly Offer[] => {
  const { flavours, suites } = readCatalogue();
  const [usual] = Object.keys(flavours);
  return Object.entries(flavours)
    .flatMap(([flavour, naming]) => ofFlavour(records, flavour, naming, suites))
    .map((offer) => ({ ...offer, name: offer.flavour === usual ? offer.version : `${offer.version}-${offer.flavour}` }))
    .toSorted(byVersion);
};

const ofFlavour = (
  records: readonly PackageRecord[],
  flavour: string,
  naming: Catalogue['flavours'][string],
  suites: Catalogue['suites'],
): readonly Omit<Offer, 'name'>[] => {
  const pattern = new RegExp(naming.image);
  const offers = new Map<string, Omit<Offer, 'name'>>();
  for (const { name: suite } of suites) {
    const inSuite = records.filter((record) => record.suite === suite);
    for (const image of inSuite) {
      const release = pattern.exec(image.name)?.[1];
      const version = /^\d+\.\d+\.\d+/.exec(image.version)?.[0];
      if (release === undefined || version === undefined || offers.has(version)) continue;
      const find = (template: string): PackageRecord | undefined =>
        inSuite.find(({ name }) => name === template.replace('{release}', release));
      // Where the image package only depends on others, they hold the files; the archive forgets the modules of older
      // versions, and without them a guest is reached over its serial port.
      const split = find(naming.split.image);
      const packages =
        split === undefined ? [image] : [split, find(naming.split.modules)].filter((record) => record !== undefined);
      offers.set(version, { series: seriesOf(version), version, flavour, release, suite, packages });
    }
  }
  return [...offers.values()];
};
