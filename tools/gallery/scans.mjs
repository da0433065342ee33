/**
 * What the gallery shows and with which settings: the one place to change either. `train` and `infer` are flags of the
 * commands of the same names (docs/reference); what is not here keeps its default.
 *
 * `nphotons` is the mean number of counts in a recorded pattern, `stitch-crop` is at least twice the scan step, so that the
 * patches leave no holes.
 *
 * @typedef {object} GalleryScan
 * @property {string} name of the folder below out/gallery and of the picture
 * @property {string} file in the data folder
 * @property {string} title
 * @property {string} about what was recorded, where it was published, and what the reference object is
 * @property {Readonly<Record<string, number>>} train
 * @property {Readonly<Record<string, number>>} infer
 */

const reference = 'the reference is a conventional (rPIE) reconstruction of the same data';

/** Half the default width, so that the whole gallery takes half an hour on two cores. */
const narrow = { gridsize: 1, 'n-filters-scale': 1, 'virtual-shards': 2, seed: 1 };

/** @type {readonly GalleryScan[]} */
export const scans = [
  {
    name: 'siemens-64',
    file: 'siemens_star_aps_64.npz',
    title: 'Siemens star, X-rays, 64×64',
    about: `Measured at the Advanced Photon Source, published in the tests of tike (BSD licence), cropped to 64 px; ${reference}.`,
    train: { ...narrow, n_images: 512, max_epochs: 12, nphotons: 441_698 },
    infer: { 'stitch-crop': 20 },
  },
  {
    name: 'siemens-128',
    file: 'siemens_star_aps_128.npz',
    title: 'Siemens star, X-rays, 128×128',
    about: `The same scan with the whole detector, so with pixels of half the size; ${reference}.`,
    train: { ...narrow, n_images: 512, max_epochs: 8, nphotons: 461_213 },
    infer: { 'stitch-crop': 40 },
  },
  {
    name: 'rotavirus',
    file: 'rotavirus_cryo_64_sub4096.npz',
    title: 'Rotavirus, 300 kV electrons (cryogenic 4D-STEM)',
    about: `Measured, published with Ptycho.jl (MIT licence), a quarter of the scan; counts are few and not Poisson distributed; ${reference}.`,
    train: { ...narrow, n_images: 4096, max_epochs: 2, nphotons: 86_896 },
    infer: { 'stitch-crop': 20 },
  },
  {
    name: 'gold-balls',
    file: 'goldballs_sim_64.npz',
    title: 'Gold balls, soft X-rays',
    about:
      'Object, probe and positions are from a measurement published with cdtools (data CC0), the patterns are simulated from ' +
      'them with Poisson noise, so the reference is the exact truth.',
    train: { ...narrow, n_images: 1536, max_epochs: 6, nphotons: 1_033_203 },
    infer: { 'stitch-crop': 20 },
  },
];

/** A run that is over in a minute and proves nothing but that every step works. */
export const quick = { n_images: 32, max_epochs: 1, 'n-filters-scale': 1 };
