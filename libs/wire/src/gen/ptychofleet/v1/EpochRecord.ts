// Original file: protos/ptychofleet/v1/run.proto


export interface EpochRecord {
  'epoch'?: (number);
  'trainLoss'?: (number | string);
  'validationLoss'?: (number | string);
  'learningRate'?: (number | string);
  'patternsPerSecond'?: (number | string);
  'seconds'?: (number | string);
  'weightsDigest'?: (string);
  '_validationLoss'?: "validationLoss";
}

export interface EpochRecord__Output {
  'epoch': (number);
  'trainLoss': (number);
  'validationLoss'?: (number);
  'learningRate': (number);
  'patternsPerSecond': (number);
  'seconds': (number);
  'weightsDigest': (string);
  '_validationLoss'?: "validationLoss";
}
