// Original file: protos/ptychofleet/v1/run.proto

import type { Long } from '@grpc/proto-loader';

export interface Progress {
  'epoch'?: (number);
  'epochCount'?: (number);
  'step'?: (number | string | Long);
  'stepCount'?: (number | string | Long);
  'loss'?: (number | string);
  'patternsPerSecond'?: (number | string);
  'remainingSeconds'?: (number | string);
  'workerCount'?: (number);
  'learningRate'?: (number | string);
}

export interface Progress__Output {
  'epoch': (number);
  'epochCount': (number);
  'step': (number);
  'stepCount': (number);
  'loss': (number);
  'patternsPerSecond': (number);
  'remainingSeconds': (number);
  'workerCount': (number);
  'learningRate': (number);
}
