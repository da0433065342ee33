/**
 * What is downloaded, by exact version and sha256. pip refuses any other bytes, and set-up hashes them again before it unpacks.
 * `unpackedBytes` counts what set-up takes out of the wheel.
 * To move to another version, take the hashes from
 *   pip install --dry-run --ignore-installed --target /tmp/x --report report.json --no-deps --only-binary=:all: \
 *     --python-version 3.11 --implementation cp --platform manylinux_2_17_x86_64 tensorflow-cpu==<version>
 * which reads the index and downloads nothing else.
 */
export const tensorflowVersion = '2.19.1';

const tensorflowCpuX64 = {
  package: 'tensorflow-cpu',
  version: tensorflowVersion,
  file: 'tensorflow_cpu-2.19.1-cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64.whl',
  platform: 'manylinux_2_17_x86_64',
  sha256: '0b6d72bd09c267e7573757bd309f5b1e2cdb02577339991da751f3a1411e4dae',
  bytes: 251_795_484,
  unpackedBytes: 750_000_000,
};

const tensorflowCudaX64 = {
  package: 'tensorflow',
  version: tensorflowVersion,
  file: 'tensorflow-2.19.1-cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64.whl',
  platform: 'manylinux_2_17_x86_64',
  sha256: '8e5524eb492160576e5eeea9bb472ddc653123503f2290f83123d5ac9545750e',
  bytes: 644_896_980,
  unpackedBytes: 1_350_000_000,
};

// The index has no tensorflow-cpu for aarch64; its plain tensorflow wheel is the CPU build there.
const tensorflowCpuArm64 = {
  package: 'tensorflow',
  version: tensorflowVersion,
  file: 'tensorflow-2.19.1-cp311-cp311-manylinux_2_17_aarch64.manylinux2014_aarch64.whl',
  platform: 'manylinux_2_17_aarch64',
  sha256: '22deedc251837f2382d2b287c705705cb089bfaf79b2274b78c08740e02bf188',
  // Guesses, for the progress line and the check of free space: nobody has unpacked it.
  bytes: 270_000_000,
  unpackedBytes: 800_000_000,
};

/** The CUDA libraries that TensorFlow 2.19.1 names in its `and-cuda` extra; it finds them as ../nvidia/<name>/lib. */
const cudaX64 = [
  [
    'cublas',
    '12.5.3.2',
    'ca070ad70e9fa6654084575d01bd001f30cc4665e33d4bb9fc8e0f321caa034b',
    363_313_169,
    552_275_920,
  ],
  [
    'cuda-cupti',
    '12.5.82',
    'bde77a5feb66752ec61db2adfe47f56b941842825b4c7e2068aff27c9d107953',
    13_811_507,
    45_011_352,
  ],
  [
    'cuda-nvcc',
    '12.5.82',
    'b03e545b8e8c3ce7ebcd7fc44063180ff52ff01d064ece2127ed90a04ef12cd0',
    22_468_537,
    59_614_231,
  ],
  [
    'cuda-nvrtc',
    '12.5.82',
    '3dbd97b0104b4bfbc3c4f8c79cd2496307c89c43c29a9f83125f1d76296ff3fd',
    24_873_108,
    68_279_783,
  ],
  [
    'cuda-runtime',
    '12.5.82',
    '3e79a060e126df40fd3a068f3f787eb000fa51b251ec6cd97d09579632687115',
    895_707,
    4_581_653,
  ],
  [
    'cudnn',
    '9.3.0.75',
    '9ad9c6929ebb5295eb4a1728024666d1c88283373e265a0c5c883e6f9d5cd76d',
    577_163_502,
    885_695_004,
  ],
  [
    'cufft',
    '11.2.3.61',
    '9a6e8df162585750f61983a638104a48c756aa13f9f48e19ab079b38e3c828b8',
    192_524_114,
    278_977_729,
  ],
  [
    'curand',
    '10.3.6.82',
    '2823fb27de4e44dbb22394a6adf53aa6e1b013aca0f8c22867d1cfae58405536',
    56_309_107,
    98_634_483,
  ],
  [
    'cusolver',
    '11.6.3.83',
    '93cfafacde4428b71778eeb092ec615a02a3d05404da1bcf91c53e3fa1bce42b',
    130_341_232,
    218_395_704,
  ],
  [
    'cusparse',
    '12.5.1.3',
    '016df8e993c437e8301e62739f01775cba988fd5253cd4c64173f8e8d2f8e752',
    217_558_979,
    296_013_357,
  ],
  [
    'nccl',
    '2.23.4',
    'b097258d9aab2fa9f686e33c6fe40ae57b27df60cedbd15d139701bb5509e0c1',
    198_954_603,
    267_313_353,
  ],
  [
    'nvjitlink',
    '12.5.82',
    'f9b37bc5c8cf7509665cb6ada5aaa0ce65618f2332b7d3e78e9790511f111212',
    21_298_879,
    54_577_227,
  ],
].map(([name, version, sha256, bytes, unpackedBytes]) => ({
  package: `nvidia-${name}-cu12`,
  version,
  file: `nvidia_${name.replaceAll('-', '_')}_cu12-${version}-py3-none-manylinux2014_x86_64.whl`,
  platform: 'manylinux2014_x86_64',
  sha256,
  bytes,
  unpackedBytes,
}));

/** Wheels by accelerator and process.arch. `untried` is said aloud when such a set is chosen. */
export const wheelSets = {
  cpu: {
    x64: { wheels: [tensorflowCpuX64] },
    arm64: { wheels: [tensorflowCpuArm64], untried: true },
  },
  cuda: {
    x64: { wheels: [tensorflowCudaX64, ...cudaX64] },
  },
};
