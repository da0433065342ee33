// Original file: protos/ptychofleet/v1/run.proto

import type { Long } from '@grpc/proto-loader';

export interface StepRecord {
  'step'?: (number | string | Long);
  'epoch'?: (number);
  'loss'?: (number | string);
  'learningRate'?: (number | string);
  'gradientNorm'?: (number | string);
  '_gradientNorm'?: "gradientNorm";
}

export interface StepRecord__Output {
  'step': (number);
  'epoch': (number);
  'loss': (number);
  'learningRate': (number);
  'gradientNorm'?: (number);
  '_gradientNorm'?: "gradientNorm";
}
