import path from 'node:path';
import { providePython } from '../../tools/setup/python-environment.mjs';

/** A Python with the pinned PyTorch of the examples. */
export function provideTorch(context) {
  const requirements = path.join(context.root, 'examples/python/requirements-torch.txt');
  return providePython(context, 'torch-example', requirements, { size: 'about 5 GB' });
}
