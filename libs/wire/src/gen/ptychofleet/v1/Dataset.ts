// Original file: protos/ptychofleet/v1/data_service.proto


export interface Dataset {
  'digest'?: (string);
  'name'?: (string);
  'patternCount'?: (number);
  'patternSide'?: (number);
  'modeCount'?: (number);
  'photonCount'?: (number | string);
  'warnings'?: (string)[];
  '_photonCount'?: "photonCount";
}

export interface Dataset__Output {
  'digest': (string);
  'name': (string);
  'patternCount': (number);
  'patternSide': (number);
  'modeCount': (number);
  'photonCount'?: (number);
  'warnings': (string)[];
  '_photonCount'?: "photonCount";
}
