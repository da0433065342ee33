// Run by the doctor in a process of its own: loads TensorFlow the way workers do, differentiates once and prints what it found.
// CommonJS, since @tensorflow/tfjs-node-gpu is, and standing alone, since it must run when nothing of ours is compiled.
const util = require('node:util');

process.env.TF_CPP_MIN_LOG_LEVEL ??= '2';
// Node 23 removed these, and tfjs-node still calls them.
util.isNullOrUndefined ??= (value) => value === null || value === undefined;
util.isArray ??= Array.isArray;

const tf = require('@tensorflow/tfjs-node-gpu');
const backend = tf.backend();
const gradient = tf.grad((x) => x.square().sum())(tf.tensor1d([1, 2, 3]));
process.stdout.write(
  JSON.stringify({
    tensorflow: backend.binding.TF_Version,
    tfjs: tf.version_core,
    backend: tf.getBackend(),
    gpu: backend.isUsingGpuDevice,
    gradient: Array.from(gradient.dataSync()),
  }),
);
