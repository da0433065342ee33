import type { Logger } from '@ptychofleet/base';
import { toStruct, type DataServiceHandlers, type ModelServiceHandlers } from '@ptychofleet/wire';
import type { Library } from '../library.ts';
import { collect, respond } from './respond.ts';
import { streamBytes } from './stream-bytes.ts';

const datasetBytesMax = 8 * 2 ** 30;
const bundleBytesMax = 2 ** 30;

export function dataHandlers(library: Library, logger: Logger): DataServiceHandlers {
  return {
    UploadDataset: (stream, callback) =>
      respond(logger, callback, async () => {
        let name = '';
        const bytes = await collect(stream, 'the scan', datasetBytesMax, (message) => {
          if (name === '') name = message.name.slice(0, 200);
        });
        return { dataset: await library.addDataset(name || 'scan.npz', bytes) };
      }),
    GetDataset: ({ request }, callback) =>
      respond(logger, callback, async () => ({ dataset: await library.describeDataset(request.digest) })),
  };
}

export function modelHandlers(library: Library, logger: Logger): ModelServiceHandlers {
  const message = (opened: Awaited<ReturnType<Library['model']>>) => ({
    model: {
      digest: opened.digest,
      modelSpec: toStruct(opened.model),
      parameterCount: opened.weights.length,
    },
  });
  return {
    OpenModel: (stream, callback) =>
      respond(logger, callback, async () =>
        message(await library.addModel(await collect(stream, 'the bundle', bundleBytesMax))),
      ),
    GetModel: ({ request }, callback) =>
      respond(logger, callback, async () => message(await library.model(request.digest))),
    SaveModel: (stream) => {
      void streamBytes(
        stream,
        () => library.modelBytes(stream.request.digest),
        (chunk) => ({ chunk }),
      );
    },
  };
}
